"""Personalisation off: what one is answered does not depend on one's image at all, whatever is altered in it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from ringmain.campaign import api as campaign
from ringmain.kit.http import Api, DoorLimits, Limit, Principal, Role
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from ringmain.match import api as match
from ringmain.match.api import Context
from ringmain.match.http import routes as match_routes
from ringmain.member import api as member
from ringmain.member.api import Known, Purpose
from ringmain.profile import api as profile
from ringmain.voucher.http import ROUTES as VOUCHER_ROUTES
from tests.match.street import NOW, Street, small_street
from tests.network.town import Client
from tests.trust.alterations import ALTERED, NOBODYS, Crowd, Standing, crowd_of, unnamed_tables

QUICK, MANY = 100, 10_000
_AT_ONCE = 4
# What is asked of everybody; the last one is of the vouchers that they carry, ranked at the till.
ASKED = ("nearby", "words", "today", "GET matches", "POST qualifications")
_STRANGERS = ("nearby", "words", "GET matches")


class Questions:
    """Everything that is asked for a person, each answered as bytes."""

    def __init__(self, street: Street, database: Standing) -> None:
        self._street = street
        self._database = database
        self._operator = self._client("operator")
        self._till = self._client("terminal", 0)

    def _client(self, role: Role, place: int | None = None) -> Client:
        street = self._street
        principal = Principal(
            network_id=street.network_id,
            principal_id=uuid4(),
            role=role,
            merchant_id=None if place is None else street.merchants[place],
            shop_id=None if place is None else street.shops[place],
        )

        async def authenticate(_: str) -> Principal:
            return principal

        api = Api(
            (*match_routes(campaign.first_found), *VOUCHER_ROUTES),
            database=self._database,
            keyring=street.keyring,
            authenticate=authenticate,
            settings=Settings(),
            limits=DoorLimits(per_key=Limit(10**9)),
            access_log=AccessLog(lambda _: None),
        )
        return Client(api, role)

    async def answers(self, known: Known | None) -> dict[str, bytes]:
        """Return what somebody is answered, or a stranger."""
        subjects = known.subject_ids if known else ()
        door = self._street.shops[0]
        who = f"&member_id={known.member_id}" if known else ""
        async with self._database.unit(self._street.network_id) as uow:
            near = await match.nearby(uow, Context(at=NOW, at_shop_id=door, subject_ids=subjects))
            words = await match.nearby(uow, Context(at=NOW, words="noodels books", subject_ids=subjects))
            found = {"nearby": msgspec.json.encode(near), "words": msgspec.json.encode(words)}
            if known:
                found["today"] = msgspec.json.encode(await match.today(uow, known, at_shop_id=door))
        found["GET matches"] = _body(await self._operator.get(f"/v1/matches?at_shop_id={door}&limit=200{who}"))
        if known:
            body = {"member_id": str(known.member_id), "basket_minor": 5_000, "currency": "CNY"}
            found["POST qualifications"] = _body(await self._till.post("/v1/qualifications", body))
        return found

    async def digests(self, people: Sequence[Known]) -> list[dict[str, bytes]]:
        """Return the hash of every answer of everybody."""
        free = asyncio.Semaphore(_AT_ONCE)

        async def of(known: Known) -> dict[str, bytes]:
            async with free:
                return {name: hashlib.sha256(text).digest() for name, text in (await self.answers(known)).items()}

        return await asyncio.gather(*(of(known) for known in people))


def _body(answer: Any) -> bytes:
    assert answer.status == 200, answer.body
    return bytes(answer.body)


@pytest.fixture
async def street(database_urls: Urls) -> AsyncIterator[Street]:
    """Give a street of its own."""
    async with small_street(database_urls.application_url) as street:
        yield street


@pytest.fixture
async def questions(database_urls: Urls, street: Street) -> AsyncIterator[Questions]:
    """Give what is asked, at a moment that stands still."""
    async with Standing(database_urls.application_url, connections=_AT_ONCE) as database:
        yield Questions(street, database)


async def changed(questions: Questions, crowd: Crowd) -> list[set[str]]:
    """Alter everything that is known of everybody, and return for each person which answers are no longer the same."""
    before = await questions.digests(crowd.people)
    written = await crowd.alter()
    assert written == {table: one.rows_each * len(crowd.people) for table, one in ALTERED.items()}
    after = await questions.digests(crowd.people)
    return [{name for name in ASKED if one[name] != other[name]} for one, other in zip(before, after, strict=True)]


async def image(street: Street, known: Known) -> dict[str, Any]:
    """Return what the image of a person says, field by field, with what they said and hid themselves."""
    async with street.unit() as uow:
        drawn = await profile.image(uow, street.keyring, known.member_id)
    said: dict[str, Any] = {
        one.field: one.amount_minor or (one.number, one.expected_at, [(value.key, value.of) for value in one.values])
        for one in drawn.fields
    }
    return {**said, **{one.question: one.value for one in drawn.answers}, "hidden": drawn.hidden}


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("count", [QUICK, pytest.param(MANY, marks=pytest.mark.long)])
async def test_without_personalisation_no_answer_depends_on_the_image(
    street: Street, questions: Questions, count: int
) -> None:
    """Every field of everybody's image altered: each answer is the same to the last byte, and matches a stranger's."""
    crowd = await crowd_of(street, count)
    sample = crowd.people[:: max(count // 20, 1)]
    images = [await image(street, known) for known in sample]
    stranger = await questions.answers(None)
    first = await questions.answers(crowd.people[0])
    assert await changed(questions, crowd) == [set()] * count
    for known, before in zip(sample, images, strict=True):
        now = await image(street, known)
        assert {field for field in now if now[field] == before[field]} == set()
        assert len(now) == len(profile.Field) + len(member.QUESTIONS) + 1
        answered = await questions.answers(known)
        assert {name: answered[name] for name in _STRANGERS} == stranger
    # They are answers, and not empty ones.
    assert all(len(msgspec.json.decode(first[name])) > 1 for name in ("nearby", "words"))
    assert len(msgspec.json.decode(first["today"])["places"]) > 1
    assert len(msgspec.json.decode(first["POST qualifications"])["items"]) == 3


async def test_control_with_personalisation_the_same_alterations_are_seen(street: Street, questions: Questions) -> None:
    """Who agreed is answered by their image: what is altered is what answers rest on."""
    found = await changed(questions, await crowd_of(street, 8, consenting=True))
    assert [{"nearby", "today", "GET matches"} - names for names in found] == [set()] * 8
    assert "words" in set.union(*found)


@pytest.mark.parametrize("one_in", [1, 7])
async def test_control_a_planted_leak_is_caught(
    street: Street, questions: Questions, monkeypatch: pytest.MonkeyPatch, one_in: int
) -> None:
    """Visits that are read without consent, of everybody or of one in seven, are found at exactly those people."""
    crowd = await crowd_of(street, 21)
    leaking = {one.subject_id for one in crowd.people[::one_in]}
    asked = member.consented

    async def leak(uow: Any, subject_ids: Sequence[UUID], purpose: Purpose, *more: Any) -> set[UUID]:
        return await asked(uow, subject_ids, purpose, *more) | (leaking & set(subject_ids))

    monkeypatch.setattr(member, "consented", leak)
    found = await changed(questions, crowd)
    assert {known.subject_id for known, names in zip(crowd.people, found, strict=True) if names} == leaking
    assert all({"nearby", "GET matches"} <= names for names in found if names)


def test_every_table_that_knows_people_is_altered() -> None:
    """A table of profile, need or segment that nobody has named fails here: name it in `ALTERED` or in `NOBODYS`."""
    assert unnamed_tables({*ALTERED, *NOBODYS}) == {}


def test_control_a_new_table_is_noticed(tmp_path: Path) -> None:
    """Another table in a migration of a slice is found with its slice; a partition is no table of its own."""
    (tmp_path / "need" / "schema").mkdir(parents=True)
    text = "CREATE TABLE guess (x int);\nCREATE TABLE guess_default PARTITION OF guess DEFAULT;\n"
    (tmp_path / "need" / "schema" / "0099_guess.sql").write_text(text)
    assert unnamed_tables({*ALTERED, *NOBODYS}, tmp_path) == {"guess": "need"}
    assert {"sale_dispute": "profile", "need": "need", "tribe_member": "segment"}.items() <= unnamed_tables({}).items()
