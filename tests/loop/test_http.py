"""The loop's routes: who may read them, and that they answer with the reports."""

from pathlib import Path

import pytest
from msgspec import json

from ringmain.kit.db import Database
from ringmain.kit.http import Api, Principal, Role, Route
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.loop.http import ROUTES
from ringmain.loop.http.flow import ROUTES as FLOW_ROUTES
from tests.loop.lake import SmallLake
from tests.network.town import Client


def client(lake: SmallLake, role: Role) -> Client:
    """Return a client of the loop's routes whose key has this role; no route may open the database."""

    async def authenticate(_: str) -> Principal:
        return Principal(network_id=lake.network_id, principal_id=lake.network_id, role=role)

    keyring, settings = Keyring({1: b"k" * 32}), Settings(lake=lake.root)
    return Client(
        Api(ROUTES, database=Database(""), keyring=keyring, authenticate=authenticate, settings=settings), "token"
    )


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Give the lake of a network with one voucher that went from A to B."""
    small = SmallLake(tmp_path)
    small.walk("ann", ("A", 0), ("B", 2))
    small.grant("v", "ann", "A", ["B"], 0)
    small.redeem("v", "ann", "B", 2, "ann-B-2")
    small.sale("last", "zoe", "A", 30)
    return small.write()


async def test_flow_lists_edges_and_windows(lake: SmallLake) -> None:
    """The flow of visits and vouchers, with windows of the asked length and figures beside their null."""
    answer = await client(lake, "operator").get("/v1/loop/flow?window_days=20&strongest=1")
    assert answer.status == 200
    assert answer.json["vouchers"]["strongest"] == [{"from_shop_id": "A", "to_shop_id": "B", "flow": 1, "members": 1}]
    assert [window["flow"] for window in answer.json["visits"]["windows"]] == [1, 0]
    expected = {"value": 0.0, "null": 0.0, "null_low": 0.0, "null_high": 0.0}
    assert answer.json["visits"]["total"]["shared"] == expected


async def test_closure_and_leaks_are_counts_with_rates(lake: SmallLake) -> None:
    """Closure within 7 and 14 days, second visits, and leaks by stage."""
    closed = await client(lake, "analyst").get("/v1/loop/closure?return_days=20")
    assert closed.status == 200
    assert [within["days"] for within in closed.json["closure"]["within"]] == [7, 14]
    assert closed.json["closure"]["within"][0]["every"]["per_voucher"] == 1.0
    assert closed.json["second_visits"]["every"] == {
        "vouchers": 1,
        "closed": 0,
        "members": 1,
        "per_voucher": 0.0,
        "per_member": 0.0,
    }
    leaks = await client(lake, "analyst").get("/v1/loop/leaks")
    assert (leaks.status, leaks.json["leaks"]["granted"], leaks.json["leaks"]["redeemed"]) == (200, 1, 1)


@pytest.mark.parametrize("role", ["merchant", "terminal"])
@pytest.mark.parametrize("path", [route.path for route in FLOW_ROUTES])
async def test_who_sees_one_merchant_only_is_refused(lake: SmallLake, role: Role, path: str) -> None:
    """Flow between shops is the network's; merchants and tills get nothing of it."""
    answer = await client(lake, role).get(path)
    assert answer.status == 403
    assert b"granted" not in answer.body


@pytest.mark.parametrize("query", ["window_days=0", "gap_days=-1", "strongest=201", "strange=1"])
async def test_a_question_outside_its_range_is_refused(lake: SmallLake, query: str) -> None:
    """Parameters have ranges, and unknown ones are refused."""
    assert (await client(lake, "operator").get(f"/v1/loop/flow?{query}")).status in (400, 422)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_the_example_of_each_route_is_an_answer(route: Route) -> None:
    """The example in the API's description can be read as the declared response."""
    json.decode(json.encode(route.example_response), type=route.response)
