"""A replay as a command runs it: with progress, followed by the lake and the report."""

import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ringmain.entry.installation import Installation
from ringmain.entry.lake import lake_tables
from ringmain.kit.follow import catch_up
from ringmain.kit.lake.export import Exporter
from ringmain.kit.memory import peak_mb
from ringmain.ledger import api as ledger
from ringmain.simulate import api as simulate


@dataclass(slots=True)
class ReplayReport:
    """What a replay ends with; `seconds` by stage, `peak_mb` of this process."""

    counts: dict[str, int]
    ledger_sum: dict[str, int]
    seconds: dict[str, float]
    peak_mb: float = 0.0
    loop: dict[str, Any] = field(default_factory=dict)


async def replay_with_progress(
    installation: Installation,
    console: Console,
    *,
    until: date | None = None,
    folder: Path | None = None,
    choice: str = simulate.MOST_FOLLOWED,
) -> ReplayReport:
    """Replay the Complete Journey (local days before `until`; None for the whole year) and copy it into the lake.

    `choice` says whose voucher a visit earns: "most-followed" or "foretold", whose models take minutes to learn.
    Raises `DataMissing`, `ReplayDiffers`, `ReplayBegunOtherwise`.
    """
    started = time.perf_counter()
    journey = simulate.load(folder, until=until)
    loading = time.perf_counter() - started
    learning = time.perf_counter()
    with console.status("Learning where people come next" if choice != simulate.MOST_FOLLOWED else "Preparing"):
        chosen = simulate.choice_named(choice, journey)
    replay = simulate.Replay(installation.database, installation.keyring, journey, chosen)
    learning = time.perf_counter() - learning
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=False) as bar:
        task = bar.add_task("Replaying purchases around the ring", total=len(journey.baskets.basket_id))
        done = await replay.run(lambda rows, total: bar.update(task, completed=rows, total=total))
    seconds = {"read the data": loading, "learn to choose": learning, **done.seconds}
    exporting = time.perf_counter()
    await _export(installation)
    seconds["copy into the lake"] = time.perf_counter() - exporting
    async with installation.database.unit(simulate.NETWORK_ID) as uow:
        sums = {one.currency: one.sum_minor for one in await ledger.sums(uow)}
    return ReplayReport(_counts(journey, done.counts), sums, seconds, peak_mb())


async def _export(installation: Installation) -> None:
    exporter = Exporter(installation.settings.lake_folder, installation.urls.application_url, lake_tables())
    await catch_up(installation.database, exporter.follower(), simulate.NETWORK_ID)


def _counts(journey: simulate.Journey, replayed: dict[str, int]) -> dict[str, int]:
    return {
        "households": len(journey.households.household_id),
        "stores": len(journey.store_id),
        "campaigns": len(journey.campaigns.campaign_id),
        "coupons": len(journey.coupons.upc),
        **replayed,
        **simulate.traps(journey),
    }
