"""A whole installation to be hurt: a database that keeps what it says, the application as a process, and tills."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx2
import psycopg

from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls, prepare_database
from ringmain.kit.postgres import APPLICATION_USER, EmbeddedServer, ServerAddress
from ringmain.kit.postgres.postmaster import survivors
from ringmain.kit.secrets import Keyring
from ringmain.ledger.api import guard_differences, sums
from ringmain.network.api import make_key, token_text
from ringmain.voucher.codes import encode_codes
from tests.trust.town import grant_many, open_street

ROOT = Path(__file__).resolve().parents[2]
FACE = 10**9
READY_SECONDS = 30.0


class Service:
    """A home of its own with its database and server; everything in it is ended when the block ends."""

    def __init__(self, home: Path, **extra_settings: str) -> None:
        self.home = home
        self.database_server = EmbeddedServer(home, extra_settings)
        self.address: ServerAddress
        self.urls: Urls
        self.port = _free_port()
        self.log = home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.token = ""
        self.codes: list[str] = []

    async def __aenter__(self) -> Self:
        """Start the database, make a town with gift vouchers, and a key for its first merchant."""
        self.address = await asyncio.to_thread(self.database_server.start)
        self.urls = await asyncio.to_thread(
            prepare_database, self.address.url("postgres"), "ringmain", self.address.application_password
        )
        await self._fill()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End both processes."""
        await asyncio.to_thread(self.kill_server)
        await asyncio.to_thread(self.database_server.stop)

    async def _fill(self) -> None:
        keyring = Keyring.create(self.home / "master.key")
        async with Database(self.urls.application_url, connections=2) as database:
            gift = {"kind": "gift", "face": FACE, "days": 30}
            self.town, (self.offer,) = await open_street(database, gift, funds=FACE * 20)
            self.vouchers = await grant_many(database, self.town, self.offer, [None] * 16)
            async with database.unit(self.town.network) as uow:
                made = await make_key(uow, keyring, "merchant", "till", self.town.merchants[0])
        self.token = token_text(keyring, "merchant", made.key.id, made.key.version, made.master_version) or ""
        secrets = dict(self.rows("SELECT id, secret FROM voucher WHERE network_id = %s", self.town.network))
        # Where a control lets commits be lost, the town itself stays.
        with psycopg.connect(self.urls.migration_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        self.codes = [encode_codes(id_.bytes + secrets[id_]).decode() for id_ in self.vouchers]

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        """Return rows past row-level security."""
        with psycopg.connect(self.urls.migration_url, autocommit=True) as connection:
            return connection.execute(query, params).fetchall()

    # ------------------------------------------------------------------------------------------------------- server

    def start_server(self, database_port: int | None = None) -> None:
        """Start the application; through another port to the database where a proxy stands between."""
        url = self.address.url("ringmain", APPLICATION_USER, tcp=True)
        if database_port is not None:
            url = url.replace(f"127.0.0.1:{self.address.port}/", f"127.0.0.1:{database_port}/")
        environment = os.environ | {
            "RINGMAIN_HOME": str(self.home),
            "RINGMAIN_DATABASE_URL": url,
            "RINGMAIN_MASTER_KEY_FILE": str(self.home / "master.key"),
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }
        command = [sys.executable, "-m", "tests.trust.server", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)

    def kill_server(self) -> None:
        """Kill the application as the kernel would when memory runs out."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def kill_database(self) -> None:
        """Kill every process of the database at once; nothing of it may say goodbye."""
        assert self.database_server.pid is not None
        processes = [self.database_server.pid, *survivors(self.database_server._home.data)]
        for process in dict.fromkeys(processes):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self.database_server.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)

    async def ready(self) -> float:
        """Wait until the application answers that the database does; returns the seconds that took."""
        began = time.monotonic()
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=5) as client:
            while time.monotonic() - began < READY_SECONDS:
                with suppress(httpx2.TransportError):
                    if (await client.get("/readyz")).status_code == 200:
                        return time.monotonic() - began
                await asyncio.sleep(0.05)
        raise TimeoutError(self.log.read_text()[-2_000:])


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Tills:
    """Tills that redeem one minor unit after the other, and send each request again until it is answered."""

    service: Service
    port: int
    count: int = 12
    new_key_per_attempt: bool = False
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    ambiguous: set[str] = field(default_factory=set)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Open the shop."""
        self._tasks = [asyncio.create_task(self._till(number)) for number in range(self.count)]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the shop when every till has the answer to its last request."""
        self._ending.set()
        if kind is not None:
            for task in self._tasks:
                task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and kind is None:
                raise outcome

    async def _till(self, number: int) -> None:
        async with self.client() as client:
            sent = 0
            while not self._ending.is_set():
                sent += 1
                key = f"till-{number}-{sent}"
                codes = self.service.codes
                self.bodies[key] = {
                    "code": codes[number % len(codes)],
                    "amount_minor": 1,
                    "shop_id": str(self.service.town.shops[0].id),
                }
                self.answers[key] = await self._until_answered(client, key)

    def client(self) -> httpx2.AsyncClient:
        """A till's connection."""
        headers = {"authorization": f"Bearer {self.service.token}"}
        return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=10)

    async def _until_answered(self, client: httpx2.AsyncClient, key: str) -> tuple[int, Any]:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self.send(client, key, attempt)
            except httpx2.TransportError:
                # Nobody knows whether it was done: the same key asks again.
                self.ambiguous.add(key)
                await asyncio.sleep(0.02)
            except Busy:
                await asyncio.sleep(0.05)

    async def send(self, client: httpx2.AsyncClient, key: str, attempt: int = 1) -> tuple[int, Any]:
        """Send a request under its key and return status and body. Raises `Busy` where it was put off."""
        header = f"{key}-{attempt}" if self.new_key_per_attempt else key
        answer = await client.post("/v1/redemptions", json=self.bodies[key], headers={"idempotency-key": header})
        if answer.status_code in (429, 503):
            if answer.status_code == 503:
                self.ambiguous.add(key)
            raise Busy
        return answer.status_code, answer.json()


class Busy(Exception):
    """The server could not decide now."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds, against what the tills were told."""

    lost: int
    doubled: int
    different: int


async def examine(service: Service, tills: Tills) -> Found:
    """Compare every acknowledgement with the database, and ask again for every answer that was in doubt."""
    network = service.town.network
    rows = {
        row[0]: row[1:]
        for row in service.rows("SELECT id, voucher_id, amount_minor FROM redemption WHERE network_id = %s", network)
    }
    told = [answer["redemptions"][0] for status, answer in tills.answers.values() if status == 201]
    assert len(told) == len(tills.answers), Counter(status for status, _ in tills.answers.values())
    lost = sum(UUID(one["redemption_id"]) not in rows for one in told)
    doubled = len(rows) - (len(told) - lost)
    await _money_is_whole(service, rows)
    return Found(lost, doubled, 0 if tills.new_key_per_attempt else await _different(tills))


async def _money_is_whole(service: Service, rows: dict[UUID, tuple[Any, ...]]) -> None:
    """Each voucher has lost what its redemptions took, and the ledger agrees with itself."""
    network = service.town.network
    spent = Counter(voucher for voucher, _ in rows.values())
    left = dict(service.rows("SELECT id, remaining_minor FROM voucher WHERE network_id = %s", network))
    assert left == {voucher: FACE - spent[voucher] for voucher in service.vouchers}
    async with Database(service.urls.application_url, connections=1) as database, database.unit(network) as uow:
        assert [one.sum_minor for one in await sums(uow)] == [0]
        assert await guard_differences(uow) == []


async def _different(tills: Tills) -> int:
    """Send again what was in doubt, and some of the rest; count the answers that are not the first ones."""
    keys = [*tills.ambiguous, *list(tills.answers)[-100:]]
    different = 0
    async with tills.client() as client:
        for key in keys:
            different += await tills.send(client, key) != tills.answers[key]
    return different
