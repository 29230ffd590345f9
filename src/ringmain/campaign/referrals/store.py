"""Invitations, who joined by them, and what their first visits earned, in PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable
from ringmain.sale.api import UNDONE


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that somebody hands on."""

    scene_id: UUID
    subject_id: UUID
    kind: str
    device: bytes | None
    made_at: datetime


async def add_invitation(uow: UnitOfWork, new: Invitation) -> None:
    """Write an invitation."""
    await uow.execute(
        "INSERT INTO invitation (network_id, scene_id, subject_id, kind, device, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (uow.network_id, new.scene_id, new.subject_id, new.kind, new.device, new.made_at),
    )


async def invitation(uow: UnitOfWork, scene_id: UUID) -> Invitation | None:
    """Return the invitation that a scene is."""
    query = """
        SELECT scene_id, subject_id, kind, device, made_at FROM invitation WHERE network_id = %s AND scene_id = %s
    """
    return await uow.row(Invitation, query, (uow.network_id, scene_id))


@dataclass(frozen=True, slots=True)
class _Device:
    device: bytes


async def devices_of(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> set[bytes]:
    """Return the phones on which these subjects have made invitations."""
    query = """
        SELECT DISTINCT device FROM invitation
        WHERE network_id = %s AND subject_id = ANY(%s) AND device IS NOT NULL
    """
    return {row.device for row in await uow.rows(_Device, query, (uow.network_id, pack_uuids(subject_ids)))}


@dataclass(frozen=True, slots=True)
class Referral:
    """Somebody who became a member through an invitation."""

    id: UUID
    scene_id: UUID
    sharer_id: UUID
    friend_id: UUID
    refused: str | None
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def add_referral(uow: UnitOfWork, new: Referral) -> bool:
    """Write who joined through an invitation; False where they have come through another one before."""
    row = await uow.row(
        _Id,
        "INSERT INTO referral (network_id, id, scene_id, sharer_id, friend_id, refused, joined_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT ON CONSTRAINT referral_once_a_person DO NOTHING RETURNING id",
        (uow.network_id, new.id, new.scene_id, new.sharer_id, new.friend_id, new.refused, new.joined_at),
    )
    return row is not None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A friend's first visit that earns something: where, and at whose scene the invitation was won."""

    referral_id: UUID
    sharer_id: UUID
    scene_id: UUID
    sale_id: UUID
    sold_at: datetime


# A first visit: a sale that stands and was not the sharer's company (no sale of theirs at that shop within minutes).
# Who was merged with somebody since was known before, and counts for nobody; so does who has bought before they joined.
_ARRIVED = f"""
    SELECT r.id AS referral_id, r.sharer_id, r.scene_id, first.sale_id, first.sold_at
    FROM referral r
    CROSS JOIN LATERAL (
        SELECT s.id AS sale_id, s.sold_at FROM sale s
        WHERE s.network_id = r.network_id AND s.subject_id = r.friend_id AND s.total_minor > 0 AND NOT {UNDONE}
          AND NOT EXISTS (
              SELECT FROM sale o
              WHERE o.network_id = r.network_id AND o.shop_id = s.shop_id
                AND o.subject_id = ANY (
                    SELECT r.sharer_id UNION ALL
                    SELECT a.subject_id FROM subject_alias a
                    WHERE a.network_id = r.network_id AND a.canonical_subject_id = r.sharer_id)
                AND o.id >= first_uuid7(s.sold_at - %(together)s) AND o.id < first_uuid7(s.sold_at + %(together)s))
        ORDER BY s.id LIMIT 1
    ) AS first
    WHERE r.network_id = %(network)s AND r.refused IS NULL AND r.joined_at > %(since)s
      AND first.sold_at >= r.joined_at AND first.sold_at < r.joined_at + %(within)s
      AND NOT EXISTS (
          SELECT FROM referral_reward w
          WHERE w.network_id = r.network_id AND w.referral_id = r.id
            AND (w.undone_at IS NULL OR w.sale_id = first.sale_id))
      AND NOT EXISTS (
          SELECT FROM subject_alias a
          WHERE a.network_id = r.network_id AND (a.subject_id = r.friend_id OR a.canonical_subject_id = r.friend_id))
      AND (%(after)s::uuid IS NULL OR r.id > %(after)s)
    ORDER BY r.id LIMIT %(limit)s
"""


async def arrived(
    uow: UnitOfWork, since: datetime, within: timedelta, together: timedelta, after: UUID | None, limit: int
) -> list[Arrived]:
    """Return first visits of friends who joined since a time, that have earned nothing yet, in order of joining."""
    params = {
        "network": uow.network_id,
        "since": since,
        "within": within,
        "together": together,
        "after": after,
        "limit": limit,
    }
    return await uow.rows(Arrived, _ARRIVED, params)


@dataclass(frozen=True, slots=True)
class Reward:
    """The voucher that a friend's first visit earned."""

    id: UUID
    referral_id: UUID
    sale_id: UUID
    voucher_id: UUID
    rewarded_at: datetime


async def add_reward(uow: UnitOfWork, new: Reward) -> None:
    """Write what a first visit earned; a second reward that stands is refused."""
    await uow.execute(
        "INSERT INTO referral_reward (network_id, id, referral_id, sale_id, voucher_id, rewarded_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (uow.network_id, new.id, new.referral_id, new.sale_id, new.voucher_id, new.rewarded_at),
    )


@dataclass(frozen=True, slots=True)
class _Count:
    count: int


async def rewards_since(uow: UnitOfWork, sharer_ids: Sequence[UUID], since: datetime) -> int:
    """Return how many rewards that stand a person has got since a time; the person is locked."""
    query = """
        SELECT count(*) AS count FROM referral r JOIN referral_reward w
            ON w.network_id = r.network_id AND w.referral_id = r.id AND w.undone_at IS NULL
        WHERE r.network_id = %s AND r.sharer_id = ANY(%s) AND w.rewarded_at >= %s
    """
    row = await uow.row(_Count, query, (uow.network_id, pack_uuids(sharer_ids), since))
    assert row is not None
    return row.count


_UNDONE = f"""
    SELECT w.id, w.referral_id, w.sale_id, w.voucher_id, w.rewarded_at
    FROM referral_reward w JOIN sale s ON s.network_id = w.network_id AND s.id = w.sale_id
    WHERE w.network_id = %s AND w.undone_at IS NULL AND w.rewarded_at > %s AND {UNDONE}
    ORDER BY w.id LIMIT %s
"""


async def undone(uow: UnitOfWork, since: datetime, limit: int) -> list[Reward]:
    """Return rewards for visits that were undone since."""
    return await uow.rows(Reward, _UNDONE, (uow.network_id, since, limit))


async def undo(uow: UnitOfWork, reward_id: UUID, at: datetime) -> None:
    """Note that a reward is none any more."""
    query = "UPDATE referral_reward SET undone_at = %s WHERE network_id = %s AND id = %s AND undone_at IS NULL"
    await uow.execute(query, (at, uow.network_id, reward_id))


@dataclass(frozen=True, slots=True)
class Rule:
    """What a friend's first visit earns, and how often in a month."""

    offer_id: UUID
    most_a_month: int


async def rule(uow: UnitOfWork) -> Rule | None:
    """Return what the network says; None: nothing is earned."""
    query = "SELECT offer_id, most_a_month FROM referral_rule WHERE network_id = %s"
    return await uow.row(Rule, query, (uow.network_id,))


async def set_rule(uow: UnitOfWork, new: Rule | None, at: datetime) -> None:
    """Put a rule in place of what was said before; None: nothing is earned any more."""
    if new is None:
        await uow.execute("DELETE FROM referral_rule WHERE network_id = %s", (uow.network_id,))
        return
    await uow.execute(
        "INSERT INTO referral_rule (network_id, offer_id, most_a_month, set_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (network_id) DO UPDATE SET offer_id = excluded.offer_id, most_a_month = excluded.most_a_month,"
        " set_at = excluded.set_at",
        (uow.network_id, new.offer_id, new.most_a_month, at),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """Invitations and what became of them: of one person, or of all."""

    invitations: int
    people: int
    joined: int
    refused: int
    came: int
    undone: int


_FIGURES = """
    WITH sent AS (
        SELECT scene_id, subject_id FROM invitation
        WHERE network_id = %(network)s AND (%(subjects)s::uuid[] IS NULL OR subject_id = ANY(%(subjects)s))
          AND made_at >= %(since)s
    ), came AS (
        SELECT r.id, r.refused FROM referral r
        WHERE r.network_id = %(network)s AND (%(subjects)s::uuid[] IS NULL OR r.sharer_id = ANY(%(subjects)s))
          AND r.joined_at >= %(since)s
    )
    SELECT (SELECT count(*) FROM sent) AS invitations, (SELECT count(DISTINCT subject_id) FROM sent) AS people,
           (SELECT count(*) FROM came WHERE refused IS NULL) AS joined,
           (SELECT count(*) FROM came WHERE refused IS NOT NULL) AS refused,
           (SELECT count(*) FROM came c JOIN referral_reward w ON w.network_id = %(network)s AND w.referral_id = c.id
                AND w.undone_at IS NULL) AS came,
           (SELECT count(*) FROM came c JOIN referral_reward w ON w.network_id = %(network)s AND w.referral_id = c.id
                AND w.undone_at IS NOT NULL) AS undone
"""


async def figures(uow: UnitOfWork, subject_ids: Sequence[UUID] | None, since: datetime) -> Figures:
    """Return what became of invitations since a time."""
    ids = None if subject_ids is None else pack_uuids(subject_ids)
    row = await uow.row(Figures, _FIGURES, {"network": uow.network_id, "subjects": ids, "since": since})
    assert row is not None
    return row


_INVITATION_FACTS = """
    SELECT scene_id::text AS invitation_id, subject_id::text, kind, made_at
    FROM invitation WHERE network_id = %(network)s AND scene_id = ANY(%(ids)s)
"""
_REFERRAL_FACTS = """
    SELECT id::text AS referral_id, scene_id::text AS invitation_id, sharer_id::text AS subject_id,
           friend_id::text, refused, joined_at
    FROM referral WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""
_REWARD_FACTS = """
    SELECT w.id::text AS reward_id, w.referral_id::text, r.sharer_id::text AS subject_id, w.sale_id::text,
           w.voucher_id::text, w.rewarded_at
    FROM referral_reward w JOIN referral r ON r.network_id = w.network_id AND r.id = w.referral_id
    WHERE w.network_id = %(network)s AND w.id = ANY(%(ids)s)
"""

LAKE_TABLES = (
    LakeTable(
        kind="invitation",
        columns={"invitation_id": "string", "subject_id": "string", "kind": "string", "made_at": "timestamp"},
        query=_INVITATION_FACTS,
        day_column="made_at",
    ),
    LakeTable(
        kind="referral",
        columns={
            "referral_id": "string",
            "invitation_id": "string",
            "subject_id": "string",
            "friend_id": "string",
            "refused": "string",
            "joined_at": "timestamp",
        },
        query=_REFERRAL_FACTS,
        day_column="joined_at",
    ),
    LakeTable(
        kind="referral_reward",
        columns={
            "reward_id": "string",
            "referral_id": "string",
            "subject_id": "string",
            "sale_id": "string",
            "voucher_id": "string",
            "rewarded_at": "timestamp",
        },
        query=_REWARD_FACTS,
        day_column="rewarded_at",
    ),
)
