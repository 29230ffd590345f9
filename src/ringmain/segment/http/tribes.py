"""The routes about tribes: of the network, of one merchant's guests, and of one member."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import Call, Role, Route
from ringmain.member.errors import MemberUnknown
from ringmain.network.errors import MerchantNotFound
from ringmain.segment.show import Told, own_tribe, tribes_of_merchant, tribes_of_network
from ringmain.segment.words import lift_words, name_words, rule_words

_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "analyst"})
_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_OPERATOR: frozenset[Role] = frozenset({"operator"})
_TAG = "tribes"


class InWords(Struct, frozen=True):
    """The same in English and Chinese."""

    en: str
    zh: str


class ConditionShown(Struct, frozen=True):
    """A share of visits that is at least, or at most, so many per cent; `column` is such as "category:tea"."""

    column: str
    at_least: bool
    per_cent: int


class LiftShown(Struct, frozen=True):
    """What sets a tribe apart: the per cents of its visits, and of everybody's, that are so."""

    column: str
    per_cent: int
    everybody_per_cent: int
    words: InWords


class TribeShown(Struct, frozen=True):
    """A tribe: what it is called, its rule as data and in words, and what sets it apart."""

    tribe_id: UUID
    name: InWords
    rule: list[ConditionShown]
    rule_words: InWords
    apart: list[LiftShown]


class TribeOfNetwork(Struct, frozen=True):
    """A tribe with its size, and how well resamples of its people find it again (1 at best)."""

    tribe: TribeShown
    size: int
    stability: float
    found_at: datetime
    seen_at: datetime


class FindingShown(Struct, frozen=True):
    """The last finding: how many people had visits enough to be looked at, beside newcomers."""

    found_at: datetime
    people: int
    newcomers: int


class TribeList(Struct, frozen=True):
    """The tribes of a network, the largest first; `finding` is null before the first one."""

    items: list[TribeOfNetwork]
    finding: FindingShown | None


class TribeOfGuests(Struct, frozen=True):
    """A tribe of which ten guests and more came; both figures are in fives."""

    tribe: TribeShown
    people: int
    per_cent: int


class GuestTribes(Struct, frozen=True):
    """What a merchant is told. `state`: not_counted, none_found, too_few_here or shown."""

    state: str
    items: list[TribeOfGuests]
    first_day: date | None
    last_day: date | None
    next_count: date | None


class MemberTribe(Struct, frozen=True):
    """The tribe of a member. `probability` null: counted; `shares`: their own per cents for the rule's conditions."""

    tribe: TribeShown
    probability: float | None
    shares: list[int]
    since: datetime


class MemberTribes(Struct, frozen=True):
    """`tribe` is null for who is in none, or does not agree to personalisation."""

    tribe: MemberTribe | None


async def _of_network(uow: UnitOfWork, _: Call) -> TribeList:
    found = await tribes_of_network(uow)
    last = found.finding
    return TribeList(
        [
            TribeOfNetwork(_shown(one.id, one.told), one.size, round(one.stability, 3), one.found_at, one.seen_at)
            for one in found.tribes
        ],
        None if last is None else FindingShown(last.found_at, last.people, last.newcomers),
    )


async def _of_guests(uow: UnitOfWork, call: Call) -> GuestTribes:
    merchant_id = call.id("merchant_id")
    if call.merchant_scope() not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=merchant_id)
    found = await tribes_of_merchant(uow, merchant_id)
    items = [TribeOfGuests(_shown(one.tribe_id, one.told), one.people, one.per_cent) for one in found.tribes]
    return GuestTribes(found.state.value, items, found.first_day, found.last_day, found.next_count)


async def _of_member(uow: UnitOfWork, call: Call) -> MemberTribes:
    own = await own_tribe(uow, call.id("member_id"))
    if own is None:
        return MemberTribes(None)
    shares = list(own.shares)
    return MemberTribes(MemberTribe(_shown(own.tribe_id, own.told), own.probability, shares, own.since))


def _shown(id_: UUID, told: Told) -> TribeShown:
    return TribeShown(
        tribe_id=id_,
        name=InWords(name_words(told.name, "en"), name_words(told.name, "zh")),
        rule=[ConditionShown(one.column.name, one.at_least, one.per_cent) for one in told.rule],
        rule_words=InWords(rule_words(told.rule, "en"), rule_words(told.rule, "zh")),
        apart=[
            LiftShown(
                one.column.name,
                round(one.per_cent),
                round(one.everybody),
                InWords(lift_words(one, "en"), lift_words(one, "zh")),
            )
            for one in told.apart
        ],
    )


_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-02T02:23:00Z"
_TRIBE: dict[str, Any] = {
    "tribe_id": _ID,
    "name": {"en": "Noodles", "zh": "Noodles"},
    "rule": [{"column": "category:noodles", "at_least": True, "per_cent": 40}],
    "rule_words": {
        "en": "Of all visits, at least 40% are for noodles.",
        "zh": "在全部到店中，至少 40% 去「noodles」。",
    },
    "apart": [
        {
            "column": "category:noodles",
            "per_cent": 70,
            "everybody_per_cent": 30,
            "words": {
                "en": "70% of visits for noodles, beside 30% of everybody's",
                "zh": "70% 的到店去「noodles」（全体为 30%）",
            },
        }
    ],
}

TRIBE_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/tribes",
        operation="list_tribes",
        summary="List the tribes of the network: small groups that were found",
        description="Found each night among people who agree to personalisation, kept where resamples of the same "
        "people find them again, and matched to those of the night before, so that a tribe keeps its id and its name. "
        "None has fewer than ten people. Who is in a tribe is not told.",
        tag=_TAG,
        roles=_WHOLE_NETWORK,
        handler=_of_network,
        response=TribeList,
        example_response={
            "items": [{"tribe": _TRIBE, "size": 57, "stability": 0.94, "found_at": _AT, "seen_at": _AT}],
            "finding": {"found_at": _AT, "people": 315, "newcomers": 41},
        },
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/tribes",
        operation="list_guest_tribes",
        summary="List the tribes that a merchant's guests are of",
        description="Of guests of four whole weeks, counted once a week and unchanged until the next Monday; in fives, "
        "and only where ten guests and more are of a tribe and ten and more are not. One person more or less "
        "hardly shows. Who is in a tribe is not told.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_of_guests,
        response=GuestTribes,
        errors=(MerchantNotFound,),
        example_response={
            "state": "shown",
            "items": [{"tribe": _TRIBE, "people": 35, "per_cent": 40}],
            "first_day": "2026-02-02",
            "last_day": "2026-03-01",
            "next_count": "2026-03-09",
        },
    ),
    Route(
        method="GET",
        path="/v1/members/{member_id}/tribe",
        operation="read_own_tribe",
        summary="Read the tribe that a member is in, and why",
        description="For the member's own eyes.",
        tag="members",
        roles=_OPERATOR,
        handler=_of_member,
        response=MemberTribes,
        errors=(MemberUnknown,),
        example_response={"tribe": {"tribe": _TRIBE, "probability": None, "shares": [62], "since": _AT}},
    ),
)
