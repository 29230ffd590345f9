"""Segments on pages: of a merchant's guests, and of the network's people."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT, OPERATOR
from ringmain.entry.web.merchant.common import Draft, console_of, merchant_id, rail
from ringmain.entry.web.segment.builder import MOST_NAME, builder, language_of, manner, read
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.segment import api as segment

_MERCHANT, _OPERATOR = "/merchant/segments", "/operator/segments"
_FIRST = {"kind1": "visits", "limit1": "at_least", "times1": "3", "days1": "90"}


class Made(Struct, frozen=True):
    """A segment that was made or archived."""

    segment_id: UUID


@dataclass(frozen=True, slots=True)
class _Shown:
    id: str
    name: str
    rule: str
    people: str
    note: str
    filled: int


async def of_merchant(visit: Visit) -> Response:
    """Show the segments of a merchant's guests."""
    return await _page(visit, merchant_id(visit), Draft(_FIRST))


async def make_of_merchant(visit: Visit) -> Response:
    """Make a segment of a merchant's guests."""
    return await _make(visit, merchant_id(visit))


async def archive_of_merchant(visit: Visit) -> Response:
    """Archive a segment of a merchant."""
    return await _archive(visit, merchant_id(visit))


async def of_network(visit: Visit) -> Response:
    """Show everybody's segments."""
    return await _page(visit, None, Draft(_FIRST))


async def make_of_network(visit: Visit) -> Response:
    """Make a segment of the network's people."""
    return await _make(visit, None)


async def archive_of_network(visit: Visit) -> Response:
    """Archive any segment."""
    return await _archive(visit, None)


async def _make(visit: Visit, own: UUID | None) -> Response:
    async with visit.unit() as uow:
        home = await network.network_of(uow)
    draft, clauses = read(visit, visit.speech.precision(home.currency))
    if draft.faults:
        return await _page(visit, own, draft, 422)

    async def act(uow: UnitOfWork) -> Made:
        return Made((await segment.define(uow, visit.form.text("name")[:MOST_NAME], clauses, own)).id)

    try:
        await visit.once("define_segment", act, Made)
    except RuleBroken as rule:
        draft.faults["kind1"] = f"{visit.speech.why(rule)} {visit.speech.next_step(rule)}"
        return await _page(visit, own, draft, int(rule.status))
    return visit.go(_home(own))


async def _archive(visit: Visit, own: UUID | None) -> Response:
    segment_id = visit.path_id("segment_id")

    async def act(uow: UnitOfWork) -> Made:
        return Made(await segment.archive(uow, segment_id, own))

    await visit.once("archive_segment", act, Made)
    return visit.go(_home(own))


async def _page(visit: Visit, own: UUID | None, draft: Draft, status: int = 200) -> Response:
    # Numbers are counted over the network's rows of people; what is shown of them is this owner's.
    async with visit.unit() as uow:
        console = await console_of(uow, visit) if own is not None else None
        home = await network.network_of(uow)
        found = await segment.segments(uow, own)
        names = await segment.names_of(uow, [one.rule for one in found])
        shops = await (network.all_shops(uow) if own is None else network.shops_of(uow, own))
        tribes = (await segment.tribes_of_network(uow)).tribes
        merchants = {one.id: one.legal_name for one in await network.all_merchants(uow)} if own is None else {}
    language, said = language_of(visit.speech), manner(visit.speech)
    values: dict[str, Any] = {
        "segments": [
            _Shown(
                str(one.id),
                one.name,
                segment.said(one.rule, language, names, said),
                *_people(visit.speech, one.people, merchants.get(one.merchant_id) if one.merchant_id else None),
                one.filled_per_cent,
            )
            for one in found
        ],
        "builder": builder(visit.speech, shops, tribes, whole_network=own is None),
        "draft": draft,
        "currency": home.currency,
        "action": _home(own),
    }
    if console is None:
        return visit.page("segment/operator.html", status, network=home, **values)
    return visit.page(
        "segment/merchant.html", status, rail=rail(visit.speech), here=_MERCHANT, console=console, **values
    )


def _people(speech: Speech, people: segment.People, owner: str | None) -> tuple[str, str]:
    """Return the number as it is shown, and what is to be said of it."""
    note = speech.text("Of %(merchant)s.", merchant=owner) if owner else ""
    if people.counting is segment.Counting.EXACT:
        return speech.number(people.number or 0), note
    if people.counting is segment.Counting.NOT_YET:
        return "–", speech.text("Counted on Monday, in fives: it is about more than your own shops.")
    if people.counted_on is not None:
        note = speech.text("Counted on %(day)s, in fives.", day=speech.day(people.counted_on))
    if people.number is None:
        return speech.text("fewer than ten"), note
    return speech.text("about %(number)s", number=speech.number(people.number)), note


def _home(own: UUID | None) -> str:
    return _OPERATOR if own is None else _MERCHANT


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=_MERCHANT, audience=MERCHANT, get=of_merchant, post=make_of_merchant),
    PageRoute(path=_MERCHANT + "/{segment_id:uuid}", audience=MERCHANT, post=archive_of_merchant),
    PageRoute(path=_OPERATOR, audience=OPERATOR, get=of_network, post=make_of_network),
    PageRoute(path=_OPERATOR + "/{segment_id:uuid}", audience=OPERATOR, post=archive_of_network),
)
