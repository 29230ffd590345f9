"""Today for one person: what they usually want now, places worth a visit, and vouchers that end soon, with why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.match.blocks import blocks
from ringmain.match.model import Context, Match
from ringmain.match.nearby import nearby
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.profile import api as profile
from ringmain.profile.api import Counted
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Held

ENDS_WITHIN = timedelta(days=3)
_PLACES = 5
_EVERY_SHOP = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that a person usually wants at this part of the day, on what evidence, and the shop that fits best."""

    wanted: Counted
    match: Match


@dataclass(frozen=True, slots=True)
class Today:
    """What is worth a person's look now. Without their consent to personalisation `wishes` is empty.

    `part` is the part of the day; `places` are other shops than those of `wishes`, best first; `ending` are vouchers to
    spend that end within three days, the soonest first.
    """

    at: datetime
    personal: bool
    part: str
    wishes: tuple[Wish, ...]
    places: tuple[Match, ...]
    ending: tuple[Held, ...]


async def today(
    uow: UnitOfWork, known: Known, *, at_shop_id: UUID | None = None, first_offers: frozenset[UUID] = frozenset()
) -> Today:
    """Return what is worth a person's look now; `at_shop_id` is the shop at which they stand.

    Shops and offers that they blocked are left out, also the vouchers of such offers, which stay in the wallet. Without
    their consent nothing of their past matters: everybody at this place is told of the same shops. Writes nothing.
    """
    now = await uow.now()
    context = Context(
        at=now, at_shop_id=at_shop_id, subject_ids=known.subject_ids, limit=_EVERY_SHOP, first_offers=first_offers
    )
    found = await nearby(uow, context)
    part, wanted = await profile.usual_wants(uow, known)
    wishes = _wishes(wanted, found)
    wished = {one.match.shop.id for one in wishes}
    places = [one for one in found if one.shop.id not in wished and one.is_open and one.offers]
    personal = bool(await member.consented(uow, [known.subject_id], member.Purpose.PERSONALISATION))
    return Today(now, personal, part, wishes, tuple(places[:_PLACES]), await _ending(uow, known, now))


def _wishes(wanted: Sequence[Counted], found: Sequence[Match]) -> tuple[Wish, ...]:
    """Return the best open shop of each wanted category; a category without one is no news."""
    wishes = []
    for one in wanted:
        fits = next((match for match in found if match.shop.category == one.key and match.is_open), None)
        if fits is not None:
            wishes.append(Wish(one, fits))
    return tuple(wishes)


async def _ending(uow: UnitOfWork, known: Known, now: datetime) -> tuple[Held, ...]:
    blocked = {one.offer_id for one in await blocks(uow, known.subject_ids)}
    return tuple(
        one
        for one in await voucher.wallet(uow, known.subject_ids)
        if one.state == "open" and one.voucher.valid_until <= now + ENDS_WITHIN and one.offer.id not in blocked
    )
