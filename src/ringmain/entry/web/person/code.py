"""My code: what a till scans to know who stands there; it renews itself, and nobody sees a clock run down."""

from starlette.responses import Response

from ringmain.entry.web.person import phone
from ringmain.kit.pages import Visit
from ringmain.member import api as member
from ringmain.member.api import ShownCode


async def show(visit: Visit) -> Response:
    """Show the code of this moment."""
    shown, left = await _code(visit)
    if shown is None:
        await visit.sign_out()
        return visit.go("/welcome-back")
    return visit.page("person/code.html", shown=shown, left_ms=left)


async def now(visit: Visit) -> Response:
    """Give the next code to the page that shows one."""
    shown, left = await _code(visit)
    if shown is None:
        return visit.go("/welcome-back")
    return visit.page("person/code_now.html", shown=shown, left_ms=left)


async def _code(visit: Visit) -> tuple[ShownCode | None, int]:
    async with visit.unit() as uow:
        known = await phone.holder(visit, uow)
        if known is None:
            return None, 0
        shown = await member.show_code(uow, visit.site.keyring, known.member_id)
        return shown, int((shown.replaced_at - await uow.now()).total_seconds() * 1_000)
