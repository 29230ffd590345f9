"""Staff and their PINs."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from ringmain.network.errors import PinLocked
from ringmain.network.model import Staff
from ringmain.network.staff import check_pin
from tests.network.town import Answer, Installation, Town


async def _cashier(here: Installation, town: Town, **change: Any) -> dict[str, Any]:
    body = {"name": "Mei", "role": "cashier", "pin": "7391"} | change
    answer = await here.client(town.tokens["merchant"]).post("/v1/staff", body)
    assert answer.status == 201
    added: dict[str, Any] = answer.json
    return added


async def _check(here: Installation, town: Town, staff_id: str, pin: str, terminal: str = "terminal") -> Answer:
    client = here.client(town.tokens[terminal])
    return await client.post("/v1/staff/pin-checks", {"staff_id": staff_id, "pin": pin}, key=None)


async def test_the_right_pin_says_who_stands_at_the_till(here: Installation, town: Town) -> None:
    """The right PIN gives name and role; a wrong one is refused and counted; the right one forgives."""
    added = await _cashier(here, town)
    assert (await _check(here, town, added["id"], "7391")).json == {
        "staff_id": added["id"],
        "name": "Mei",
        "role": "cashier",
    }
    for _ in range(2):
        for left in (4, 3, 2, 1):
            wrong = await _check(here, town, added["id"], "7392")
            assert (wrong.status, wrong.code, wrong.json["facts"]) == (403, "pin_wrong", {"tries_left": left})
        assert (await _check(here, town, added["id"], "7391")).status == 200


async def test_five_wrong_tries_lock_a_pin(here: Installation, town: Town) -> None:
    """Ten tries at once count as ten: the fifth locks, the right PIN no longer opens, a new PIN does."""
    added = await _cashier(here, town)
    answers = await asyncio.gather(*[_check(here, town, added["id"], "1357") for _ in range(10)])
    codes = sorted(answer.code for answer in answers)
    assert codes == ["pin_locked"] * 6 + ["pin_wrong"] * 4
    assert (await _check(here, town, added["id"], "7391")).code == "pin_locked"
    await here.client(town.tokens["merchant"]).call("PATCH", f"/v1/staff/{added['id']}", {"pin": "8240"})
    assert (await _check(here, town, added["id"], "7391")).code == "pin_wrong"
    assert (await _check(here, town, added["id"], "8240")).status == 200


async def test_a_lock_ends_after_fifteen_minutes(here: Installation, town: Town) -> None:
    """After fifteen minutes the right PIN opens again, not a second earlier."""
    member = await _cashier(here, town)
    for _ in range(5):
        await _check(here, town, member["id"], "1357")
    async with here.database.unit(town.network_id) as uow:
        start = await uow.now()
    for minutes, expected in ((14, PinLocked), (16, Staff)):
        async with here.database.unit(town.network_id, now=start + timedelta(minutes=minutes)) as uow:
            found = await check_pin(uow, here.keyring, town.shops[0], UUID(member["id"]), "7391")
        assert isinstance(found, expected)


async def test_strangers_and_leavers_get_one_answer(here: Installation, town: Town) -> None:
    """Somebody of another merchant, of another shop or who has left is answered as a wrong PIN, without a count."""
    added = await _cashier(here, town)
    foreign = await _check(here, town, added["id"], "7391", "terminal_2")
    unknown = await _check(here, town, str(town.shops[0]), "7391")
    await here.client(town.tokens["merchant"]).call("PATCH", f"/v1/staff/{added['id']}", {"left": True})
    left = await _check(here, town, added["id"], "7391")
    for answer in (foreign, unknown, left):
        assert (answer.status, answer.code, answer.json["facts"]) == (403, "pin_wrong", {})


async def test_simple_pins_are_refused(here: Installation, town: Town) -> None:
    """A PIN of equal digits or digits in a row is refused, and nobody is added."""
    client = here.client(town.tokens["merchant"])
    for pin in ("0000", "1234", "98765"):
        answer = await client.post("/v1/staff", {"name": "Bo", "role": "owner", "pin": pin})
        assert (answer.status, answer.code) == (422, "pin_too_simple")
    assert (await client.get("/v1/staff")).json["items"] == []


async def test_a_till_lists_those_who_work_in_its_shop(here: Installation, town: Town) -> None:
    """A terminal sees the staff of its shop and of all shops of its merchant, and nobody of another merchant."""
    await _cashier(here, town)
    await _cashier(here, town, name="Li", shop_id=str(town.shops[0]))
    other = here.client(town.tokens["merchant_2"])
    assert (await other.post("/v1/staff", {"name": "Wu", "role": "owner", "pin": "5824"})).status == 201
    listed = (await here.client(town.tokens["terminal"]).get("/v1/staff")).json["items"]
    assert sorted(one["name"] for one in listed) == ["Li", "Mei"]
    assert [one["name"] for one in (await other.get("/v1/staff")).json["items"]] == ["Wu"]
    elsewhere = await other.post(
        "/v1/staff", {"name": "Xu", "role": "owner", "pin": "5824", "shop_id": str(town.shops[0])}
    )
    assert elsewhere.code == "shop_not_found"


async def test_a_pin_is_nowhere_to_be_read(here: Installation, town: Town) -> None:
    """Neither the database nor the log holds the PIN or a hash that opens without the master key."""
    await _cashier(here, town, pin="73918264")
    async with here.database.unit(town.network_id) as uow:
        kept = [str(row) for row in await uow.rows(dict, "SELECT * FROM staff_pin")]
        kept += [str(row) for row in await uow.rows(dict, "SELECT * FROM idempotency_key")]
        (hashed,) = [row["pin_hash"] for row in await uow.rows(dict, "SELECT pin_hash FROM staff_pin")]
    here.app.api._log.flush()
    assert not any("73918264" in text for text in [*kept, *map(str, here.log)])
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(hashed, "73918264")
