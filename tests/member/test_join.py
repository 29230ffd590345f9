"""Tests of one-time codes, joining, and membership inside the payment."""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api
from ringmain.member.api import AskForPhone, IdentifierKind, Joining, identifier
from ringmain.member.errors import (
    ChallengeUnknown,
    IdentifierInvalid,
    IdentifierTaken,
    NameInvalid,
    OneTimeCodesNotConfigured,
    OneTimeCodeWrong,
    TooManyCodes,
)
from tests.member.people import NOW, OTHER_PHONE, PHONE, Postbox, Town, other_code

TOKEN = identifier(IdentifierKind.CARD_TOKEN, "tok_8fG2kLq9")
WALLET = identifier(IdentifierKind.WECHAT, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")


async def _send(town: Town, postbox: Postbox, phone: str = PHONE, minutes: float = 0) -> UUID:
    async with town.unit(NOW + timedelta(minutes=minutes)) as uow:
        one = identifier(IdentifierKind.PHONE, phone)
        return (await api.send_code(uow, town.keyring, postbox, one)).challenge_id


async def _join(
    town: Town, challenge_id: UUID, code: str, minutes: float = 0, name: str | None = None
) -> api.Enrolled | RuleBroken:
    async with town.unit(NOW + timedelta(minutes=minutes)) as uow:
        return await api.join(uow, town.keyring, Joining(challenge_id, code, name))


async def _joined(town: Town, postbox: Postbox, phone: str = PHONE, name: str | None = None) -> api.Enrolled:
    answer = await _join(town, await _send(town, postbox, phone), postbox.code, name=name)
    assert isinstance(answer, api.Enrolled)
    return answer


async def test_a_phone_joins_by_its_code_and_joining_again_gives_the_same_member(town: Town) -> None:
    """The code makes a member; another code for the same phone, written in another way, gives the same one."""
    postbox = Postbox()
    first = await _joined(town, postbox, name="  Anna   Zhang ")
    assert first.new
    assert postbox.sent[0][1] == PHONE
    assert postbox.code.isdecimal()
    assert len(postbox.code) == 6
    second = await _joined(town, postbox, "+86 138-0013-8000")
    assert not second.new
    assert second.known == first.known
    assert await town.count("member") == 1
    assert await town.count("member_challenge") == 0
    async with town.unit() as uow:
        shown = await api.show(uow, town.keyring, first.known.member_id, masked=False)
    assert (shown.name, shown.language) == ("Anna Zhang", None)
    assert [(one.kind, one.value, one.verified_at) for one in shown.identifiers] == [("phone", PHONE, NOW)]


async def test_five_wrong_tries_close_the_challenge(town: Town) -> None:
    """Each wrong code counts although it is refused; after five the right one is refused too, and nobody has joined."""
    postbox = Postbox()
    challenge = await _send(town, postbox)
    left = []
    for _ in range(5):
        answer = await _join(town, challenge, other_code(postbox.code))
        assert isinstance(answer, OneTimeCodeWrong)
        left.append(answer.facts["tries_left"])
    assert left == [4, 3, 2, 1, 0]
    assert isinstance(await _join(town, challenge, postbox.code), ChallengeUnknown)
    assert await town.count("member") == 0


async def test_a_hundred_guesses_at_once_are_five_tries(town: Town) -> None:
    """Guesses that arrive together do not get more tries than five."""
    postbox = Postbox()
    challenge = await _send(town, postbox)
    wrong = other_code(postbox.code)
    await town.warm()
    answers = await asyncio.gather(*(_join(town, challenge, wrong) for _ in range(100)))
    assert sum(isinstance(answer, OneTimeCodeWrong) for answer in answers) == 5
    assert sum(isinstance(answer, ChallengeUnknown) for answer in answers) == 95


@pytest.mark.parametrize(("minutes", "joins"), [(4.99, True), (5, False), (60, False)])
async def test_a_code_lives_five_minutes(town: Town, minutes: float, *, joins: bool) -> None:
    """Just before five minutes the code is good, from then on it is not."""
    postbox = Postbox()
    challenge = await _send(town, postbox)
    answer = await _join(town, challenge, postbox.code, minutes)
    assert isinstance(answer, api.Enrolled if joins else ChallengeUnknown)
    assert await town.count("member") == int(joins)


async def test_a_code_is_good_once_and_for_its_challenge_only(town: Town) -> None:
    """A used code, an unknown challenge and the code of another challenge are refused."""
    postbox = Postbox()
    challenge = await _send(town, postbox)
    code = postbox.code
    other = await _send(town, postbox, OTHER_PHONE)
    assert isinstance(await _join(town, other, other_code(postbox.code)), OneTimeCodeWrong)
    assert isinstance(await _join(town, challenge, code), api.Enrolled)
    assert isinstance(await _join(town, challenge, code), ChallengeUnknown)
    assert isinstance(await _join(town, UUID(int=9), code), ChallengeUnknown)
    assert await town.count("member") == 1


async def test_a_phone_is_sent_five_unused_codes_an_hour(town: Town) -> None:
    """The sixth code within an hour is refused and not sent; another phone is not affected; later it works again."""
    postbox = Postbox()
    for n in range(5):
        await _send(town, postbox, minutes=n)
    with pytest.raises(TooManyCodes):
        await _send(town, postbox, minutes=5)
    assert len(postbox.sent) == 5
    await _send(town, postbox, OTHER_PHONE, minutes=5)
    await _send(town, postbox, minutes=61)
    assert len(postbox.sent) == 7


async def test_codes_and_phones_stay_out_of_the_log_and_the_table(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """Neither is logged at any level, and the challenge's row holds neither."""
    postbox = Postbox()
    with caplog.at_level(logging.DEBUG):
        challenge = await _send(town, postbox)
        await _join(town, challenge, other_code(postbox.code))
    rows = str(await town.dump("member_challenge"))
    for secret in (PHONE, postbox.code):
        assert secret not in caplog.text
        assert secret not in rows
        assert secret.encode().hex() not in rows


async def test_development_keeps_the_code_where_an_operator_reads_it(town: Town) -> None:
    """In development the code can be read and used; without any way to send it, asking is refused."""
    phone = identifier(IdentifierKind.PHONE, PHONE)
    async with town.unit() as uow:
        sent = await api.send_code(uow, town.keyring, api.DevelopmentCodes(), phone)
        code = await api.development_code(uow, sent.challenge_id)
    assert code is not None
    assert isinstance(await _join(town, sent.challenge_id, code), api.Enrolled)
    assert await town.count("one_time_code_development") == 0
    with pytest.raises(OneTimeCodesNotConfigured):
        async with town.unit() as uow:
            await api.send_code(uow, town.keyring, api.CodesNotConfigured(), phone)
    assert await town.count("member_challenge") == 0


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x07b"])
async def test_a_bad_name_uses_up_no_try(town: Town, name: str) -> None:
    """A name that cannot be shown is refused before the code is looked at."""
    postbox = Postbox()
    challenge = await _send(town, postbox)
    with pytest.raises(NameInvalid):
        await _join(town, challenge, postbox.code, name=name)
    assert await town.rows("SELECT tries_left FROM member_challenge") == [(5,)]
    assert await town.count("member") == 0


async def test_a_second_phone_is_attached_by_its_code(town: Town) -> None:
    """A member proves another phone and is found by both; a phone of somebody else is refused and stays theirs."""
    postbox = Postbox()
    anna = (await _joined(town, postbox)).known
    challenge = await _send(town, postbox, OTHER_PHONE)
    async with town.unit() as uow:
        assert await api.prove_phone(uow, town.keyring, anna.member_id, challenge, postbox.code) == anna
    assert await town.known(IdentifierKind.PHONE, OTHER_PHONE) == anna
    bert = await town.person(IdentifierKind.TAG, "tag-bert")
    challenge = await _send(town, postbox)
    with pytest.raises(IdentifierTaken):
        async with town.unit() as uow:
            await api.prove_phone(uow, town.keyring, bert.member_id, challenge, postbox.code)
    assert await town.known(IdentifierKind.PHONE, PHONE) == anna


# --------------------------------------------------------------------------------- membership inside the payment (S5)


async def _recognise(town: Town, *tokens: api.Identifier) -> api.Known | AskForPhone:
    async with town.unit() as uow:
        return (await api.recognise(uow, town.keyring, [tokens]))[0]


async def test_the_first_payment_asks_for_a_phone_and_the_next_knows_the_person(town: Town) -> None:
    """An unknown card asks; a new phone makes a member at once; the card and the wallet are known from then on."""
    asked = await _recognise(town, TOKEN, WALLET)
    assert isinstance(asked, AskForPhone)
    assert await town.count("member") == 0
    postbox = Postbox()
    async with town.unit() as uow:
        phone = identifier(IdentifierKind.PHONE, PHONE)
        given = await api.give_phone(uow, town.keyring, postbox, asked.challenge_id, phone)
    assert postbox.sent == []
    assert given.known is not None
    for tokens in ((TOKEN,), (WALLET,), (WALLET, TOKEN)):
        assert await _recognise(town, *tokens) == given.known
    assert await town.known(IdentifierKind.PHONE, PHONE) == given.known
    async with town.unit() as uow:
        shown = await api.show(uow, town.keyring, given.known.member_id)
    assert {one.kind: one.verified_at for one in shown.identifiers} == {"phone": None, "card_token": NOW, "wechat": NOW}


async def test_a_members_phone_at_a_payment_needs_its_owners_code(town: Town) -> None:
    """Telling a member's phone binds nothing; the code sent to it does, and proves the phone."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    asked = await _recognise(town, TOKEN)
    assert isinstance(asked, AskForPhone)
    postbox = Postbox()
    async with town.unit() as uow:
        phone = identifier(IdentifierKind.PHONE, PHONE)
        given = await api.give_phone(uow, town.keyring, postbox, asked.challenge_id, phone)
    assert given.known is None
    assert await town.known(IdentifierKind.CARD_TOKEN, TOKEN.value) is None
    assert isinstance(await _join(town, asked.challenge_id, other_code(postbox.code)), OneTimeCodeWrong)
    assert await town.known(IdentifierKind.CARD_TOKEN, TOKEN.value) is None
    joined = await _join(town, asked.challenge_id, postbox.code)
    assert isinstance(joined, api.Enrolled)
    assert joined.known == anna
    assert await _recognise(town, TOKEN) == anna


async def test_a_phone_is_given_once_per_challenge(town: Town) -> None:
    """A challenge that was answered, was never made, or is too old takes no phone, and makes no member."""
    asked = await _recognise(town, TOKEN)
    assert isinstance(asked, AskForPhone)
    phone = identifier(IdentifierKind.PHONE, PHONE)
    for challenge, minutes in ((UUID(int=3), 0), (asked.challenge_id, 15)):
        with pytest.raises(ChallengeUnknown):
            async with town.unit(NOW + timedelta(minutes=minutes)) as uow:
                await api.give_phone(uow, town.keyring, Postbox(), challenge, phone)
    assert await town.count("member") == 0
    async with town.unit() as uow:
        await api.give_phone(uow, town.keyring, Postbox(), asked.challenge_id, phone)
    other = identifier(IdentifierKind.PHONE, OTHER_PHONE)
    with pytest.raises(ChallengeUnknown):
        async with town.unit() as uow:
            await api.give_phone(uow, town.keyring, Postbox(), asked.challenge_id, other)
    assert await town.count("member") == 1


async def test_many_payments_are_recognised_at_once(town: Town) -> None:
    """A batch answers each payment for itself, in order; two people's tokens on one bill stay two people's."""
    anna = await town.person(IdentifierKind.CARD_TOKEN, TOKEN.value)
    bert = await town.person(IdentifierKind.WECHAT, WALLET.value)
    stranger = identifier(IdentifierKind.CARD_TOKEN, "tok_stranger")
    async with town.unit() as uow:
        answers = await api.recognise(uow, town.keyring, [(TOKEN, WALLET), (stranger,), (stranger, WALLET)])
    assert answers[0] == anna
    assert isinstance(answers[1], AskForPhone)
    assert answers[2] == bert
    assert await town.known(IdentifierKind.CARD_TOKEN, stranger.value) is None


@pytest.mark.parametrize(
    "payment", [(), (identifier(IdentifierKind.PHONE, PHONE),), (TOKEN, identifier(IdentifierKind.TAG, "tagged"))]
)
async def test_a_payment_is_made_of_payment_tokens(town: Town, payment: api.Payment) -> None:
    """No token, a phone or a tag is no payment; no question is opened."""
    with pytest.raises(IdentifierInvalid):
        await _recognise(town, *payment)
    assert await town.count("member_challenge") == 0
