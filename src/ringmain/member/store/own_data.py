"""What people gave of themselves, in PostgreSQL: photos, answers, hidden fields. All of it hangs on their key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids

# ----------------------------------------------------------------------------------------------------------- photos


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """A photo, sealed with the member's key."""

    member_id: UUID
    sealed: bytes
    taken_at: datetime


async def keep_photo(uow: UnitOfWork, photo: PhotoRow, taken_by: UUID) -> None:
    """Write a member's photo over the one before."""
    await uow.execute(
        """
        INSERT INTO member_photo (network_id, member_id, sealed, taken_at, taken_by) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (network_id, member_id) DO UPDATE
        SET sealed = excluded.sealed, taken_at = excluded.taken_at, taken_by = excluded.taken_by
        """,
        (uow.network_id, photo.member_id, photo.sealed, photo.taken_at, taken_by),
    )


async def photos(uow: UnitOfWork, member_ids: Iterable[UUID]) -> list[PhotoRow]:
    """Return the photos of members, the newest first."""
    return await uow.rows(
        PhotoRow,
        """
        SELECT member_id, sealed, taken_at FROM member_photo
        WHERE network_id = %s AND member_id = ANY(%s) ORDER BY taken_at DESC, member_id
        """,
        (uow.network_id, pack_uuids(list(member_ids))),
    )


async def forget_photos(uow: UnitOfWork, member_ids: Iterable[UUID]) -> None:
    """Delete the photos of members."""
    await uow.execute(
        "DELETE FROM member_photo WHERE network_id = %s AND member_id = ANY(%s)",
        (uow.network_id, pack_uuids(list(member_ids))),
    )


# ---------------------------------------------------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What a member answered, sealed; an empty text: they would rather not say."""

    member_id: UUID
    question: str
    sealed: bytes
    answered_at: datetime


async def keep_answer(uow: UnitOfWork, answer: AnswerRow) -> None:
    """Write an answer over the one before."""
    await uow.execute(
        """
        INSERT INTO member_answer (network_id, member_id, question, sealed, answered_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (network_id, member_id, question) DO UPDATE
        SET sealed = excluded.sealed, answered_at = excluded.answered_at
        """,
        (uow.network_id, answer.member_id, answer.question, answer.sealed, answer.answered_at),
    )


async def answers(uow: UnitOfWork, member_ids: Iterable[UUID]) -> list[AnswerRow]:
    """Return the answers of members, the oldest first."""
    return await uow.rows(
        AnswerRow,
        """
        SELECT member_id, question, sealed, answered_at FROM member_answer
        WHERE network_id = %s AND member_id = ANY(%s) ORDER BY answered_at, member_id, question
        """,
        (uow.network_id, pack_uuids(list(member_ids))),
    )


async def forget_answer(uow: UnitOfWork, member_ids: Iterable[UUID], question: str) -> None:
    """Delete what members answered to a question."""
    await uow.execute(
        "DELETE FROM member_answer WHERE network_id = %s AND member_id = ANY(%s) AND question = %s",
        (uow.network_id, pack_uuids(list(member_ids)), question),
    )


# ---------------------------------------------------------------------------------------------------- hidden fields


@dataclass(frozen=True, slots=True)
class _Field:
    field: str


async def hide_field(uow: UnitOfWork, member_id: UUID, field: str, at: datetime) -> None:
    """Note that a field is hidden; once more changes nothing."""
    await uow.execute(
        """
        INSERT INTO member_hidden_field (network_id, member_id, field, hidden_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        (uow.network_id, member_id, field, at),
    )


async def show_field(uow: UnitOfWork, member_ids: Iterable[UUID], field: str) -> None:
    """Note that a field is hidden no more."""
    await uow.execute(
        "DELETE FROM member_hidden_field WHERE network_id = %s AND member_id = ANY(%s) AND field = %s",
        (uow.network_id, pack_uuids(list(member_ids)), field),
    )


async def hidden_fields(uow: UnitOfWork, member_ids: Iterable[UUID]) -> set[str]:
    """Return the fields that members hid."""
    rows = await uow.rows(
        _Field,
        "SELECT field FROM member_hidden_field WHERE network_id = %s AND member_id = ANY(%s)",
        (uow.network_id, pack_uuids(list(member_ids))),
    )
    return {row.field for row in rows}


@dataclass(frozen=True, slots=True)
class _Subject:
    subject_id: UUID


# Of merged members any may have hidden it: all subjects of the person are named.
_HIDING = """
    SELECT DISTINCT k.subject_id
    FROM member_hidden_field h
    JOIN member m ON m.network_id = h.network_id AND m.id = h.member_id
    JOIN member g ON g.network_id = h.network_id AND g.canonical_id = m.canonical_id
    JOIN member_key k ON k.network_id = h.network_id AND k.member_id = g.id
    WHERE h.network_id = %s AND h.field = ANY(%s::text[])
"""


async def hiding(uow: UnitOfWork, fields: Iterable[str]) -> set[UUID]:
    """Return the subjects of everybody who hides one of these fields."""
    return {row.subject_id for row in await uow.rows(_Subject, _HIDING, (uow.network_id, sorted(fields)))}


_HIDDEN_OF = """
    SELECT t.subject_id, array_agg(DISTINCT h.field) AS fields
    FROM unnest(%(subjects)s) AS t (subject_id)
    JOIN member_key k ON k.network_id = %(network)s AND k.subject_id = t.subject_id
    JOIN member m ON m.network_id = %(network)s AND m.canonical_id = k.member_id
    JOIN member_hidden_field h ON h.network_id = %(network)s AND h.member_id = m.id
    GROUP BY t.subject_id
"""


async def hidden_of(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list["HiddenRow"]:
    """Return what the people hide for whom these subjects stand, merged members as one person."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subject_ids)}
    return await uow.rows(HiddenRow, _HIDDEN_OF, params)


@dataclass(frozen=True, slots=True)
class PersonAnswerRow:
    """An answer of a person, under the subject that stands for them."""

    subject_id: UUID
    member_id: UUID
    sealed: bytes


_ANSWERS_OF = """
    SELECT DISTINCT ON (t.subject_id) t.subject_id, a.member_id, a.sealed
    FROM unnest(%(subjects)s) AS t (subject_id)
    JOIN member_key k ON k.network_id = %(network)s AND k.subject_id = t.subject_id
    JOIN member m ON m.network_id = %(network)s AND m.canonical_id = k.member_id
    JOIN member_answer a ON a.network_id = %(network)s AND a.member_id = m.id AND a.question = %(question)s
    ORDER BY t.subject_id, a.answered_at DESC, a.member_id DESC
"""


async def answers_of(uow: UnitOfWork, subject_ids: Sequence[UUID], question: str) -> list[PersonAnswerRow]:
    """Return the last answer to a question of each person for whom one of these subjects stands."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subject_ids), "question": question}
    return await uow.rows(PersonAnswerRow, _ANSWERS_OF, params)


@dataclass(frozen=True, slots=True)
class HiddenRow:
    """The fields that a person hides, under the subject that stands for them."""

    subject_id: UUID
    fields: list[str]


async def all_hidden_fields(uow: UnitOfWork) -> list[HiddenRow]:
    """Return what everybody of a network hides, merged members as one person."""
    return await uow.rows(
        HiddenRow,
        """
        SELECT k.subject_id, array_agg(DISTINCT h.field) AS fields
        FROM member_hidden_field h
        JOIN member m ON m.network_id = h.network_id AND m.id = h.member_id
        JOIN member_key k ON k.network_id = m.network_id AND k.member_id = m.canonical_id
        WHERE h.network_id = %s GROUP BY k.subject_id
        """,
        (uow.network_id,),
    )
