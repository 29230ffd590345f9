"""What the operator's pages share: the network at hand, and tables as files."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Speech, Visit
from ringmain.match.api import usual_name
from ringmain.network import api as network
from ringmain.network.api import Merchant, Network, Shop

# More rows than anybody reads on one page.
MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Names:
    """Merchants and shops by id, for pages that tell them by name."""

    network: Network
    merchants: dict[object, Merchant]
    shops: dict[object, Shop]

    def shop(self, id_: object) -> str:
        """Return the name of a shop, or its id as text where it is gone."""
        found = self.shops.get(id_) or self.shops.get(str(id_))
        return found.name if found is not None else str(id_)

    def merchant(self, id_: object) -> str:
        """Return the name of a merchant; the network itself has its own."""
        if id_ == self.network.id:
            return self.network.name
        found = self.merchants.get(id_)
        return found.legal_name if found is not None else str(id_)


async def names(uow: UnitOfWork) -> Names:
    """Read the names of the network."""
    here = await network.network_of(uow)
    merchants: dict[object, Merchant] = {one.id: one for one in await network.all_merchants(uow)}
    shops: dict[object, Shop] = {}
    for one in await network.all_shops(uow):
        shops[one.id] = shops[str(one.id)] = one
    return Names(here, merchants, shops)


def area_names(speech: Speech, known: Names) -> dict[str, str]:
    """Return a name for each area: around the shop that was opened there first."""
    found: dict[str, str] = {}
    for shop in sorted({one.id: one for one in known.shops.values()}.values(), key=lambda one: one.opened_at):
        area = campaign.area_of(shop.latitude, shop.longitude)
        found.setdefault(area, speech.text("Around %(shop)s", shop=shop.name))
    return found


def kind_names(speech: Speech, known: Names) -> dict[str, str]:
    """Return what each kind of shop of the network is called in the reader's language."""
    return {one.category: usual_name(one.category, speech.language) for one in known.shops.values()}


def csv_file(visit: Visit, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a table as a file; a cell that a spreadsheet would take for a formula is told apart by an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    # The mark tells spreadsheets that this is UTF-8.
    return visit.file(("\ufeff" + text.getvalue()).encode(), "text/csv; charset=utf-8", f"{name}.csv")


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") and not text.lstrip("-").isdecimal() else text
