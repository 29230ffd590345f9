"""Tests of making and finding members, one and thousands at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ringmain.kit.http.problem import CardNumberRefused
from ringmain.kit.pure.ids import uuid7_of
from ringmain.kit.secrets import Keyring
from ringmain.member import api
from ringmain.member.api import Enrolment, IdentifierKind, identifier
from tests.member.people import KEYS, PHONE, Town


async def test_thousands_are_enrolled_at_once_and_found_again(town: Town) -> None:
    """2,469 households join with a card token each; a second run makes nobody new and gives the same people."""
    joined_at = datetime(2016, 12, 31, tzinfo=UTC)
    items = [
        Enrolment(
            identifier(IdentifierKind.CARD_TOKEN, f"household-{n}"),
            verified=True,
            member_id=uuid7_of(joined_at, town.network_id, "member", str(n)),
            subject_id=uuid7_of(joined_at, town.network_id, "subject", str(n)),
            joined_at=joined_at,
        )
        for n in range(2_469)
    ]
    async with town.unit() as uow:
        first = await api.enrol(uow, town.keyring, items)
    async with town.unit() as uow:
        second = await api.enrol(uow, town.keyring, items)
    assert all(one.new for one in first)
    assert not any(one.new for one in second)
    assert [one.known for one in first] == [one.known for one in second]
    assert [one.known.member_id for one in first] == [item.member_id for item in items]
    assert [one.known.subject_id for one in first] == [item.subject_id for item in items]
    assert (
        await town.count("member") == await town.count("member_key") == await town.count("member_identifier") == 2_469
    )
    assert sorted(await town.facts("member_joined")) == sorted(one.known.subject_id for one in first)
    async with town.unit() as uow:
        values = ["household-7", "nobody", "household-2468"]
        known = await api.identify(uow, town.keyring, IdentifierKind.CARD_TOKEN, values)
    assert known == [first[7].known, None, first[2468].known]


async def test_the_same_identifier_twice_in_a_batch_is_one_person(town: Town) -> None:
    """Two items with one token make one member, and both answers say that they are new."""
    item = Enrolment(identifier(IdentifierKind.TAG, "04A2B9"))
    async with town.unit() as uow:
        answers = await api.enrol(uow, town.keyring, [item, item])
    assert answers[0] == answers[1]
    assert answers[0].new
    assert await town.count("member") == 1


async def test_the_same_value_of_another_kind_is_another_person(town: Town) -> None:
    """A wallet id and a card token that read alike do not meet."""
    first = await town.person(IdentifierKind.WECHAT, "same-letters")
    second = await town.person(IdentifierKind.CARD_TOKEN, "same-letters")
    assert first.member_id != second.member_id
    assert await town.known(IdentifierKind.ALIPAY, "same-letters") is None


async def test_ten_tills_at_once_make_one_member(town: Town) -> None:
    """Of ten transactions that enrol one token at once, one makes the member and nine meet it; no half member stays."""

    async def till() -> api.Enrolled:
        async with town.unit() as uow:
            return (await api.enrol(uow, town.keyring, [Enrolment(identifier(IdentifierKind.CARD_TOKEN, "tok_race"))]))[
                0
            ]

    await town.warm()
    answers = await asyncio.gather(*(till() for _ in range(10)))
    assert sum(answer.new for answer in answers) == 1
    assert len({answer.known for answer in answers}) == 1
    assert await town.count("member") == await town.count("member_key") == 1
    assert len(await town.facts("member_joined")) == 1


async def test_nothing_personal_is_readable_in_the_database(town: Town) -> None:
    """Neither name nor phone nor token stands in any column of any table of the slice, in any case or as bytes."""
    await town.person(IdentifierKind.PHONE, PHONE, name="Annabella Zhang", language="zh")
    await town.person(IdentifierKind.CARD_TOKEN, "tok_secret_77")
    tables = ("member", "member_key", "member_identifier", "outbox", "subject_alias")
    found = str([await town.dump(table) for table in tables])
    for secret in ("Annabella", PHONE, PHONE[1:], "tok_secret_77"):
        assert secret not in found
        assert secret.encode().hex() not in found
    # The control: a value that is not sealed would be seen by this search.
    assert "zh" in found


async def test_networks_do_not_share_people(town: Town) -> None:
    """The same phone in another network is nobody, and its hash is another."""
    await town.person(IdentifierKind.PHONE, PHONE)
    elsewhere = replace(town, network_id=UUID(int=1))
    assert await elsewhere.known(IdentifierKind.PHONE, PHONE) is None
    assert await elsewhere.count("member") == 0


async def test_a_card_number_is_refused_and_not_stored(town: Town) -> None:
    """A batch in which one token is a card's number is refused whole, and the error does not show the number."""
    with pytest.raises(CardNumberRefused) as caught:
        await town.person(IdentifierKind.CARD_TOKEN, "4242 4242 4242 4242".replace(" ", ""))
    assert "4242" not in str(caught.value)
    assert await town.count("member") == 0


async def test_subjects_names_people_by_member_id(town: Town) -> None:
    """A member id gives its subject; an unknown one gives nobody."""
    known = await town.person(IdentifierKind.PHONE, PHONE)
    async with town.unit() as uow:
        assert await api.subjects(uow, [UUID(int=5), known.member_id]) == [None, known]


async def test_during_a_rotation_people_are_found_by_old_and_new_hashes(town: Town) -> None:
    """With two master keys everybody is found, nobody is made twice, and then the old key is not needed."""
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna")
    both, new = Keyring({**KEYS, 2: bytes(32)}), Keyring({2: bytes(32)})
    town.keyring = both
    assert await town.known(IdentifierKind.PHONE, PHONE) == anna
    async with town.unit() as uow:
        again = await api.enrol(uow, both, [Enrolment(identifier(IdentifierKind.PHONE, PHONE))])
    assert not again[0].new
    bert = await town.person(IdentifierKind.CARD_TOKEN, "tok_bert")

    moved: list[int] = []
    while not moved or moved[-1]:
        async with town.unit() as uow:
            moved.append(await api.rewrap(uow, both, most=1))
    assert moved == [2, 0]
    town.keyring = new
    assert await town.known(IdentifierKind.PHONE, PHONE) == anna
    assert await town.known(IdentifierKind.CARD_TOKEN, "tok_bert") == bert
    async with town.unit() as uow:
        assert (await api.show(uow, new, anna.member_id)).name == "Anna"
    # The control: before the re-wrapping the new key alone would have found nobody.
    town.keyring = Keyring(KEYS)
    assert await town.known(IdentifierKind.PHONE, PHONE) is None
