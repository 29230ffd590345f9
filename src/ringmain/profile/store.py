"""What people said of sales that are known as theirs, and what a basket of each shop usually comes to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable


@dataclass(frozen=True, slots=True)
class Dispute:
    """A person said of a sale that it was not theirs, or (`not_me` false) that it was."""

    id: UUID
    sale_id: UUID
    merchant_id: UUID
    subject_id: UUID
    not_me: bool
    said_at: datetime


async def add_dispute(uow: UnitOfWork, new: Dispute) -> None:
    """Append what a person said."""
    await uow.execute(
        """
        INSERT INTO sale_dispute (network_id, id, sale_id, merchant_id, subject_id, not_me, said_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        (uow.network_id, new.id, new.sale_id, new.merchant_id, new.subject_id, new.not_me, new.said_at),
    )


# Sales of which the person behind some subjects says, by their last word, that they were not theirs.
DISPUTED_BY: LiteralString = """
    SELECT sale_id FROM (
        SELECT DISTINCT ON (sale_id) sale_id, not_me FROM sale_dispute
        WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s) ORDER BY sale_id, said_at DESC, id DESC
    ) AS last WHERE not_me
"""


@dataclass(frozen=True, slots=True)
class DisputedRow:
    """A sale that a person says was not theirs."""

    sale_id: UUID


async def disputed_sales(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> set[UUID]:
    """Return the sales of which a person says, by their last word, that they were not theirs."""
    return {row.sale_id for row in await (await ask_disputed(uow, subject_ids)).all()}


async def ask_disputed(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> Pending[DisputedRow]:
    """Ask for the same; the answer can be awaited after other questions were asked."""
    return await uow.start(DisputedRow, DISPUTED_BY, {"network": uow.network_id, "subjects": pack_uuids(subject_ids)})


async def lock_disputes(uow: UnitOfWork, subject_id: UUID) -> None:
    """Let one word of a person be written at a time, so that the same one twice is written once."""
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 20))", (subject_id,))


@dataclass(frozen=True, slots=True)
class ShopBasket:
    """What a basket of a shop usually comes to."""

    shop_id: UUID
    currency: str
    usual_minor: int


async def shop_baskets(uow: UnitOfWork, shop_ids: Collection[UUID]) -> list[ShopBasket]:
    """Return what is known of the baskets of shops."""
    return await uow.rows(
        ShopBasket,
        "SELECT shop_id, currency, usual_minor FROM shop_basket WHERE network_id = %s AND shop_id = ANY(%s)",
        (uow.network_id, pack_uuids(sorted(shop_ids))),
    )


async def replace_shop_baskets(uow: UnitOfWork, baskets: Sequence[ShopBasket], at: datetime) -> None:
    """Put what was measured at a time in place of what was measured before."""
    await uow.execute("DELETE FROM shop_basket WHERE network_id = %s", (uow.network_id,))
    await uow.execute(
        """
        INSERT INTO shop_basket (network_id, shop_id, currency, usual_minor, measured_at)
        SELECT %s, t.shop_id, t.currency, t.usual_minor, %s
        FROM unnest(%s, %s::text[], %s::bigint[]) AS t (shop_id, currency, usual_minor)
        """,
        (
            uow.network_id,
            at,
            pack_uuids([one.shop_id for one in baskets]),
            [one.currency for one in baskets],
            [one.usual_minor for one in baskets],
        ),
    )


_SAID = """
    SELECT id::text AS dispute_id, sale_id::text, not_me, said_at
    FROM sale_dispute WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""
LAKE_TABLES = (
    LakeTable(
        kind="sale_dispute",
        columns={"dispute_id": "string", "sale_id": "string", "not_me": "bool", "said_at": "timestamp"},
        query=_SAID,
        day_column="said_at",
        announced_as=("sale_disputed",),
    ),
)
# Sales of a network of which a person says, by their last word, that they were not theirs.
DISPUTED: LiteralString = """
    SELECT sale_id FROM (
        SELECT DISTINCT ON (sale_id) sale_id, not_me FROM sale_dispute
        WHERE network_id = %(network)s ORDER BY sale_id, said_at DESC, id DESC
    ) AS last WHERE not_me
"""
