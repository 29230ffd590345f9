"""The HTTP door beside the API: description, health, readiness, metrics, pages and the server's lifespan."""

import asyncio
from typing import Any

import pytest

from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from tests.network.town import Client, Installation, Town, installation


async def test_the_description_is_public(here: Installation) -> None:
    """Anybody may read the OpenAPI document, and it names every operation of the table."""
    answer = await here.client().get("/v1/openapi.json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    described = {one["operationId"] for path in answer.json["paths"].values() for one in path.values()}
    assert described == {route.operation for route in here.app.api.table.routes}


async def test_health_and_readiness(here: Installation, town: Town) -> None:
    """Both say yes while the database answers; other methods are refused."""
    assert (await here.client().get("/healthz")).body == b"alive\n"
    assert (await here.client().get("/readyz")).body == b"ready\n"
    assert (await here.client().post("/healthz")).status == 405
    head = await here.client().call("HEAD", "/readyz")
    assert (head.status, head.body) == (200, b"")
    assert (await here.client(town.tokens["operator"]).get("/healthz/")).status == 404


async def test_readiness_fails_without_the_database(database_urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database does not answer, readiness is 503 and health stays 200."""
    async with installation(database_urls.application_url) as here:

        async def never(*_: Any) -> Any:
            await asyncio.sleep(60)

        monkeypatch.setattr(here.database, "_pool", never)
        monkeypatch.setattr("ringmain.entry.http._READY_SECONDS", 0.05)
        assert (await here.client().get("/readyz")).status == 503
        assert (await here.client().get("/healthz")).status == 200


async def test_metrics_are_for_this_machine_and_for_operators(here: Installation, town: Town) -> None:
    """Loopback reads metrics without a key, unless through a proxy; others need an operator's key."""
    await here.client(town.tokens["operator"]).get("/v1/me")
    local = Client(here.app, address="127.0.0.1")
    text = (await local.get("/metrics")).body.decode()
    assert 'ringmain_http_requests_total{operation="who_am_i",status="200"}' in text
    assert 'ringmain_http_request_seconds_bucket{le="0.1",operation="who_am_i"}' in text
    assert (await Client(here.app, address="::1").get("/metrics")).status == 200
    proxied = await local.call("GET", "/metrics", headers={"x-forwarded-for": "203.0.113.9"})
    assert proxied.status == 401
    statuses = {role: (await here.client(token).get("/metrics")).status for role, token in town.tokens.items()}
    assert statuses == {
        "operator": 200,
        "analyst": 403,
        "merchant": 403,
        "merchant_2": 403,
        "terminal": 403,
        "terminal_2": 403,
    }


async def test_pages_answer_everything_else(database_urls: Urls) -> None:
    """A mounted application gets the paths outside the API, and none of the API's."""
    seen = []

    async def pages(scope: Any, _: Any, send: Any) -> None:
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})

    async with installation(database_urls.application_url, pages=pages) as here:
        assert (await here.client().get("/")).body == b"page"
        assert (await here.client().get("/v1/nothing")).code == "route_not_found"
        assert (await here.client().get("/v1x")).body == b"page"
    assert seen == ["/", "/v1x"]


async def test_the_lifespan_notes_the_last_uses(here: Installation, town: Town) -> None:
    """At shutdown the uses seen since the last note are written."""
    await here.client(town.tokens["analyst"]).get("/v1/me")
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await here.app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    keys = (await here.client(town.tokens["operator"]).get("/v1/keys")).json["items"]
    assert {key["role"]: key["last_used_at"] is not None for key in keys}["analyst"]


async def test_keys_outlive_a_rotation_of_the_master_key(here: Installation, town: Town) -> None:
    """A key made under the master key before goes on working, and its next secret is made under the new one."""
    client = here.client(town.tokens["operator"])
    made = (await client.post("/v1/keys", {"role": "analyst", "name": "notebook"})).json
    here.app.api._keyring = Keyring({1: b"k" * 32, 2: b"n" * 32})
    assert (await here.client(made["token"]).get("/v1/me")).status == 200
    rotated = (await client.post(f"/v1/keys/{made['id']}/rotation", {"overlap_seconds": 0})).json
    assert (await here.client(rotated["token"]).get("/v1/me")).status == 200
    assert (await here.client(made["token"]).get("/v1/me")).status == 401
