"""What may be given at all: caps of people, merchants and channels, and budgets; checked again where all is locked.

Locks are taken in one order: the play, its person, the owner of the offer where its vouchers are counted, its budgets
by their ids; then `voucher.grant` takes stocks and purses. What is read after a lock is what stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ringmain.campaign import store
from ringmain.campaign.errors import CapReached
from ringmain.campaign.store import Cap, Channel, Count, Given, OwnerCount
from ringmain.kit.db import UnitOfWork
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.voucher.api import PublishedOffer

# Where a network says nothing: more vouchers than that on one day no person spends.
_PERSON_A_DAY = 20


@dataclass(frozen=True, slots=True)
class Rules:
    """All caps of a network, by kind, channel and owner; each merchant's own come before the network's for all."""

    network_id: UUID
    caps: Mapping[tuple[str, str, UUID], Cap]

    def of(self, kind: str, owner_id: UUID | None = None, channel: str = "") -> Cap | None:
        """Return the cap of a kind for an owner (None: the network), or None where there is no limit."""
        network_id = self.network_id
        # What the network itself pays for is no merchant's: it stands in where all else is gone.
        if owner_id == network_id:
            return None
        found = self.caps.get((kind, channel, owner_id or network_id)) or self.caps.get((kind, channel, network_id))
        return Cap(network_id, "person", "", _PERSON_A_DAY, 1) if found is None and kind == "person" else found

    def since(self, day: date) -> date:
        """Return the first day that any cap counts."""
        return day - timedelta(days=max((one.days for one in self.caps.values()), default=1) - 1)


@dataclass(frozen=True, slots=True)
class Shut:
    """What nobody, or this person, may be given now: offers, and all offers of some merchants."""

    offer_ids: frozenset[UUID]
    owner_ids: frozenset[UUID]


async def rules(uow: UnitOfWork) -> Rules:
    """Return the caps of the network."""
    caps = await store.caps(uow)
    return Rules(uow.network_id, {(one.kind, one.channel, one.owner_id): one for one in caps})


async def check_person(uow: UnitOfWork, known: Known, channel: Channel, day: date) -> None:
    """Raise `CapReached` where a person may be given nothing more by this channel now."""
    said = await rules(uow)
    counts = await store.given_to(uow, known.subject_ids, said.since(day))
    for cap, mine in (
        (said.of("person"), counts),
        (said.of("person_channel", channel=channel), [one for one in counts if one.channel == channel]),
    ):
        if cap is not None and _full(cap, mine, day):
            raise CapReached(most=cap.most, days=cap.days)


async def check_owner(uow: UnitOfWork, known: Known, owner_id: UUID, day: date) -> None:
    """Raise `CapReached` where nobody, or this person, may be given more vouchers of an owner; the person is locked.

    The owner is locked, too, where its vouchers are counted.
    """
    said = await rules(uow)
    cap = said.of("merchant", owner_id)
    if cap is not None:
        await store.lock_owner(uow, owner_id)
        if _full(cap, await store.given_of(uow, [owner_id], said.since(day)), day):
            raise CapReached(most=cap.most, days=cap.days)
    cap = said.of("person_merchant", owner_id)
    if cap is not None:
        mine = await store.given_to(uow, known.subject_ids, said.since(day))
        if _full(cap, [one for one in mine if one.owner_id == owner_id], day):
            raise CapReached(most=cap.most, days=cap.days)


def refusal_of(said: Rules, mine: Sequence[Count], owner_id: UUID, channel: Channel, day: date) -> str | None:
    """Say which cap keeps a person, who was given `mine`, from one more voucher of an owner by a channel."""
    counted: tuple[tuple[str, Cap | None, list[Count]], ...] = (
        ("cap_person", said.of("person"), list(mine)),
        ("cap_channel", said.of("person_channel", channel=channel), [one for one in mine if one.channel == channel]),
        ("cap_merchant", said.of("person_merchant", owner_id), [one for one in mine if one.owner_id == owner_id]),
    )
    return next((name for name, cap, counts in counted if cap is not None and _full(cap, counts, day)), None)


async def shut(uow: UnitOfWork, known: Known | None, day: date, at: datetime) -> Shut:
    """Return what may not be offered now; read without locks, `admit` decides."""
    said = await rules(uow)
    every = said.caps.values()
    offers = await store.shut_offers(uow, at)
    owners: set[UUID] = set()
    if any(one.kind == "merchant" for one in every):
        owners |= _full_owners(said, "merchant", await store.given_of(uow, None, said.since(day)), day)
    if known is not None and any(one.kind == "person_merchant" for one in every):
        mine = await store.given_to(uow, known.subject_ids, said.since(day))
        owners |= _full_owners(said, "person_merchant", mine, day)
    # Of a merchant that may give nothing at all nothing has been counted either.
    owners |= {one.owner_id for one in every if one.most == 0 and one.kind in ("merchant", "person_merchant")}
    return Shut(frozenset(offers), frozenset(owners - {uow.network_id}))


def _full_owners(said: Rules, kind: str, counts: Sequence[Count | OwnerCount], day: date) -> set[UUID]:
    full = set()
    for owner_id in {one.owner_id for one in counts}:
        cap = said.of(kind, owner_id)
        if cap is not None and _full(cap, [one for one in counts if one.owner_id == owner_id], day):
            full.add(owner_id)
    return full


def spare(cap: Cap, counts: Sequence[Count | OwnerCount], day: date) -> int:
    """Return how many more vouchers a cap allows."""
    begins = day - timedelta(days=cap.days - 1)
    return cap.most - sum(one.vouchers for one in counts if one.day >= begins)


def _full(cap: Cap, counts: Sequence[Count | OwnerCount], day: date) -> bool:
    return spare(cap, counts, day) <= 0


@dataclass(frozen=True, slots=True)
class Admission:
    """A voucher that caps and budgets bear, as long as this transaction runs; the budgets are locked."""

    offer: PublishedOffer
    known: Known
    channel: Channel
    day: date
    budget_ids: tuple[UUID, ...]


async def admit(
    uow: UnitOfWork, known: Known, offer: PublishedOffer, channel: Channel, day: date, at: datetime
) -> Admission | None:
    """Lock what a voucher of an offer draws on, and say whether it bears one more; the person is locked already."""
    owner_id = offer.creator_merchant_id
    try:
        await check_owner(uow, known, owner_id, day)
    except CapReached:
        return None
    ids = await store.budgets_of_offer(uow, offer.id)
    budgets = [one for one in await store.lock_budgets(uow, ids) if one.open_at(at)] if ids else []
    if ids and not budgets:
        return None
    if any(one.left_minor < offer.terms.cost_minor for one in budgets):
        return None
    return Admission(offer, known, channel, day, tuple(one.id for one in budgets))


async def note(
    uow: UnitOfWork,
    admission: Admission,
    voucher_id: UUID,
    at: datetime,
    *,
    from_shop: UUID | None,
    to_shop: UUID | None,
) -> None:
    """Write that a voucher was given within an admission, at whose shop it was won, and to whose one shop it leads."""
    cost, offer = admission.offer.terms.cost_minor, admission.offer
    if admission.budget_ids:
        await store.take_from(uow, [(id_, voucher_id, cost) for id_ in admission.budget_ids], at)
    ids = [shop for shop in (to_shop, from_shop) if shop is not None]
    merchants = {shop.id: shop.merchant_id for shop in await network.shops(uow, ids)} if ids else {}
    given = Given(
        voucher_id=voucher_id,
        offer_id=offer.id,
        owner_id=offer.creator_merchant_id,
        sender_id=None if from_shop is None else merchants.get(from_shop),
        receiver_id=None if to_shop is None else merchants.get(to_shop),
        subject_id=admission.known.subject_id,
        channel=admission.channel,
        day=admission.day,
        cost_minor=cost,
    )
    await store.add_given(uow, [given])
