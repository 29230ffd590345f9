"""Webhooks tell sales and redemptions as they are, merchants their own only, and nobody anything about a person."""

from typing import Any
from uuid import uuid4

from ringmain.entry.webhook_events import sources
from ringmain.kit.follow import catch_up
from ringmain.kit.webhooks import Courier, Guard, teller
from tests.kit.webhooks.receiver import Receiver, receiving
from tests.network.town import Client, Installation, Town


async def made(client: Client, path: str, body: Any = None) -> Any:
    """Post something that has to succeed."""
    answer = await client.post(path, body)
    assert answer.status in (200, 201), answer.body
    return answer.json


async def deliver(here: Installation, town: Town) -> None:
    """Let the worker's two parts do their work: tell, and deliver."""
    await catch_up(here.database, teller(sources()), town.network_id)
    courier = Courier(here.database, here.keyring, sources(), guard=Guard(development=True))
    await courier.drain(town.network_id)


def told(receiver: Receiver) -> dict[str, dict[str, Any]]:
    """Return the data of the events that came, by type."""
    return {call.event["type"]: call.event["data"] for call in receiver.taken}


async def test_what_a_till_does_is_told(here: Installation, town: Town) -> None:
    """A sale is told to the operator and to its merchant, with ids and amounts; to the other merchant it is not."""
    operator, till = here.client(town.tokens["operator"]), here.client(town.tokens["terminal"])
    async with receiving() as whole, receiving() as own, receiving() as other:
        kinds = ["sale", "deposit_made", "member_joined"]
        await made(operator, "/v1/webhooks", {"url": whole.url, "kinds": kinds})
        for name, receiver in (("merchant", own), ("merchant_2", other)):
            await made(here.client(town.tokens[name]), "/v1/webhooks", {"url": receiver.url, "kinds": kinds})
        money = {"amount_minor": 10_000, "currency": "CNY", "reference": "opening"}
        deposit = await made(operator, f"/v1/merchants/{town.merchants[0]}/deposits", money)
        sale = await made(till, "/v1/sales", {"total_minor": 1_250, "currency": "CNY", "receipt": "R-1"})
        await deliver(here, town)
    assert told(whole)["ringmain.deposit_made"] == {"deposit_id": deposit["id"]}
    facts = told(whole)["ringmain.sale"]
    assert (facts["sale_id"], facts["total_minor"], facts["shop_id"]) == (sale["sale_id"], 1_250, str(town.shops[0]))
    assert list(told(own)) == ["ringmain.sale"]
    assert "subject_id" not in told(own)["ringmain.sale"]
    assert other.calls == []


async def test_nothing_personal_is_told(here: Installation, town: Town) -> None:
    """Who joins is told by an id that stands for nobody once erased: neither phone nor name is in any body."""
    operator = here.client(town.tokens["operator"])
    phone = f"+8613{uuid4().int % 10**9:09}"
    async with receiving() as receiver:
        await made(operator, "/v1/webhooks", {"url": receiver.url, "kinds": [one.kind for one in sources()]})
        asked = await made(operator, "/v1/members/one-time-codes", {"phone": phone})
        code = (await operator.get(f"/v1/members/one-time-codes/{asked['challenge_id']}")).json["code"]
        proof = {"challenge_id": asked["challenge_id"], "code": code, "name": "Anna Karenina"}
        member = await made(operator, "/v1/members", proof)
        await deliver(here, town)
    assert "ringmain.member_joined" in told(receiver)
    bodies = b"".join(call.body for call in receiver.calls).decode()
    assert not [word for word in (phone[3:], "Anna", member["member_id"]) if word in bodies]


async def test_an_address_inside_is_refused(here: Installation, town: Town) -> None:
    """The metadata of a cloud cannot be asked for; an unknown kind is answered with those there are."""
    merchant = here.client(town.tokens["merchant"])
    refused = await merchant.post("/v1/webhooks", {"url": "https://169.254.169.254/", "kinds": ["sale"]})
    unknown = await merchant.post("/v1/webhooks", {"url": "https://example.com/", "kinds": ["salary"]})
    assert (refused.status, refused.code) == (422, "webhook_address_refused")
    assert unknown.code == "webhook_kind_unknown"
    assert "sale" in unknown.body.decode()
    assert (await merchant.get("/v1/webhooks")).json["items"] == []


async def test_a_secret_is_shown_again_to_a_retry_only(here: Installation, town: Town) -> None:
    """A retry gets the secret again; a list never has it; a rotation gives another one and the time of the overlap."""
    merchant = here.client(town.tokens["merchant"])
    body = {"url": "https://example.com/", "kinds": ["sale"]}
    first = (await merchant.post("/v1/webhooks", body, key="one")).json
    again = (await merchant.post("/v1/webhooks", body, key="one")).json
    assert first["secret"].startswith("whsec_")
    assert again == first
    rotated = await made(merchant, f"/v1/webhooks/{first['id']}/rotation", {"overlap_seconds": 60})
    assert rotated["secret"] != first["secret"]
    assert rotated["old_valid_until"] is not None
    listed = await merchant.get("/v1/webhooks")
    assert "whsec_" not in listed.body.decode()
    assert [one["id"] for one in listed.json["items"]] == [first["id"]]
