"""Groups that a merchant's guests are of: their rule in plain words, how many came, and what sets them apart."""

from dataclasses import dataclass

from starlette.responses import Response

from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, console_of, merchant_id, reading, shown
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.match.api import usual_name
from ringmain.segment import api as segment

HERE = "/merchant/tribes"
_MISSING: dict[segment.WeekState, tuple[str, str]] = {
    segment.WeekState.NOT_COUNTED: (
        N_("Not counted yet"),
        N_(
            "Groups of people who buy alike are looked for each night; how many of them came to you is counted every"
            " Monday, over the four weeks before."
        ),
    ),
    segment.WeekState.NONE_FOUND: (
        N_("No groups so far"),
        N_(
            "The guests of this network do not fall into groups yet. It takes %(people)s people and more who agreed to"
            " suggestions and came %(visits)s times in half a year, somewhere in the network."
        ),
    ),
    segment.WeekState.TOO_FEW_HERE: (
        N_("Too few to show"),
        N_(
            "There are groups, but of none did more than about ten guests come to you in these four weeks, so that"
            " nobody can be recognised. The more guests are recognised at your tills, the sooner this fills."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class _Group:
    key: str
    name: str
    rule: str
    people: str
    share: str
    apart: tuple[str, ...]


async def tribes(visit: Visit) -> Response:
    """Show the groups."""
    async with reading(visit) as uow:
        console = await console_of(uow, visit)
        found = await segment.tribes_of_merchant(uow, merchant_id(visit))
    title, text = _MISSING.get(found.state, ("", ""))
    speech = visit.speech
    words = speech.text(text, people=segment.FEWEST_PEOPLE, visits=segment.ENOUGH_VISITS) if text else ""
    return shown(
        visit,
        "tribes.html",
        HERE,
        console,
        found=found,
        groups=[_group(speech, one) for one in found.tribes],
        missing=(speech.text(title), words) if text else None,
    )


def _group(speech: Speech, one: segment.MerchantTribe) -> _Group:
    language: segment.Language = "zh" if speech.language == "zh" else "en"
    return _Group(
        key=str(one.tribe_id),
        name=segment.name_words(one.told.name, language, usual_name),
        rule=segment.rule_words(one.told.rule, language, usual_name),
        people=speech.text("about %(number)s", number=speech.number(one.people)),
        share=speech.text("about %(number)s", number=speech.number(one.per_cent) + "%"),
        apart=tuple(segment.lift_words(lift, language, usual_name) for lift in one.told.apart),
    )


PAGES = (PageRoute(path=HERE, audience=MERCHANT, get=tribes),)
