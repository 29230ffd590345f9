"""Tests of the routes about people: who may call them, what they answer, and that a retry gets the first answer."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from ringmain.member import api
from ringmain.member.api import IdentifierKind
from ringmain.member.http import ROUTES
from tests.member.doors import clients
from tests.member.people import PHONE, Town, other_code
from tests.network.town import Answer, Client


async def _code(operator: Client, challenge_id: str) -> str:
    return str((await operator.get(f"/v1/members/one-time-codes/{challenge_id}")).json["code"])


async def _join(till: Client, operator: Client, phone: str = PHONE, **more: Any) -> Answer:
    sent = (await till.post("/v1/members/one-time-codes", {"phone": phone})).json
    code = await _code(operator, sent["challenge_id"])
    return await till.post("/v1/members", {"challenge_id": sent["challenge_id"], "code": code, **more})


async def test_a_person_joins_is_looked_up_and_takes_their_data_along(town: Town) -> None:
    """Code, join, look-up by phone and by rotating code, and an export that holds everything unmasked."""
    doors = clients(town)
    operator, till = doors["operator"], doors["terminal"]
    consent = {"purpose": "marketing", "granted": True, "text_version": "2026-01", "language": "zh"}
    joined = (await _join(till, operator, name="Anna Zhang", language="zh", consents=[consent])).json
    assert joined["new"] is True
    member = joined["member_id"]
    glimpse = {"member_id": member, "initial": "A", "masked_phone": "+*********8000"}
    found = await till.post(
        "/v1/members/lookups", {"kind": "phone", "value": "138 0013 8000", "region": "CN"}, key=None
    )
    assert found.json == {"member": glimpse}
    code = (await operator.post(f"/v1/members/{member}/code")).json["code"]
    assert (await till.post("/v1/members/lookups", {"kind": "code", "value": code})).json == {"member": glimpse}
    nobody = await till.post("/v1/members/lookups", {"kind": "card_token", "value": "tok_nobody"})
    assert nobody.json == {"member": None}

    shown = (await operator.get(f"/v1/members/{member}")).json
    assert [one["value"] for one in shown["identifiers"]] == ["+*********8000"]
    exported = (await operator.get(f"/v1/members/{member}/export")).json
    assert exported["format"] == "ringmain-member/1"
    assert exported["member"]["name"] == "Anna Zhang"
    assert [one["value"] for one in exported["member"]["identifiers"]] == [PHONE]
    assert [(one["purpose"], one["place"], one["shop_id"]) for one in exported["consent_history"]] == [
        ("marketing", "till", str(town.shop_id))
    ]


async def test_membership_is_made_inside_the_payment(town: Town) -> None:
    """The bakery's till asks for a phone once; the florist's till knows the person by the card."""
    doors = clients(town)
    payment = {"tokens": [{"kind": "card_token", "value": "tok_8fG2kLq9"}]}
    asked = (await doors["terminal"].post("/v1/members/recognitions", payment)).json
    assert asked["member_id"] is None
    challenge = asked["ask_for_phone"]["challenge_id"]
    given = (await doors["terminal"].post(f"/v1/members/recognitions/{challenge}/phone", {"phone": PHONE})).json
    assert given["confirm_by_code"] is None
    known = (await doors["terminal_2"].post("/v1/members/recognitions", payment)).json
    assert known == {"member_id": given["member_id"], "ask_for_phone": None}


async def test_a_retry_of_a_wrong_code_does_not_use_another_try(town: Town) -> None:
    """The refusal is kept under its key with its try; a new key is a new try."""
    doors = clients(town)
    till = doors["terminal"]
    sent = (await till.post("/v1/members/one-time-codes", {"phone": PHONE})).json
    code = await _code(doors["operator"], sent["challenge_id"])
    wrong = {"challenge_id": sent["challenge_id"], "code": other_code(code)}
    key = str(uuid4())
    for _ in range(3):
        answer = await till.post("/v1/members", wrong, key=key)
        assert (answer.status, answer.code, answer.json["facts"]) == (422, "one_time_code_wrong", {"tries_left": 4})
    assert (await till.post("/v1/members", wrong)).json["facts"] == {"tries_left": 3}
    right = {"challenge_id": sent["challenge_id"], "code": code}
    key = str(uuid4())
    first = await till.post("/v1/members", right, key=key)
    assert (await till.post("/v1/members", right, key=key)).json == first.json
    assert first.json["new"] is True
    assert await town.count("member") == 1


async def test_kept_answers_hold_nothing_personal(town: Town) -> None:
    """After joining, looking up and exporting, no kept answer and no key row shows phone or name."""
    doors = clients(town)
    await _join(doors["terminal"], doors["operator"], name="Annabella")
    kept = str(await town.dump("idempotency_key"))
    assert "decided" in kept
    assert PHONE not in kept
    assert "Annabella" not in kept


async def test_a_merchant_sees_who_agreed_to_share_and_only_their_share(town: Town) -> None:
    """Before the consent, for another merchant, and after its withdrawal, the member does not exist."""
    doors = clients(town)
    member = (await _join(doors["terminal"], doors["operator"], name="Anna")).json["member_id"]
    async with town.unit() as uow:
        known = (await api.subjects(uow, [UUID(member)]))[0]
        assert known is not None
        token = api.identifier(IdentifierKind.CARD_TOKEN, "tok_of_anna")
        await api.attach(uow, town.keyring, known.member_id, [token], verified=True)
    path = f"/v1/members/{member}"
    refused = await doors["merchant"].get(path)
    assert (refused.status, refused.code) == (404, "member_unknown")

    share = {
        "purpose": "share_with_merchant",
        "granted": True,
        "text_version": "2026-01",
        "language": "zh",
        "recipient_merchant_id": str(town.merchant_id),
    }
    await doors["terminal"].post(f"{path}/consents", {"consents": [share]})
    seen = (await doors["merchant"].get(path)).json
    assert (seen["name"], [one["kind"] for one in seen["identifiers"]]) == ("Anna", ["phone"])
    assert [one["recipient_merchant_id"] for one in seen["consents"]] == [str(town.merchant_id)]
    assert (await doors["merchant_2"].get(path)).code == "member_unknown"
    await doors["terminal"].post(f"{path}/consents", {"consents": [share | {"granted": False}]})
    assert (await doors["merchant"].get(path)).code == "member_unknown"
    now = (await doors["operator"].get(f"{path}/consents")).json
    assert [one["granted"] for one in now["in_force"]] == [False]
    assert [one["granted"] for one in now["history"]] == [True, False]


async def test_a_till_takes_no_consent_to_share_with_another_merchant(town: Town) -> None:
    """Only the merchant's own tills, or the operator, record that somebody shares with it."""
    doors = clients(town)
    member = (await _join(doors["terminal"], doors["operator"])).json["member_id"]
    share = {
        "purpose": "share_with_merchant",
        "granted": True,
        "text_version": "2026-01",
        "language": "zh",
        "recipient_merchant_id": str(town.merchant_id),
    }
    answer = await doors["terminal_2"].post(f"/v1/members/{member}/consents", {"consents": [share]})
    assert (answer.status, answer.code) == (422, "consent_recipient")
    assert await town.count("consent_record") == 0


async def test_an_operator_attaches_detaches_merges_and_erases(town: Town) -> None:
    """One member through the rest of their life, every step by its route."""
    doors = clients(town)
    operator = doors["operator"]
    anna = (await _join(doors["terminal"], operator)).json["member_id"]
    bert = (await _join(doors["terminal"], operator, "+14155552671")).json["member_id"]
    tag = {"kind": "tag", "value": "04A2B9C1D2E3F0"}
    assert (await operator.post(f"/v1/members/{anna}/identifiers", tag)).json == {"member_id": anna}
    taken = await operator.post(f"/v1/members/{bert}/identifiers", tag)
    assert (taken.status, taken.code) == (409, "identifier_taken")
    for bad in ({"kind": "phone", "value": PHONE}, {"kind": "tag"}, {"kind": "tag", "value": "4242424242424242"}):
        assert (await operator.post(f"/v1/members/{anna}/identifiers", bad)).status == 422

    merged = (await operator.post("/v1/members/merges", {"from_member_id": bert, "into_member_id": anna})).json
    shown = (await operator.get(f"/v1/members/{bert}")).json
    assert (shown["member_id"], shown["merged_member_ids"], len(shown["identifiers"])) == (anna, [bert], 3)
    assert [one["id"] for one in shown["merges"]] == [merged["merge_id"]]
    undone = await operator.post(f"/v1/members/merges/{merged['merge_id']}/reversal")
    assert undone.json == merged
    assert len((await operator.get(f"/v1/members/{bert}")).json["identifiers"]) == 1

    tag_id = next(
        one["id"] for one in (await operator.get(f"/v1/members/{anna}")).json["identifiers"] if one["kind"] == "tag"
    )
    path = f"/v1/members/{anna}/identifiers/{tag_id}"
    assert (await operator.call("DELETE", f"/v1/members/{bert}/identifiers/{tag_id}")).code == "identifier_unknown"
    assert (await operator.call("DELETE", path)).json == {"member_id": anna}
    assert (await operator.call("DELETE", path)).code == "identifier_unknown"

    assert (await operator.call("DELETE", f"/v1/members/{anna}")).json == {"member_ids": [anna]}
    again = await operator.call("DELETE", f"/v1/members/{anna}")
    assert (again.status, again.code) == (410, "member_erased")
    assert (await operator.get(f"/v1/members/{anna}/export")).code == "member_unknown"


async def test_codes_are_readable_in_development_only(town: Town) -> None:
    """Outside development nothing is sent to nowhere, and no code can be read."""
    sent = (await clients(town)["terminal"].post("/v1/members/one-time-codes", {"phone": PHONE})).json
    doors = clients(town, development=False)
    refused = await doors["terminal"].post("/v1/members/one-time-codes", {"phone": PHONE})
    assert (refused.status, refused.code) == (409, "one_time_codes_not_configured")
    assert (await doors["operator"].get(f"/v1/members/one-time-codes/{sent['challenge_id']}")).status == 404


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
async def test_every_route_is_closed_to_roles_it_does_not_name(town: Town, route: Any) -> None:
    """A key of another role is told so; a key of a named role gets further than the door."""
    doors = clients(town)
    path = route.path
    for name in route.parameters:
        path = path.replace(f"{{{name}}}", str(uuid4()))
    for role in ("operator", "merchant", "terminal", "analyst"):
        answer = await doors[role].call(route.method, path, route.example)
        assert (answer.code == "role_not_allowed") == (role not in route.roles), role
        assert answer.status < 500
