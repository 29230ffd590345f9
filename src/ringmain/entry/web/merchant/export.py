"""Everything of a merchant as one file to take along."""

from datetime import UTC, datetime

from starlette.responses import Response, StreamingResponse

from ringmain.entry.exporting import Scope, export_zip
from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import attachment, console_of, merchant_id, reading, shown
from ringmain.kit.pages import PageRoute, Visit

HERE = "/merchant/export"


async def export(visit: Visit) -> Response:
    """Say what is in it."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
    return shown(visit, "export.html", HERE, console)


async def export_file(visit: Visit) -> Response:
    """Send the file while it is made."""
    scope = Scope(visit.site.database, visit.network_id, merchant_id(visit))
    name = f"ringmain-{datetime.now(tz=UTC):%Y-%m-%d}.zip"
    return StreamingResponse(export_zip(scope), media_type="application/zip", headers=attachment(name))


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=export),
    PageRoute(path=f"{HERE}/everything.zip", audience=MERCHANT, get=export_file),
)
