"""How scenes, groups and plans are called on pages."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from ringmain.campaign import api as campaign
from ringmain.entry.web.merchant.common import N_
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Speech
from ringmain.match.api import usual_name
from ringmain.segment import api as segment

SCENES: Final[Mapping[campaign.PlanScene, str]] = {
    "poster": N_("Posters"),
    "nfc": N_("Tags that phones are held to"),
    "link": N_("Links"),
    "screen": N_("Screens"),
    "payment": N_("After paying"),
    "share": N_("Shared by friends"),
    "search": N_("Looking for something nearby"),
    "message": N_("Messages"),
}


def language_of(speech: Speech) -> segment.Language:
    """Return the language in which groups are described."""
    return "zh" if speech.language == "zh" else "en"


async def tribes_told(uow: UnitOfWork, own: UUID | None) -> dict[UUID, segment.Told]:
    """Return the groups that a merchant is told of, or all for the operator (None), the largest first."""
    if own is None:
        return {one.id: one.told for one in (await segment.tribes_of_network(uow)).tribes}
    return {one.tribe_id: one.told for one in (await segment.tribes_of_merchant(uow, own)).tribes}


def tribe_name(speech: Speech, told: segment.Told | None) -> str:
    """Return what a group is called; one that is not found any more, or not shown, has no name."""
    if told is None:
        return speech.text("A group that is not shown now")
    return segment.name_words(told.name, language_of(speech), usual_name)


def tribe_rule(speech: Speech, told: segment.Told | None) -> str:
    """Return the rule of a group in plain words."""
    return "" if told is None else segment.rule_words(told.rule, language_of(speech), usual_name)
