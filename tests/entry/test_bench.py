"""Tests of the bench: a limit writes what the application writes, and a run that did less gives no figure."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import psycopg
import pytest

from ringmain.campaign.api import allocate
from ringmain.entry.bench import (
    allocating,
    ids,
    images,
    load,
    matching,
    measure,
    messaging,
    process,
    report,
    stage,
    store,
)
from ringmain.entry.bench.errors import BenchFailed
from ringmain.entry.bench.plan import GROUPS, NAMES, Plan, Sample, result
from ringmain.entry.bench.run import run
from ringmain.entry.bench.stage import MERCHANTS, Stage
from ringmain.kit.db import Database
from ringmain.kit.idempotency import Keyed
from ringmain.kit.postgres import ServerAddress
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.sale.api import NewSale, Recorded, TillDoor, VoucherUse
from ringmain.voucher.api import parse_code

_VOUCHERS = 256_000
# The application's own vouchers are the last ones; the limits spend from the front, each run its own part.
_OURS = _VOUCHERS - MERCHANTS * 200
_SPENT_BY_LIMITS = _OURS // MERCHANTS
_ONE = {
    "idempotency_key": 1.0,
    "ledger_transfer": 1.0,
    "outbox": 2.0,
    "redemption": 1.0,
    "sale": 1.0,
    "voucher updated": 1.0,
}


@pytest.fixture(scope="module")
def built(server_address: ServerAddress, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """One stage with vouchers, shared by the tests of this file."""
    folder = tmp_path_factory.mktemp("bench")
    name = f"bench_{secrets.token_hex(6)}"
    built = asyncio.run(stage.build(server_address, name, folder))
    store.make_vouchers(built.superuser_url, 0, _VOUCHERS, MERCHANTS)
    return built


def rows_of_limit(address: ServerAddress, built: Stage, script: Path, first: int, *, items: int = 1) -> Sample:
    """Run a script for two seconds and return the rows per redemption."""
    before = store.footprint(built.superuser_url)
    done = process.run_limit(
        address,
        built.name,
        script,
        clients=MERCHANTS,
        seconds=2,
        warm_up=0,
        network=built.network_id,
        merchants=MERCHANTS,
        per_merchant=_SPENT_BY_LIMITS,
        first=first,
    )
    return Sample(0.0, rows=per_item(store.footprint(built.superuser_url).since(before), done.transactions * items))


def rows_of_application(built: Stage, numbers: Sequence[int], *, batch: bool) -> Sample:
    """Redeem vouchers through the till's door, one by one or as one batch, and return the rows per redemption."""
    before = store.footprint(built.superuser_url)

    async def redeem() -> None:
        async with Database(built.application_url) as database:
            door = TillDoor(database, Keyring.open(built.key_file), coalesce=False)
            asked = [keyed(built, number) for number in numbers]
            if batch:
                answers = await door.record_batch(built.network_id, asked)
            else:
                answers = [await door.record(built.network_id, one) for one in asked]
            assert all(isinstance(answer, Recorded) for answer in answers), answers

    asyncio.run(redeem())
    return Sample(0.0, rows=per_item(store.footprint(built.superuser_url).since(before), len(numbers)))


def keyed(built: Stage, number: int) -> Keyed[NewSale]:
    """Return the redemption of a voucher at a till of its merchant."""
    till = built.tills[number % MERCHANTS]
    use = VoucherUse(ids.voucher_id(number), ids.voucher_secret(number))
    sale = NewSale(
        id=uuid7(datetime.now(tz=UTC)),
        shop_id=till.shop_id,
        merchant_id=till.merchant_id,
        terminal_id=till.terminal_id,
        vouchers=(use,),
    )
    return Keyed(till.terminal_id, secrets.token_hex(16), secrets.token_bytes(16), sale)


def per_item(rows: dict[str, int], items: int) -> dict[str, float]:
    """Return rows per redemption."""
    return {name: count / items for name, count in rows.items()}


def test_sql_and_python_name_the_same_vouchers(built: Stage) -> None:
    """The id and secret that the load sends are those that the SQL made; the code is what a till would scan."""
    with psycopg.connect(built.superuser_url) as connection:
        for number in (0, 999, 1_000, 123_456, 10_000_000):
            row = connection.execute(
                "SELECT bench.voucher_id(%s), bench.voucher_secret(%s)", (number, number)
            ).fetchone()
            assert row == (ids.voucher_id(number), ids.voucher_secret(number))
            parsed = parse_code(ids.code_text(number))
            assert (parsed.voucher_id, parsed.secret) == row


def test_members_and_their_visits_are_made_by_number(built: Stage) -> None:
    """SQL and Python name the same members; each agreed to personal answers, and visits nine shops in half a year."""
    network = uuid7(datetime.now(tz=UTC))
    store.make_members(built.superuser_url, network, 1_500)
    places = [(till.shop_id, till.merchant_id) for till in built.tills]
    store.make_visits(built.superuser_url, network, [ids.subject_id(7), ids.subject_id(8)], places, 18)
    with psycopg.connect(built.superuser_url) as connection:
        members = """
            SELECT k.member_id, k.subject_id FROM member_key k JOIN member m USING (network_id)
            WHERE network_id = %s AND m.id = k.member_id AND m.canonical_id = m.id
        """
        rows = connection.execute(members, (network,)).fetchall()
        assert set(rows) == {(ids.member_id(number), ids.subject_id(number)) for number in range(1_500)}
        agreed = "SELECT count(DISTINCT member_id) FROM consent_record WHERE network_id = %s AND granted"
        assert connection.execute(agreed, (network,)).fetchone() == (1_500,)
        visits = """
            SELECT subject_id, count(*), count(DISTINCT shop_id), max(now() - sold_at) < interval '171 days',
                   bool_and(id >= first_uuid7(sold_at))
            FROM sale WHERE network_id = %s GROUP BY 1 ORDER BY 2, 1
        """
        found = connection.execute(visits, (network,)).fetchall()
        store.make_needs(built.superuser_url, network, [ids.subject_id(7)])
        needs = "SELECT subject_id, count(*), max(place), bool_and(been) FROM need WHERE network_id = %s GROUP BY 1"
        assert connection.execute(needs, (network,)).fetchall() == [(ids.subject_id(7), 9, 9, True)]
    assert sorted(found) == sorted((ids.subject_id(number), 18, 9, True, True) for number in (7, 8))


def test_sales_of_a_load_are_distinct_and_of_known_members(built: Stage, tmp_path: Path) -> None:
    """Every line has a key of its own and a member that the bench has made; all tills sell."""
    path = tmp_path / "sales.txt"
    load.write_sales(path, built, 300, 40)
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    assert len({key for _, key, _ in lines}) == 300
    assert {token for token, _, _ in lines} == set(built.tokens)
    members = {msgspec.json.decode(body)["member_id"] for _, _, body in lines}
    assert members == {str(ids.member_id(number)) for number in range(40)}


def test_an_image_is_folded_beside_a_bare_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure has both rates; a group names its figures."""
    monkeypatch.setattr(images, "_FOLD_SECONDS", 0.05)
    found = images.fold(Plan(repetitions=1), lambda _: None)
    assert found.figure.name in GROUPS["image"]
    assert 0 < found.figure.value < found.figure.limit
    assert set(GROUPS["image"]) <= set(NAMES)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_matches_and_images_are_measured_in_the_real_server(
    server_address: ServerAddress, built: Stage, tmp_path: Path
) -> None:
    """A small town: each sale is in the first image that is read after its answer; the server's own log is read."""
    bench = measure.Bench(server_address, 1, tmp_path)
    plan = Plan(
        repetitions=1, match_shops=60, match_members=50, match_calls=10, image_members=5, image_seconds=4, large=0
    )
    (matched,) = asyncio.run(matching.run(bench, built, plan, lambda _: None))
    assert "50 members, of whom 50 ask, with 40 visits and a forecast each" in matched.notes
    assert "served over one connection, 10 calls: p50" in matched.notes[-1]
    fresh = asyncio.run(images.fresh(bench, built, plan, lambda _: None))
    (told,) = [note for note in fresh.notes if note.startswith("in ")]
    assert told.split()[1] == told.split()[3]
    assert int(told.split()[1]) > 0


@pytest.mark.timeout(300)
def test_messages_are_chosen_beside_the_reading_of_addresses(built: Stage) -> None:
    """A small town is chosen for once; each has been to nine of twelve shops, and may be new at three."""
    plan = Plan(message_people=40, message_campaigns=12)
    (chosen,) = asyncio.run(messaging.run(built, plan, lambda _: None))
    assert chosen.figure.name == "messages"
    assert 0 < chosen.figure.value < chosen.figure.limit
    people, campaigns, candidates = (int(part.split()[0]) for part in re.split(" x |, ", chosen.notes[0]))
    assert (people, campaigns) == (40, 12)
    assert 0 < candidates <= 40 * 3


def test_single_limits_write_the_rows_of_one_redemption(server_address: ServerAddress, built: Stage) -> None:
    """Both shapes of the limit, and one redemption of the application, write the same rows into the same tables."""
    ours = rows_of_application(built, range(_OURS, _OURS + 8), batch=False)
    assert ours.rows == _ONE
    for place, script in enumerate(("redeem_one.sql", "redeem_one_steps.sql")):
        limit = rows_of_limit(server_address, built, store.SCRIPTS / script, place * _SPENT_BY_LIMITS // 4)
        assert limit.rows == _ONE
        measure.check_same_rows(limit, ours)


def test_batch_limit_writes_the_rows_of_a_batch(built: Stage) -> None:
    """A batch of the limit and one of the application write the same rows per redemption, and two into the outbox."""
    size = 20
    # Of the vouchers that no run of a limit reaches, however fast the machine is.
    first = _OURS + MERCHANTS * 100
    store.place_batches(built.superuser_url, [(0, range(first, first + MERCHANTS * size, MERCHANTS))])
    ours = rows_of_application(built, range(_OURS + 16, _OURS + 16 + size * MERCHANTS, MERCHANTS), batch=True)
    assert ours.rows == {**_ONE, "outbox": 2 / size}
    before = store.footprint(built.superuser_url)
    text = (store.SCRIPTS / "redeem_batch.sql").read_text()
    with psycopg.connect(built.superuser_url) as connection:
        statement = text[text.index("WITH") :].replace(":network", f"'{built.network_id}'").replace(":b", "0")
        connection.execute(statement.encode())
    limit = Sample(0.0, rows=per_item(store.footprint(built.superuser_url).since(before), size))
    assert limit.rows == {**_ONE, "outbox": 2 / size}


@pytest.mark.parametrize("left_out", ["sold", "posted", "announced", "redeemed"])
def test_a_limit_that_writes_less_is_caught(
    server_address: ServerAddress, built: Stage, tmp_path: Path, left_out: str
) -> None:
    """The control: a limit from which one insert was dropped is refused by the comparison, with the table's name."""
    text = (store.SCRIPTS / "redeem_one.sql").read_text()
    begin = text.index(f"), {left_out} AS (")
    end = text.index("\n)", begin + 1)
    crippled = tmp_path / "crippled.sql"
    crippled.write_text(text[:begin] + text[end + 1 :])
    place = ("sold", "posted", "announced", "redeemed").index(left_out)
    limit = rows_of_limit(server_address, built, crippled, _SPENT_BY_LIMITS // 2 + place * _SPENT_BY_LIMITS // 10)
    table = {"sold": "sale", "posted": "ledger_transfer", "announced": "outbox", "redeemed": "redemption"}[left_out]
    with pytest.raises(BenchFailed, match=f"{table}: "):
        measure.check_same_rows(limit, Sample(0.0, rows=_ONE))


def test_a_coalesced_run_may_write_less_into_the_outbox_only() -> None:
    """Fewer outbox rows on our side are what coalescing is for; fewer rows of anything else are refused."""
    limit = Sample(0.0, rows=_ONE)
    measure.check_same_rows(limit, Sample(0.0, rows={**_ONE, "outbox": 0.1}))
    with pytest.raises(BenchFailed):
        measure.check_same_rows(limit, Sample(0.0, rows={**_ONE, "sale": 0.9}))


def test_requests_are_distinct_and_sent_by_tills_of_the_merchant(built: Stage, tmp_path: Path) -> None:
    """Every line of a load has its own code and key, and the token of a till whose merchant funds the voucher."""
    path = tmp_path / "load.txt"
    load.write_redemptions(path, built, range(200))
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    assert len({key for _, key, _ in lines}) == len({body for _, _, body in lines}) == 200
    tills = {token: till.merchant_id for token, till in zip(built.tokens, built.tills, strict=True)}
    assert [tills[token] for token, _, _ in lines] == [built.tills[n % MERCHANTS].merchant_id for n in range(200)]
    assert {token for token, _, _ in lines} == set(built.tokens)


def test_figures_have_the_promised_fields(tmp_path: Path) -> None:
    """The file holds a list of objects with exactly the promised names; the values are medians."""
    ours = [Sample(rate, p99_ms=9.0, server_us=300.0) for rate in (80.0, 100.0, 90.0)]
    limits = [Sample(rate) for rate in (110.0, 100.0, 90.0)]
    report.write_json(tmp_path / "b.json", [result("redeem_http", "redemptions/s", ours, limits)])
    assert msgspec.json.decode((tmp_path / "b.json").read_bytes()) == [
        {
            "name": "redeem_http",
            "value": 90.0,
            "unit": "redemptions/s",
            "limit": 100.0,
            "ratio": 0.9,
            "p99_ms": 9.0,
            "cpu_us": 300.0,
        }
    ]


def test_an_unknown_figure_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """The message names the figures that there are, and no file and no folder is made."""
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(BenchFailed, match=", ".join(NAMES)):
        run(settings, tmp_path / "b.json", ["redeem"])
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "b.json").exists()


def test_a_missing_load_generator_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where wrk is neither there nor can be installed, the message says how to get it."""
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(BenchFailed, match="apt-get install wrk"):
        process.load_generator()


def test_a_limit_whose_vouchers_ran_out_gives_no_figure(server_address: ServerAddress, built: Stage) -> None:
    """A script of which transactions redeemed nothing is refused: an empty transaction is fast."""
    bench = measure.Bench(server_address, 1, Path())
    empty = replace(built, network_id=uuid7(datetime.now(tz=UTC)))
    with pytest.raises(BenchFailed, match="redeemed 0 vouchers"):
        measure.limit(
            bench,
            empty,
            store.SCRIPTS / "redeem_one.sql",
            clients=MERCHANTS,
            seconds=2,
            warm_up=0,
            merchants=MERCHANTS,
            per_merchant=_SPENT_BY_LIMITS,
            first=0,
        )


def test_an_allocation_that_breaks_a_budget_is_no_figure() -> None:
    """A small town gives both figures; one voucher more than there is money for gives none."""
    plan = Plan(repetitions=1, allocation_people=1_000, allocation_goals=False)
    figures = [one.figure.name for one in allocating.run(plan, lambda text: None)]
    assert figures == ["allocation", "decision"]
    problem = allocating.problem_of(1_000)
    found = allocate(problem)
    allocating.check(problem, found)
    with pytest.raises(BenchFailed, match="broke a budget"):
        allocating.check(problem, replace(found, edge=np.arange(len(problem.candidates.offer))))
