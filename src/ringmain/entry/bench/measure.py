"""One measurement: a limit or a load, with what it wrote and what it cost; a run that did less than it says fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ringmain.entry.bench import process, store
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.plan import Sample
from ringmain.entry.bench.stage import Stage
from ringmain.kit.postgres import ServerAddress

_PER_TRANSACTION = "outbox"
# Requests that the end of a run cut off are counted in some tables by their neighbours' moment only.
_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Bench:
    """The server of a bench: where it is, its process, and the folder for its files."""

    address: ServerAddress
    postmaster: int
    folder: Path


@dataclass(slots=True)
class _Cost:
    """What happened between two moments; the numbers are there when the block has ended."""

    database_seconds: float = 0.0
    wal_bytes: int = 0
    rows: "dict[str, int] | None" = None


@contextmanager
def _costs(bench: Bench, stage: Stage) -> Iterator[_Cost]:
    cost = _Cost()
    store.wait_until_quiet(stage.superuser_url)
    begun = store.mark(stage.superuser_url)
    written, cpu = store.wal_bytes(stage.superuser_url), process.database_cpu_seconds(bench.postmaster)
    yield cost
    cost.database_seconds = process.database_cpu_seconds(bench.postmaster) - cpu
    cost.wal_bytes = store.wal_bytes(stage.superuser_url) - written
    cost.rows = store.rows_since(stage.superuser_url, stage.network_id, begun)


def _sample(cost: _Cost, items: float, per_second: float, **more: float) -> Sample:
    assert cost.rows is not None
    return Sample(
        per_second=per_second,
        database_us=cost.database_seconds / items * 1e6,
        wal_bytes=cost.wal_bytes / items,
        rows={name: count / items for name, count in cost.rows.items()},
        **more,
    )


def limit(
    bench: Bench,
    stage: Stage,
    script: Path,
    *,
    clients: int,
    seconds: int,
    warm_up: int,
    items: int = 1,
    **variables: object,
) -> Sample:
    """Run a script of the limits; fails where a transaction redeemed fewer than `items` vouchers."""
    with _costs(bench, stage) as cost:
        run = process.run_limit(
            bench.address,
            stage.name,
            script,
            clients=clients,
            seconds=seconds,
            warm_up=warm_up,
            network=stage.network_id,
            **variables,
        )
    assert cost.rows is not None
    done = cost.rows.get("redemption", 0)
    if script.name.startswith("redeem") and done != run.transactions * items:
        raise BenchFailed(f"{script.name} redeemed {done} vouchers in {run.transactions} transactions of {items}.")
    return _sample(cost, run.transactions * items, run.per_second * items)


def check_same_rows(limit: Sample, ours: Sample) -> None:
    """Raise where a limit writes less than the application does: it would be no limit.

    The outbox is written per transaction and not per redemption, so it may only be less on our side.
    """
    tables = (set(limit.rows) | set(ours.rows)) - {_PER_TRANSACTION}
    wrong = {name for name in tables if abs(limit.rows.get(name, 0.0) - ours.rows.get(name, 0.0)) > _TOLERANCE}
    if ours.rows.get(_PER_TRANSACTION, 0.0) > limit.rows.get(_PER_TRANSACTION, 0.0) + _TOLERANCE:
        wrong.add(_PER_TRANSACTION)
    if wrong:
        seen = ", ".join(
            f"{name}: {limit.rows.get(name, 0.0):.3g} and {ours.rows.get(name, 0.0):.3g}" for name in sorted(wrong)
        )
        raise BenchFailed(f"Rows per redemption of limit and application differ ({seen}).")


@dataclass(frozen=True, slots=True)
class Requests:
    """What is sent: prepared requests for the warm-up and for the measurement, `items` vouchers in each."""

    path: str
    warm: Path
    measured: Path
    connections: int
    warm_up: int
    seconds: int
    items: int = 1


def load(bench: Bench, stage: Stage, server: process.Server, sent: Requests) -> Sample:
    """Send prepared requests; fails where one was refused or an answer was given for nothing."""
    process.run_load(server.url + sent.path, sent.warm, connections=sent.connections, seconds=sent.warm_up)
    with _costs(bench, stage) as cost:
        cpu = server.cpu_seconds()
        run = process.run_load(
            server.url + sent.path, sent.measured, connections=sent.connections, seconds=sent.seconds
        )
        cpu = server.cpu_seconds() - cpu
    assert cost.rows is not None
    done = cost.rows.get("redemption", 0)
    if run.refused or done < run.answers * sent.items:
        raise BenchFailed(f"Of {run.answers} requests {run.refused} were refused; {done} vouchers were redeemed.")
    # Requests that were on their way when the time was over have been paid for too.
    return _sample(
        cost, done, run.per_second * sent.items, p99_ms=run.p99_ms, server_us=cpu / done * 1e6, load_us=run.own_us
    )
