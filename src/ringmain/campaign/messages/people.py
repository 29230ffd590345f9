"""To whom a message may go at all: who agreed to personal answers and to messages, and may be given one more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ringmain.campaign import caps, store
from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.match import api as match
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.message import api as message
from ringmain.need import api as need
from ringmain.profile import api as profile
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

_AT_ONCE = 2_000
# Whoever bought something within a day just stood there.
_JUST = timedelta(days=1)
_LOOK_BACK = timedelta(days=366)
# They have every voucher there is already, have blocked it, or are at a cap of it.
_NOT_PERSONAL, _NOTHING_LEFT = "not_personal", "no_offer_left"


@dataclass(frozen=True, slots=True)
class Reachable:
    """Who asks where people can be reached: the keys of their addresses, and the channels that are set up here."""

    keyring: Keyring
    channels: frozenset[message.Channel]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where people were last, and whether they have just stood there."""

    shop_id: UUID | None
    just: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One person, and what must not be given to them: shops and offers."""

    known: Known
    standing: Standing
    shops: frozenset[UUID]
    offers: frozenset[UUID]


@dataclass(frozen=True, slots=True, eq=False)
class Weeks:
    """The chances that people come to shops within a week: places of people, ascending, shops (V16); all (rows,)."""

    person: NDArray[np.int64]
    shop: NDArray[np.void]
    chance: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Everybody:
    """All who may be sent something today, by subject, what is foretold of them, and how many a rule kept back."""

    people: Sequence[Person]
    weeks: Weeks
    kept_back: Mapping[str, int]


async def everybody(
    uow: UnitOfWork, reachable: Reachable, offer_owners: Mapping[UUID, UUID], day: date, now: datetime
) -> Everybody:
    """Return whom a voucher of one of these offers may be sent to; `offer_owners` says whose the offers are.

    Nothing is read of anybody who does not agree to personal answers.
    """
    found: list[Person] = []
    weeks = [Weeks(np.empty(0, dtype=np.int64), np.empty(0, dtype="V16"), np.empty(0))]
    kept_back: Counter[str] = Counter()
    after: UUID | None = None
    said = await caps.rules(uow)
    while page := await member.people_page(uow, after, _AT_ONCE):
        after = page[-1]
        agreed = await member.consented(uow, page, member.Purpose.PERSONALISATION)
        refused = await message.refusals(uow, reachable.keyring, sorted(agreed), reachable.channels)
        kept_back[_NOT_PERSONAL] += len(page) - len(agreed)
        kept_back.update(refusal.value for refusal in refused.values() if refusal is not None)
        known = await member.people_of(uow, [id_ for id_, refusal in refused.items() if refusal is None])
        some = await _known(uow, said, known, offer_owners, day, now) if known else []
        kept_back[_NOTHING_LEFT] += len(known) - len(some)
        weeks.append(await _weeks(uow, some, len(found), now))
        found += some
    columns = (np.concatenate([getattr(one, name) for one in weeks]) for name in Weeks.__slots__)
    return Everybody(found, Weeks(*columns), {rule: people for rule, people in kept_back.items() if people})


async def _weeks(uow: UnitOfWork, people: Sequence[Person], first: int, now: datetime) -> Weeks:
    """Return what is foretold of some people, whose places begin at `first`."""
    ids = [one.known.subject_id for one in people]
    found = await need.week_columns(uow, ids, now)
    place = {id_.bytes: first + number for number, id_ in enumerate(ids)}
    named, row = np.unique(found.subject, return_inverse=True)
    person = np.array([place[id_.tobytes()] for id_ in named], dtype=np.int64)[row]
    order = np.argsort(person, kind="stable")
    return Weeks(person[order], found.shop[order], found.week_chance[order])


def subjects_of(known: Mapping[UUID, Known]) -> dict[UUID, UUID]:
    """Return for every subject of people the one that stands for its person."""
    return {id_: one.subject_id for one in known.values() for id_ in one.subject_ids}


async def _known(
    uow: UnitOfWork,
    said: caps.Rules,
    known: Mapping[UUID, Known],
    offer_owners: Mapping[UUID, UUID],
    day: date,
    now: datetime,
) -> list[Person]:
    subjects = subjects_of(known)
    last = await sale.last_shops(uow, subjects, now - _LOOK_BACK, without=profile.DISPUTED_BY)
    shops: dict[UUID, set[UUID]] = {}
    offers: dict[UUID, set[UUID]] = {}
    for block in await match.blocks_of(uow, subjects):
        if block.shop_id is not None:
            shops.setdefault(block.subject_id, set()).add(block.shop_id)
        if block.offer_id is not None:
            offers.setdefault(block.subject_id, set()).add(block.offer_id)
    for subject_id, offer_id in await voucher.holders(uow, subjects, list(offer_owners), now):
        offers.setdefault(subject_id, set()).add(offer_id)
    counts: dict[UUID, list[store.PersonCount]] = {}
    for count in await store.given_to_each(uow, subjects, said.since(day)):
        counts.setdefault(count.subject_id, []).append(count)
    # Most people have got nothing of late: caps say the same of all of them.
    usual = _shut(said, (), offer_owners, day)
    people_ = []
    for id_, one in sorted(known.items()):
        mine = counts.get(id_)
        shut = (usual if mine is None else _shut(said, mine, offer_owners, day)) | offers.get(id_, set())
        if len(shut) < len(offer_owners):
            at = last.get(id_)
            standing = Standing(None, just=False) if at is None else Standing(at.shop_id, now - at.sold_at < _JUST)
            people_.append(Person(one, standing, frozenset(shops.get(id_, ())), frozenset(shut)))
    return people_


def _shut(
    said: caps.Rules, mine: Sequence[store.PersonCount], offer_owners: Mapping[UUID, UUID], day: date
) -> set[UUID]:
    """Return the offers that a cap keeps from a person."""
    refused = {owner: caps.refusal_of(said, mine, owner, "message", day) for owner in set(offer_owners.values())}
    return {offer_id for offer_id, owner in offer_owners.items() if refused[owner] is not None}
