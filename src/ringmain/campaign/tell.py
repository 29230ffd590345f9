"""Telling people what they won: a message made from the fact of the claim, never in the transaction that grants."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ringmain.campaign import store
from ringmain.campaign.store import Claim
from ringmain.kit.db import UnitOfWork
from ringmain.kit.follow import Batch, Follower
from ringmain.kit.pure.money import Money
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Held, Terms

# Whoever won longer ago has seen it in the wallet: a follower that begins anew tells nobody again.
FRESH = timedelta(hours=2)
_FULL_BP = 10_000


def winners(keyring: Keyring, public_base: str) -> Follower:
    """Return the follower that tells people of vouchers which they won or took in the last two hours.

    To people with a proven phone only; whoever wants no messages gets none, and each voucher is told once.
    """

    async def tell(uow: UnitOfWork, batch: Batch) -> None:
        if (await network.network_of(uow)).simulated:
            return
        claims = await store.claims(uow, batch.ids("draw_claimed"), await uow.now() - FRESH)
        if claims:
            await message.send(uow, keyring, await _messages(uow, keyring, claims, public_base))

    return Follower("campaign.winners", tell, kinds=frozenset({"draw_claimed"}), most_rows=50, most_facts=100)


async def _messages(
    uow: UnitOfWork, keyring: Keyring, claims: Sequence[Claim], public_base: str
) -> list[message.NewMessage]:
    contacts = await member.contacts(uow, keyring, {one.subject_id for one in claims})
    messages = []
    for one in claims:
        contact = contacts.get(one.subject_id)
        if contact is None or not contact.phone_proven:
            continue
        held = await voucher.held(uow, contact.known.subject_ids, one.voucher_id)
        # Spent at once, or not good yet: there is nothing to be told.
        if held.state == "open":
            messages.append(await _message(uow, one, held, public_base))
    return messages


async def _message(uow: UnitOfWork, claim: Claim, held: Held, public_base: str) -> message.NewMessage:
    ids = held.offer.terms.shop_ids
    shops = await network.shops(uow, ids) if len(ids) == 1 else []
    where = shops[0].name if shops else held.offer.name
    ends: datetime = held.voucher.valid_until
    return message.NewMessage(
        subject_id=claim.subject_id,
        template=message.Template.VOUCHER_WON,
        parameters={
            "value": value_of(held.offer.terms, held.voucher.remaining_minor),
            "shop": where,
            "ends": ends,
            "link": f"{public_base}/wallet/{claim.voucher_id}?m",
        },
        reference_id=claim.voucher_id,
        merchant_id=None if held.offer.creator_merchant_id == uow.network_id else held.offer.creator_merchant_id,
        useful_for=FRESH,
        ends_at=ends,
    )


def value_of(terms: Terms, remaining_minor: int) -> message.Value:
    """Return what a voucher is worth, as messages say it."""
    if terms.kind == "discount":
        return f"{(terms.percent_bp or 0) * 100 / _FULL_BP:g}%"
    if terms.goods:
        return terms.goods
    return Money(remaining_minor, terms.currency)
