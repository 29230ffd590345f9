"""The National Day at a small scale: everybody wins, the money adds up, and an interrupted week ends the same."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import psycopg
import pytest

from ringmain.entry.verify import Check, verify
from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.simulate.errors import ReplayDiffers
from ringmain.simulate.national_day import drive, run
from ringmain.simulate.national_day import plan as declared
from ringmain.simulate.national_day.crowd import Crowd, crowd
from ringmain.simulate.national_day.drive import Drive
from ringmain.simulate.national_day.figures import Arm, figures, lift, together
from ringmain.simulate.national_day.plan import City, Plan
from ringmain.simulate.national_day.run import drive_city, national_day
from tools import derive

# One city of 1,050 plays: what it shows does not hang on its size.
SMALL = Plan(0.0005, 1, cities=1)
_STATE = """
    SELECT md5(string_agg(concat_ws(' ', v.id, v.offer_id, v.closed, v.remaining_minor, r.id, r.amount_minor,
                                    r.shop_id), ',' ORDER BY v.id))
    FROM voucher v LEFT JOIN redemption r ON r.network_id = v.network_id AND r.voucher_id = v.id
"""


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Give keys of their own."""
    return Keyring.create(tmp_path / "master.key")


def _asked(urls: Urls, query: str) -> object:
    with psycopg.connect(urls.migration_url) as owner:
        row = owner.execute(query.encode()).fetchone()
    return row and row[0]


async def _driven(urls: Urls, keyring: Keyring, stop_at: int | None = None) -> Drive:
    """Drive the small city; up to about a row, where that is given."""

    def progress(done: int, _total: int) -> None:
        if stop_at is not None and done >= stop_at:
            raise KeyboardInterrupt

    async with Database(urls.application_url) as database:
        city = Drive(database, keyring, SMALL.city(0))
        await city.run(progress)
    return city


async def test_a_city_plays_wins_and_redeems(
    new_database: Callable[[], Urls], keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every play wins, at least 15 % is redeemed, the ledger is at zero, and the lift is beside its truth.

    Interrupted twice, among the plays and among the last visits, another run of it ends with the same vouchers and
    redemptions; run once more it changes nothing; and every redemption is derived again from raw facts.
    """
    monkeypatch.setattr(declared, "BATCH_PLAYS", 200)
    monkeypatch.setattr(declared, "BATCH_VISITS", 20)
    urls, other = new_database(), new_database()
    driven = await _driven(urls, keyring)
    async with Database(urls.application_url) as database:
        city = SMALL.city(0)
        counted = await figures(database, city, driven.compared)
        checks = await verify(database, city.network_id)
        again = Drive(database, keyring, city)
        done = await again.run()

    report = together([counted], done.counts)
    assert report["plays"] == report["grants"] == SMALL.plays_per_city == 1_050
    assert report["grants_without_play"] == 0
    assert counted.totals.redemptions == done.counts["redemptions"] >= 0.15 * 1_050
    assert counted.totals.sales == done.counts["sales"] == done.counts["brought"] + done.counts["anyway"]
    assert counted.totals.fees_minor == declared.FEE_MINOR * counted.totals.redemptions
    assert report["ledger_sum"] == {"CNY": 0}
    assert [check.name for check in checks if not check.ok] == []
    assert done.counts["stand_ins"] > 0
    assert {alarm.kind for alarm in counted.alarms} >= {"prizes"}
    low, high = lift(*counted.visits).low, lift(*counted.visits).high
    assert low < done.counts["brought"] / counted.visits[0].people < high

    with pytest.raises(KeyboardInterrupt):
        await _driven(other, keyring, 500)
    with pytest.raises(KeyboardInterrupt):
        await _driven(other, keyring, 1_070)
    await _driven(other, keyring)
    assert _asked(urls, _STATE) == _asked(other, _STATE)
    assert derive.main([urls.migration_url, "--sample", "100000"]) == 0


async def test_who_comes_after_a_voucher_has_ended_comes_without_it(
    new_database: Callable[[], Urls], keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visit that a voucher would bring after its end is not made, and no sale is refused.

    Control: where nobody looks at the end, the till refuses the voucher, and the run says so.
    """

    def late(city: City) -> Crowd:
        people = crowd(city)
        ends = people.at_us + declared.VALID_DAYS * 86_400_000_000
        return replace(people, chance=people.chance * 0, visit_us=ends)

    monkeypatch.setattr(drive, "crowd", late)
    async with Database(new_database().application_url) as database:
        done = await Drive(database, keyring, SMALL.city(0)).run()
    assert done.counts["brought"] == 0
    assert done.counts["anyway"] == done.counts["sales"] > 0

    monkeypatch.setattr(Drive, "_lasts", lambda _, due: np.ones(len(due.at_us), dtype=np.bool_))
    with pytest.raises(ReplayDiffers) as refused:
        await _driven(new_database(), keyring)
    assert "voucher_expired" in refused.value.facts["rule"]


async def test_what_goes_wrong_in_a_city_is_said_by_whoever_asked(
    new_database: Callable[[], Urls], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule that a city breaks in its process is raised as it is, not in a group of errors."""

    async def refused(*_: object, **__: object) -> None:
        raise ReplayDiffers(what="play 7 of Wuhan", rule="voucher_expired")

    monkeypatch.setattr(run, "apart", refused)
    with pytest.raises(ReplayDiffers):
        await national_day(new_database().application_url, tmp_path / "master.key", SMALL, 2, verify, print)


async def test_what_a_check_finds_is_told_with_its_city(new_database: Callable[[], Urls], keyring: Keyring) -> None:
    """A fault of a city names the city and the check; where every check holds, there is none."""

    async def faulty(database: Database, network_id: UUID) -> list[Check]:
        return [*await verify(database, network_id), Check("tills are open", 1, ["till 7"])]

    async with Database(new_database().application_url) as database:
        found = [await drive_city(database, keyring, SMALL, 0, look, lambda text: None) for look in (verify, faulty)]
    name = SMALL.city(0).name
    assert [one.faults for one in found] == [[], [f"{name}: tills are open: till 7"]]
    assert found[0].figures == found[1].figures
    assert found[0].figures.totals.plays == 1_050


FAULTS = {
    "its voucher was spent more than once": """
        INSERT INTO redemption (network_id, id, voucher_id, sequence, sale_id, merchant_id, shop_id, subject_id,
                                amount_minor, fee_minor, currency, redeemed_at)
        SELECT network_id, gen_random_uuid(), voucher_id, 2, sale_id, merchant_id, shop_id, subject_id,
               amount_minor, fee_minor, currency, redeemed_at FROM redemption LIMIT 1
    """,
    "it takes off another amount": "UPDATE redemption SET amount_minor = amount_minor - 1",
    "it charges another fee": "UPDATE redemption SET fee_minor = fee_minor + 1",
    "the ledger has": "UPDATE ledger_transfer SET amount_minor = amount_minor + 1 WHERE code = 12",
    "it is not within the voucher's time": "UPDATE voucher SET valid_until = granted_at",
    "its shop may not take the voucher": """
        UPDATE offer SET terms = jsonb_set(terms, '{shop_ids}', '["00000000-0000-7000-8000-000000000000"]')
    """,
    "somebody else spent it": "UPDATE voucher SET subject_id = gen_random_uuid()",
}


async def test_every_planted_fault_is_found_from_raw_facts(
    new_database: Callable[[], Urls], keyring: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control: what is changed behind the engine's back is named, and the exit status is 1."""
    urls = new_database()
    await _driven(urls, keyring)
    for sentence, fault in FAULTS.items():
        with psycopg.connect(urls.migration_url) as owner:
            owner.execute(fault.encode())
            _, faults = derive.derive(owner, 200, "0")
            owner.rollback()
        assert any(sentence in one for one in faults), sentence
    with psycopg.connect(urls.migration_url) as owner:
        assert derive.derive(owner, 50, "0") == (50, [])
        owner.execute("DELETE FROM ledger_transfer WHERE code = 13")
        owner.commit()
    assert derive.main([urls.migration_url, "--sample", "50"]) == 1
    assert "50 redemptions derived again" in capsys.readouterr().out


def test_lift_is_the_difference_with_its_interval() -> None:
    """Two groups of four: means 2 and 1, variances 2/3 each, so 1 more, give or take 1.96 times the root of 1/3."""
    one = Arm(4, 8.0, 18.0)
    found = lift(one, Arm(4, 4.0, 6.0))

    assert found.per_person == 1.0
    assert found.high - found.low == pytest.approx(2 * 1.959964 * (1 / 3) ** 0.5)


def test_nobody_plays_twice_at_a_scene_on_a_day_and_nobody_compared_plays() -> None:
    """What the crowd does keeps the rules of the game by itself, and the same seed makes the same crowd."""
    drive = [Drive(Database(""), None, SMALL.city(0))._crowd for _ in range(2)]  # type: ignore[arg-type]
    people = drive[0]
    day = (people.at_us + declared.OFFSET_US) // 86_400_000_000

    assert len(set(zip(people.person, people.scene, day, strict=True))) == len(people.at_us)
    assert not people.compared[people.person].any()
    assert 0 < people.compared.sum() < len(people.compared) / 4
    assert people.voucher_ids.tobytes() == drive[1].voucher_ids.tobytes()


@pytest.mark.long
async def test_the_national_day_at_a_hundredth(new_database: Callable[[], Urls], tmp_path: Path) -> None:
    """210,000 plays in ten cities and two processes: every figure that the documents name, at its scale."""
    urls, key = new_database(), tmp_path / "master.key"
    Keyring.create(key)
    outcome = await national_day(urls.application_url, key, Plan(0.01), 2, verify, lambda city, done, rows: None)

    found = outcome.figures
    assert outcome.faults == []
    assert found["plays"] == found["grants"] == 210_000
    assert found["redeemed_share"] >= 0.15
    assert found["turnover_yuan"] > 50_000_000 * 0.01
    assert found["shops_both"] >= 700
    assert found["ledger_sum"] == {"CNY": 0}
    low, high = found["lift_visits"][1:]
    assert low < found["lift_visits_truth"] < high
    assert isinstance(outcome.counts, Counter)
    assert await asyncio.to_thread(derive.main, [urls.migration_url, "--sample", "10000"]) == 0
