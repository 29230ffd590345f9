"""Consents: what a person agrees to, each answer on record with its words, its place and its time."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.member.attach import person
from ringmain.member.errors import ConsentRecipient
from ringmain.member.model import ConsentRecord, Purpose, in_force
from ringmain.member.store import consents as store
from ringmain.member.store import people
from ringmain.network import api as network


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a person: yes or no to a purpose, in the words of a version of the text that they read."""

    purpose: Purpose
    granted: bool
    text_version: str
    language: str
    recipient_merchant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where and by whom answers were taken: till, page, paper or operator; perhaps at a shop."""

    kind: str
    recorded_by: UUID
    shop_id: UUID | None = None


async def record_consents(
    uow: UnitOfWork, member_id: UUID, answers: Sequence[Answer], place: Place
) -> list[ConsentRecord]:
    """Append the answers of a person. Announces `consent_changed`.

    Raises `MemberUnknown`, `ConsentRecipient` or `ShopNotFound`; then none is recorded.
    """
    known = await person(uow, member_id)
    await _check(uow, answers, place)
    now = await uow.now()
    records = [
        ConsentRecord(
            id=ids.uuid7(now),
            member_id=known.member_id,
            purpose=answer.purpose.value,
            recipient_merchant_id=answer.recipient_merchant_id,
            granted=answer.granted,
            text_version=answer.text_version,
            language=answer.language,
            place=place.kind,
            shop_id=place.shop_id,
            recorded_by=place.recorded_by,
            recorded_at=now,
        )
        for answer in answers
    ]
    await store.add(uow, records)
    uow.record("consent_changed", [known.subject_id])
    return records


async def consents(uow: UnitOfWork, member_id: UUID) -> tuple[list[ConsentRecord], list[ConsentRecord]]:
    """Return what a person agrees to or refuses now, and every answer that led to it. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    records = await store.of_members(uow, [row.id for row in await people.group(uow, [known.member_id])])
    return in_force(records), records


async def consented(
    uow: UnitOfWork, subject_ids: Sequence[UUID], purpose: Purpose, recipient_merchant_id: UUID | None = None
) -> set[UUID]:
    """Return those of the subjects whose person agrees to the purpose now; who never answered does not."""
    return await store.consented(uow, subject_ids, purpose.value, recipient_merchant_id)


async def _check(uow: UnitOfWork, answers: Sequence[Answer], place: Place) -> None:
    if any((one.purpose is Purpose.SHARE_WITH_MERCHANT) != (one.recipient_merchant_id is not None) for one in answers):
        raise ConsentRecipient
    recipients = {one.recipient_merchant_id for one in answers if one.recipient_merchant_id is not None}
    if recipients and len(await network.merchants(uow, list(recipients))) < len(recipients):
        raise ConsentRecipient
    if place.shop_id is not None:
        await network.shop_of(uow, place.shop_id)
