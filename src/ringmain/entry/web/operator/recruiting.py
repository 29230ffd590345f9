"""Which categories to recruit, as the page of pressure shows it: shares, areas, and one thing to do for each shop."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode
from uuid import UUID

from ringmain.entry.web.operator.common import Names, area_names
from ringmain.entry.web.operator.kept import Kept
from ringmain.kit.pages import Speech, Visit
from ringmain.loop import api as loop
from ringmain.match.api import usual_name


@dataclass(frozen=True, slots=True)
class _Counted:
    found: loop.Recruiting | None


_KEPT: Kept[_Counted] = Kept()


@dataclass(frozen=True, slots=True)
class Row:
    """A shop to bring on: what and where, what it would do, and one thing to do."""

    title: str
    helps: str
    action: str
    page: str


@dataclass(frozen=True, slots=True)
class Recruits:
    """What is missing, in words."""

    share: str
    people: str
    shares: list[list[str]]
    areas: list[list[str]]
    next: list[Row]
    categories: list[Row]


async def recruits(visit: Visit, known: Names) -> tuple[bool, Recruits | None]:
    """Return whether it has been counted, and what was found; None where too few people can be told of."""
    make = partial(_make, visit)
    counted = await _KEPT.of(visit.network_id, make)
    if counted is None or counted.found is None:
        return counted is not None, None
    return True, _said(visit.speech, known, counted.found)


async def _make(visit: Visit) -> _Counted:
    return _Counted(await loop.recruiting(visit.site.database, visit.site.settings.lake_folder, visit.network_id))


def _said(speech: Speech, known: Names, found: loop.Recruiting) -> Recruits:
    names, whole = area_names(speech, known), found.whole
    counts = (
        (speech.text("Three or more"), whole.three),
        (speech.text("Two"), whole.two),
        (speech.text("One"), whole.one),
        (speech.text("None"), whole.none),
    )
    return Recruits(
        speech.share(whole.three / whole.people),
        speech.number(whole.people),
        [[name, speech.number(count), speech.share(count / whole.people, 1)] for name, count in counts],
        [
            [names.get(one.area or "", one.area or ""), speech.number(one.people), speech.share(one.three / one.people)]
            for one in found.areas
        ],
        _rows(speech, known, names, found.next),
        _rows(speech, known, names, found.categories),
    )


def _rows(speech: Speech, known: Names, names: dict[str, str], found: Sequence[loop.Recruit]) -> list[Row]:
    rows, asked = list[Row](), set[UUID]()
    for one in found:
        # Each shop is asked once: for the next one of the same kind there is another shop, or none yet.
        silent = next((id_ for id_ in one.silent if id_ not in asked), None)
        if silent is not None:
            asked.add(silent)
        rows.append(_row(speech, known, names.get(one.area, one.area), one, silent))
    return rows


def _row(speech: Speech, known: Names, where: str, one: loop.Recruit, silent: UUID | None) -> Row:
    title = speech.text("%(category)s: %(area)s", category=usual_name(one.category, speech.language), area=where)
    more = speech.number(one.more)
    if one.reach is None:
        helps = speech.text("%(more)s people would find one wanted prize more.", more=more)
    else:
        helps = speech.text(
            "%(reach)s people would find three wanted prizes, %(more)s one more.",
            reach=speech.number(one.reach),
            more=more,
        )
    if silent is not None:
        shop = known.shops.get(silent)
        if shop is not None:
            action = speech.text("Ask %(shop)s for an offer", shop=shop.name)
            return Row(title, helps, action, f"/operator/merchants/{shop.merchant_id}")
    asked = {"category": one.category, "latitude": f"{one.latitude:.5f}", "longitude": f"{one.longitude:.5f}"}
    return Row(title, helps, speech.text("Bring one on"), f"/operator/merchants/new?{urlencode(asked)}")
