"""What the pages of a merchant share: whose console it is, the rail, forms that come back with their faults, files."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

from babel.numbers import get_currency_precision
from starlette.responses import Response, StreamingResponse

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Speech, Visit
from ringmain.network import api as networks
from ringmain.network.api import Merchant, Network, Shop

# Pages of a console that belong together: a title, and address, icon and label of each.
RailGroup: TypeAlias = tuple[str, list[tuple[str, str, str]]]
_NO_STORE = {"cache-control": "no-store"}
# Spreadsheets take a file for UTF-8 only where it begins so.
_UTF8_MARK = "\ufeff"


def N_(text: str) -> str:  # noqa: N802 (the name by which texts are found for translation)
    """Mark a text that is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Console:
    """Whose console it is: the merchant, its shops, and the network's money and clock."""

    merchant: Merchant
    network: Network
    shops: Sequence[Shop]

    @property
    def currency(self) -> str:
        """The network's currency."""
        return self.network.currency

    @property
    def precision(self) -> int:
        """How many digits the currency has behind the point."""
        return int(get_currency_precision(self.currency))

    @property
    def time_zone(self) -> str:
        """The clock of the first shop, else of the network."""
        return self.shops[0].time_zone if self.shops else self.network.time_zone

    @property
    def shop_choices(self) -> list[tuple[str, str]]:
        """Its shops as the choices of a form."""
        return [(str(shop.id), shop.name) for shop in self.shops]

    def shop_name(self, shop_id: UUID | None) -> str:
        """Return the name of one of its shops, empty for another's."""
        return next((shop.name for shop in self.shops if shop.id == shop_id), "")

    def major(self, amount_minor: int) -> str:
        """Return an amount as it stands in a field of a form."""
        if not self.precision:
            return str(amount_minor)
        whole, part = divmod(amount_minor, 10**self.precision)
        return f"{whole}.{part:0{self.precision}}" if part else str(whole)


@dataclass(slots=True)
class Draft:
    """A form that is shown again: what was typed, and what is wrong with which field."""

    values: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, otherwise: str = "") -> str:
        """Return what was typed into a field."""
        return self.values.get(name, otherwise)

    def fault(self, name: str) -> str:
        """Return what is wrong with a field, empty where nothing is."""
        return self.faults.get(name, "")


def merchant_id(visit: Visit) -> UUID:
    """Return the merchant of the session; the audience of the page has made sure that there is one."""
    return UUID(visit.known.facts["merchant_id"])


def reading(visit: Visit) -> AbstractAsyncContextManager[UnitOfWork]:
    """Open a transaction in which the database itself shows the rows of this merchant only."""
    return visit.merchant_unit(merchant_id(visit))


async def console_of(uow: UnitOfWork, visit: Visit) -> Console:
    """Return whose console it is."""
    id_ = merchant_id(visit)
    return Console(
        await networks.merchant_of(uow, id_), await networks.network_of(uow), await networks.shops_of(uow, id_)
    )


def rail(speech: Speech) -> list[RailGroup]:
    """Return the pages of the console in groups: the title of each, and its pages as address, icon, label."""
    return [
        (
            "",
            [
                ("/merchant", "home", speech.text("Today")),
                ("/merchant/ring", "ring", speech.text("The ring and you")),
            ],
        ),
        (
            speech.text("What you give"),
            [
                ("/merchant/offers", "ticket", speech.text("Offers")),
                ("/merchant/campaigns", "chart", speech.text("Campaigns")),
                ("/merchant/partners", "share", speech.text("Partners")),
            ],
        ),
        (
            speech.text("Who comes"),
            [
                ("/merchant/members", "people", speech.text("Guests")),
                ("/merchant/tribes", "people", speech.text("Groups")),
                ("/merchant/scenes", "pin", speech.text("Scenes and groups")),
                ("/merchant/plans", "check", speech.text("Service plans")),
                ("/merchant/segments", "list", speech.text("Segments")),
            ],
        ),
        (
            speech.text("Money"),
            [
                ("/merchant/statements", "coin", speech.text("Statements")),
                ("/merchant/top-ups", "drop", speech.text("Standing top-up")),
            ],
        ),
        (
            speech.text("Your shop"),
            [
                ("/merchant/shops", "store", speech.text("Shops")),
                ("/merchant/staff", "person", speech.text("Staff")),
                ("/merchant/terminals", "phone", speech.text("Tills")),
                ("/merchant/print", "printer", speech.text("Posters and tags")),
                ("/merchant/import", "upload", speech.text("Import sales")),
                ("/merchant/export", "download", speech.text("Export")),
                ("/merchant/webhooks", "share", speech.text("Webhooks")),
            ],
        ),
    ]


def shown(visit: Visit, template: str, here: str, console: Console, status: int = 200, **values: Any) -> Response:
    """Return a page of the console; `here` is its address in the rail."""
    return visit.page(f"merchant/{template}", status, rail=rail(visit.speech), here=here, console=console, **values)


def csv_line(cells: Sequence[object]) -> str:
    """Return one line of a CSV file. What a spreadsheet would take for a formula is made a text by an apostrophe."""
    return ",".join(_cell("" if cell is None else str(cell)) for cell in cells) + "\r\n"


def _cell(text: str) -> str:
    if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not text[1:].replace(".", "").isdecimal()):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in '",\r\n') else text


def csv_file(name: str, lines: AsyncIterator[str]) -> Response:
    """Return a CSV file that is sent while it is made."""

    async def marked() -> AsyncIterator[str]:
        yield _UTF8_MARK
        async for line in lines:
            yield line

    return StreamingResponse(marked(), media_type="text/csv; charset=utf-8", headers=attachment(name))


def attachment(name: str) -> dict[str, str]:
    """Return the headers of a file to be kept under a name of plain letters."""
    return {**_NO_STORE, "content-disposition": f'attachment; filename="{name}"'}
