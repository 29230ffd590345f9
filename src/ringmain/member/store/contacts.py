"""People found by the subjects of facts, in PostgreSQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids


@dataclass(frozen=True, slots=True)
class FoundBySubject:
    """The person behind a subject: who stands for them, and the subjects merged into theirs."""

    asked: UUID
    own_member_id: UUID
    member_id: UUID
    subject_id: UUID
    merged_subject_ids: list[UUID]


_BY_SUBJECT = """
    SELECT t.subject_id AS asked, own.member_id AS own_member_id, k.member_id, k.subject_id,
           ARRAY(SELECT a.subject_id FROM subject_alias a
                 WHERE a.network_id = %(network)s AND a.canonical_subject_id = k.subject_id) AS merged_subject_ids
    FROM unnest(%(subjects)s) AS t (subject_id)
    JOIN member_key own ON own.network_id = %(network)s AND own.subject_id = t.subject_id
    JOIN member m ON m.network_id = %(network)s AND m.id = own.member_id
    JOIN member_key k ON k.network_id = %(network)s AND k.member_id = m.canonical_id
"""


async def by_subjects(uow: UnitOfWork, subject_ids: Iterable[UUID]) -> dict[UUID, FoundBySubject]:
    """Return the people behind subjects, by the subject asked for; those of erased members are absent."""
    params = {"network": uow.network_id, "subjects": pack_uuids(list(subject_ids))}
    return {row.asked: row for row in await uow.rows(FoundBySubject, _BY_SUBJECT, params)}
