"""Minting and the import of sales, each against COPY of the same rows into the same tables with the same indexes."""

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

from ringmain.entry.bench import store
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.measure import Bench
from ringmain.entry.bench.plan import Plan, Result, Sample, result
from ringmain.entry.bench.singles import Say
from ringmain.entry.bench.stage import Stage
from ringmain.kit.db import Database
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import Keyring
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher


async def mint(stage: Stage, plan: Plan, say: Say) -> list[Result]:
    """Mint codes by the use case and by COPY in turn; returns one figure."""
    ours: list[Sample] = []
    limits: list[Sample] = []
    count = plan.mint_codes
    till = stage.tills[0]
    async with Database(stage.application_url) as database:
        for repetition in range(plan.repetitions):
            store.checkpoint(stage.superuser_url)
            sample = await _minted(database, stage.network_id, till.offer_id, count)
            ours.append(sample)
            rows = store.rows_of_mint(stage.superuser_url, (stage.network_id, till.offer_id), count)
            store.checkpoint(stage.superuser_url)
            seconds = store.copy_mint(stage.superuser_url, till, rows, count)
            limits.append(Sample(count / seconds))
            say(
                f"mint {repetition + 1}/{plan.repetitions}: limit {limits[-1].per_second:,.0f}/s, "
                f"minted {sample.per_second:,.0f}/s"
            )
    notes = (f"{count:,} codes", "limit: COPY with the hold of the money, one transaction")
    return [result("mint", "codes/s", ours, limits, notes)]


async def _minted(database: Database, network_id: UUID, offer_id: UUID, count: int) -> Sample:
    begun, cpu = time.perf_counter(), time.process_time()
    async with database.unit(network_id) as uow:
        ordered = await voucher.order_codes(uow, offer_id, count)
    if isinstance(ordered, RuleBroken):
        raise BenchFailed(f"The mint was refused: {ordered}.")
    done = await voucher.complete_mint(database, network_id, ordered.id)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    if done.minted != count:
        raise BenchFailed(f"Of {count} codes {done.minted} were minted.")
    return Sample(count / seconds, server_us=cpu / count * 1e6)


async def import_sales(bench: Bench, stage: Stage, plan: Plan, say: Say) -> list[Result]:
    """Import a file of sales by the use case and by COPY in turn; returns one figure."""
    ours: list[Sample] = []
    limits: list[Sample] = []
    count = plan.import_sales
    keyring = Keyring.open(stage.key_file)
    async with Database(stage.application_url) as database:
        for repetition in range(plan.repetitions):
            label = f"r{repetition}-"
            path = bench.folder / "sales.csv"
            mapping = sale.write_sales_file(path, _shops(stage), count, label=label)
            store.checkpoint(stage.superuser_url)
            cpu = time.process_time()
            timing = await sale.time_import(database, stage.network_id, keyring, path, mapping)
            cpu = time.process_time() - cpu
            ours.append(Sample(count / timing.seconds, server_us=cpu / count * 1e6))
            rows = store.rows_of_sales(stage.superuser_url, stage.network_id, label)
            store.checkpoint(stage.superuser_url)
            limits.append(Sample(count / store.copy_sales(stage.superuser_url, rows, count)))
            say(
                f"import {repetition + 1}/{plan.repetitions}: limit {limits[-1].per_second:,.0f}/s, "
                f"imported {ours[-1].per_second:,.0f}/s"
            )
    notes = (f"{count:,} sales of a CSV file without lines", "limit: COPY of the same rows, one transaction")
    return [result("import_sales", "sales/s", ours, limits, notes)]


def _shops(stage: Stage) -> Sequence[UUID]:
    return sorted({till.shop_id for till in stage.tills})


def run(bench: Bench, stage: Stage, plan: Plan, wanted: set[str], say: Say) -> list[Result]:
    """Return the figures of minting and importing that are wanted."""
    results: list[Result] = []
    if "mint" in wanted:
        results += asyncio.run(mint(stage, plan, say))
    if "import_sales" in wanted:
        results += asyncio.run(import_sales(bench, stage, plan, say))
    return results
