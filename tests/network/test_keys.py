"""API keys: made, rotated, revoked, and what remains of them in the database."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ringmain.kit.http import DoorLimits
from ringmain.kit.migrate import Urls
from ringmain.network.model import Token, token_of
from tests.network.town import Installation, Town, installation


async def _made(here: Installation, town: Town, role: str = "operator", **body: Any) -> dict[str, Any]:
    answer = await here.client(town.tokens["operator"]).post("/v1/keys", {"role": role, "name": "new", **body})
    assert answer.status == 201
    made: dict[str, Any] = answer.json
    return made


async def test_a_made_key_works_and_is_not_stored(here: Installation, town: Town) -> None:
    """The token has the promised form and works; the database knows its SHA-256 only; a retry shows it again."""
    client = here.client(town.tokens["operator"])
    body = {"role": "analyst", "name": "notebook"}
    made = await client.post("/v1/keys", body, key="k")
    assert (await client.post("/v1/keys", body, key="k")).json == made.json
    text = made.json["token"]
    token = token_of(text)
    assert token is not None
    assert (token.role, str(token.key_id), text[:5], len(text)) == ("analyst", made.json["id"], "rm_a_", 71)
    assert (await here.client(text).get("/v1/me")).json["role"] == "analyst"
    async with here.database.unit(town.network_id) as uow:
        kept = await uow.rows(dict, "SELECT * FROM api_key WHERE id = %s", (token.key_id,))
        answers = await uow.rows(dict, "SELECT * FROM idempotency_key")
    assert bytes(kept[0]["secret_hash"]) == hashlib.sha256(token.secret).digest()
    assert not any(text[28:] in str(row) for row in [*kept, *answers])
    assert not any(text[28:] in str(item) for item in (await client.get("/v1/keys")).json["items"])


@pytest.mark.parametrize("part", ["role", "id", "secret", "form"])
async def test_a_forged_token_is_refused(here: Installation, town: Town, part: str) -> None:
    """Another role letter, id or secret, or another form, is answered alike: 401."""
    good = token_of(town.tokens["merchant"])
    assert good is not None
    forged = {
        "role": Token("operator", good.key_id, good.secret).text(),
        "id": Token("merchant", uuid4(), good.secret).text(),
        "secret": Token("merchant", good.key_id, bytes(32)).text(),
        "form": town.tokens["merchant"] + "A",
    }[part]
    answer = await here.client(forged).get("/v1/me")
    assert (answer.status, answer.code) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="ringmain"'


async def test_a_rotated_key_has_an_overlap(here: Installation, town: Town) -> None:
    """Both secrets work during the overlap, the new one alone after it; the principal stays, so retries are met."""
    made = await _made(here, town)
    old = here.client(made["token"])
    first = await old.post("/v1/merchants", {"legal_name": "Bao"}, key="same")
    rotated = (await old.post(f"/v1/keys/{made['id']}/rotation", {"overlap_seconds": 3_600})).json
    new = here.client(rotated["token"])
    assert rotated["version"] == 2
    assert rotated["token"] != made["token"]
    assert [(await client.get("/v1/me")).status for client in (old, new)] == [200, 200]
    assert (await new.post("/v1/merchants", {"legal_name": "Bao"}, key="same")).json == first.json
    async with here.database.unit(town.network_id) as uow:
        await uow.execute(
            "UPDATE api_key SET old_valid_until = clock_timestamp() - %s WHERE id = %s",
            (timedelta(seconds=1), UUID(made["id"])),
        )
    assert [(await client.get("/v1/me")).status for client in (old, new)] == [401, 200]


async def test_a_rotation_without_overlap_ends_the_secret_before(here: Installation, town: Town) -> None:
    """After a leak the secret before can be ended at once."""
    made = await _made(here, town)
    operator = here.client(town.tokens["operator"])
    rotated = (await operator.post(f"/v1/keys/{made['id']}/rotation", {"overlap_seconds": 0})).json
    assert (await here.client(made["token"]).get("/v1/me")).status == 401
    assert (await here.client(rotated["token"]).get("/v1/me")).status == 200


async def test_a_revoked_key_stays_revoked(here: Installation, town: Town) -> None:
    """A revoked key is refused, cannot be rotated, and revoking it again changes nothing."""
    made = await _made(here, town)
    operator = here.client(town.tokens["operator"])
    first = await operator.call("DELETE", f"/v1/keys/{made['id']}")
    again = await operator.call("DELETE", f"/v1/keys/{made['id']}")
    assert (first.status, again.status) == (200, 200)
    assert (await here.client(made["token"]).get("/v1/me")).status == 401
    assert (await operator.post(f"/v1/keys/{made['id']}/rotation", {})).code == "key_revoked"


async def test_a_revocation_is_felt_although_answers_are_remembered(database_urls: Urls) -> None:
    """With remembered keys, a revoked one is refused as soon as the remembered answer is old: here a fifth second."""
    async with installation(database_urls.application_url, limits=DoorLimits(key_seconds=0.2)) as here:
        town = await here.town()
        made = await _made(here, town)
        client = here.client(made["token"])
        assert (await client.get("/v1/me")).status == 200
        await here.client(town.tokens["operator"]).call("DELETE", f"/v1/keys/{made['id']}")
        assert (await client.get("/v1/me")).status == 200
        await asyncio.sleep(0.25)
        assert (await client.get("/v1/me")).status == 401


def test_by_default_a_key_is_believed_for_less_than_ten_seconds() -> None:
    """The promise to whoever revokes a key is ten seconds."""
    assert DoorLimits().key_seconds <= 10


async def test_merchants_make_keys_of_their_own_only(here: Installation, town: Town) -> None:
    """A merchant makes, lists, rotates and revokes its own keys, and neither others' nor more powerful ones."""
    client = here.client(town.tokens["merchant"])
    own = (await client.post("/v1/keys", {"role": "merchant", "name": "second"})).json
    assert own["merchant_id"] == str(town.merchants[0])
    other = {"role": "merchant", "name": "x", "merchant_id": str(town.merchants[1])}
    for body in (other, {"role": "operator", "name": "x"}, {"role": "analyst", "name": "x"}):
        answer = await client.post("/v1/keys", body)
        assert (answer.status, answer.code) == (403, "role_not_granted")
    listed = (await client.get("/v1/keys")).json["items"]
    assert {item["merchant_id"] for item in listed} == {str(town.merchants[0])}
    foreign = token_of(town.tokens["merchant_2"])
    assert foreign is not None
    assert (await client.post(f"/v1/keys/{foreign.key_id}/rotation", {})).code == "key_not_found"
    assert (await client.call("DELETE", f"/v1/keys/{foreign.key_id}")).code == "key_not_found"
    assert (await here.client(town.tokens["merchant_2"]).get("/v1/me")).status == 200


@pytest.mark.parametrize(
    "body", [{"role": "merchant"}, {"role": "operator", "merchant_id": True}, {"role": "analyst", "merchant_id": True}]
)
async def test_role_and_scope_fit_together(here: Installation, town: Town, body: dict[str, Any]) -> None:
    """A merchant's key names its merchant, others none; otherwise no key is made."""
    client = here.client(town.tokens["operator"])
    before = len((await client.get("/v1/keys")).json["items"])
    scope = {"merchant_id": str(town.merchants[0])} if "merchant_id" in body else {}
    answer = await client.post("/v1/keys", body | {"name": "x"} | scope)
    assert (answer.status, answer.code) == (422, "key_scope_invalid")
    assert len((await client.get("/v1/keys")).json["items"]) == before


async def test_the_last_use_is_noted_in_the_background(here: Installation, town: Town) -> None:
    """Requests write nothing; the note, once a minute, says when each key was used."""
    client = here.client(town.tokens["analyst"])
    await client.get("/v1/me")
    operator = here.client(town.tokens["operator"])
    by_role = {item["role"]: item for item in (await operator.get("/v1/keys")).json["items"]}
    assert by_role["analyst"]["last_used_at"] is None
    await here.app._authenticator.note_uses()
    by_role = {item["role"]: item for item in (await operator.get("/v1/keys")).json["items"]}
    assert by_role["analyst"]["last_used_at"] is not None
    assert by_role["terminal"]["last_used_at"] is None
