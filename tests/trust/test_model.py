"""T1: whatever happens in whatever order, vouchers and money are what the rules say; planted bugs are caught."""

import asyncio
import os
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from tests.trust.machine import Divergence, TownMachine, World

RULES_PER_RUN = 120
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


def explore(world: World, number: int, *, runs: int, stop_after: int, phases: tuple[Phase, ...]) -> None:
    """Let the machine run until it has taken enough steps; the number makes it take the same ones again."""
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
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert world.steps >= stop_after


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(4))
def test_engine_and_reference_agree_after_every_step(world: World, part: int) -> None:
    """Thousands of steps in all orders: answers, money, vouchers, limits and stock agree after each transaction."""
    number = int(os.environ.get("RINGMAIN_TEST_SEED", "20260302")) + part
    explore(world, number, runs=30, stop_after=7_500, phases=PHASES)
    print(world.steps, world.transactions, world.refusals)
