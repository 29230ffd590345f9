"""Shops, opening hours and rivals."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from ringmain.network.api import NewMerchant, NewShop, open_merchants, open_shops, rival_shops, shops
from ringmain.network.errors import MerchantNotFound
from ringmain.network.model import Hours, Shop
from tests.network.town import ZONE, Installation, Town

SHOP: dict[str, Any] = {
    "name": "West Lake",
    "category": "tea",
    "latitude": 30.2489,
    "longitude": 120.1551,
    "time_zone": "Asia/Shanghai",
    "hours": {"monday": [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "02:00"}]},
}


async def test_a_merchant_opens_and_changes_its_shop(here: Installation, town: Town) -> None:
    """What was opened is read back; a change leaves the rest as it was; hours can be unknown again."""
    client = here.client(town.tokens["merchant"])
    opened = (await client.post("/v1/shops", SHOP)).json
    assert opened["merchant_id"] == str(town.merchants[0])
    assert opened["hours"]["monday"] == SHOP["hours"]["monday"]
    path = f"/v1/shops/{opened['id']}"
    assert (await client.get(path)).json == opened
    changed = (await client.call("PATCH", path, {"name": "Su Causeway", "hours": None})).json
    assert changed == opened | {"name": "Su Causeway", "hours": None}
    assert (await client.get(path)).json == changed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"time_zone": "Asia/Hangzhou"}, "time_zone_unknown"),
        ({"latitude": 91}, "request_invalid"),
        ({"category": "Tea!"}, "request_invalid"),
        ({"hours": {"monday": [{"opens": "9", "closes": "12:00"}]}}, "request_invalid"),
        (
            {"hours": {"monday": [{"opens": "09:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}]}},
            "hours_invalid",
        ),
        (
            {
                "hours": {
                    "sunday": [{"opens": "20:00", "closes": "03:00"}],
                    "monday": [{"opens": "02:00", "closes": "05:00"}],
                }
            },
            "hours_invalid",
        ),
        ({"nmae": "x"}, "request_invalid"),
    ],
)
async def test_a_bad_shop_is_refused(here: Installation, town: Town, change: dict[str, Any], code: str) -> None:
    """A wrong field is named by its rule, and no shop is opened."""
    client = here.client(town.tokens["operator"])
    answer = await client.post("/v1/shops", SHOP | {"merchant_id": str(town.merchants[0])} | change)
    assert (answer.status, answer.code) == (422, code)
    assert len((await client.get("/v1/shops")).json["items"]) == 2


async def test_shops_of_others_do_not_exist_for_a_merchant(here: Installation, town: Town) -> None:
    """A merchant neither reads, changes nor lists another's shop, nor opens one for it; a terminal neither."""
    other = f"/v1/shops/{town.shops[1]}"
    for role in ("merchant", "terminal"):
        client = here.client(town.tokens[role])
        assert (await client.get(other)).code == "shop_not_found"
        assert [one["id"] for one in (await client.get("/v1/shops")).json["items"]] == [str(town.shops[0])]
        assert (await client.get(f"/v1/shops?merchant_id={town.merchants[1]}")).json["items"] == []
    client = here.client(town.tokens["merchant"])
    assert (await client.call("PATCH", other, {"name": "Mine"})).code == "shop_not_found"
    assert (await client.post("/v1/shops", SHOP | {"merchant_id": str(town.merchants[1])})).code == "merchant_not_found"
    assert (await here.client(town.tokens["operator"]).get(other)).json["name"] == "Shop"


async def test_rivals_are_declared_and_withdrawn(here: Installation, town: Town) -> None:
    """A declaration holds until it is withdrawn; twice changes nothing; nobody is a rival of their own."""
    client = here.client(town.tokens["merchant"])
    path = f"/v1/merchants/{town.merchants[0]}/rivals"
    for _ in range(2):
        assert (await client.call("PUT", f"{path}/{town.shops[1]}")).status == 200
    async with here.database.unit(town.network_id) as uow:
        assert await rival_shops(uow) == {(town.merchants[0], town.shops[1])}
    assert [one["shop_id"] for one in (await client.get(path)).json["items"]] == [str(town.shops[1])]
    assert (await client.call("PUT", f"{path}/{town.shops[0]}")).code == "rival_is_own_shop"
    assert (await client.call("PUT", f"{path}/{uuid4()}")).code == "shop_not_found"
    assert (await client.call("DELETE", f"{path}/{town.shops[1]}")).status == 200
    assert (await client.get(path)).json["items"] == []


async def test_many_shops_are_opened_at_once_with_given_ids(here: Installation, town: Town) -> None:
    """457 merchants and shops are opened by two calls, running them again changes nothing, one bad opens none."""
    ids = [uuid4() for _ in range(457)]
    merchants = [NewMerchant(f"Merchant {place}", id_) for place, id_ in enumerate(ids)]
    places = [NewShop(id_, "Shop", "grocery", 40.0, -73.9, "America/New_York", id=id_) for id_ in ids]
    for _ in range(2):
        async with here.database.unit(town.network_id) as uow:
            assert [one.id for one in await open_merchants(uow, merchants)] == ids
            assert [one.id for one in await open_shops(uow, places)] == ids
    stranger = NewShop(uuid4(), "Shop", "tea", 1.0, 1.0, ZONE, id=uuid4())
    with pytest.raises(MerchantNotFound):
        async with here.database.unit(town.network_id) as uow:
            await open_shops(uow, [NewShop(ids[0], "Shop", "tea", 1.0, 1.0, ZONE, id=stranger.id), stranger])
    assert stranger.id is not None
    async with here.database.unit(town.network_id) as uow:
        found = await shops(uow, [*ids, stranger.id])
    assert {shop.id for shop in found} == set(ids)
    assert found[0].hours is None


def _shop(hours: Hours | None) -> Shop:
    return Shop(uuid4(), uuid4(), "Bar", "bar", 0.0, 0.0, "America/New_York", hours, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_shop_is_open_by_its_own_clock() -> None:
    """Hours are those of the shop's zone, summer time included, and reach past midnight into the next day."""
    # Saturday from 18:00 to 02:00 of Sunday; New York is at UTC-4 in July and at UTC-5 in January.
    bar = _shop(((), (), (), (), (), ((1080, 1560),), ()))
    assert bar.is_open(datetime(2026, 7, 4, 22, 0, tzinfo=UTC))
    assert not bar.is_open(datetime(2026, 7, 4, 21, 59, tzinfo=UTC))
    assert bar.is_open(datetime(2026, 7, 5, 5, 59, tzinfo=UTC))
    assert not bar.is_open(datetime(2026, 7, 5, 6, 0, tzinfo=UTC))
    assert not bar.is_open(datetime(2026, 1, 3, 22, 30, tzinfo=UTC))
    assert bar.is_open(datetime(2026, 1, 3, 23, 0, tzinfo=UTC))
    assert _shop(None).is_open(datetime(2026, 1, 3, 23, 0, tzinfo=UTC))
