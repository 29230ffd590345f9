"""T4 and T6: processes are killed and answers are lost, and nothing acknowledged is lost, nothing is done twice."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.trust.proxy import AnswerDroppingProxy
from tests.trust.service import Found, Service, Tills, examine

pytestmark = pytest.mark.timeout(900)
CYCLES = 25
DROPS = 500
DATABASE_READY_WITHIN_SECONDS = 10


@dataclass
class Outcome:
    """How a test of crashes went, for its assertions."""

    found: Found
    answered: int
    in_doubt: int
    slowest_start: float


async def crash_again_and_again(service: Service, cycles: int, crash: Callable[[], Any]) -> Outcome:
    """Let tills work, crash something under them, wait until it is up again; at the end compare."""
    dice = random.Random(5)
    slowest = 0.0
    service.start_server()
    await service.ready()
    tills = Tills(service, service.port)
    async with tills:
        for _ in range(cycles):
            await asyncio.sleep(dice.uniform(0.5, 1.5))
            await asyncio.to_thread(crash)
            slowest = max(slowest, await service.ready())
        await asyncio.sleep(0.5)
    return Outcome(await examine(service, tills), len(tills.answers), len(tills.ambiguous), slowest)


async def test_everything_that_can_break_breaks_once(tmp_path: Path) -> None:
    """In one day: answers are lost on both ways, the database is killed, the server is killed; every answer holds."""
    answers, commits = NowAndThen(4, b"redemption_id"), NowAndThen(4, b"COMMIT\0")
    async with (
        Service(tmp_path / "home") as service,
        AnswerDroppingProxy(service.address.port, commits) as to_database,
        AnswerDroppingProxy(service.port, answers) as to_server,
    ):
        service.start_server(to_database.port)
        await service.ready()
        tills = Tills(service, to_server.port)
        async with tills:
            await lose(to_server, answers, 10)
            await lose(to_database, commits, 5)
            service.kill_database()
            await asyncio.to_thread(service.database_server.start)
            await service.ready()
            await lose(to_database, commits, 5)
            service.kill_server()
            service.start_server(to_database.port)
            await service.ready()
            await lose(to_server, answers, 10)
        found = await examine(service, tills)
    assert found == Found(lost=0, doubled=0, different=0)
    assert len(tills.ambiguous) >= 20
    assert len(tills.answers) > 50


@pytest.mark.long
async def test_killing_the_database_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """All processes of the database are killed under load; the server lives, and every answer stays true."""
    async with Service(tmp_path / "home") as service:

        def crash() -> None:
            service.kill_database()
            service.database_server.start()

        outcome = await crash_again_and_again(service, CYCLES, crash)
    assert outcome.found == Found(lost=0, doubled=0, different=0)
    assert outcome.in_doubt >= CYCLES
    assert outcome.answered > 20 * CYCLES
    assert outcome.slowest_start < DATABASE_READY_WITHIN_SECONDS


@pytest.mark.long
async def test_killing_the_server_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The application is killed under load; after its start, the same keys get the same answers."""
    async with Service(tmp_path / "home") as service:

        def crash() -> None:
            service.kill_server()
            service.start_server()

        outcome = await crash_again_and_again(service, CYCLES, crash)
    assert outcome.found == Found(lost=0, doubled=0, different=0)
    assert outcome.in_doubt >= CYCLES
    assert outcome.answered > 20 * CYCLES


@pytest.mark.long
async def test_control_asynchronous_commit_loses_what_it_acknowledged(tmp_path: Path) -> None:
    """With commits that are answered before they are written, the same crash loses some, and the count shows it."""
    settings = {"synchronous_commit": "off", "wal_writer_delay": "2s", "wal_writer_flush_after": "64MB"}
    async with Service(tmp_path / "home", **settings) as service:

        def crash() -> None:
            service.kill_database()
            service.database_server.start()

        outcome = await crash_again_and_again(service, 3, crash)
    assert outcome.found.lost > 0


# ------------------------------------------------------------------------------------------------------ lost answers


class NowAndThen:
    """Says of about one answer in `every` that it is lost, once it is switched on."""

    def __init__(self, every: int, mark: bytes) -> None:
        self.on = False
        self._every = every
        self._mark = mark
        self._dice = random.Random(9)

    def __call__(self, data: bytes) -> bool:
        """Look at a piece of an answer."""
        return self.on and self._mark in data and self._dice.randrange(self._every) == 0


async def drop_answers(
    service: Service, drops: int, tills: Tills, proxy: AnswerDroppingProxy, choose: NowAndThen
) -> Found:
    """Let tills work until so many requests were in doubt, because their answers were lost on the way."""
    async with asyncio.timeout(600), tills:
        # Some requests lose more than one answer: those in doubt are counted, not the lost answers.
        while len(tills.ambiguous) < drops:
            await lose(proxy, choose, max(1, (drops - len(tills.ambiguous)) // 2))
    return await examine(service, tills)


async def lose(proxy: AnswerDroppingProxy, choose: NowAndThen, drops: int) -> None:
    """Wait until so many more answers were lost."""
    wanted = proxy.dropped + drops
    choose.on = True
    while proxy.dropped < wanted:  # noqa: ASYNC110 (the proxy counts what flows through it)
        await asyncio.sleep(0.02)
    choose.on = False


@pytest.mark.long
async def test_answers_lost_between_till_and_server_are_healed_by_the_key(tmp_path: Path) -> None:
    """The redemption is done, its answer never arrives: the same key gets it, and nothing is done twice."""
    async with Service(tmp_path / "home") as service:
        service.start_server()
        await service.ready()
        choose = NowAndThen(8, b"redemption_id")
        async with AnswerDroppingProxy(service.port, choose) as proxy:
            tills = Tills(service, proxy.port)
            found = await drop_answers(service, DROPS, tills, proxy, choose)
    assert found == Found(lost=0, doubled=0, different=0)
    assert len(tills.ambiguous) >= DROPS


@pytest.mark.long
async def test_commits_whose_answer_is_lost_are_healed_by_the_key(tmp_path: Path) -> None:
    """The database has committed and the server never hears of it: it says so, and the same key finds what was done."""
    async with Service(tmp_path / "home") as service:
        choose = NowAndThen(8, b"COMMIT\0")
        async with AnswerDroppingProxy(service.address.port, choose) as proxy:
            service.start_server(database_port=proxy.port)
            await service.ready()
            tills = Tills(service, service.port)
            found = await drop_answers(service, DROPS, tills, proxy, choose)
    assert found == Found(lost=0, doubled=0, different=0)
    assert len(tills.ambiguous) >= DROPS


async def test_control_a_new_key_for_every_attempt_does_it_twice(tmp_path: Path) -> None:
    """A till that makes up a new key when it asks again redeems twice whenever an answer was lost."""
    async with Service(tmp_path / "home") as service:
        service.start_server()
        await service.ready()
        choose = NowAndThen(8, b"redemption_id")
        async with AnswerDroppingProxy(service.port, choose) as proxy:
            tills = Tills(service, proxy.port, new_key_per_attempt=True)
            found = await drop_answers(service, 30, tills, proxy, choose)
    assert found.lost == 0
    assert found.doubled >= 30
