"""Consent records in PostgreSQL: appended, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_timestamps, pack_uuids
from ringmain.member.model import ConsentRecord

_ADD = """
    INSERT INTO consent_record
        (network_id, id, member_id, purpose, recipient_merchant_id, granted, text_version, language, place, shop_id,
         recorded_by, recorded_at)
    SELECT %s, t.*
    FROM unnest(%s, %s, %s::text[], %s::uuid[], %s::boolean[], %s::text[], %s::text[], %s::text[], %s::uuid[], %s, %s)
         AS t
"""


async def add(uow: UnitOfWork, records: Sequence[ConsentRecord]) -> None:
    """Insert consent records."""
    params = (
        uow.network_id,
        pack_uuids([record.id for record in records]),
        pack_uuids([record.member_id for record in records]),
        [record.purpose for record in records],
        [record.recipient_merchant_id for record in records],
        [record.granted for record in records],
        [record.text_version for record in records],
        [record.language for record in records],
        [record.place for record in records],
        [record.shop_id for record in records],
        pack_uuids([record.recorded_by for record in records]),
        pack_timestamps([round(record.recorded_at.timestamp() * 1_000_000) for record in records]),
    )
    await uow.execute(_ADD, params)


_OF_MEMBERS = """
    SELECT id, member_id, purpose, recipient_merchant_id, granted, text_version, language, place, shop_id,
           recorded_by, recorded_at
    FROM consent_record WHERE network_id = %s AND member_id = ANY(%s) ORDER BY recorded_at, id
"""


async def of_members(uow: UnitOfWork, member_ids: Iterable[UUID]) -> list[ConsentRecord]:
    """Return all records of members, the oldest first."""
    return await uow.rows(ConsentRecord, _OF_MEMBERS, (uow.network_id, pack_uuids(list(member_ids))))


# The person behind a subject may be several merged members; the last answer of any of them counts, and of two at one
# moment the withdrawal. An erased person has no key, hence no consent.
_CONSENTED = """
    SELECT s.subject_id
    FROM unnest(%(subjects)s) AS s (subject_id)
    JOIN member_key k ON k.network_id = %(network)s AND k.subject_id = s.subject_id
    JOIN member m ON m.network_id = %(network)s AND m.id = k.member_id
    CROSS JOIN LATERAL (
        SELECT c.granted
        FROM consent_record c
        WHERE c.network_id = %(network)s AND c.purpose = %(purpose)s
          AND c.recipient_merchant_id IS NOT DISTINCT FROM %(recipient)s::uuid
          AND c.member_id IN (
              SELECT m.canonical_id
              UNION ALL
              SELECT g.id FROM member g
              WHERE g.network_id = %(network)s AND g.canonical_id = m.canonical_id AND g.canonical_id <> g.id
          )
        ORDER BY c.recorded_at DESC, c.granted, c.id DESC
        LIMIT 1
    ) AS last
    WHERE last.granted
"""


@dataclass(frozen=True, slots=True)
class _Subject:
    subject_id: UUID


async def consented(
    uow: UnitOfWork, subject_ids: Iterable[UUID], purpose: str, recipient_merchant_id: UUID | None
) -> set[UUID]:
    """Return those of the subjects whose person agrees now."""
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(list(subject_ids)),
        "purpose": purpose,
        "recipient": recipient_merchant_id,
    }
    return {row.subject_id for row in await uow.rows(_Subject, _CONSENTED, params)}


@dataclass(frozen=True, slots=True)
class _Member:
    member_id: UUID


# Of merged members the one that stands for the person is returned, once; the last answer of any of them counts.
_SHARING = """
    WITH asked AS (
        SELECT DISTINCT m.canonical_id AS member_id
        FROM consent_record c JOIN member m ON m.network_id = c.network_id AND m.id = c.member_id
        WHERE c.network_id = %(network)s AND c.recipient_merchant_id = %(merchant)s
          AND (%(after)s::uuid IS NULL OR m.canonical_id > %(after)s)
    )
    SELECT a.member_id FROM asked a
    JOIN member_key k ON k.network_id = %(network)s AND k.member_id = a.member_id
    CROSS JOIN LATERAL (
        SELECT c.granted FROM consent_record c
        WHERE c.network_id = %(network)s AND c.recipient_merchant_id = %(merchant)s
          AND c.member_id IN (
              SELECT a.member_id
              UNION ALL
              SELECT g.id FROM member g
              WHERE g.network_id = %(network)s AND g.canonical_id = a.member_id AND g.canonical_id <> g.id
          )
        ORDER BY c.recorded_at DESC, c.granted, c.id DESC LIMIT 1
    ) AS last
    WHERE last.granted ORDER BY a.member_id LIMIT %(limit)s
"""


async def sharing_with(uow: UnitOfWork, merchant_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """Return the members who agree now to share with a merchant, in the order of their ids."""
    params = {"network": uow.network_id, "merchant": merchant_id, "after": after, "limit": limit}
    return [row.member_id for row in await uow.rows(_Member, _SHARING, params)]
