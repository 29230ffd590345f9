"""Terminals: pairing codes work once, for ten minutes, and learn nothing to those who guess."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from ringmain.network.model import PAIRING_ALPHABET, pairing_code
from ringmain.network.terminals import pairing_ids
from tests.network.town import Answer, Client, Installation, Town


async def _made(here: Installation, town: Town) -> dict[str, Any]:
    answer = await here.client(town.tokens["merchant"]).post(
        "/v1/terminals", {"shop_id": str(town.shops[0]), "name": "Till 2"}
    )
    assert answer.status == 201
    made: dict[str, Any] = answer.json
    return made


async def _pair(here: Installation, code: str, key: str = "") -> Answer:
    return await Client(here.app, address=str(uuid4())).post("/v1/terminals/pair", {"code": code}, key=key)


async def test_a_code_becomes_a_key_once(here: Installation, town: Town) -> None:
    """The code, in small letters too, gives a working key of that terminal; another device gets nothing for it."""
    made = await _made(here, town)
    paired = await _pair(here, made["code"].lower(), key="mine")
    assert paired.status == 201
    me = (await here.client(paired.json["token"]).get("/v1/me")).json
    assert (me["role"], me["terminal_id"], me["shop_id"]) == ("terminal", made["terminal_id"], str(town.shops[0]))
    other = await _pair(here, made["code"])
    assert (other.status, other.code) == (403, "pairing_code_invalid")
    assert (await _pair(here, made["code"].lower(), key="mine")).json == paired.json


async def test_only_one_of_many_devices_is_paired(here: Installation, town: Town) -> None:
    """Of ten devices that send the same code at once, one gets a key."""
    made = await _made(here, town)
    answers = await asyncio.gather(*[_pair(here, made["code"]) for _ in range(10)])
    assert sorted(answer.status for answer in answers) == [201] + [403] * 9


async def test_a_code_ends_after_ten_minutes(here: Installation, town: Town) -> None:
    """A code that is ten minutes old is refused as one that never was, wherever its end is noticed."""
    for statement in (
        "UPDATE terminal SET pairing_expires_at = clock_timestamp() WHERE pairing_id = %s",
        """
        WITH gone AS (DELETE FROM key_directory WHERE id = %s RETURNING id, network_id)
        INSERT INTO key_directory SELECT id, network_id, clock_timestamp() FROM gone
        """,
    ):
        made = await _made(here, town)
        (pairing_id,) = pairing_ids(here.keyring, made["code"])
        async with here.database.unit(None) as uow:
            rest = await uow.rows(
                dict, "SELECT expires_at - clock_timestamp() AS rest FROM key_directory WHERE id = %s", (pairing_id,)
            )
        assert timedelta(minutes=9) < rest[0]["rest"] <= timedelta(minutes=10)
        async with here.database.unit(town.network_id) as uow:
            await uow.execute(statement, (pairing_id,))
        unknown, old = await _pair(here, "AAAAAA"), await _pair(here, made["code"])
        assert (unknown.status, unknown.code) == (old.status, old.code) == (403, "pairing_code_invalid")
        assert unknown.json["facts"] == old.json["facts"] == {}


async def test_a_new_code_ends_the_one_before_and_its_key(here: Installation, town: Town) -> None:
    """A replaced device: the code before is void, and the key before ends when the new device is paired."""
    made = await _made(here, town)
    before = (await _pair(here, made["code"])).json["token"]
    client = here.client(town.tokens["merchant"])
    first = (await client.post(f"/v1/terminals/{made['terminal_id']}/pairing-codes")).json
    second = (await client.post(f"/v1/terminals/{made['terminal_id']}/pairing-codes")).json
    assert (await _pair(here, first["code"])).status == 403
    assert (await here.client(before).get("/v1/me")).status == 200
    assert (await _pair(here, second["code"])).status == 201
    assert (await here.client(before).get("/v1/me")).status == 401


async def test_a_revoked_terminal_is_out(here: Installation, town: Town) -> None:
    """Revoking ends the terminal's key and its code; another merchant cannot do it."""
    made = await _made(here, town)
    path = f"/v1/terminals/{made['terminal_id']}"
    other = here.client(town.tokens["merchant_2"])
    assert (await other.call("DELETE", path)).code == "terminal_not_found"
    assert (await other.post(f"{path}/pairing-codes")).code == "terminal_not_found"
    token = (await _pair(here, made["code"])).json["token"]
    client = here.client(town.tokens["merchant"])
    assert (await client.call("DELETE", path)).status == 200
    assert (await here.client(token).get("/v1/me")).status == 401
    assert (await client.post(f"{path}/pairing-codes")).code == "terminal_revoked"
    listed = {one["id"]: one for one in (await client.get("/v1/terminals")).json["items"]}
    assert listed[made["terminal_id"]]["revoked_at"] is not None


async def test_guessing_is_slowed_by_address_and_over_all(here: Installation, town: Town) -> None:
    """One address gets ten guesses a minute, all together 120; then even the right code must wait."""
    made = await _made(here, town)
    one = Client(here.app, address="198.51.100.1")
    statuses = [(await one.post("/v1/terminals/pair", {"code": "AAAAA2"})).status for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    many = [(await _pair(here, "AAAAA2")).status for _ in range(115)]
    assert many.count(429) > 0
    blocked = await _pair(here, made["code"])
    assert (blocked.status, blocked.code) == (429, "too_many_requests")
    assert int(blocked.headers["retry-after"]) >= 1


def test_codes_are_spread_and_easy_to_read() -> None:
    """Codes have six characters of an alphabet without look-alikes, and different seeds give different codes."""
    codes = {pairing_code(bytes([place]) * 32) for place in range(200)}
    assert len(codes) == 200
    assert {len(code) for code in codes} == {6}
    assert set("".join(codes)) == set(PAIRING_ALPHABET)
    assert not set("01ILO") & set(PAIRING_ALPHABET)


async def test_the_code_is_nowhere_to_be_read(here: Installation, town: Town) -> None:
    """The database keeps keyed hashes and seeds, never the code."""
    made = await _made(here, town)
    async with here.database.unit(town.network_id) as uow:
        rows = await uow.rows(dict, "SELECT * FROM terminal")
        rows += await uow.rows(dict, "SELECT * FROM idempotency_key")
        rows += await uow.rows(dict, "SELECT * FROM key_directory")
    assert not any(made["code"] in str(row) for row in rows)
