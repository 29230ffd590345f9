"""Telling buyers of their receipts: a message to who was recognised, made from the fact of the sale, never in it."""

from collections.abc import Sequence
from datetime import timedelta

from ringmain.kit.db import UnitOfWork
from ringmain.kit.follow import Batch, Follower
from ringmain.kit.pure.money import Money
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.network import api as network
from ringmain.sale.buyer_receipt import receipt_token
from ringmain.sale.store.tell import ToldSale, sales_to_tell

# Whoever bought something longer ago has forgotten it: imports, replays of a queue, and a follower that begins anew
# tell nobody.
FRESH = timedelta(hours=2)


def receipts(keyring: Keyring, public_base: str) -> Follower:
    """Return the follower that sends receipts of sales of the last two hours.

    To people with a proven phone only: a number that was mistyped at a till belongs to a stranger, who must not learn
    where somebody buys. Whoever wants no messages gets none; the same sale is told once, however often it is read.
    """

    async def tell(uow: UnitOfWork, batch: Batch) -> None:
        if (await network.network_of(uow)).simulated:
            return
        sales = await sales_to_tell(uow, batch.ids("sale"), await uow.now() - FRESH)
        if sales:
            await message.send(uow, keyring, await _messages(uow, keyring, sales, public_base))

    return Follower("sale.receipts", tell, kinds=frozenset({"sale"}), most_rows=100, most_facts=1_000)


async def _messages(
    uow: UnitOfWork, keyring: Keyring, sales: Sequence[ToldSale], public_base: str
) -> list[message.NewMessage]:
    contacts = await member.contacts(uow, keyring, {one.subject_id for one in sales})
    proven = [one for one in sales if one.subject_id in contacts and contacts[one.subject_id].phone_proven]
    shops = {shop.id: shop.name for shop in await network.shops(uow, sorted({one.shop_id for one in proven}))}
    return [
        message.NewMessage(
            subject_id=one.subject_id,
            template=message.Template.RECEIPT,
            parameters={
                "shop": shops[one.shop_id],
                "amount": Money(one.paid_minor, one.currency),
                "link": f"{public_base}/receipts/{receipt_token(keyring, uow.network_id, one.id)}?m",
            },
            reference_id=one.id,
            merchant_id=one.merchant_id,
            useful_for=FRESH,
        )
        for one in proven
    ]
