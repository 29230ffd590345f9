"""Tests of the routes of messages behind the door of the API."""

import uuid
from uuid import UUID, uuid4

import pytest

from ringmain.kit.http import Api, Principal
from ringmain.kit.settings import Settings
from ringmain.message.http import ROUTES
from ringmain.message.model import Refusal
from tests.member.people import NOW, OTHER_PHONE, PHONE, Town
from tests.message.post import LATER, Outbox, deliver, member_of, reminder, send, won
from tests.message.wechat import OPENID
from tests.network.town import Client

RULES = {"marketing_per_day": 1, "marketing_per_week": 3, "quiet_from": "21:00", "quiet_until": "09:00"}


def _client(town: Town, role: str = "operator", settings: Settings | None = None) -> Client:
    places: dict[str, tuple[UUID | None, UUID | None]] = {
        "operator": (None, None),
        "terminal": (town.merchant_id, town.shop_id),
    }
    merchant_id, shop_id = places[role]
    principal = Principal(
        network_id=town.network_id,
        principal_id=uuid4(),
        role=role,  # type: ignore[arg-type]  # one of the two above
        merchant_id=merchant_id,
        shop_id=shop_id,
    )

    async def authenticate(_: str) -> Principal | None:
        return principal

    api = Api(
        ROUTES,
        database=town.database,
        keyring=town.keyring,
        authenticate=authenticate,
        settings=settings or Settings(development=True),
    )
    return Client(api, "token")


async def test_an_operator_follows_a_message_without_reading_it(town: Town) -> None:
    """The list says to whom, why and what became of it, page by page; the words are nowhere."""
    anna = await member_of(town)
    (first,) = await send(town, won(anna))
    await send(town, reminder(anna), at=NOW + LATER)
    await deliver(town, Outbox(), NOW + 2 * LATER)
    client = _client(town)
    page = (await client.get("/v1/messages?limit=1")).json
    assert [(one["reason"], one["state"]) for one in page["items"]] == [("voucher_ends", "sent")]
    answer = await client.get(f"/v1/messages?limit=1&after={page['next']}")
    (item,) = answer.json["items"]
    assert (item["id"], item["member_id"], item["state"]) == (str(first.message_id), str(anna.member_id), "sent")
    assert answer.json["next"] is None
    assert b"Bakery" not in answer.body
    read = (await client.get(f"/v1/messages/{first.message_id}")).json
    assert [one["state"] for one in read["deliveries"]] == ["queued", "sent"]


async def test_messages_of_one_member(town: Town) -> None:
    """The list narrows to a person; an unknown one is said to be unknown."""
    anna, bert = await member_of(town), await member_of(town, OTHER_PHONE)
    await send(town, won(anna), won(bert))
    client = _client(town)
    (item,) = (await client.get(f"/v1/messages?member_id={bert.member_id}")).json["items"]
    assert item["member_id"] == str(bert.member_id)
    assert (await client.get(f"/v1/messages?member_id={uuid.uuid4()}")).code == "member_unknown"
    assert (await client.get(f"/v1/messages/{uuid.uuid4()}")).code == "message_unknown"


async def test_a_test_message_is_queued_once_per_key(town: Town) -> None:
    """The address is brought to its normal form, and a retry sends nothing more."""
    client = _client(town)
    body = {"channel": "sms", "address": "+86 138 0013 8000"}
    first = await client.post("/v1/messages/tests", body, key="k1")
    again = await client.post("/v1/messages/tests", body, key="k1")
    assert (first.status, first.json) == (201, again.json)
    outbox = Outbox()
    async with town.database.unit(town.network_id) as uow:
        now = await uow.now()
    await deliver(town, outbox, now)
    assert [one.address for one in outbox.messages] == [PHONE]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"channel": "sms", "address": "12345"}, "phone_invalid"),
        ({"channel": "email", "address": "anna"}, "email_invalid"),
        ({"channel": "fax", "address": "+8613800138000"}, "request_invalid"),
    ],
)
async def test_an_address_that_cannot_be_is_refused(town: Town, body: dict[str, str], code: str) -> None:
    """Nothing is recorded."""
    assert (await _client(town).post("/v1/messages/tests", body)).code == code
    assert await town.count("message") == 0


async def test_outside_development_there_is_no_sink_and_a_channel_needs_settings(town: Town) -> None:
    """Without a provider nothing can be sent, and what lies in the sink is not shown."""
    client = _client(town, settings=Settings())
    body = {"channel": "sms", "address": PHONE}
    assert (await client.post("/v1/messages/tests", body)).code == "channel_not_configured"
    assert (await client.get("/v1/messages/development-sink")).status == 404
    mailing = _client(town, settings=Settings(smtp_host="localhost", smtp_sender="ring@example.org"))
    assert (await mailing.post("/v1/messages/tests", body)).code == "channel_not_configured"
    assert (await mailing.post("/v1/messages/tests", {"channel": "email", "address": "a@b.cd"})).status == 201


async def test_rules_are_read_and_set(town: Town) -> None:
    """Defaults first; nonsense is refused and changes nothing."""
    client = _client(town)
    assert (await client.get("/v1/messages/rules")).json == RULES
    new = {"marketing_per_day": 2, "marketing_per_week": 5, "quiet_from": "22:30", "quiet_until": "07:05"}
    assert (await client.call("PUT", "/v1/messages/rules", new)).json == new
    refused = await client.call("PUT", "/v1/messages/rules", new | {"marketing_per_day": 6})
    assert refused.code == "message_rules_invalid"
    assert (await client.call("PUT", "/v1/messages/rules", new | {"quiet_from": "24:00"})).code == "request_invalid"
    assert (await client.get("/v1/messages/rules")).json == new


async def test_a_till_sets_how_a_member_wants_to_be_reached(town: Town) -> None:
    """All of it is kept and read again; what contradicts itself is refused, and changes nothing."""
    anna = await member_of(town)
    client, path = _client(town, "terminal"), f"/v1/members/{anna.member_id}/message-preferences"
    nothing = {
        "channels": ["push", "wechat", "sms", "email", "paper"],
        "paused_until": None,
        "quiet_from": None,
        "quiet_until": None,
        "time_zone": None,
        "marketing_per_week": None,
        "stopped": [],
    }
    assert (await client.get(path)).json == nothing
    chosen = {
        "channels": ["email"],
        "paused_until": "2026-12-24T10:00:00Z",
        "quiet_from": "22:00",
        "quiet_until": "10:30",
        "time_zone": "Europe/Berlin",
        "marketing_per_week": 1,
        "stopped": ["offers", "receipts"],
    }
    assert (await client.call("PUT", path, chosen)).status == 200
    assert (await client.get(path)).json == chosen
    wrong = [
        ({"paused_until": "2099-01-01T00:00:00Z"}, "pause_invalid"),
        ({"channels": ["sms", "sms"]}, "preferences_invalid"),
        ({"quiet_from": "08:00"}, "preferences_invalid"),
        ({"quiet_from": "09:00", "quiet_until": "21:00"}, "preferences_invalid"),
        ({"time_zone": "Mars/Olympus"}, "preferences_invalid"),
        ({"marketing_per_week": 51}, "request_invalid"),
        ({"stopped": ["service"]}, "request_invalid"),
        ({"channels": ["none"]}, "request_invalid"),
    ]
    for change, code in wrong:
        assert (await client.call("PUT", path, change)).code == code
    assert (await client.get(path)).json == chosen
    assert (await client.call("PUT", path, {"channels": []})).json == nothing | {"channels": []}
    nobody = f"/v1/members/{uuid.uuid4()}/message-preferences"
    assert (await client.get(nobody)).code == "member_unknown"
    assert (await client.call("PUT", nobody, {"channels": []})).code == "member_unknown"


async def test_a_system_of_the_operators_tells_who_follows_the_account(town: Town) -> None:
    """Kept with what was agreed to, replaced, and forgotten; a till may not, nor is anything but an openid taken."""
    anna = await member_of(town, agrees=False)
    client, path = _client(town), f"/v1/members/{anna.member_id}/wechat-follower"
    body = {"openid": OPENID, "text_version": "wechat-1", "language": "zh"}
    assert (await _client(town, "terminal").call("PUT", path, body)).status == 403
    assert (await client.call("PUT", path, body | {"openid": "o" * 15})).code == "request_invalid"
    assert (await town.count("message_address"), await town.count("consent_record")) == (0, 0)
    told = (await client.call("PUT", path, body)).json
    assert told["member_id"] == str(anna.member_id)
    assert (await send(town, won(anna), reminder(anna)))[1].refusal == Refusal.NO_CONSENT
    again = (await client.call("PUT", path, body | {"marketing": True})).json
    assert (again["address_id"] == told["address_id"], await town.count("message_address")) == (False, 1)
    (made,) = await send(town, reminder(anna), at=NOW + LATER)
    assert (made.refusal, await town.rows("SELECT channel FROM message WHERE id = %s", made.message_id)) == (
        None,
        [("wechat",)],
    )
    assert (await client.call("DELETE", path)).json == {"member_id": str(anna.member_id)}
    assert (await client.call("DELETE", path)).code == "follower_unknown"
    assert await town.count("message_address") == 0
    nobody = f"/v1/members/{uuid.uuid4()}/wechat-follower"
    assert (await client.call("PUT", nobody, body)).code == "member_unknown"
