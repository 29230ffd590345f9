"""The routes of games: opened by the operator, read by everybody, played through a till once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from ringmain.campaign.http import ROUTES
from ringmain.kit.http import Api, Principal, Role
from ringmain.kit.settings import Settings
from ringmain.network import api as network
from ringmain.scene import api as scene
from tests.match.street import NOW, Street
from tests.network.town import Client


def _client(street: Street, role: Role, place: int | None = None) -> Client:
    principal = Principal(
        network_id=street.network_id,
        principal_id=uuid4(),
        role=role,
        merchant_id=None if place is None else street.merchants[place],
        shop_id=street.shops[place] if place is not None and role == "terminal" else None,
    )

    async def authenticate(_: str) -> Principal:
        return principal

    api = Api(ROUTES, database=street.database, keyring=street.keyring, authenticate=authenticate, settings=Settings())
    return Client(api, role)


async def _asked(street: Street, token: str, **changes: Any) -> dict[str, Any]:
    """Return a game at a scene: one prize of the florist's with odds, one of the network that stands in."""
    async with street.unit() as uow:
        await network.fund_pool(uow, 100_000, "CNY", "for the games", street.network_id)
        scene_id = (await scene.find_scene(uow, token)).id
    offers = [(await street.publish(1)).id, (await street.publish(0, by_network=True)).id]
    return {
        "kind": "catch",
        "name": "Drops",
        "starts_at": (NOW - timedelta(days=1)).isoformat(),
        "ends_at": "2099-03-01T00:00:00Z",
        "scene_ids": [str(scene_id)],
        "prizes": [
            {"offer_id": str(offers[0]), "odds": 1, "stock": 5},
            {"offer_id": str(offers[1]), "odds": 0, "stock": 9},
        ],
        **changes,
    }


async def test_a_game_is_opened_read_filled_up_and_closed(street: Street) -> None:
    """What was asked for is what everybody reads; more of a prize counts at once; closed, nothing is left."""
    operator = _client(street, "operator")
    asked = await _asked(street, await street.poster())
    opened = await operator.post("/v1/games", asked)
    assert opened.status == 201
    path = f"/v1/games/{opened.json['game']['id']}"
    read = (await _client(street, "merchant", 3).get(path)).json
    assert read == opened.json
    assert [(one["odds"], one["left"], one["stands_in"]) for one in read["prizes"]] == [(1, 5, False), (0, 9, True)]
    assert (read["scene_ids"], read["alarms"]) == (asked["scene_ids"], [])
    assert (await operator.post(f"{path}/stock", {"place": 1, "more": 3})).json["prizes"][0]["left"] == 8
    assert (await operator.post(f"{path}/stock", {"place": 9, "more": 3})).code == "game_invalid"
    assert (await operator.post(f"{path}/close")).json["game"]["closed_at"] is not None
    assert [one["left"] for one in (await operator.get(path)).json["prizes"]] == [0, 0]
    listed = (await _client(street, "analyst").get("/v1/games")).json["items"]
    assert [one["id"] for one in listed] == [opened.json["game"]["id"]]
    assert (await operator.get(f"/v1/games/{uuid4()}")).code == "game_unknown"


async def test_a_till_lets_its_guests_play_and_nobody_chooses(street: Street) -> None:
    """Once per guest, also with another touch; wishes in the request are refused, and so are other shops' scenes."""
    token, known = await street.poster(), await street.person()
    await _client(street, "operator").post("/v1/games", await _asked(street, token))
    till = _client(street, "terminal", 0)
    body = {"touch_id": str(await street.touch(token)), "member_id": str(known.member_id)}
    assert (await till.post("/v1/plays", body | {"place": 2})).status == 422
    assert (await _client(street, "terminal", 1).post("/v1/plays", body)).code == "touch_unknown"
    assert await street.value("SELECT count(*) FROM voucher") == 0
    won = await till.post("/v1/plays", body)
    assert (won.status, won.json["place"], won.json["again"]) == (201, 1, False)
    again = await till.post("/v1/plays", body | {"touch_id": str(await street.touch(token))})
    assert again.json == won.json | {"again": True}
    assert await street.value("SELECT count(*) FROM voucher") == 1


async def test_a_game_whose_stand_in_is_not_the_networks_is_refused(street: Street) -> None:
    """Merchants never pay for what the network promises; nothing of the game is kept."""
    asked = await _asked(street, await street.poster())
    asked["prizes"][1]["offer_id"] = str(street.offers[2])
    refused = await _client(street, "operator").post("/v1/games", asked)
    assert (refused.status, refused.code) == (422, "game_invalid")
    assert await street.value("SELECT count(*) FROM game") == await street.value("SELECT count(*) FROM lot") == 0


async def test_a_winner_at_the_till_is_asked_which_prize(street: Street) -> None:
    """The play has three prizes and no voucher; the choice gives it, once; another shop's till finds no such play."""
    token, known = await street.poster(), await street.person()
    asked = await _asked(street, token, choices=3)
    asked["prizes"][1:1] = [
        {"offer_id": str((await street.publish(place)).id), "odds": 1, "stock": 5} for place in (2, 3)
    ]
    opened = await _client(street, "operator").post("/v1/games", asked)
    assert opened.json["game"]["choices"] == 3
    till, person = _client(street, "terminal", 0), {"member_id": str(known.member_id)}
    won = (await till.post("/v1/plays", person | {"touch_id": str(await street.touch(token))})).json
    assert (won["voucher_id"], won["place"]) == (None, won["choose_from"][0]["place"])
    assert sorted(one["place"] for one in won["choose_from"]) == [1, 2, 3]
    path, wish = f"/v1/plays/{won['id']}/choice", person | {"place": won["choose_from"][1]["place"]}
    assert (await _client(street, "terminal", 1).post(path, wish)).code == "touch_unknown"
    assert (await till.post(path, person | {"place": 4})).code == "prize_not_drawn"
    assert await street.value("SELECT count(*) FROM voucher") == 0
    chosen = (await till.post(path, wish)).json
    assert (chosen["voucher_id"], chosen["place"], chosen["choose_from"]) == (won["id"], wish["place"], [])
    assert (await till.post(path, person | {"place": won["place"]})).json == chosen | {"again": True}
    assert await street.value("SELECT count(*) FROM voucher") == 1
