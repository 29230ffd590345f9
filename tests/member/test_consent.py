"""Tests of consents: append-only, per purpose and recipient, with place and words."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ringmain.member import api
from ringmain.member.api import Answer, IdentifierKind, Place, Purpose
from ringmain.member.errors import ConsentRecipient, MemberUnknown
from ringmain.network.errors import ShopNotFound
from tests.member.people import NOW, OPERATOR, PHONE, Town

TILL = Place("till", OPERATOR)


@pytest.fixture
async def anna(town: Town) -> api.Known:
    """Give a member."""
    return await town.person(IdentifierKind.PHONE, PHONE)


async def _record(
    town: Town, known: api.Known, purpose: Purpose, *, granted: bool, to: UUID | None = None, minutes: int = 0
) -> None:
    async with town.unit(NOW + timedelta(minutes=minutes)) as uow:
        answer = Answer(purpose, granted, "2026-01", "zh", to)
        await api.record_consents(uow, known.member_id, [answer], TILL)


async def _agrees(town: Town, known: api.Known, purpose: Purpose, to: UUID | None = None) -> bool:
    async with town.unit() as uow:
        return await api.consented(uow, [known.subject_id], purpose, to) == {known.subject_id}


async def test_the_last_answer_counts_and_every_answer_stays(town: Town, anna: api.Known) -> None:
    """Granted, withdrawn, granted again: three records, and who never answered does not agree."""
    assert not await _agrees(town, anna, Purpose.MARKETING)
    for minutes, granted in enumerate((True, False, True)):
        await _record(town, anna, Purpose.MARKETING, granted=granted, minutes=minutes)
        assert await _agrees(town, anna, Purpose.MARKETING) == granted
    assert not await _agrees(town, anna, Purpose.PERSONALISATION)
    async with town.unit() as uow:
        now, history = await api.consents(uow, anna.member_id)
    assert [record.granted for record in history] == [True, False, True]
    assert now == history[-1:]
    assert (now[0].text_version, now[0].language, now[0].place) == ("2026-01", "zh", "till")
    assert await town.facts("consent_changed") == [anna.subject_id] * 3


async def test_of_two_answers_at_one_moment_the_withdrawal_counts(town: Town, anna: api.Known) -> None:
    """Whoever said yes and no in one breath said no, in whichever order it is recorded."""
    for answers in ([True, False], [False, True]):
        async with town.unit() as uow:
            both = [Answer(Purpose.MARKETING, granted, "2026-01", "zh") for granted in answers]
            await api.record_consents(uow, anna.member_id, both, TILL)
        assert not await _agrees(town, anna, Purpose.MARKETING)
        async with town.unit() as uow:
            now, _ = await api.consents(uow, anna.member_id)
        assert [record.granted for record in now] == [False]


async def test_each_recipient_needs_its_own_consent(town: Town, anna: api.Known) -> None:
    """Agreeing to share with the bakery says nothing of the florist."""
    await _record(town, anna, Purpose.SHARE_WITH_MERCHANT, granted=True, to=town.merchant_id)
    assert await _agrees(town, anna, Purpose.SHARE_WITH_MERCHANT, town.merchant_id)
    assert not await _agrees(town, anna, Purpose.SHARE_WITH_MERCHANT, town.other_merchant_id)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"purpose": Purpose.SHARE_WITH_MERCHANT}, ConsentRecipient),
        ({"purpose": Purpose.SHARE_WITH_MERCHANT, "recipient_merchant_id": UUID(int=4)}, ConsentRecipient),
        ({"recipient_merchant_id": UUID(int=4)}, ConsentRecipient),
        ({"shop_id": UUID(int=4)}, ShopNotFound),
        ({"member_id": UUID(int=4)}, MemberUnknown),
    ],
)
async def test_a_consent_that_is_not_whole_is_refused(
    town: Town, anna: api.Known, change: dict[str, Any], rule: type[Exception]
) -> None:
    """A missing, unknown or needless recipient, an unknown shop or member: nothing is recorded."""
    good = Answer(Purpose.MARKETING, True, "2026-01", "zh")
    bad = Answer(change.get("purpose", Purpose.MARKETING), True, "2026-01", "zh", change.get("recipient_merchant_id"))
    with pytest.raises(rule):
        async with town.unit() as uow:
            await api.record_consents(
                uow,
                change.get("member_id", anna.member_id),
                [good, bad],
                Place("till", OPERATOR, change.get("shop_id")),
            )
    assert await town.count("consent_record") == 0


async def test_a_merged_person_has_one_will(town: Town, anna: api.Known) -> None:
    """After a merge the last answer of either counts for both subjects; after the reversal each has their own again."""
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    await _record(town, anna, Purpose.MARKETING, granted=True)
    await _record(town, card, Purpose.MARKETING, granted=False, minutes=1)
    async with town.unit() as uow:
        merged = await api.merge(uow, card.member_id, anna.member_id, OPERATOR)
    assert not await _agrees(town, anna, Purpose.MARKETING)
    await _record(town, card, Purpose.MARKETING, granted=True, minutes=2)
    assert await _agrees(town, anna, Purpose.MARKETING)
    assert await _agrees(town, card, Purpose.MARKETING)
    async with town.unit() as uow:
        await api.unmerge(uow, merged.merge_id, OPERATOR)
    assert await _agrees(town, anna, Purpose.MARKETING)
    assert not await _agrees(town, card, Purpose.MARKETING)


@pytest.mark.parametrize("statement", ["UPDATE consent_record SET granted = true", "DELETE FROM consent_record"])
async def test_a_record_can_be_neither_changed_nor_deleted(town: Town, anna: api.Known, statement: str) -> None:
    """The database itself refuses to edit a consent."""
    await _record(town, anna, Purpose.MARKETING, granted=False)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await town.rows(statement)
    assert not await _agrees(town, anna, Purpose.MARKETING)
