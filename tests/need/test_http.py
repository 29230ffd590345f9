"""The routes of models: the list with figures beside the baselines, and the way back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from ringmain.kit.http import Api, DoorLimits, Limit, Principal
from ringmain.kit.http.observe import AccessLog
from ringmain.kit.learn import registry
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.learn.registry import NewModel
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.need.api import TASK
from ringmain.need.http import ROUTES
from tests.need.town import START, Town, open_town
from tests.network.town import Client


@pytest.fixture
async def town(database_urls: Urls, tmp_path: Path) -> AsyncIterator[Town]:
    """Give a network of its own."""
    async with open_town(database_urls.application_url, tmp_path, people=1) as town:
        yield town


@pytest.fixture
def client(town: Town) -> Client:
    """Give an operator's client of the routes."""
    principal = Principal(network_id=town.network_id, principal_id=uuid4(), role="operator", merchant_id=None)

    async def authenticate(_: str) -> Principal:
        return principal

    api = Api(
        ROUTES,
        database=town.database,
        keyring=Keyring({1: bytes(32)}),
        authenticate=authenticate,
        settings=Settings(),
        limits=DoorLimits(per_key=Limit(10**6)),
        access_log=AccessLog(lambda _: None),
    )
    return Client(api, "operator")


async def keep(town: Town, mrr: float) -> str:
    """Let another model serve; return its id."""
    window = (START, START + timedelta(days=60))
    figures = {"mrr": Estimate(mrr, mrr - 0.1, mrr + 0.1), "week.auc": Estimate(float("nan"))}
    async with town.database.unit(town.network_id, role="worker") as uow:
        serving = await registry.serving(uow, TASK)
        new = NewModel(TASK, *window, 123, figures, {"popular": {"mrr": Estimate(0.25)}}, b"trees")
        kept = await registry.keep(uow, new, compared_with=serving.id if serving else None)
    return str(kept.id)


async def test_models_are_listed_with_figures_beside_the_baselines(town: Town, client: Client) -> None:
    """The newest first; what could not be computed is null."""
    first, second = await keep(town, 0.5), await keep(town, 0.625)
    items = (await client.get("/v1/models")).json["items"]
    assert [(one["model_id"], one["state"]) for one in items] == [(second, "serves"), (first, "served")]
    assert items[0]["metrics"]["mrr"] == {"value": 0.625, "low": 0.525, "high": 0.725}
    assert items[0]["metrics"]["week.auc"] == {"value": None, "low": None, "high": None}
    assert items[0]["baselines"]["popular"]["mrr"]["value"] == 0.25
    assert (items[0]["facts"], items[0]["reasons"]) == (123, [])


async def test_a_model_is_rolled_back_once_per_key(town: Town, client: Client) -> None:
    """A retry has the first answer; further back there is none, and nothing changes; other tasks are unknown."""
    first, second = await keep(town, 0.5), await keep(town, 0.625)
    answers = [await client.call("POST", f"/v1/models/{TASK}/rollback", {}, key="once") for _ in range(2)]
    assert [one.status for one in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    assert (answers[0].json["withdrawn"]["model_id"], answers[0].json["serves"]["model_id"]) == (second, first)
    refused = await client.post(f"/v1/models/{TASK}/rollback", {})
    assert (refused.status, refused.code) == (409, "model_none_before")
    unknown = await client.post("/v1/models/weather/rollback", {})
    assert (unknown.status, unknown.code) == (404, "need_task_unknown")
    items = (await client.get("/v1/models")).json["items"]
    assert [one["state"] for one in items] == ["withdrawn", "serves"]
