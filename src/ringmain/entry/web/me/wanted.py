"""What a person may want soon: what the serving model expects of them, with its chance and where that comes from."""

from dataclasses import dataclass

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Speech
from ringmain.match.api import usual_name
from ringmain.member import api as member
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.profile import api as profile

_MOST = 3
# Less than this is no more than a guess among ten shops.
_LEAST_CHANCE = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind of shop that somebody may want within a week, the shop that it is most likely at, and why."""

    what: str
    shop: str
    chance: str
    why: str


async def wanted(uow: UnitOfWork, speech: Speech, image: profile.Image, zone: str) -> tuple[Wanted, ...]:
    """Return the likeliest needs of a person, one of each kind of shop; none where suggestions are off or hidden.

    Whoever hides what a forecast is made of is forecast no longer; until that has run, nothing is shown either.
    """
    (known,) = await member.subjects(uow, [image.person.member_id])
    if known is None or not image.personalised or image.hidden & need.MADE_OF:
        return ()
    expected = await need.needs(uow, known.subject_ids, await uow.now())
    likely = [one for one in expected if one.week_chance >= _LEAST_CHANCE]
    shops = {one.id: one for one in await network.shops(uow, sorted({one.shop_id for one in likely}))}
    first: dict[str, need.Need] = {}
    for one in sorted(likely, key=lambda one: (-one.week_chance, one.shop_id)):
        first.setdefault(shops[one.shop_id].category, one)
    return tuple(
        Wanted(
            what=_capital(usual_name(category, speech.language)),
            shop=shops[one.shop_id].name,
            chance=speech.number(round(one.week_chance * 100)) + "%",
            why=_why(speech, one, zone),
        )
        for category, one in list(first.items())[:_MOST]
    )


def _why(speech: Speech, one: need.Need, zone: str) -> str:
    made = speech.day(one.made_at, zone)
    if one.been:
        return speech.text("You have been there before. Expected on %(day)s from your visits.", day=made)
    return speech.text("You have not been there yet. Expected on %(day)s from visits like yours.", day=made)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
