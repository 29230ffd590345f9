"""The image of a person: what the network knows of them, with the evidence, for their own eyes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.member.errors import MemberUnknown
from ringmain.network import api as network
from ringmain.profile import store
from ringmain.profile.details import with_details
from ringmain.profile.model import WINDOW, FieldFact, Visit, fields_of
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher

# What somebody buys in 180 days; beyond it the newest are counted.
_MOST_COUNTED = 1_000
_VISITS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """One visit as its owner sees it; `disputed`: they said that it was not them, so that nothing counts it.

    `saved_minor` is what vouchers took off, reversals left out. `minimal`: the till knew only the voucher.
    """

    sale_id: UUID
    merchant_id: UUID
    shop_id: UUID
    shop_name: str
    category: str
    time_zone: str
    sold_at: datetime
    minimal: bool
    total_minor: int
    saved_minor: int
    refunded_minor: int
    currency: str
    vouchers: tuple[voucher.SaleUse, ...]
    disputed: bool


@dataclass(frozen=True, slots=True)
class Image:
    """What the network knows of a person.

    `person` is masked. `personalised` false: the image is shown to its owner and used for nothing. Of `fields`, those
    in `hidden` are there for their owner alone, so that they can show them again.
    """

    person: member.Shown
    answers: tuple[member.GivenAnswer, ...]
    photo: bool
    personalised: bool
    fields: tuple[FieldFact, ...]
    hidden: frozenset[str]
    visits: tuple[ShownVisit, ...]
    counted: int
    counted_since: datetime


async def image(uow: UnitOfWork, keyring: Keyring, member_id: UUID) -> Image:
    """Return the image of a person, for themselves. Raises `MemberUnknown`."""
    async with uow.keyed():
        known = await person(uow, member_id)
        shown = await member.show(uow, keyring, known.member_id)
        personalised = await member.consented(uow, [known.subject_id], member.Purpose.PERSONALISATION)
        answers = await member.answers(uow, keyring, known.member_id)
        photo = await member.own_photo(uow, keyring, known.member_id)
        hidden = await member.hidden_fields(uow, known.member_id)
    now = await uow.now()
    since = now - WINDOW
    bought = await sale.bought_by(uow, known.subject_ids, since=since, before=None, limit=_MOST_COUNTED)
    newest = bought[:_VISITS_SHOWN]
    if len(newest) < _VISITS_SHOWN:
        newest = await sale.bought_by(uow, known.subject_ids, since=None, before=None, limit=_VISITS_SHOWN)
    disputed = await store.disputed_sales(uow, known.subject_ids)
    shops = await _shops(uow, [*bought, *newest])
    uses = await voucher.uses_of_sales(uow, list({one.id for one in (*bought, *newest)})) if newest else []
    counted = await with_details(uow, _counted(bought, shops, disputed), uses)
    return Image(
        person=shown,
        answers=tuple(answers),
        photo=photo is not None,
        personalised=bool(personalised),
        fields=fields_of(counted, now),
        hidden=frozenset(hidden),
        visits=tuple(_shown_visits(newest, shops, disputed, uses)),
        counted=len(counted),
        counted_since=since,
    )


async def counted_visits(uow: UnitOfWork, known: member.Known) -> list[Visit]:
    """Return the visits of 180 days that say something of a person, the newest first.

    Returned goods, sales that were undone, and sales of which they said "this was not me" say nothing.
    """
    since = await uow.now() - WINDOW
    bought = await sale.bought_by(uow, known.subject_ids, since=since, before=None, limit=_MOST_COUNTED)
    disputed = await store.disputed_sales(uow, known.subject_ids)
    return _counted(bought, await _shops(uow, bought), disputed)


async def visits(uow: UnitOfWork, member_id: UUID, *, before: UUID | None = None, limit: int = 50) -> list[ShownVisit]:
    """Return the visits of a person, the newest first; `before` is the last sale of the page before.

    Raises `MemberUnknown`.
    """
    known = await person(uow, member_id)
    bought = await sale.bought_by(uow, known.subject_ids, since=None, before=before, limit=limit)
    if not bought:
        return []
    disputed = await store.disputed_sales(uow, known.subject_ids)
    uses = await voucher.uses_of_sales(uow, [one.id for one in bought])
    return _shown_visits(bought, await _shops(uow, bought), disputed, uses)


async def person(uow: UnitOfWork, member_id: UUID) -> member.Known:
    """Return the person a member id names. Raises `MemberUnknown`, also for those who were erased."""
    known = (await member.subjects(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    return known


async def _shops(uow: UnitOfWork, bought: Sequence[sale.BoughtRow]) -> dict[UUID, network.Shop]:
    return {shop.id: shop for shop in await network.shops(uow, sorted({one.shop_id for one in bought}))}


def _counted(
    bought: Sequence[sale.BoughtRow], shops: Mapping[UUID, network.Shop], disputed: Collection[UUID]
) -> list[Visit]:
    return [
        _visit(one, shops[one.shop_id])
        for one in bought
        if one.total_minor >= 0 and not one.undone and one.id not in disputed
    ]


def _shown_visits(
    bought: Sequence[sale.BoughtRow],
    shops: Mapping[UUID, network.Shop],
    disputed: Collection[UUID],
    uses: Sequence[voucher.SaleUse],
) -> list[ShownVisit]:
    by_sale: dict[UUID, list[voucher.SaleUse]] = {}
    for use in uses:
        by_sale.setdefault(use.sale_id, []).append(use)
    return [_shown(one, shops[one.shop_id], tuple(by_sale.get(one.id, ())), one.id in disputed) for one in bought]


def _visit(one: sale.BoughtRow, shop: network.Shop) -> Visit:
    return Visit(
        sale_id=one.id,
        shop_id=one.shop_id,
        shop_name=shop.name,
        category=shop.category,
        sold_at=one.sold_at,
        local_at=one.sold_at.astimezone(ZoneInfo(shop.time_zone)),
        total_minor=None if one.minimal else one.total_minor,
        currency=one.currency,
        tenders=tuple(sorted({tender.kind for tender in sale.tenders_of(one.tenders)})),
        place=(shop.latitude, shop.longitude),
    )


def _shown(one: sale.BoughtRow, shop: network.Shop, uses: tuple[voucher.SaleUse, ...], disputed: bool) -> ShownVisit:
    return ShownVisit(
        sale_id=one.id,
        merchant_id=one.merchant_id,
        shop_id=one.shop_id,
        shop_name=shop.name,
        category=shop.category,
        time_zone=shop.time_zone,
        sold_at=one.sold_at,
        minimal=one.minimal,
        total_minor=one.total_minor,
        saved_minor=sum(use.amount_minor for use in uses if not use.reversed),
        refunded_minor=one.refunded_minor,
        currency=one.currency,
        vouchers=uses,
        disputed=disputed,
    )
