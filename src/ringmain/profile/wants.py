"""What a person usually wants at a time of the day: counted from their own visits, only where they agreed to it."""

from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.profile.image import counted_visits
from ringmain.profile.model import Counted, Field, day_part, usual_categories

# The fields of the image that a want is made of: who hides one of them does not want it to be used.
_MADE_OF = frozenset({Field.FAVOURITE_CATEGORIES.value, Field.USUAL_DAY_PART.value})


async def usual_wants(uow: UnitOfWork, known: member.Known) -> tuple[str, tuple[Counted, ...]]:
    """Return the part of the day that it is in the network, and the categories that a person usually wants in it.

    Nothing without their consent to personalisation, or where they hide one of the two fields; then not even the facts
    are read. Sales that they said were not theirs do not count.
    """
    zone = ZoneInfo((await network.network_of(uow)).time_zone)
    part = day_part((await uow.now()).astimezone(zone))
    if not await member.consented(uow, [known.subject_id], member.Purpose.PERSONALISATION):
        return part, ()
    if _MADE_OF & set(await member.hidden_fields(uow, known.member_id)):
        return part, ()
    return part, usual_categories(await counted_visits(uow, known), part)
