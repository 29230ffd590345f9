"""Tests of the routes of matches and blocks."""

from uuid import UUID, uuid4

from ringmain.campaign import api as campaign
from ringmain.kit.http import Api, Principal, Role
from ringmain.kit.http.cards import text_holds_card_number
from ringmain.kit.settings import Settings
from ringmain.match.http import routes
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

    api = Api(
        routes(campaign.first_found),
        database=street.database,
        keyring=street.keyring,
        authenticate=authenticate,
        settings=Settings(),
    )
    return Client(api, role)


async def test_matches_come_with_offers_and_reasons(street: Street) -> None:
    """An operator asks for a place with words; a terminal stands in its own shop and never sees it."""
    operator, till = _client(street, "operator"), _client(street, "terminal", 1)
    (found,) = (await operator.get("/v1/matches?latitude=31.2&longitude=121.5&words=florist")).json["items"]
    assert (found["shop_id"], found["distance_m"]) == (str(street.shops[1]), 300)
    assert [offer["offer_id"] for offer in found["offers"]] == [str(street.offers[1])]
    assert [reason["code"] for reason in found["reasons"]][:2] == ["words", "distance"]
    seen = {one["shop_id"] for one in (await till.get("/v1/matches")).json["items"]}
    assert seen == {str(id_) for id_ in street.shops if id_ != street.shops[1]}


async def test_a_place_is_no_card_number(street: Street) -> None:
    """A latitude whose digits are a card's by chance is a place; the control: as words or a name it is none."""
    operator = _client(street, "operator")
    latitude = "39.904200000006"
    assert text_holds_card_number(latitude)
    assert (await operator.get(f"/v1/matches?latitude={latitude}&longitude=116.4")).status == 200
    assert (await operator.get(f"/v1/matches?words={latitude}")).code == "card_number_refused"
    assert (await operator.get(f"/v1/matches?{latitude}=1")).code == "card_number_refused"
    off = await operator.get("/v1/matches?latitude=4111111111111111&longitude=116.4")
    assert (off.code, b"4111" in off.body) == ("request_invalid", False)


async def test_what_is_found_for_a_person_is_not_for_tills(street: Street) -> None:
    """Only operators name a member; half a place, an unknown member and an unknown shop are refused."""
    known = await street.person()
    operator, till = _client(street, "operator"), _client(street, "terminal", 1)
    assert (await till.get(f"/v1/matches?member_id={known.member_id}")).code == "match_person_not_shown"
    assert (await operator.get(f"/v1/matches?member_id={known.member_id}")).status == 200
    assert (await operator.get("/v1/matches?latitude=1")).code == "match_place_incomplete"
    assert (await operator.get(f"/v1/matches?member_id={UUID(int=4)}")).code == "member_unknown"
    assert (await operator.get(f"/v1/matches?at_shop_id={UUID(int=4)}")).status == 404


async def test_blocks_are_made_listed_and_withdrawn(street: Street) -> None:
    """An operator does it for a member; a retry gets the first answer."""
    known, operator = await street.person(), _client(street, "operator")
    body, key = {"member_id": str(known.member_id), "shop_id": str(street.shops[1])}, str(uuid4())
    made = await operator.post("/v1/blocks", body, key=key)
    assert (made.status, made.json) == (201, (await operator.post("/v1/blocks", body, key=key)).json)
    listed = await operator.get(f"/v1/blocks?member_id={known.member_id}")
    assert listed.json["items"] == [made.json]
    found = (await operator.get(f"/v1/matches?member_id={known.member_id}")).json["items"]
    assert str(street.shops[1]) not in {one["shop_id"] for one in found}
    assert (await operator.post("/v1/blocks/withdrawals", body)).status == 200
    assert (await operator.get(f"/v1/blocks?member_id={known.member_id}")).json["items"] == []
    assert (await operator.post("/v1/blocks", {"member_id": str(known.member_id)})).code == "block_target"
