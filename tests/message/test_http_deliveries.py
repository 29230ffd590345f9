"""Tests of what providers tell behind the door of the API: signed, in time, and once."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from ringmain.kit.http import Api
from ringmain.kit.settings import Settings
from ringmain.message.http import ROUTES
from tests.member.people import Town
from tests.message.post import Outbox, deliver, member_of, send, steps, won
from tests.network.town import Answer, Client

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATH = "/v1/messages/deliveries"


def _client(town: Town, secret: str | None = SECRET) -> Client:
    async def nobody(_: str) -> None:
        return None

    settings = Settings(message_callback_secret=None if secret is None else SecretStr(secret))
    api = Api(ROUTES, database=town.database, keyring=town.keyring, authenticate=nobody, settings=settings)
    return Client(api, None)


async def _call(
    client: Client, body: Any, *, late: timedelta = timedelta(), secret: str = SECRET, signed: Any = None
) -> Answer:
    at, id_ = datetime.now(tz=UTC) - late, f"msg_{uuid.uuid4().hex}"
    data = msgspec.json.encode(body)
    content = data if signed is None else msgspec.json.encode(signed)
    headers = {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, at, content.decode()),
    }
    return await client.call("POST", PATH, raw=data, headers=headers)


async def _sent(town: Town) -> tuple[uuid.UUID, dict[str, Any]]:
    (made,) = await send(town, won(await member_of(town)))
    await deliver(town, Outbox())
    report = {
        "network_id": str(town.network_id),
        "message_id": str(made.message_id),
        "state": "delivered",
        "happened_at": "2026-03-01T10:00:05Z",
        "provider_reference": "kept-1",
    }
    return made.message_id, {"reports": [report]}


async def test_a_signed_report_is_noted_once(town: Town) -> None:
    """Told again, under another id or the same, it changes nothing; of another network's message nothing is known."""
    id_, body = await _sent(town)
    client = _client(town)
    assert (await _call(client, body)).json == {"outcomes": [{"message_id": str(id_), "outcome": "new"}]}
    assert (await _call(client, body)).json["outcomes"][0]["outcome"] == "repeated"
    foreign = {"reports": [body["reports"][0] | {"network_id": str(uuid.uuid4())}]}
    assert (await _call(client, foreign)).json["outcomes"][0]["outcome"] == "unknown"
    assert [state for state, _ in await steps(town, id_)] == ["queued", "sent", "delivered"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"late": timedelta(minutes=6)},
        {"late": timedelta(minutes=-6)},
        {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"},
        {"signed": {"reports": []}},
    ],
)
async def test_what_is_not_signed_here_and_now_is_refused(town: Town, wrong: dict[str, Any]) -> None:
    """A call of another time, also one that is kept and sent again later; another secret; other bytes."""
    id_, body = await _sent(town)
    answer = await _call(_client(town), body, **wrong)
    assert (answer.status, answer.code) == (401, "callback_not_signed")
    assert [state for state, _ in await steps(town, id_)] == ["queued", "sent"]


async def test_without_a_secret_nobody_may_tell_anything(town: Town) -> None:
    """And a call without any signature is refused like a wrong one."""
    _, body = await _sent(town)
    assert (await _call(_client(town, None), body)).code == "callback_not_signed"
    assert (await _client(town).call("POST", PATH, body)).code == "callback_not_signed"
