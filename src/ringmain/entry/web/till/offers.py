"""What a guest's vouchers take off at this till: ranked, the best one applied, and why others do not fit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from ringmain.entry.web.till.desk import Desk
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http.types import AmountMinor
from ringmain.kit.pages import Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.member import api as member
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Terms
from ringmain.voucher.errors import AmountExceedsRemaining, VoucherAlreadySpent

MOST_SHOWN = 12


class Chosen(Struct, frozen=True, forbid_unknown_fields=True):
    """A voucher that the cashier wants to use: by its code, or by id where its holder is known.

    `amount_minor` is how much of it, where it is to be spent in parts; None: as much as goes.
    """

    code: str | None = None
    voucher_id: UUID | None = None
    amount_minor: AmountMinor | None = None


class Refusal(Struct, frozen=True):
    """Why something does not work, and what to do next; `where` is filled in for a voucher that was used."""

    code: str
    why: str
    next_step: str
    where: str = ""


class VoucherShown(Struct, frozen=True):
    """A voucher on the screen; `amount_minor` is what it takes off this purchase, 0 where it is refused.

    `left_minor` is what is on it, where it may be spent in parts.
    """

    id: UUID
    name: str
    worth: str
    ends: str
    amount_minor: int
    refusal: Refusal | None
    left_minor: int | None = None


class Quote(Struct, frozen=True):
    """What is taken off, by which vouchers, and what the guest holds besides; `refusal` of those that were chosen."""

    vouchers: list[VoucherShown]
    used: list[UUID]
    off_minor: int
    refusal: Refusal | None = None


async def quote(
    uow: UnitOfWork,
    visit: Visit,
    desk: Desk,
    known: member.Known | None,
    chosen: Sequence[Chosen] | None,
    total_minor: int | None,
) -> Quote:
    """Return what vouchers take off a purchase. `chosen` None: the one that takes most off is used.

    Raises the rule that refuses a voucher which was brought as a code: that one is not among the guest's.
    """
    held = await _held(uow, visit, desk, known, total_minor)
    if chosen is None:
        best = next((one for one in held if one.refusal is None and one.amount_minor > 0), None)
        return Quote(held, [best.id] if best else [], best.amount_minor if best else 0)
    if not chosen:
        return Quote(held, [], 0)
    redeems = await _redeems(uow, desk, known, chosen, total_minor)
    own = {one.id for one in held}
    brought = [await _brought(uow, visit, desk, one) for one in redeems if one.voucher_id not in own]
    outcome = await voucher.validate(uow, desk.redeemer, redeems)
    if isinstance(outcome, RuleBroken):
        return Quote(brought + held, [], 0, await refusal_of(uow, visit, desk, outcome))
    amounts = {one.voucher_id: one.amount_minor for one in outcome.redemptions}
    shown = [msgspec.structs.replace(one, amount_minor=amounts.get(one.id, one.amount_minor)) for one in brought + held]
    return Quote(shown, [one.voucher_id for one in redeems], sum(amounts.values()))


async def refusal_of(uow: UnitOfWork, visit: Visit, desk: Desk, rule: RuleBroken) -> Refusal:
    """Return a refusal in the cashier's language; of a voucher that was used, or is leased, with when and where."""
    where = ""
    shop_id, at = rule.facts.get("shop_id"), rule.facts.get("redeemed_at")
    said = at if at is not None else rule.facts.get("free_at")
    if shop_id is not None and said is not None:
        # Facts that were kept under a key come back as text.
        id_ = shop_id if isinstance(shop_id, UUID) else UUID(str(shop_id))
        shops = await network.shops(uow, [id_])
        moment = msgspec.convert(said, type=datetime) if isinstance(said, str) else said
        when = visit.speech.moment(moment, desk.shop.time_zone)
        shop = shops[0].name if shops else ""
        if at is not None:
            where = visit.speech.text("Used %(when)s at %(shop)s.", when=when, shop=shop)
        else:
            where = visit.speech.text("Reserved at %(shop)s until %(when)s.", when=when, shop=shop)
    return Refusal(rule.code, visit.speech.why(rule), visit.speech.next_step(rule), where)


async def _held(
    uow: UnitOfWork, visit: Visit, desk: Desk, known: member.Known | None, total_minor: int | None
) -> list[VoucherShown]:
    if known is None:
        return []
    found = await voucher.qualify(
        uow,
        known.subject_ids,
        desk.redeemer,
        basket_minor=total_minor,
        currency=desk.currency,
        most=MOST_SHOWN,
    )
    offers = await voucher.read_offers(uow, sorted({one.offer.id for one in found}))
    return [
        VoucherShown(
            id=one.voucher.id,
            name=offers[one.offer.id].name,
            worth=worth(visit, one.offer.terms, one.voucher.remaining_minor),
            ends=visit.speech.day(one.voucher.valid_until, desk.shop.time_zone),
            amount_minor=one.amount_minor,
            refusal=None if one.refusal is None else _plain(visit, one.refusal),
            left_minor=_parts_of(one.offer.terms, one.voucher.remaining_minor),
        )
        for one in found
    ]


async def _redeems(
    uow: UnitOfWork, desk: Desk, known: member.Known | None, chosen: Sequence[Chosen], total_minor: int | None
) -> list[Any]:
    now = await uow.now()
    redeems = []
    for one in chosen:
        code = voucher.parse_code(one.code) if one.code is not None else None
        voucher_id = code.voucher_id if code is not None else one.voucher_id
        if voucher_id is None:
            continue
        redeems.append(
            voucher.Redeem(
                id=uuid7(now),
                voucher_id=voucher_id,
                sale_id=voucher_id,
                by=desk.redeemer,
                at=now,
                secret=code.secret if code is not None else None,
                subject_id=known.subject_id if known else None,
                merged_subject_ids=known.merged_subject_ids if known else (),
                basket_minor=total_minor,
                currency=desk.currency,
                amount_minor=one.amount_minor,
            )
        )
    return redeems


async def _brought(uow: UnitOfWork, visit: Visit, desk: Desk, redeem: voucher.Redeem) -> VoucherShown:
    """Return a voucher that came as a code; raises what speaks against it, but for what the amount may still change."""
    alone = await voucher.validate(uow, desk.redeemer, [redeem])
    if isinstance(alone, RuleBroken) and alone.code not in (*_DEPENDS_ON_AMOUNT, VoucherAlreadySpent.code):
        raise alone
    story = await voucher.show(uow, redeem.voucher_id)
    if isinstance(alone, VoucherAlreadySpent):
        used = [event.row for event in story.events if event.row.kind == "redemption"][-1]
        raise VoucherAlreadySpent(voucher_id=redeem.voucher_id, redeemed_at=used.at, shop_id=used.shop_id)
    return VoucherShown(
        id=redeem.voucher_id,
        name=story.offer.name,
        worth=worth(visit, story.offer.terms, story.voucher.remaining_minor),
        ends=visit.speech.day(story.voucher.valid_until, desk.shop.time_zone),
        amount_minor=0 if isinstance(alone, RuleBroken) else alone.redemptions[0].amount_minor,
        refusal=_plain(visit, alone) if isinstance(alone, RuleBroken) else None,
        left_minor=_parts_of(story.offer.terms, story.voucher.remaining_minor),
    )


# A part that is too large counts among them: another one may be typed.
_DEPENDS_ON_AMOUNT = (
    "basket_required",
    "minimum_not_reached",
    "voucher_without_effect",
    AmountExceedsRemaining.code,
)


def _plain(visit: Visit, rule: RuleBroken) -> Refusal:
    return Refusal(rule.code, visit.speech.why(rule), visit.speech.next_step(rule))


def _parts_of(terms: Terms, remaining_minor: int) -> int | None:
    """Return what is left on a voucher that is spent in parts; None for one that is spent at once."""
    return remaining_minor if terms.kind == "gift" else None


def worth(visit: Visit, terms: Terms, remaining_minor: int) -> str:
    """Return what a voucher is worth, in a few letters."""
    if terms.kind == "discount":
        share = visit.speech.share((terms.percent_bp or 0) / 10_000)
        return visit.speech.text("%(share)s off", share=share)
    if terms.goods:
        return terms.goods
    if terms.kind == "bundle":
        return visit.speech.money(terms.face_minor // terms.parts, terms.currency)
    return visit.speech.money(remaining_minor, terms.currency)
