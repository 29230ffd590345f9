"""The voucher routes translate, keep merchants apart, and give every retry its first answer."""

import base64
from typing import Any
from uuid import uuid4

import pytest

from ringmain.voucher import codes
from ringmain.voucher.http import ROUTES
from tests.voucher.http.street import OFFER, Street


async def test_an_offer_is_published_read_listed_and_paused(street: Street) -> None:
    """A merchant's offer is its own: it reads as sent, is listed, and grants nothing while it is paused."""
    client = street.client("merchant")
    key = str(uuid4())
    made = await client.post("/v1/offers", OFFER | {"weekdays": [1, 5], "stock": 3}, key=key)
    assert made.status == 201
    assert (await client.post("/v1/offers", OFFER | {"weekdays": [1, 5], "stock": 3}, key=key)).json == made.json
    offer = made.json
    assert (offer["merchant_id"], offer["funder_id"]) == (str(street.town.merchants[0]),) * 2
    assert (offer["terms"]["weekdays"], offer["stock"], offer["cost_minor"]) == ([1, 5], 3, 200)
    assert (await client.get(f"/v1/offers/{offer['id']}")).json == offer
    assert (await client.get("/v1/offers?limit=1")).json["items"] == [offer]
    paused = await client.post(f"/v1/offers/{offer['id']}/pause")
    assert (paused.status, paused.json["paused"]) == (200, True)
    refused = await client.post("/v1/grants", {"offer_id": offer["id"], "member_id": str(street.member_id)})
    assert (refused.status, refused.code) == (409, "offer_paused")
    assert (await client.post(f"/v1/offers/{offer['id']}/resume")).json["paused"] is False
    await street.voucher(offer["id"])


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"kind": "discount"}, 422, "invalid_offer", "percent_bp"),
        ({"currency": "EUR"}, 422, "invalid_offer", "currency"),
        ({"kind": "lottery"}, 422, "request_invalid", "kind"),
        ({"face_minor": 2.5}, 422, "request_invalid", "face_minor"),
        ({"surprise": 1}, 422, "request_invalid", "surprise"),
        ({"funder_id": "other"}, 403, "funder_not_allowed", None),
        ({"merchant_id": "other"}, 404, "merchant_not_found", None),
    ],
)
async def test_an_offer_that_may_not_be_is_refused(
    street: Street, changes: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    """What is wrong is named, and nothing is published."""
    other = str(street.town.merchants[1])
    body = OFFER | {name: other if value == "other" else value for name, value in changes.items()}
    answer = await street.client("merchant").post("/v1/offers", body)
    assert (answer.status, answer.code, answer.json["facts"].get("field")) == (status, code, field)
    assert (await street.client("operator").get("/v1/offers")).json["items"] == []


async def test_another_merchants_offer_does_not_exist(street: Street) -> None:
    """Reading, pausing, minting and granting another merchant's offer all answer that there is none."""
    offer = await street.offer()
    other = street.client("merchant_2")
    answers = [
        await other.get(f"/v1/offers/{offer}"),
        await other.post(f"/v1/offers/{offer}/pause"),
        await other.post(f"/v1/offers/{offer}/mints", {"count": 1}),
        await other.post("/v1/grants", {"offer_id": offer}),
    ]
    assert [(one.status, one.code) for one in answers] == [(404, "offer_not_found")] * 4
    assert (await other.get("/v1/offers")).json["items"] == []
    assert (await other.get(f"/v1/offers?merchant_id={street.town.merchants[0]}")).json["items"] == []
    assert await street.held() == 0


async def test_codes_are_ordered_listed_and_spent(street: Street) -> None:
    """An order sets the money aside once, its codes come as CSV by page, and a code works at any till."""
    offer = await street.offer()
    client, key = street.client("merchant"), str(uuid4())
    order = await client.post(f"/v1/offers/{offer}/mints", {"count": 5}, key=key)
    assert (order.status, order.json["wanted"]) == (201, 5)
    assert (await client.post(f"/v1/offers/{offer}/mints", {"count": 5}, key=key)).json == order.json
    assert (await client.post(f"/v1/offers/{offer}/mints", {"count": 6}, key=key)).code == "idempotency_key_reused"
    assert await street.held() == 1_000
    path = f"/v1/offers/{offer}/mints/{order.json['id']}"
    assert (await client.get(path)).json["minted"] == 5
    page = await client.get(f"{path}/codes?first=1&limit=2")
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    lines = page.body.decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["number", "1", "2"]
    spent = await street.redeem(code=lines[1].split(",")[1])
    assert (spent.status, spent.json["redeemed_minor"]) == (201, 200)
    assert (await street.client("merchant_2").get(f"{path}/codes")).status == 404


async def test_an_order_without_money_changes_nothing(street: Street) -> None:
    """An order that the funder cannot pay is refused whole, again and again under its key."""
    offer = await street.offer(face_minor=60_000)
    client, key = street.client("merchant"), str(uuid4())
    for _ in range(2):
        refused = await client.post(f"/v1/offers/{offer}/mints", {"count": 2}, key=key)
        assert (refused.status, refused.code) == (409, "funds_insufficient")
        assert refused.json["facts"] == {"needed_minor": 120_000, "available_minor": 100_000, "currency": "CNY"}
    assert await street.held() == 0


async def test_a_batch_of_grants_answers_each_item(street: Street) -> None:
    """Good, unreadable and refused items each get their own answer; the same batch again gets the same answers."""
    offer = await street.offer(stock=2)
    good = {"offer_id": offer, "member_id": str(street.member_id)}
    items: list[dict[str, Any]] = [
        good | {"idempotency_key": "a"},
        good | {"idempotency_key": "b", "member_id": str(uuid4())},
        good | {"idempotency_key": "c", "offer_id": "no uuid"},
        good | {"idempotency_key": "a"},
        good | {"idempotency_key": "d", "sender_shop_id": str(street.town.shops[1])},
        good | {"idempotency_key": "e", "sender_shop_id": str(street.town.shops[0])},
        good | {"idempotency_key": "f"},
    ]
    answer = await street.client("merchant").post("/v1/grants/batch", {"items": items})
    assert answer.status == 200
    outcomes = answer.json["items"]
    assert [one["status"] for one in outcomes] == [201, 404, 422, 201, 404, 201, 409]
    codes_of = [one["problem"]["code"] for one in outcomes if "problem" in one]
    assert codes_of[-2:] == ["shop_not_found", "out_of_stock"]
    assert outcomes[0]["answer"] == outcomes[3]["answer"]
    again = (await street.client("merchant").post("/v1/grants/batch", {"items": items})).json["items"]
    assert [one.get("answer") for one in again] == [one.get("answer") for one in outcomes]
    assert await street.held() == 400


async def test_a_voucher_is_followed_to_where_it_was_spent(street: Street) -> None:
    """Its creator sees code and every transfer; the redeemer sees its own redemption and no code; others nothing."""
    voucher = await street.voucher(await street.offer(fee_minor=10), origin={"kind": "touch", "id": str(uuid4())})
    assert (voucher["state"], voucher["lineage"][0]["origin_kind"]) == ("open", "touch")
    assert [one["posting"] for one in voucher["issue"]] == ["hold"]
    assert (await street.client("merchant_2").get(f"/v1/vouchers/{voucher['id']}")).code == "voucher_not_found"
    await street.redeem(code=voucher["code"], basket_minor=150, currency="CNY")
    story = await street.read(voucher["id"])
    assert (story["state"], story["remaining_minor"]) == ("spent", 0)
    assert [one["kind"] for one in story["events"]] == ["redemption"]
    assert [(one["posting"], one["amount_minor"]) for one in story["events"][0]["transfers"]] == [
        ("redeem", 150),
        ("fee", 10),
        ("release", 50),
    ]
    for role in ("merchant_2", "analyst"):
        seen = await street.read(voucher["id"], role)
        assert (seen["code"], seen["signed_code"]) == (None, None)


async def test_a_voucher_is_taken_back_by_its_creator(street: Street) -> None:
    """Voiding gives the money back and is final; another merchant finds nothing to void."""
    voucher = await street.voucher(await street.offer())
    path = f"/v1/vouchers/{voucher['id']}/void"
    assert (await street.client("merchant_2").post(path)).code == "voucher_not_found"
    ended = await street.client("merchant").post(path)
    assert (ended.status, ended.json["released_minor"]) == (200, 200)
    assert (await street.client("merchant").post(path)).code == "voucher_void"
    assert (await street.redeem(code=voucher["code"])).code == "voucher_void"
    assert await street.held() == 0


async def test_a_till_sees_what_the_member_may_use_here(street: Street) -> None:
    """A till sees vouchers for its own shop only; what another shop accepts is the operator's to see."""
    tea, noodles = (str(shop) for shop in street.town.shops)
    await street.voucher(await street.offer(minimum_minor=5_000))
    await street.voucher(await street.offer(face_minor=300))
    await street.voucher(await street.offer(shop_ids=[tea]))
    body = {"member_id": str(street.member_id), "basket_minor": 1_000, "currency": "CNY"}
    seen = await street.client("terminal_2").post("/v1/qualifications", body, key=None)
    assert [(one["usable"], one["amount_minor"], one["rule"]) for one in seen.json["items"]] == [
        (True, 300, None),
        (False, 0, "minimum_not_reached"),
    ]
    assert seen.json["items"][1]["next_step"].endswith(".")
    operator = await street.client("operator").post("/v1/qualifications", body | {"shop_id": noodles}, key=None)
    assert len(operator.json["items"]) == 3
    merchant = await street.client("merchant_2").post("/v1/qualifications", body | {"shop_id": noodles}, key=None)
    assert merchant.json == seen.json


@pytest.mark.parametrize(
    ("role", "changes", "code"),
    [
        ("terminal_2", {"shop_id": "tea"}, "shop_not_found"),
        ("merchant_2", {"shop_id": "tea"}, "shop_not_found"),
        ("merchant_2", {}, "voucher_shop_required"),
        ("terminal_2", {"member_id": "nobody"}, "member_unknown"),
    ],
)
async def test_a_till_asks_for_its_own_shop_and_known_members(
    street: Street, role: str, changes: dict[str, str], code: str
) -> None:
    """A till asks in its own shop, a merchant names one of its own, and nobody learns about unknown members."""
    values = {"tea": str(street.town.shops[0]), "nobody": str(uuid4())}
    body = {"member_id": str(street.member_id)} | {name: values[value] for name, value in changes.items()}
    answer = await street.client(role).post("/v1/qualifications", body, key=None)
    assert (answer.status in (404, 422), answer.code) == (True, code)


async def test_a_validation_holds_a_voucher_for_one_till(street: Street) -> None:
    """Held by one till, a voucher is locked for the other until it is released; then it works again."""
    voucher = await street.voucher(await street.offer())
    asked = {"vouchers": [{"code": voucher["code"]}], "basket_minor": 1_000, "currency": "CNY"}
    dry = await street.client("terminal").post("/v1/validations", asked)
    assert (dry.status, dry.json["amount_minor"], dry.json["lock_key"]) == (201, 200, None)
    held = await street.client("terminal").post("/v1/validations", asked | {"hold": True, "hold_seconds": 60})
    lock = held.json["lock_key"]
    assert (await street.redeem(code=voucher["code"])).code == "voucher_locked"
    other, mine = street.client("terminal_2"), street.client("terminal")
    assert (await other.call("DELETE", f"/v1/validations/{lock}")).code == "validation_not_found"
    assert (await mine.call("DELETE", "/v1/validations/nonsense")).status == 404
    assert (await mine.call("DELETE", f"/v1/validations/{lock}")).json == {"lock_key": lock}
    assert (await street.redeem(code=voucher["code"])).status == 201


async def test_twelve_digits_stand_for_a_voucher(street: Street) -> None:
    """Digits made for a shop give its till the voucher's code; wrong ones are counted, also across requests."""
    voucher = await street.voucher(await street.offer())
    body = {"code": voucher["code"], "shop_id": str(street.town.shops[1])}
    made = await street.client("operator").post("/v1/typed-codes", body, key=None)
    assert made.status == 201
    till = street.client("terminal_2")
    found = await till.post("/v1/typed-codes/resolution", {"digits": made.json["digits"]}, key=None)
    assert found.json == {"voucher_id": voucher["id"], "code": voucher["code"]}
    assert (
        await street.client("terminal").post("/v1/typed-codes/resolution", made.json["digits"], key=None)
    ).status == 422
    wrong = f"{(int(made.json['digits']) + 1) % 10**12:012d}"
    got = [(await till.post("/v1/typed-codes/resolution", {"digits": wrong}, key=None)).code for _ in range(21)]
    assert got == ["typed_code_unknown"] * 20 + ["too_many_wrong_codes"]


async def test_signed_codes_are_checked_with_the_published_key(street: Street) -> None:
    """The key that the API publishes verifies the signed code that it shows; the code works online too."""
    voucher = await street.voucher(await street.offer())
    published = (await street.client("terminal").get("/v1/signing-key")).json
    key = base64.b64decode(published["keys"][0]["public_key"])
    signed = codes.verify_signed(key, voucher["signed_code"])
    assert signed.network_digest.hex() == published["network_digest"]
    assert (str(signed.code.voucher_id), signed.value_minor, signed.currency) == (voucher["id"], 200, "CNY")
    assert (await street.redeem(code=voucher["signed_code"])).status == 201


async def test_points_are_given_and_exchanged(street: Street) -> None:
    """A merchant gives points, a till reads them, and a points exchange takes them for a voucher."""
    body = {"member_id": str(street.member_id), "points": 60}
    given = await street.client("merchant").post("/v1/points", body)
    assert (given.status, given.json["issuer_id"]) == (201, str(street.town.merchants[0]))
    offer = await street.offer(kind="points", price_points=50)
    await street.voucher(offer)
    left = await street.client("terminal").get(f"/v1/points?member_id={street.member_id}")
    assert left.json == {"member_id": str(street.member_id), "points": 10}
    refused = await street.client("merchant").post(
        "/v1/grants", {"offer_id": offer, "member_id": str(street.member_id)}
    )
    assert (refused.code, refused.json["facts"]) == ("points_insufficient", {"needed": 50, "available": 10})
    nobody = await street.client("merchant").post("/v1/points", body | {"member_id": str(uuid4())})
    assert nobody.code == "member_unknown"


def test_every_route_has_its_errors_and_examples() -> None:
    """Each route of the slice declares roles, an example of its answer, and of its request where it takes one."""
    for route in ROUTES:
        assert route.roles, route.operation
        assert route.example_response is not None, route.operation
        assert route.example is not None or (route.request is None and route.batch_of is None), route.operation
