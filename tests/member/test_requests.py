"""Tests of what people ask of their data: each request has a clock, and copies and erasures carry themselves out."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from ringmain.member import api
from ringmain.member.api import IdentifierKind, Place, RequestKind
from ringmain.member.errors import MemberUnknown, RequestAlreadyAnswered, RequestUnknown, WordsNeeded
from ringmain.member.requests import due
from tests.member.doors import clients
from tests.member.people import NOW, OPERATOR, OTHER_PHONE, PHONE, Town

PAGE = Place("page", OPERATOR)


async def _ask(
    town: Town, member_id: UUID, kind: RequestKind, words: str | None = None, at: datetime = NOW
) -> api.PrivacyRequest:
    async with town.unit(at) as uow:
        return await api.make_request(uow, town.keyring, member_id, kind, PAGE, words)


async def _waiting(town: Town, at: datetime) -> list[api.PrivacyRequest]:
    async with town.unit(at) as uow:
        return await api.list_requests(uow, town.keyring)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((2026, 3, 1), (2026, 4, 1)),
        ((2026, 1, 31), (2026, 2, 28)),
        ((2024, 1, 31), (2024, 2, 29)),
        ((2026, 12, 15), (2027, 1, 15)),
    ],
)
def test_a_request_is_due_in_one_month(made: tuple[int, int, int], expected: tuple[int, int, int]) -> None:
    """The same day of the next month, or that month's last."""
    assert due(datetime(*made, 10, tzinfo=UTC)) == datetime(*expected, 10, tzinfo=UTC)


async def test_overdue_requests_lead_with_their_days(town: Town) -> None:
    """Two requests two weeks apart: days left, then the first overdue by days."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    first = await _ask(town, anna.member_id, RequestKind.CORRECT, "My name is spelt with a z.")
    later = await _ask(town, anna.member_id, RequestKind.OBJECT, "No birthday treats.", NOW + timedelta(days=14))
    assert (first.days_left, later.days_left, first.outcome) == (31, 31, None)
    rows = await _waiting(town, NOW + timedelta(days=33, hours=1))
    assert [(row.id, row.days_left, row.words) for row in rows] == [
        (first.id, -3, "My name is spelt with a z."),
        (later.id, 11, "No birthday treats."),
    ]


async def test_a_request_is_answered_once(town: Town) -> None:
    """It leaves the list, the person reads the answer, and a second answer is refused."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    asked = await _ask(town, anna.member_id, RequestKind.CORRECT, "Wrong name.")
    at = NOW + timedelta(days=2)
    async with town.unit(at) as uow:
        with pytest.raises(WordsNeeded):
            await api.answer_request(uow, town.keyring, asked.id, OPERATOR, "refused")
        with pytest.raises(RequestUnknown):
            await api.answer_request(uow, town.keyring, anna.member_id, OPERATOR, "done")
        await api.answer_request(uow, town.keyring, asked.id, OPERATOR, "refused", "It is the name in your passport.")
    async with town.unit(at) as uow:
        with pytest.raises(RequestAlreadyAnswered):
            await api.answer_request(uow, town.keyring, asked.id, OPERATOR, "done")
        (row,) = await api.requests_of(uow, town.keyring, anna.member_id)
        assert await api.answered_requests(uow, town.keyring) == [row]
    assert (row.outcome, row.answer, row.answered_at, row.answered_by, row.days_left) == (
        "refused",
        "It is the name in your passport.",
        at,
        OPERATOR,
        None,
    )
    assert await _waiting(town, at) == []


async def test_two_operators_at_once_answer_once(town: Town) -> None:
    """Of ten answers at the same moment one counts, and the others are told so."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    asked = await _ask(town, anna.member_id, RequestKind.CORRECT, "Wrong name.")
    await town.warm()

    async def answer() -> bool:
        try:
            async with town.unit() as uow:
                await api.answer_request(uow, town.keyring, asked.id, OPERATOR, "done")
        except RequestAlreadyAnswered:
            return False
        return True

    assert sum(await asyncio.gather(*(answer() for _ in range(10)))) == 1
    assert len(await town.facts("privacy_answered")) == 1


async def test_a_copy_is_recorded_as_done_at_once(town: Town) -> None:
    """An export asks nobody: the request is there, answered in the same moment."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    made = await _ask(town, anna.member_id, RequestKind.EXPORT)
    assert (made.kind, made.outcome, made.answered_at, made.days_left) == ("export", "done", NOW, None)


async def test_an_erasure_leaves_the_request_and_nothing_personal(town: Town) -> None:
    """The member is gone, the request says that it was done, what still waited is moot, and no words are left."""
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna")
    bert = await town.person(IdentifierKind.PHONE, OTHER_PHONE)
    waiting = await _ask(town, anna.member_id, RequestKind.CORRECT, "I am Anna Zhang.")
    other = await _ask(town, bert.member_id, RequestKind.CORRECT, "I am Bert.")
    assert await town.rows("SELECT count(*) FROM privacy_request WHERE words IS NOT NULL") == [(2,)]
    made = await _ask(town, anna.member_id, RequestKind.ERASE, "Goodbye.")
    assert (made.outcome, made.words) == ("done", None)
    assert await town.known(IdentifierKind.PHONE, PHONE) is None
    rows = await town.rows("SELECT id, kind, outcome, words IS NULL, answered_by FROM privacy_request ORDER BY id")
    assert sorted(rows) == sorted(
        [
            (waiting.id, "correct", "moot", True, OPERATOR),
            (other.id, "correct", None, False, None),
            (made.id, "erase", "done", True, OPERATOR),
        ]
    )
    assert [row.id for row in await _waiting(town, NOW)] == [other.id]
    with pytest.raises(MemberUnknown):
        await _ask(town, anna.member_id, RequestKind.ERASE)


async def test_words_are_needed_and_sealed(town: Town) -> None:
    """A correction without words, or with too many, is refused and leaves nothing; words stand nowhere readable."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    for words in (None, "  ", "x" * 2_001):
        with pytest.raises(WordsNeeded):
            await _ask(town, anna.member_id, RequestKind.CORRECT, words)
    assert await town.count("privacy_request") == 0
    await _ask(town, anna.member_id, RequestKind.CORRECT, "My secret name")
    ((sealed,),) = await town.rows("SELECT words FROM privacy_request")
    assert b"secret" not in sealed


async def test_the_routes_of_requests(town: Town) -> None:
    """Made, listed with its clock, paged, answered; a retry of an erasure gets the first answer."""
    operator = clients(town)["operator"]
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    path = f"/v1/members/{anna.member_id}/privacy-requests"
    made = [
        (await operator.post(path, {"kind": "correct", "words": f"Number {number}"})).json["id"] for number in (1, 2, 3)
    ]
    page = (await operator.get("/v1/privacy-requests?limit=2")).json
    assert [(one["id"], one["words"]) for one in page["items"]] == [(made[0], "Number 1"), (made[1], "Number 2")]
    rest = (await operator.get(f"/v1/privacy-requests?limit=2&after={page['next']}")).json
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([made[2]], None)
    answered = await operator.post(f"/v1/privacy-requests/{made[1]}/answer", {"outcome": "done"})
    assert (answered.status, answered.json["outcome"]) == (200, "done")
    done = (await operator.get("/v1/privacy-requests?answered=true")).json["items"]
    assert [one["id"] for one in done] == [made[1]]
    for _ in range(2):
        erased = await operator.call("POST", path, {"kind": "erase"}, key="erase")
        assert (erased.status, erased.json["outcome"]) == (201, "done")
    assert await town.known(IdentifierKind.PHONE, PHONE) is None
    assert "Number" not in str(await town.dump("idempotency_key"))
