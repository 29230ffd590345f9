"""Benefits at a till: what a guest gets beside prices once they have shown their own code there, and that it was given.

Each is known by a token that only such a showing gives out, good for a quarter of an hour at one till: whoever was
recognised by a payment or a phone is not given away as one of the tribe, and of whom no code was seen no fact is made.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.campaign.errors import BenefitNotDue
from ringmain.campaign.model import play_day
from ringmain.campaign.service import serve, store
from ringmain.campaign.service.model import Benefit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring, SealBroken
from ringmain.kit.tokens import make_token, read_token
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.network import api as network

KEPT_FOR = timedelta(minutes=15)
_PURPOSE = "campaign.benefit"
# Network, till, plan and member; the plan's version, the benefit's place, and until when, in seconds since 1970.
_DATA = struct.Struct(">16s16s16s16sIBI")


@dataclass(frozen=True, slots=True)
class Till:
    """Where a guest stands: whose shop it is, and the till there."""

    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID


@dataclass(frozen=True, slots=True)
class DueBenefit:
    """A benefit that a guest gets now: whose it is (a merchant, or the network), and the token to give it by."""

    token: str
    owner_id: UUID
    benefit: Benefit


@dataclass(frozen=True, slots=True)
class GivenBenefit:
    """A benefit that was given; `new` is false where that had been told today."""

    id: UUID
    new: bool


@dataclass(frozen=True, slots=True)
class _Named:
    plan_id: UUID
    member_id: UUID
    version: int
    benefit: int
    until: int


async def due_benefits(uow: UnitOfWork, keyring: Keyring, known: Known, till: Till) -> list[DueBenefit]:
    """Return what a guest who has just shown their own code gets at this till, the network's first; writes nothing."""
    until = int((await uow.now() + KEPT_FOR).timestamp())
    found = []
    for one in await serve.benefit_plans(uow, known, [till.merchant_id]):
        for place, benefit in enumerate(one.said.benefits, 1):
            named = _Named(one.id, known.member_id, one.version, place, until)
            found.append(DueBenefit(_token(keyring, uow.network_id, till, named), one.owner_id, benefit))
    return found


async def give_benefit(uow: UnitOfWork, keyring: Keyring, token: str, till: Till) -> GivenBenefit:
    """Write that a benefit was given, once a day at a shop.

    Raises `BenefitNotDue` where no such token was given out at this till within a quarter of an hour, or where the
    person has no such benefit any more. Announces `benefit_given`.
    """
    now = await uow.now()
    named = _named(keyring, uow.network_id, till, token)
    if named is None or named.until < now.timestamp():
        raise BenefitNotDue
    known = (await member.subjects(uow, [named.member_id]))[0]
    plans = [] if known is None else await serve.benefit_plans(uow, known, [till.merchant_id])
    if known is None or (named.plan_id, named.version) not in {(one.id, one.version) for one in plans}:
        raise BenefitNotDue
    row = store.GivenRow(
        id=uuid7(now),
        plan_id=named.plan_id,
        version=named.version,
        benefit=named.benefit,
        subject_id=known.subject_id,
        shop_id=till.shop_id,
        terminal_id=till.terminal_id,
        day=play_day(now, (await network.network_of(uow)).time_zone),
        given_at=now,
    )
    id_ = await store.add_given(uow, row)
    if id_ == row.id:
        uow.record("benefit_given", [id_])
    return GivenBenefit(id_, id_ == row.id)


async def copied_benefits(uow: UnitOfWork, known: Known) -> list[dict[str, UUID | datetime]]:
    """Return for a person's own copy which benefits they were given, where and when."""
    rows: Sequence[store.GivenTo] = await store.given_to(uow, known.subject_ids)
    return [{"plan_id": one.plan_id, "shop_id": one.shop_id, "given_at": one.given_at} for one in rows]


def _token(keyring: Keyring, network_id: UUID, till: Till, named: _Named) -> str:
    place = (network_id.bytes, till.terminal_id.bytes)
    what = (named.plan_id.bytes, named.member_id.bytes, named.version, named.benefit, named.until)
    return make_token(keyring, _PURPOSE, _DATA.pack(*place, *what))


def _named(keyring: Keyring, network_id: UUID, till: Till, token: str) -> _Named | None:
    """Return what a token of this till names, or None where it gave out none such."""
    try:
        network, terminal, plan, person, *numbers = _DATA.unpack(read_token(keyring, _PURPOSE, token))
    except SealBroken:
        return None
    if (network, terminal) != (network_id.bytes, till.terminal_id.bytes):
        return None
    return _Named(UUID(bytes=plan), UUID(bytes=person), *numbers)
