"""The operator's page of models: what serves beside the baselines, why others do not, and the way back in two taps."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser

from ringmain.kit.audit import Filter, entries
from ringmain.kit.learn import registry
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.learn.registry import KeptModel, NewModel
from ringmain.need import api as need
from ringmain.simulate.api import street
from tests.entry.web.journey import DESK, PHONE, Language, faults, journey
from tests.entry.web.served import Served
from tests.entry.web.test_operator import sign_in

pytestmark = pytest.mark.browser
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "serves": "serves",
        "own": "Own visits",
        "why": "worse than the model that serves",
        "open": "Roll back …",
        "yes": "Yes, roll back",
        "back": "rolled back",
    },
    "zh": {
        "serves": "启用中",
        "own": "本人到店次数",
        "why": "比启用中的模型差",
        "open": "回退…",
        "yes": "确认回退",
        "back": "已回退",
    },
}


async def keep(served: Served, mrr: float, *reasons: str) -> KeptModel:
    """Keep a model in the street beside the one that serves; what it was learnt from is invented."""
    now = datetime.now(tz=UTC)
    figures = {"mrr": Estimate(mrr, mrr - 0.02, mrr + 0.02), "acc@10": Estimate(0.875)}
    baselines = {name: {"mrr": Estimate(0.25, 0.2, 0.3)} for name in ("own visits", "popular", "after last")}
    new = NewModel(need.TASK, now - timedelta(days=60), now, 12_345, figures, baselines, b"trees")
    async with served.database.unit(street.NETWORK_ID, role="worker") as uow:
        serving = await registry.serving(uow, need.TASK)
        compared = serving.id if serving is not None else None
        return await registry.keep(uow, new, compared_with=compared, refused_because=reasons)


@pytest.mark.parametrize(("language", "size"), [("en", DESK), ("zh", PHONE)])
async def test_a_model_is_rolled_back(served: Served, browser: Browser, language: Language, size: object) -> None:
    """Its figures stand beside the baselines; the button needs a second tap, and then the one before it serves."""
    said = WORDS[language]
    first = await served.acall(keep(served, 0.5))
    second = await served.acall(keep(served, 0.625))
    await served.acall(keep(served, 0.4, "below_serving"))
    async with journey(browser, served.url, f"models {language}", size=size, language=language) as walk:  # type: ignore[arg-type]
        await sign_in(walk)
        await walk.page.goto("/operator/models")
        await walk.see("0.625 (0.605 – 0.645)")
        assert await walk.page.get_by_role("columnheader", name=said["own"]).is_visible()
        await walk.see(said["why"])
        assert await faults(walk.page) == []
        assert not await walk.page.get_by_role("button", name=said["yes"]).is_visible()
        await walk.page.locator("summary", has_text=said["open"]).click()
        assert await faults(walk.page) == []
        await walk.tap(said["yes"])
        await walk.page.locator("li", has_text="0.625").get_by_text(said["back"]).first.wait_for()
        await walk.page.locator("li", has_text="0.5 (").get_by_text(said["serves"], exact=True).first.wait_for()

    async def standing() -> tuple[object, list[tuple[str, str]]]:
        async with served.database.unit(street.NETWORK_ID) as uow:
            serving = await registry.serving(uow, need.TASK)
            found = await entries(uow, Filter(action="roll_back_model"), None, 10)
        return serving and serving.id, [(one.actor_kind, one.action) for one in found[:1]]

    assert await served.acall(standing()) == (first.id, [("account", "roll_back_model")])
    assert second.id != first.id
