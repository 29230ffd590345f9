"""The route that says which categories to recruit so that everybody always finds something wanted."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from ringmain.kit.http import Call, Limit, Role, Route
from ringmain.loop.recruiting import Found, Recruit, Recruiting, recruiting

_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "analyst"})
_SOME_AT_A_TIME = Limit(10, seconds=60)


class FoundShown(Struct, frozen=True, kw_only=True):
    """How many people find none, one, two, or three and more wanted prizes within reach; area null: everywhere."""

    area: str | None
    people: int
    none: int
    one: int
    two: int
    three: int


class RecruitShown(Struct, frozen=True, kw_only=True):
    """One average shop of a category, in the middle of an area, whose voucher can be won.

    reach: people who would then find three, null where they are fewer than ten; more: people with fewer than three who
    would find one more; silent: shops of the category within reach of it that give nothing now.
    """

    category: str
    area: str
    latitude: float
    longitude: float
    reach: int | None
    more: int
    silent: list[UUID]


class RecruitingShown(Struct, frozen=True, kw_only=True):
    """Where something wanted is missing; null where fewer than ten people can be told of.

    unknown: people who agree to personal answers, of whom no want is known. Areas and shops of fewer than ten people
    are left out. categories: the best area for each; next: a greedy order, each beside those before it.
    """

    days: int
    reach_m: int
    unknown: int
    whole: FoundShown
    areas: list[FoundShown]
    categories: list[RecruitShown]
    next: list[RecruitShown]


class RecruitingAnswer(Struct, frozen=True):
    """What is missing, or null."""

    recruiting: RecruitingShown | None


async def _read(call: Call, _: Any) -> RecruitingAnswer:
    found = await recruiting(call.database, call.settings.lake_folder, call.principal.network_id)
    return RecruitingAnswer(None if found is None else _shown(found))


def _shown(found: Recruiting) -> RecruitingShown:
    return RecruitingShown(
        days=found.days,
        reach_m=found.reach_m,
        unknown=found.unknown,
        whole=_found(found.whole),
        areas=[_found(one) for one in found.areas],
        categories=[_recruit(one) for one in found.categories],
        next=[_recruit(one) for one in found.next],
    )


def _found(one: Found) -> FoundShown:
    return FoundShown(area=one.area, people=one.people, none=one.none, one=one.one, two=one.two, three=one.three)


def _recruit(one: Recruit) -> RecruitShown:
    return RecruitShown(
        category=one.category,
        area=one.area,
        latitude=one.latitude,
        longitude=one.longitude,
        reach=one.reach,
        more=one.more,
        silent=list(one.silent),
    )


_FOUND = {"area": None, "people": 900, "none": 40, "one": 110, "two": 150, "three": 600}
_RECRUIT = {
    "category": "bakery",
    "area": "1506:6074",
    "latitude": 30.12,
    "longitude": 121.48,
    "reach": 64,
    "more": 121,
    "silent": [],
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/loop/recruiting",
        operation="read_recruiting",
        summary="Read which categories to recruit",
        description="How many people find three wanted prizes within reach (five kilometres from where they bought "
        "something last), and which shop, opened where, would help the most people. Wanted is what people who agree to "
        "personal answers bought twice in twelve weeks, or are expected to within a week.",
        tag="loop",
        roles=_WHOLE_NETWORK,
        handler=_read,
        transaction="own",
        response=RecruitingAnswer,
        limit=_SOME_AT_A_TIME,
        example_response={
            "recruiting": {
                "days": 84,
                "reach_m": 5000,
                "unknown": 12,
                "whole": _FOUND,
                "areas": [{**_FOUND, "area": "1506:6074"}],
                "categories": [_RECRUIT],
                "next": [_RECRUIT],
            }
        },
    ),
)
