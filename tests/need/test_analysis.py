"""What the lake says of who was where becomes a journal: whose visits, at which clock, in which order."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pyarrow as pa
import pytest
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from ringmain.kit.lake.connect import connect
from ringmain.need.analysis import ShopPlace, subjects_of, visits_of, walks
from ringmain.profile import api as profile
from tests.loop.lake import SmallLake

ANN, BOB, EVE = sorted(uuid4() for _ in range(3))
A, B, GONE = sorted(uuid4() for _ in range(3))
SHOPS = (ShopPlace(A, "noodles", 31.2, 121.5), ShopPlace(B, "coffee", 31.2, 121.51))


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """Give an empty lake."""
    return SmallLake(tmp_path)


def walk(lake: SmallLake, who: UUID, *visits: tuple[UUID, float]) -> None:
    """Add somebody's sales."""
    lake.walk(str(who), *((str(shop), on) for shop, on in visits))


def test_a_journal_has_the_visits_that_stand(lake: SmallLake) -> None:
    """Undone and disputed sales, nobody's sales and unknown shops are left out; merged people are one person."""
    walk(lake, ANN, (A, 0), (B, 1), (A, 2), (GONE, 2.5))
    walk(lake, EVE, (B, 3))
    walk(lake, BOB, (A, 0.5))
    lake.sale("nobody", None, str(A), 1)
    lake.say(f"{ANN}-{B}-1", 4)
    lake.refund(f"{ANN}-{A}-2", 2, 800)
    lake.merge(str(EVE), into=str(ANN))
    lake.write()
    found = visits_of(lake.root, lake.network_id)
    assert subjects_of(found) == [ANN, BOB]
    town = walks(found, SHOPS, [ANN, BOB], "UTC")
    journal = town.journal
    assert (town.subjects, town.shops, town.categories) == ((ANN, BOB), (A, B), ("coffee", "noodles"))
    assert list(zip(journal.person.tolist(), journal.place.tolist(), strict=True)) == [(0, 0), (1, 0), (0, 1)]
    assert journal.category.tolist() == [1, 1, 0]
    assert (journal.persons, journal.places, journal.categories) == (2, 2, 2)


def test_only_those_who_agree_are_in_it(lake: SmallLake) -> None:
    """Of others nothing is read on, not even that there is a shop that only they visit."""
    walk(lake, ANN, (A, 0))
    walk(lake, BOB, (B, 1))
    lake.write()
    town = walks(visits_of(lake.root, lake.network_id), SHOPS, {ANN}, "UTC")
    assert (town.subjects, town.shops, len(town.journal)) == ((ANN,), (A,), 1)
    nobody = walks(visits_of(lake.root, lake.network_id), SHOPS, (), "UTC")
    assert (nobody.subjects, len(nobody.journal)) == ((), 0)


def test_hours_are_those_of_the_networks_clock() -> None:
    """A Thursday evening in UTC is Friday morning in Shanghai; in summer Berlin is an hour further from UTC."""
    at = [datetime(2026, 1, 1, 22, 30, tzinfo=UTC), datetime(2026, 7, 6, 22, 30, tzinfo=UTC)]
    rows = pa.table(
        {
            "subject_id": [str(ANN)] * 2,
            "shop_id": [str(A)] * 2,
            "visited_at": pa.array(at, pa.timestamp("us", tz="UTC")),
        }
    )
    hours = {
        zone: walks(rows, SHOPS, [ANN], zone).journal.week_hour.tolist() for zone in ("Asia/Shanghai", "Europe/Berlin")
    }
    assert hours["Asia/Shanghai"] == [4 * 24 + 6.5, 1 * 24 + 6.5]
    assert hours["Europe/Berlin"] == [3 * 24 + 23.5, 1 * 24 + 0.5]
    assert walks(rows, SHOPS, [ANN], "UTC").journal.second.tolist() == [int(one.timestamp()) for one in at]


def test_paying_twice_within_an_hour_is_one_visit(lake: SmallLake) -> None:
    """Elsewhere in between, or an hour later, it is another one."""
    hour = 1 / 24
    walk(lake, ANN, (A, 0), (A, 0.5 * hour), (A, 1.2 * hour), (B, 1.3 * hour), (A, 1.4 * hour), (A, 3 * hour))
    walk(lake, BOB, (A, 0.6 * hour))
    lake.write()
    journal = walks(visits_of(lake.root, lake.network_id), SHOPS, [ANN, BOB], "UTC").journal
    assert [place for person, place in zip(journal.person, journal.place, strict=True) if person == 0] == [0, 1, 0, 0]
    assert (journal.person == 1).sum() == 1
    assert journal.second.tolist() == sorted(journal.second.tolist())


def test_visits_compile_for_spark(lake: SmallLake) -> None:
    """Only operations that Spark has too are used."""
    walk(lake, ANN, (A, 0))
    lake.write()
    with connect(lake.root, profile.VISIT_TABLES, network_id=lake.network_id) as connection:
        names = ("sale", "sale_change", "sale_dispute", "subject_alias")
        facts = type("Facts", (), {name: connection.table(name) for name in names})
        query = PySparkCompiler().to_sqlglot(profile.lake_visits(facts()).unbind()).sql("spark")
    assert query.startswith(("SELECT", "WITH"))
