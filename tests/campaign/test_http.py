"""Tests of the routes of plays."""

from uuid import uuid4

from ringmain.campaign.http import ROUTES
from ringmain.kit.http import Api, Principal, Role
from ringmain.kit.settings import Settings
from tests.match.street import Street
from tests.network.town import Client


def _client(street: Street, role: Role, place: int | None = None) -> Client:
    merchant_id = None if place is None else street.merchants[place]
    shop_id = street.shops[place] if place is not None and role == "terminal" else None
    principal = Principal(
        network_id=street.network_id, principal_id=uuid4(), role=role, merchant_id=merchant_id, shop_id=shop_id
    )

    async def authenticate(_: str) -> Principal:
        return principal

    settings = Settings(public_url="https://ring.example/")
    api = Api(ROUTES, database=street.database, keyring=street.keyring, authenticate=authenticate, settings=settings)
    return Client(api, role)


async def test_a_till_draws_and_claims_for_a_guest(street: Street) -> None:
    """Drawn by token of the touch, claimed once; retries get the first answers, and the token is kept nowhere."""
    till, known = _client(street, "terminal", 0), await street.person()
    touch = await street.touch(await street.poster())
    body, key = {"touch_id": str(touch), "device": uuid4().hex}, str(uuid4())
    drawn = await till.post("/v1/draws", body, key=key)
    assert (drawn.status, drawn.json["state"], len(drawn.json["prizes"])) == (201, "open", 3)
    assert (await till.post("/v1/draws", body, key=key)).json == drawn.json
    token = drawn.json["token"]
    kept = "SELECT count(*) FROM idempotency_key WHERE answer::text LIKE %s"
    assert (await street.value(kept, f"%{token}%"), await street.value(kept, "%draw_id%")) == (0, 1)
    chosen = {"token": token, "offer_id": drawn.json["prizes"][0]["offer_id"], "member_id": str(known.member_id)}
    path = f"/v1/draws/{drawn.json['draw_id']}/claim"
    claimed = await till.post(path, chosen)
    assert claimed.status == 201
    assert (await till.post(path, chosen)).json == claimed.json
    assert await street.value("SELECT count(*) FROM voucher") == 1
    assert (await till.post(f"/v1/draws/{uuid4()}/claim", chosen)).code == "draw_unknown"


async def test_a_till_learns_nothing_of_other_shops(street: Street) -> None:
    """A member's past is neither used nor told where a till draws; an operator may."""
    known = await street.person()
    await street.buy(known, 1)
    body = {"touch_id": str(await street.touch(await street.poster())), "member_id": str(known.member_id)}
    told = (await _client(street, "terminal", 0).post("/v1/draws", body)).json["prizes"]
    assert not {"here_before", "need", "new_to_you"} & {code for prize in told for code in prize["reasons"]}
    other = {"touch_id": str(await street.touch(await street.poster(1))), "member_id": str(known.member_id)}
    told = (await _client(street, "operator").post("/v1/draws", other)).json["prizes"]
    assert "new_to_you" in {code for prize in told for code in prize["reasons"]}


async def test_another_merchants_scene_is_not_a_tills(street: Street) -> None:
    """The florist's till can neither draw nor claim at the bakery's scene, nor print its receipts."""
    till, operator = _client(street, "terminal", 1), _client(street, "operator")
    known = await street.person()
    body = {"touch_id": str(await street.touch(await street.poster())), "device": uuid4().hex}
    assert (await till.post("/v1/draws", body)).code == "touch_unknown"
    drawn = (await operator.post("/v1/draws", body)).json
    chosen = {
        "token": drawn["token"],
        "offer_id": drawn["prizes"][0]["offer_id"],
        "member_id": str(known.member_id),
    }
    assert (await till.post(f"/v1/draws/{drawn['draw_id']}/claim", chosen)).code == "draw_unknown"
    sale = {"sale_id": str(await street.buy(None, 0))}
    assert (await till.post("/v1/receipts", sale)).code == "receipt_sale_unknown"
    made = await _client(street, "merchant", 0).post("/v1/receipts", sale)
    assert made.json["url"].startswith("https://ring.example/s/")
    assert await street.value("SELECT count(*) FROM voucher") == 0


async def test_an_app_takes_what_its_member_has_found(street: Street) -> None:
    """Once: retries and the same again give the first answer; another one that day is refused, and nothing granted."""
    operator, known = _client(street, "operator"), await street.person()
    body, key = {"member_id": str(known.member_id)}, str(uuid4())
    path = f"/v1/offers/{street.offers[2]}/take"
    taken = await operator.post(path, body, key=key)
    assert (taken.status, taken.json["offer_id"]) == (201, str(street.offers[2]))
    assert (await operator.post(path, body, key=key)).json == taken.json
    assert (await operator.post(path, body)).json == taken.json
    assert (await operator.post(f"/v1/offers/{street.offers[1]}/take", body)).code == "offer_taken"
    assert (await operator.post(path, {"member_id": str(uuid4())})).code == "member_unknown"
    assert (await operator.post(path, body | {"at_shop_id": str(uuid4())}, key=str(uuid4()))).json == taken.json
    assert await street.value("SELECT count(*) FROM voucher") == 1


async def test_a_till_gives_nothing_of_its_own_shop(street: Street) -> None:
    """A till stands in its shop, whatever it says: what leads there is not open, what leads elsewhere is."""
    till, known = _client(street, "terminal", 0), await street.person()
    body = {"member_id": str(known.member_id), "at_shop_id": str(street.shops[1])}
    assert (await till.post(f"/v1/offers/{street.offers[0]}/take", body)).code == "offer_not_open"
    assert await street.value("SELECT count(*) FROM voucher") == 0
    assert (await till.post(f"/v1/offers/{street.offers[1]}/take", body)).status == 201


async def test_an_operator_sees_where_nothing_could_be_won(street: Street) -> None:
    """One row per scene, with how many people left without a prize."""
    operator = _client(street, "operator")
    await street.pause(*street.offers)
    touch = await street.touch(await street.poster())
    for _ in range(2):
        drawn = await operator.post("/v1/draws", {"touch_id": str(touch), "device": uuid4().hex})
        assert (drawn.json["state"], drawn.json["draw_id"], drawn.json["token"]) == ("nothing", None, "")
    (row,) = (await operator.get("/v1/draws/missed?since=2026-01-01T00:00:00Z")).json["items"]
    assert row["people"] == 2
    assert (await operator.post("/v1/draws", {"touch_id": str(touch)})).code == "player_unnamed"
    assert (await operator.post("/v1/draws", {"touch_id": str(uuid4()), "device": uuid4().hex})).code == "touch_unknown"
