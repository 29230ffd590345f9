"""T1: whatever happens in whatever order, vouchers and money are what the rules say; planted bugs are caught."""

import asyncio
import os
import random
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from tests.trust.machine import ROWS, Divergence, TownMachine, World
from tests.trust.planted import PLANTED

RULES_PER_RUN = 120
CAUGHT_WITHIN = 5_000
QUICK = 5  # planted bugs in `make test`; the others are planted in `make test-long`
# Finding a short example of a failure takes minutes: ask for it with RINGMAIN_TEST_SHRINK=1.
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("RINGMAIN_TEST_SHRINK") else (Phase.generate,)


@pytest.fixture
def world(database_urls: Urls) -> Iterator[World]:
    """One pool and one all-seeing connection for all runs of a test."""
    with asyncio.Runner() as runner, psycopg.connect(database_urls.migration_url, autocommit=True) as everything:
        database = Database(database_urls.application_url, connections=1)
        runner.run(database.__aenter__())
        yield World(runner, database, everything)
        runner.run(database.__aexit__())


def explore(world: World, number: int, *, runs: int, stop_after: int) -> None:
    """Let the machine run and see that it took enough steps; the number makes it take the same ones again."""
    machine = seed(number)(type("Town", (TownMachine,), {"world": world}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=RULES_PER_RUN,
            deadline=None,
            database=None,
            derandomize=False,
            report_multiple_bugs=False,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert world.steps >= stop_after


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in (1, 2, 3))])
def test_engine_and_reference_agree_after_every_step(world: World, part: int) -> None:
    """Thousands of steps in all orders: answers, money, vouchers, limits and stock agree after each transaction."""
    number = int(os.environ.get("RINGMAIN_TEST_SEED", "20260302"))
    explore(world, number + part, runs=35, stop_after=7_500)
    assert set(ROWS) <= set(world.done)
    assert len(world.refusals) > 20, "the steps no longer meet most of the rules"


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_engine_and_reference_agree_for_long(world: World) -> None:
    """A hundred thousand steps that are others every time; the seed is shown where they fail."""
    number = int(os.environ.get("RINGMAIN_TEST_SEED", str(random.randrange(2**32))))
    try:
        explore(world, number, runs=500, stop_after=100_000)
    except BaseException as error:
        error.add_note(f"RINGMAIN_TEST_SEED={number}, after {world.steps} steps")
        raise


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "bug", [pytest.param(bug, marks=() if place < QUICK else pytest.mark.long) for place, bug in enumerate(PLANTED)]
)
def test_control_a_planted_bug_is_caught(world: World, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    """With one plausible bug in the engine, the same steps end in a disagreement, or in a refusal by the database."""
    PLANTED[bug](monkeypatch)
    with pytest.raises((Divergence, psycopg.IntegrityError)):
        explore(world, 20_260_302, runs=35, stop_after=0)
    assert world.steps <= CAUGHT_WITHIN
