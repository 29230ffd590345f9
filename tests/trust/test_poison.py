"""One poisonous item in a batch fails alone: at the door, and where only the database notices it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ringmain.kit.db import Database
from ringmain.kit.http.problem import ValueNotStorable
from ringmain.kit.idempotency import Keyed
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.sale.door import TillDoor
from ringmain.sale.model import Line, NewSale, Recorded
from tests.network.town import Installation, installation
from tests.trust.town import CURRENCY, open_street

# Each is one item of JSON that is no sale, for another reason; the first parts are filled in by the test.
POISONS: dict[str, str] = {
    "a NUL character": '{"total_minor": 100, "currency": "CNY", "receipt": "a\\u0000b"%s}',
    "an amount beyond 64 bits": '{"total_minor": 9223372036854775808, "currency": "CNY"%s}',
    "an amount beyond exact numbers": '{"total_minor": 9007199254740993, "currency": "CNY"%s}',
    "a huge exponent": '{"total_minor": 1e400, "currency": "CNY"%s}',
    "a fraction": '{"total_minor": 100.5, "currency": "CNY"%s}',
    "a line beyond 64 bits": '{"total_minor": 1, "currency": "CNY", "lines": [{"product": "x", "amount_minor": 1, "quantity": 99999999999999999999}]%s}',  # noqa: E501
    "lines that overflow together": '{"total_minor": 9007199254740991, "currency": "CNY", "lines": [%LINES%]%s}',
    "a time before time": '{"total_minor": 100, "currency": "CNY", "sold_at": "0001-01-01T00:00:00+14:00"%s}',
    "a time after time": '{"total_minor": 100, "currency": "CNY", "sold_at": "9999-12-31T23:59:59-14:00"%s}',
    "a leap second": '{"total_minor": 100, "currency": "CNY", "sold_at": "2026-06-30T23:59:60Z"%s}',
    "a currency of another kind": '{"total_minor": 100, "currency": "C\\u041dY"%s}',
    "a text instead of an object": '"sale"',
    "nothing": "null",
    "a deep nest": "[" * 200 + "]" * 200,
    "a card number": '{"total_minor": 100, "currency": "CNY", "receipt": "4111 1111 1111 1111"%s}',
    "a foreign shop": '{"total_minor": 100, "currency": "CNY", "shop_id": "01890a5d-ac96-774b-bcce-b302099a8057"%s}',
}


@pytest.fixture
async def here(database_urls: Urls) -> AsyncIterator[Installation]:
    """The application on this worker's database."""
    async with installation(database_urls.application_url) as here:
        yield here


def item(text: str) -> str:
    """Complete an item with a key of its own."""
    lines = ", ".join('{"product": "x", "amount_minor": 9007199254740991}' for _ in range(3))
    text = text.replace("%LINES%", lines)
    return text.replace("%s", f', "idempotency_key": "{uuid4()}"') if "%s" in text else text


@pytest.mark.parametrize("poison", POISONS)
async def test_a_poisonous_item_of_a_batch_fails_alone(here: Installation, poison: str) -> None:
    """Of five sales with poison in the middle, four are recorded, the fifth has a clear error, and lists still work."""
    town = await here.town()
    client = here.client(town.tokens["terminal"])
    good = '{"total_minor": 100, "currency": "CNY"%s}'
    texts = [item(good), item(good), item(POISONS[poison]), item(good), item(good)]
    raw = f'{{"items": [{", ".join(texts)}]}}'.encode()
    answer = await client.call("POST", "/v1/sales/batch", raw=raw)
    assert answer.status == 200, answer.body
    items = json.loads(answer.body)["items"]
    assert [one["status"] for one in items[:2] + items[3:]] == [items[0]["status"]] * 4
    assert items[0]["status"] in (200, 201)
    assert 400 <= items[2]["status"] < 500, items[2]
    assert items[2]["problem"]["detail"]
    listed = await client.get(f"/v1/sales?shop_id={town.shops[0]}")
    assert len(listed.json["items"]) == 4


async def test_what_only_the_database_refuses_fails_alone_among_the_coalesced(database_urls: Urls) -> None:
    """Behind the door, requests that meet a value which cannot be stored get their answers; it gets its error."""
    async with Database(database_urls.application_url, connections=4) as database:
        town, _ = await open_street(database)
        door = TillDoor(database, Keyring({1: bytes(range(32))}))
        poisons: dict[int, dict[str, Any]] = {
            7: {"receipt": "a\x00b"},
            23: {"lines": (Line("x\x00", 1_000, 100),)},
            40: {"currency": "\x00"},
        }

        def requests() -> list[Keyed[NewSale]]:
            sales = [sale_with(town.shops[0].id, **poisons.get(place, {})) for place in range(60)]
            return [Keyed(uuid.uuid4(), "k", b"0" * 16, one) for one in sales]

        async with asyncio.timeout(60):
            asked = [door.record(town.network, one) for one in requests()]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            together = await door.record_batch(town.network, requests())
        assert {place for place, answer in enumerate(answers) if not isinstance(answer, Recorded)} == set(poisons)
        assert {type(answers[place]) for place in poisons} == {psycopg.errors.CharacterNotInRepertoire}
        assert {place for place, answer in enumerate(together) if not isinstance(answer, Recorded)} == set(poisons)
        assert {type(together[place]) for place in poisons} == {ValueNotStorable}


def sale_with(shop: UUID, **fields: Any) -> NewSale:
    """A small sale, with some fields as given."""
    plain: dict[str, Any] = {"total_minor": 100, "currency": CURRENCY} | fields
    return NewSale(id=uuid7(datetime.now(tz=UTC)), shop_id=shop, **plain)


async def test_a_body_that_is_no_text_is_refused_whole(here: Installation) -> None:
    """Where the document itself is broken, items cannot be told apart: nothing is recorded."""
    town = await here.town()
    client = here.client(town.tokens["terminal"])
    good = item('{"total_minor": 100, "currency": "CNY"%s}')
    for broken in ('"a\\ud800b"', '"a', "{", '"\\x"'):
        raw = f'{{"items": [{good}, {{"total_minor": 100, "currency": "CNY", "receipt": {broken}}}]}}'
        answer = await client.call("POST", "/v1/sales/batch", raw=raw.encode())
        assert (answer.status, answer.code) == (400, "malformed_json")
    assert (await client.get(f"/v1/sales?shop_id={town.shops[0]}")).json["items"] == []
