"""What people tell of themselves: name, language, answers to questions, and what of their image is not to be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member.attach import person
from ringmain.member.identify import Known
from ringmain.member.keys import data_key, key_row
from ringmain.member.model import clean_name
from ringmain.member.questions import QUESTIONS, Question, check_answer, question_of
from ringmain.member.store import own_data, people


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a person answered to a question; `value` None: they would rather not say."""

    question: str
    value: str | None
    answered_at: datetime


async def describe(uow: UnitOfWork, keyring: Keyring, member_id: UUID, name: str | None, language: str | None) -> Known:
    """Replace a person's name and language, or take them away. Raises `MemberUnknown` or `NameInvalid`.

    Announces `member_told`.
    """
    known = await person(uow, member_id)
    group = [row.id for row in await people.group(uow, [known.member_id])]
    key = data_key(keyring, uow.network_id, await key_row(uow, known.member_id, keep=True))
    sealed = None if name is None else key.seal("name", clean_name(name))
    for id_ in group:
        # A name given for a member that was merged into this one must not shine through.
        own = id_ == known.member_id
        await people.set_profile(uow, id_, sealed if own else None, language if own else None)
    uow.record("member_told", [known.subject_id])
    return known


async def answer_question(
    uow: UnitOfWork, keyring: Keyring, member_id: UUID, question: str, value: str | None
) -> GivenAnswer:
    """Keep what a person answers to a question, in the place of what they answered before.

    Raises `MemberUnknown`, `QuestionUnknown` or `AnswerNotOffered`. Announces `member_told`.
    """
    check_answer(question, value)
    known = await person(uow, member_id)
    key = data_key(keyring, uow.network_id, await key_row(uow, known.member_id, keep=True))
    now = await uow.now()
    sealed = key.seal(f"answer/{question}", value or "")
    await own_data.keep_answer(uow, own_data.AnswerRow(known.member_id, question, sealed, now))
    uow.record("member_told", [known.subject_id])
    return GivenAnswer(question, value, now)


async def forget_answer(uow: UnitOfWork, member_id: UUID, question: str) -> Known:
    """Delete what a person answered, so that they may be asked again. Raises `MemberUnknown` or `QuestionUnknown`.

    Announces `member_told`.
    """
    question_of(question)
    known = await person(uow, member_id)
    await own_data.forget_answer(uow, [row.id for row in await people.group(uow, [known.member_id])], question)
    uow.record("member_told", [known.subject_id])
    return known


async def answers(uow: UnitOfWork, keyring: Keyring, member_id: UUID) -> list[GivenAnswer]:
    """Return what a person answered, one answer per question, in the order of the questions. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    group = [row.id for row in await people.group(uow, [known.member_id])]
    rows = await own_data.answers(uow, group)
    keys = await people.keys(uow, group)
    last: dict[str, GivenAnswer] = {}
    for row in rows:
        if row.member_id in keys:
            key = data_key(keyring, uow.network_id, keys[row.member_id])
            value = key.open(f"answer/{row.question}", row.sealed) or None
            last[row.question] = GivenAnswer(row.question, value, row.answered_at)
    return [last[question.key] for question in QUESTIONS if question.key in last]


def next_question(given: list[GivenAnswer]) -> Question | None:
    """Return the first question that a person was not asked yet: they are asked one at a time."""
    answered = {one.question for one in given}
    return next((question for question in QUESTIONS if question.key not in answered), None)


async def hide_field(uow: UnitOfWork, member_id: UUID, field: str, *, hidden: bool) -> Known:
    """Note that a field of a person's image is not to be shown or used, or that it is again. Raises `MemberUnknown`.

    Announces `member_told`.
    """
    known = await person(uow, member_id)
    if hidden:
        await key_row(uow, known.member_id, keep=True)
        await own_data.hide_field(uow, known.member_id, field, await uow.now())
    else:
        await own_data.show_field(uow, [row.id for row in await people.group(uow, [known.member_id])], field)
    uow.record("member_told", [known.subject_id])
    return known


async def hidden_fields(uow: UnitOfWork, member_id: UUID) -> set[str]:
    """Return the fields of a person's image that they hid. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    return await own_data.hidden_fields(uow, [row.id for row in await people.group(uow, [known.member_id])])


async def all_hidden_fields(uow: UnitOfWork) -> dict[UUID, frozenset[str]]:
    """Return the fields that people of a network hide, by the subject that stands for each; others hide nothing."""
    return {row.subject_id: frozenset(row.fields) for row in await own_data.all_hidden_fields(uow)}


async def hidden_fields_of(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """Return the fields that people hide, by the subject that stands for each of them; others hide nothing."""
    return {row.subject_id: frozenset(row.fields) for row in await own_data.hidden_of(uow, subject_ids)}


async def answers_of(uow: UnitOfWork, keyring: Keyring, subject_ids: Sequence[UUID], question: str) -> dict[UUID, str]:
    """Return what people answered to a question, by the subject that stands for each; of who would not say, nothing."""
    rows = await own_data.answers_of(uow, subject_ids, question)
    keys = await people.keys(uow, {row.member_id for row in rows})
    found = {}
    for row in rows:
        if row.member_id in keys:
            key = data_key(keyring, uow.network_id, keys[row.member_id])
            found[row.subject_id] = key.open(f"answer/{question}", row.sealed)
    return {subject: value for subject, value in found.items() if value}
