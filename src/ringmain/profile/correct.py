"""What a person says against their image: this sale was not me, this field is not to be used."""

from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.profile import store
from ringmain.profile.errors import FieldUnknown, SaleNotOfMember
from ringmain.profile.image import person
from ringmain.profile.model import Field
from ringmain.sale import api as sale
from ringmain.sale.errors import SaleNotFound


async def dispute(uow: UnitOfWork, member_id: UUID, sale_id: UUID, *, not_me: bool) -> bool:
    """Note that a person says of a sale known as theirs that it was not them, or takes that back.

    Returns whether that is new: saying the same again writes nothing. The sale itself is never edited. Raises
    `MemberUnknown` or `SaleNotOfMember`. Announces `sale_disputed` with the id of what was said.
    """
    known = await person(uow, member_id)
    bought = await sale.bought(uow, sale_id)
    if bought is None or bought.subject_id not in known.subject_ids:
        raise SaleNotOfMember
    await store.lock_disputes(uow, known.subject_id)
    if (sale_id in await store.disputed_sales(uow, known.subject_ids)) == not_me:
        return False
    now = await uow.now()
    said = store.Dispute(uuid7(now), sale_id, bought.merchant_id, known.subject_id, not_me, now)
    await store.add_dispute(uow, said)
    uow.record("sale_disputed", [said.id])
    return True


async def hide(uow: UnitOfWork, member_id: UUID, field: str, *, hidden: bool) -> None:
    """Let a field of a person's image be neither shown nor used, or let it be again.

    Raises `MemberUnknown` or `FieldUnknown`. Announces `member_told`.
    """
    if field not in set(Field):
        raise FieldUnknown
    await member.hide_field(uow, member_id, field, hidden=hidden)


async def own_receipt(uow: UnitOfWork, member_id: UUID, sale_id: UUID) -> sale.Receipt:
    """Return the receipt of a sale of a person. Raises `MemberUnknown` or `SaleNotOfMember`."""
    known = await person(uow, member_id)
    bought = await sale.bought(uow, sale_id)
    if bought is None or bought.subject_id not in known.subject_ids:
        raise SaleNotOfMember
    return await sale.receipt_of(uow, sale_id)


async def receipt_by_token(uow: UnitOfWork, keyring: Keyring, token: str) -> sale.Receipt:
    """Return the receipt that a printed code opens, of the network of this transaction. Raises `SaleNotFound`."""
    named = sale.read_receipt_token(keyring, token)
    if named is None or named[0] != uow.network_id:
        raise SaleNotFound
    return await sale.receipt_of(uow, named[1])
