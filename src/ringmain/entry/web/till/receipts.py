"""The receipt: a page for 80 mm paper, and the bytes that receipt printers understand."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from escpos.printer import Dummy
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.till.desk import Desk, desk_of
from ringmain.kit.pages import Visit
from ringmain.message import api as message
from ringmain.sale import api as sale
from ringmain.sale.api import Tender, TillSale
from ringmain.sale.errors import SaleNotFound
from ringmain.scene import api as scene

_TYPE = "application/octet-stream"
_WIDTH = 42
# FS &: the printer reads two bytes as one Chinese character from here on.
_CHINESE_ON = b"\x1c\x26"
_CHINESE = "gb18030"


@dataclass(frozen=True, slots=True)
class Slip:
    """What stands on a receipt; `link` is what its code opens, empty where the sale was undone.

    `words` tell its buyer of vouchers, where they have no other way to be told, or asked for paper.
    """

    sale: TillSale
    desk: Desk
    number: str
    link: str
    words: Sequence[message.Printed] = ()


async def show(visit: Visit) -> Response:
    """Show the receipt of a sale for printing."""
    return visit.page("till/receipt.html", slip=await _slip(visit, visit.path_id("sale_id")))


async def escpos(visit: Visit) -> Response:
    """Give the receipt of a sale to a printer."""
    slip = await _slip(visit, visit.path_id("sale_id"))
    return visit.file(await asyncio.to_thread(_printed, visit, slip), _TYPE, f"receipt-{slip.number}.bin")


async def test_page(visit: Visit) -> Response:
    """Show a receipt of nothing, to try the printer."""
    return visit.page("till/receipt.html", slip=await _nothing(visit))


async def test_escpos(visit: Visit) -> Response:
    """Give a receipt of nothing to a printer."""
    return visit.file(await asyncio.to_thread(_printed, visit, await _nothing(visit)), _TYPE, "receipt-test.bin")


async def _slip(visit: Visit, sale_id: UUID) -> Slip:
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
        found = await sale.till_sale(uow, sale_id)
        if found is None or found.shop_id != desk.shop.id:
            raise SaleNotFound()
        link, words = "", list[message.Printed]()
        if found.undone_at is None:
            # Made the first time somebody asks for it: one play per sale, at this shop.
            back = await campaign.next_voucher(uow, sale_id, merchant_id=desk.shop.merchant_id)
            link = scene.scene_url(visit.base_url, back.token)
            buyer = await sale.buyer_of(uow, sale_id)
            if buyer is not None:
                words = await message.print_on_receipt(uow, visit.site.keyring, buyer, sale_id)
    return Slip(found, desk, found.receipt or found.id.hex[-6:], link, words)


async def _nothing(visit: Visit) -> Slip:
    async with visit.unit() as uow:
        desk = await desk_of(uow, visit)
    nothing = TillSale(
        id=desk.terminal_id,
        merchant_id=desk.shop.merchant_id,
        shop_id=desk.shop.id,
        terminal_id=desk.terminal_id,
        staff_id=desk.staff_id,
        receipt="TEST",
        recognised=False,
        total_minor=0,
        redeemed_minor=0,
        refunded_minor=0,
        currency=desk.currency,
        sold_at=datetime.now(tz=UTC),
        undone_at=None,
        raw_tenders=None,
    )
    return Slip(nothing, desk, "TEST", visit.base_url)


def tender_name(visit: Visit, tender: Tender) -> str:
    """Return what people call a way to pay."""
    names = {
        "cash": visit.speech.text("Cash"),
        "card": visit.speech.text("Card"),
        "wallet": visit.speech.text("Wallet"),
    }
    return names.get(tender.kind, tender.kind)


def _printed(visit: Visit, slip: Slip) -> bytes:
    speech, one = visit.speech, slip.sale
    money = partial(speech.money, currency=one.currency)
    rows = [(speech.text("Total"), money(one.total_minor))]
    if one.redeemed_minor:
        rows.append((speech.text("Vouchers"), money(-one.redeemed_minor)))
    rows += [(tender_name(visit, tender), money(tender.amount_minor)) for tender in one.tenders]
    if one.undone_at is not None:
        rows.append((speech.text("Undone"), money(-one.refunded_minor)))
    printer: Any = Dummy()
    printer._raw(_CHINESE_ON)  # noqa: SLF001 (the library's way to send bytes)
    printer.set(align="center", bold=True, double_height=True, double_width=True)
    _line(printer, slip.desk.shop.name)
    printer.set(align="center", normal_textsize=True, bold=False)
    _line(printer, speech.moment(one.sold_at, slip.desk.shop.time_zone))
    _line(printer, speech.text("Receipt %(number)s", number=slip.number))
    _line(printer, "")
    printer.set(align="left")
    for label, amount in rows:
        _line(printer, label + " " * max(1, _WIDTH - _columns(label) - _columns(amount)) + amount)
    _line(printer, "")
    if slip.link:
        printer.set(align="center")
        _line(printer, speech.text("Your next voucher: scan this."))
        printer.qr(slip.link, size=6, native=True)
    printer.set(align="left")
    for told in slip.words:
        _line(printer, "")
        for line in lines_of(told.text):
            _line(printer, line)
    printer.cut()
    return bytes(printer.output)


def _line(printer: Any, text: str) -> None:
    printer._raw(text.replace("\xa0", " ").encode(_CHINESE, "replace") + b"\n")  # noqa: SLF001 (as above)


def lines_of(text: str) -> list[str]:
    """Return a text in lines that fit; words of other scripts than Chinese stay whole."""
    lines, line = [], ""
    for part in re.findall(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+|\s+", text):
        if line and _columns(line + part.rstrip()) > _WIDTH:
            lines.append(line.rstrip())
            line = ""
        line += part if line else part.lstrip()
    return [*lines, line.rstrip()]


def _columns(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)  # noqa: PLR2004 (CJK begins there)
