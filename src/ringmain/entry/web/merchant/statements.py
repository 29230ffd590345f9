"""Statements of a merchant so far: what the ledger says of a month, and every line of it as a file."""

from collections.abc import AsyncIterator
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import (
    N_,
    console_of,
    csv_file,
    csv_line,
    merchant_id,
    reading,
    shown,
)
from ringmain.kit.pages import PageRoute, Visit
from ringmain.settlement import api as settlement

HERE = "/merchant/statements"
_PAGE = 50
_ACCOUNTS = {
    "available": (
        N_("To spend on vouchers"),
        N_("What you paid in, less what is set aside for vouchers that are out."),
    ),
    "held": (N_("Set aside"), N_("For vouchers that are out. What is not spent comes back to you.")),
    "owed": (N_("Owed to you"), N_("For vouchers that you took at your tills.")),
}
_KINDS = {
    "deposit": N_("Paid in"),
    "top_up": N_("Topped up from what you are owed"),
    "hold": N_("Set aside for vouchers"),
    "release": N_("Came back: not needed"),
    "expiry": N_("Came back: vouchers ended"),
    "paid_to_others": N_("Spent at others' tills"),
    "paid_at_own_tills": N_("Spent at your tills"),
    "owed_by_others": N_("Others' vouchers, taken by you"),
    "owed_from_own_vouchers": N_("Your vouchers, taken by you"),
    "fee": N_("Fee of the network"),
    "fee_returned": N_("Fee that came back"),
    "reversal": N_("Undone"),
}


async def statement(visit: Visit) -> Response:
    """Show a month."""
    month = visit.query("month") or None
    try:
        after = UUID(visit.query("after"))
    except ValueError:
        after = None
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        found = await settlement.statement(uow, merchant_id(visit), month)
        lines = await settlement.statement_lines(uow, merchant_id(visit), month, after=after, limit=_PAGE + 1)
    sections = [
        (visit.speech.text(_ACCOUNTS[one.account][0]), visit.speech.text(_ACCOUNTS[one.account][1]), one)
        for one in (found.available, found.held, found.owed)
    ]
    return shown(
        visit,
        "statements.html",
        HERE,
        console,
        statement=found,
        month=f"{found.first_day:%Y-%m}",
        before=settlement.month_before(found.first_day),
        sections=sections,
        kinds={name: visit.speech.text(text) for name, text in _KINDS.items()},
        accounts={name: visit.speech.text(texts[0]) for name, texts in _ACCOUNTS.items()},
        lines=lines[:_PAGE],
        following=lines[_PAGE - 1].id if len(lines) > _PAGE else None,
    )


async def lines_csv(visit: Visit) -> Response:
    """Give every transfer of a month as a file, sent while it is read."""
    month, own = visit.query("month") or None, merchant_id(visit)
    async with reading(visit) as uow:
        first_day = (await settlement.statement(uow, own, month)).first_day

    async def lines() -> AsyncIterator[str]:
        yield csv_line(settlement.LINE_COLUMNS)
        after = None
        while True:
            # Each piece in a transaction of its own: a slow download holds nothing open.
            async with reading(visit) as uow:
                rows = await settlement.statement_lines(uow, own, f"{first_day:%Y-%m}", after=after, limit=1_000)
            for row in rows:
                yield csv_line(settlement.line_row(row))
            if not rows:
                return
            after = rows[-1].id

    return csv_file(f"statement-{first_day:%Y-%m}.csv", lines())


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=statement),
    PageRoute(path=f"{HERE}/lines.csv", audience=MERCHANT, get=lines_csv),
)
