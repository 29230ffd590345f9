"""The commands about models: what they do with an installation, and what they say."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ringmain.entry.installation import Installation, opened
from ringmain.entry.keys import open_network
from ringmain.entry.training.run import models, roll_back, train
from ringmain.kit.audit import Filter, entries
from ringmain.kit.learn import registry
from ringmain.kit.learn.intervals import Estimate
from ringmain.kit.learn.registry import NewModel, NoModelBefore
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from ringmain.need.api import TASK
from ringmain.need.errors import HistoryTooShort, TaskUnknown

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


def screen() -> Console:
    """Return a wide screen that can be read afterwards."""
    return Console(file=StringIO(), width=240)


async def keep(installation: Installation, network_id: uuid.UUID, mrr: float, *reasons: str) -> None:
    """Keep a model, promoted or refused."""
    figures = {"mrr": Estimate(mrr, mrr - 0.02, mrr + 0.02), "acc@10": Estimate(0.875)}
    new = NewModel(TASK, AT, AT + timedelta(days=60), 12_345, figures, {"popular": {"mrr": Estimate(0.25)}}, b"{}")
    async with installation.database.unit(network_id, role="worker") as uow:
        serving = await registry.serving(uow, TASK)
        compared = serving.id if serving is not None else None
        await registry.keep(uow, new, compared_with=compared, refused_because=reasons)


async def test_models_are_listed_and_rolled_back(new_database: Callable[[], Urls], tmp_path: Path) -> None:
    """A table with state, window and figures beside the baselines; the way back leaves an entry; further is refused."""
    async with opened(Settings(home=tmp_path), new_database()) as installation:
        network_id, _ = await open_network(installation, "Street", "CNY", "Asia/Shanghai")
        assert await models(installation, None) == []
        await keep(installation, network_id, 0.5)
        await keep(installation, network_id, 0.625)
        await keep(installation, network_id, 0.4, "below_serving")
        shown = screen()
        for table in await models(installation, None):
            shown.print(table)
        said = shown.file.getvalue()  # type: ignore[attr-defined]
        assert "refused (below_serving)" in said
        assert "0.625 (0.605-0.645)" in said
        assert "2026-03-01 – 2026-04-30" in said
        done = await roll_back(installation, shown, None, TASK)
        assert done.endswith("Something is expected of 0 people now.")
        with pytest.raises(NoModelBefore):
            await roll_back(installation, shown, None, TASK)
        async with installation.database.unit(network_id) as uow:
            (entry,) = await entries(uow, Filter(action="roll_back_model"), None, 10)
            found = [one.state for one in await registry.models(uow)]
    assert (entry.actor_kind, entry.object_kind) == ("command_line", "model")
    assert found == ["refused", "withdrawn", "serves"]


async def test_training_without_history_is_refused(new_database: Callable[[], Urls], tmp_path: Path) -> None:
    """All tasks where none is named; an unknown one is refused; nothing is kept."""
    async with opened(Settings(home=tmp_path), new_database()) as installation:
        network_id, _ = await open_network(installation, "Street", "CNY", "Asia/Shanghai")
        with pytest.raises(HistoryTooShort):
            await train(installation, screen(), None, None, 0)
        with pytest.raises(TaskUnknown):
            await train(installation, screen(), network_id, "weather", 0)
        assert await models(installation, network_id) == []
