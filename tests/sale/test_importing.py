"""Imports of sales: what they write, what they refuse, and that nothing is written twice."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ringmain.kit.pure.ids import uuid7_of
from ringmain.member.api import IdentifierKind
from ringmain.sale.arrow import pa, parquet
from ringmain.sale.errors import ImportUnreadable, MappingInvalid
from ringmain.sale.import_step import Counts
from tests.member.people import NOW, PHONE, Town
from tests.sale.import_tools import HEADER, LINE_HEADER, contents, line_mapping, mapping, rejected, run, sales_file

# ---------------------------------------------------------------------------------------------------- what is written


async def test_a_row_becomes_a_sale(town: Town, tmp_path: Path) -> None:
    """A row is written as a sale of its shop, with an id derived from time, shop and receipt, and announced."""
    path = sales_file(tmp_path / "s.csv", "A,7,2026-02-01 09:30:00,12.50", "B,7,2026-02-01 09:30:00,-3")
    report = await run(town, path, mapping(town))
    at = datetime(2026, 2, 1, 1, 30, tzinfo=UTC)
    first, second = uuid7_of(at, town.shop_id, "7"), uuid7_of(at, town.other_shop_id, "7")
    assert (report.finished, report.resumed, report.dry_run) == (True, False, False)
    assert report.counts == Counts(rows=2, sales_new=2)
    assert sorted(await contents(town)) == sorted(
        [
            (first, town.shop_id, town.merchant_id, None, "7", False, 1250, "CNY", at, 0, None, None),
            (second, town.other_shop_id, town.other_merchant_id, None, "7", False, -300, "CNY", at, 0, None, None),
        ]
    )
    assert sorted(await town.facts("sale")) == sorted([first, second])


async def test_rows_of_a_receipt_become_one_sale_with_lines(town: Town, tmp_path: Path) -> None:
    """Neighbouring rows with one shop, receipt and day are the lines of one sale, numbered in the file's order."""
    path = sales_file(
        tmp_path / "s.csv",
        "A,7,2026-02-01 09:30:00,烧饼,bread,2,7.00",
        "A,7,2026-02-01 09:30:00,milk,,0.125,3.50",
        "A,8,2026-02-01 09:31:00,milk,dairy,-1,-3.50",
        "A,7,2026-02-02 09:31:00,milk,dairy,1,3.50",
        header=LINE_HEADER,
    )
    report = await run(town, path, line_mapping(town))
    assert report.counts == Counts(rows=4, sales_new=3, lines_new=4)
    rows = await town.rows(
        "SELECT receipt, total_minor, line_no, product, category, quantity, amount_minor "
        "FROM sale JOIN sale_line ON sale_id = id ORDER BY sold_at, line_no"
    )
    assert rows == [
        ("7", 1050, 1, "烧饼", "bread", 2000, 700),
        ("7", 1050, 2, "milk", None, 125, 350),
        ("8", -350, 1, "milk", "dairy", -1000, -350),
        ("7", 350, 1, "milk", "dairy", 1000, 350),
    ]


async def test_columns_are_joined_and_currencies_have_their_own_digits(town: Town, tmp_path: Path) -> None:
    """Date and time, till and number may be columns of their own; yen have no digits behind the separator."""
    path = sales_file(
        tmp_path / "s.csv",
        '3;17;01/02/2026;09:30;"1.234,5";CNY',
        "3;18;01/02/2026;09:31;1.234;JPY",
        "3;19;01/02/2026;09:31;1,5;JPY",
        header="till;number;day;hour;total;money",
    )
    wanted = mapping(
        town,
        'delimiter = ";"\ndecimal_separator = ","\nthousands_separator = "."',
        shop=f'id = "{town.shop_id}"',
        receipt='columns = ["till", "number"]',
        sold_at='columns = ["day", "hour"]\nformat = "%d/%m/%Y %H:%M"\ntime_zone = "America/New_York"',
        currency='column = "money"',
    )
    report = await run(town, path, wanted, rejected=tmp_path / "r.csv")
    assert rejected(tmp_path / "r.csv") == [(4, "amount_invalid")]
    assert report.counts.sales_new == 2
    assert await town.rows("SELECT receipt, total_minor, currency, sold_at FROM sale ORDER BY receipt") == [
        ("3-17", 123450, "CNY", datetime(2026, 2, 1, 14, 30, tzinfo=UTC)),
        ("3-18", 1234, "JPY", datetime(2026, 2, 1, 14, 31, tzinfo=UTC)),
    ]


async def test_parquet_gives_the_same_as_csv(town: Town, tmp_path: Path) -> None:
    """The same sales from a Parquet file with numbers and instants of its own kinds are known from the CSV file."""
    path = sales_file(tmp_path / "s.csv", "A,7,2026-02-01 09:30:00,12.50", "A,8,2026-02-01 09:30:00,-3")
    await run(town, path, mapping(town))
    at = [datetime(2026, 2, 1, 1, 30, tzinfo=UTC)] * 2
    table = {"shop": ["A", "A"], "receipt": [7, 8], "time": at, "total": [12.5, -3.0]}
    parquet.write_table(pa.table(table), tmp_path / "s.parquet")
    report = await run(town, tmp_path / "s.parquet", mapping(town))
    assert report.counts == Counts(rows=2, sales_known=2)
    assert len(await contents(town)) == 2


async def test_months_get_their_partitions(town: Town, tmp_path: Path) -> None:
    """Each month of the file has its partition before its first sale is written, far apart ones too."""
    path = sales_file(tmp_path / "s.csv", "A,7,2003-05-01 09:30:00,1", "A,8,2025-12-31 23:59:59,1")
    await run(town, path, mapping(town))
    assert await town.rows("SELECT tableoid::regclass::text FROM sale ORDER BY id") == [
        ("sale_2003_05",),
        ("sale_2025_12",),
    ]


# ---------------------------------------------------------------------------------------------------- what is refused

BROKEN_ROWS = {
    "nul_byte": "A,9,2026-02-01 09:30:00,1\0",
    "wrong_encoding": "A,\udcff,2026-02-01 09:30:00,1",
    "broken_quotes": 'A,"9,2026-02-01 09:30:00,1',
    "broken_line_end": "A,9,2026-02-01\r 09:30:00,1",
    "row_too_long": "A," + "9" * 70_000 + ",2026-02-01 09:30:00,1",
    "wrong_columns": "A,9,2026-02-01 09:30:00,1,50",
    "card_number": "A,4111 1111 1111 1111,2026-02-01 09:30:00,1",
    "shop_unknown": "C,9,2026-02-01 09:30:00,1",
    "receipt_missing": "A, ,2026-02-01 09:30:00,1",
    "text_too_long": "A," + "x" * 201 + ",2026-02-01 09:30:00,1",
    "time_invalid": "A,9,2026-02-30 09:30:00,1",
    "time_ambiguous": "A,9,2025-11-02 01:30:00,1",
    "time_skipped": "A,9,2025-03-09 02:30:00,1",
    "time_out_of_range": "A,9,2026-03-01 18:00:00,1",
    "amount_invalid": "A,9,2026-02-01 09:30:00,1.005",
    "amount_too_large": "A,9,2026-02-01 09:30:00,10000000000.01",
}
BROKEN_LINES = {
    "product_missing": ["A,9,2026-02-01 09:30:00,,c,1,1"],
    "quantity_invalid": ["A,9,2026-02-01 09:30:00,p,c,1.0001,1"],
    "amount_invalid": ["A,9,2026-02-01 09:30:00,p,c,1,one"],
    "card_number": ["A,9,2026-02-01 09:30:00,p 5500000000000004,c,1,1"],
    "rows_disagree": ["A,9,2026-02-01 09:30:00,p,c,1,1", "A,9,2026-02-01 09:30:01,p,c,1,1"],
    "receipt_refused": ["A,9,2026-02-01 09:30:00,p,c,1,1", "A,9,2026-02-01 09:30:00,p,c,1,x"],
    "lines_differ": ["A,9,2026-02-01 09:30:00,p,c,1,1,5", "A,9,2026-02-01 09:30:00,p,c,1,1,5"],
}


@pytest.mark.parametrize("rule", BROKEN_ROWS)
async def test_a_broken_row_is_reported_and_the_others_go_on(town: Town, tmp_path: Path, rule: str) -> None:
    """A broken row is refused by its rule, with its line number and itself; the sales around it are written."""
    path = tmp_path / "s.csv"
    rows = [HEADER, "A,7,2026-02-01 09:30:00,1", BROKEN_ROWS[rule], "A,8,2026-02-01 09:30:00,1"]
    path.write_bytes("\n".join(rows).encode("utf-8", "surrogateescape"))
    zone = 'column = "time"\ntime_zone = "America/New_York"'
    report = await run(town, path, mapping(town, sold_at=zone), rejected=tmp_path / "r.csv", now=NOW)
    assert rejected(tmp_path / "r.csv") == [(3, rule)]
    assert report.counts == Counts(rows=3, rows_refused=1, refused={rule: 1}, sales_new=2)
    assert await town.rows("SELECT receipt FROM sale ORDER BY receipt") == [("7",), ("8",)]
    text = (tmp_path / "r.csv").read_text(encoding="utf-8")
    assert ("4111" in text, "not shown" in text) == (False, rule == "card_number")
    assert (tmp_path / "r.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("rule", BROKEN_LINES)
async def test_a_receipt_with_a_broken_row_is_refused_whole(town: Town, tmp_path: Path, rule: str) -> None:
    """A sale is never written without one of its lines: all rows of its receipt are refused."""
    broken = BROKEN_LINES[rule]
    with_total = rule == "lines_differ"
    more = ",2" if with_total else ""
    path = sales_file(
        tmp_path / "s.csv",
        f"A,7,2026-02-01 09:30:00,p,c,1,2{more}",
        *broken,
        f"A,9,2026-02-02 09:30:00,p,c,1,2{more}",
        header=LINE_HEADER + (",total" if with_total else ""),
    )
    wanted = line_mapping(town, total='column = "total"' if with_total else "")
    report = await run(town, path, wanted, rejected=tmp_path / "r.csv")
    lines, rules = zip(*rejected(tmp_path / "r.csv"), strict=True)
    assert list(lines) == list(range(3, 3 + len(broken)))
    assert rule in rules
    assert (report.counts.sales_new, report.counts.lines_new) == (2, 2)
    assert report.counts.rows == len(broken) + 2


@pytest.mark.parametrize("place", ["before", "inside", "behind"])
@pytest.mark.usefixtures("small_steps")
async def test_a_row_that_cannot_be_read_takes_the_receipts_beside_it_along(
    town: Town, tmp_path: Path, place: str
) -> None:
    """A row without readable values may belong to either neighbour; neither is written without it."""
    own = ["A,8,2026-02-01 09:30:00,p,c,1,1"] * 2
    own.insert(["before", "inside", "behind"].index(place), "A,8\0")
    path = sales_file(
        tmp_path / "s.csv",
        *["A,7,2026-02-01 09:30:00,p,c,1,1"] * 3,
        *own,
        *["A,9,2026-02-01 09:30:00,p,c,1,1"] * 3,
        header=LINE_HEADER,
    )
    report = await run(town, path, line_mapping(town), rejected=tmp_path / "r.csv")
    left = {"before": {"9"}, "inside": {"7", "9"}, "behind": {"7"}}[place]
    assert {receipt for (receipt,) in await town.rows("SELECT receipt FROM sale")} == left
    assert report.counts.refused["nul_byte"] == 1
    assert report.counts.refused["beside_broken_row"] == (2 if place == "inside" else 5)


async def test_ambiguous_times_by_the_rule_of_the_mapping(town: Town, tmp_path: Path) -> None:
    """Where the mapping says which of two equal hours is meant, the row is taken as that."""
    for number, (word, hour) in enumerate([("earlier", 5), ("later", 6)]):
        path = sales_file(tmp_path / "s.csv", f"A,{number},2025-11-02 01:30:00,1")
        zone = f'column = "time"\ntime_zone = "America/New_York"\nambiguous = "{word}"'
        await run(town, path, mapping(town, sold_at=zone))
        rows = await town.rows("SELECT sold_at FROM sale ORDER BY receipt DESC LIMIT 1")
        assert rows == [(datetime(2025, 11, 2, hour, 30, tzinfo=UTC),)]


async def test_a_merchant_imports_for_its_own_shops_only(town: Town, tmp_path: Path) -> None:
    """With a merchant given, the shop of another is refused: in the mapping as a whole, in a column row by row."""
    path = sales_file(
        tmp_path / "s.csv", f"{town.shop_id},7,2026-02-01 09:30:00,1", f"{town.other_shop_id},7,2026-02-01 09:30:00,1"
    )
    with pytest.raises(MappingInvalid) as refusal:
        await run(town, path, mapping(town), merchant_id=town.merchant_id)
    assert refusal.value.facts["key"] == "shop.ids.B"
    report = await run(town, path, mapping(town, shop='column = "shop"'), merchant_id=town.merchant_id)
    assert report.counts == Counts(rows=2, rows_refused=1, refused={"shop_unknown": 1}, sales_new=1)
    assert await town.rows("SELECT shop_id FROM sale") == [(town.shop_id,)]


async def test_a_file_that_is_not_there(town: Town, tmp_path: Path) -> None:
    """A missing file is a clear error, and no import is noted."""
    with pytest.raises(ImportUnreadable, match="No such file"):
        await run(town, tmp_path / "none.csv", mapping(town))
    assert await town.count("sale_import") == 0


# ------------------------------------------------------------------------------------------------------------- people


async def test_buyers_are_known_or_left_out(town: Town, tmp_path: Path) -> None:
    """A sale is its buyer's where somebody has the identifier; others are counted; a broken one is refused."""
    known = await town.person(IdentifierKind.PHONE, PHONE)
    people = ["138 0013 8000", PHONE, "", "+14155552671", "12"]
    rows = [f"A,{number},2026-02-01 09:30:00,1,{phone}" for number, phone in enumerate(people)]
    path = sales_file(tmp_path / "s.csv", *rows, header=HEADER + ",phone")
    wanted = mapping(town, member='column = "phone"\nkind = "phone"\nregion = "CN"')
    report = await run(town, path, wanted, rejected=tmp_path / "r.csv")
    subject = known.subject_id
    assert await town.rows("SELECT receipt, subject_id FROM sale ORDER BY receipt") == [
        ("0", subject),
        ("1", subject),
        ("2", None),
        ("3", None),
    ]
    assert rejected(tmp_path / "r.csv") == [(6, "member_invalid")]
    assert (report.counts.buyers_unknown, report.counts.members_enrolled) == (1, 0)
    assert await town.count("member") == 1


@pytest.mark.usefixtures("small_steps")
async def test_unknown_buyers_are_enrolled_where_the_mapping_says_so(town: Town, tmp_path: Path) -> None:
    """Each unknown buyer of a new sale becomes one member; a second run enrols nobody, even somebody erased since."""
    rows = [f"A,{number},2026-02-01 09:30:00,1,tok-{number % 3}" for number in range(9)]
    path = sales_file(tmp_path / "s.csv", *rows, header=HEADER + ",card")
    wanted = mapping(town, member='column = "card"\nkind = "card_token"\nunknown_members = "enrol"')
    foreseen = await run(town, path, wanted, dry_run=True)
    report = await run(town, path, wanted)
    assert report.counts == foreseen.counts == Counts(rows=9, sales_new=9, members_enrolled=3)
    assert await town.rows("SELECT count(DISTINCT subject_id), count(subject_id) FROM sale") == [(3, 9)]
    assert len(await town.facts("member_joined")) == 3
    async with town.unit() as uow:
        await uow.execute("DELETE FROM member_identifier")
    report = await run(town, path, wanted)
    assert report.counts == Counts(rows=9, sales_known=9)
    assert await town.count("member") == 3


async def test_another_buyer_is_a_difference(town: Town, tmp_path: Path) -> None:
    """A known sale with another known buyer differs; one whose buyer became known since does not."""
    await town.person(IdentifierKind.CARD_TOKEN, "tok-0")
    await town.person(IdentifierKind.CARD_TOKEN, "tok-1")
    wanted = mapping(town, member='column = "card"\nkind = "card_token"')
    for number, (card, counts) in enumerate(
        [
            ("tok-0", Counts(rows=1, sales_new=1)),
            ("tok-1", Counts(rows=1, rows_refused=1, refused={"differs": 1}, sales_differing=1)),
            ("tok-2", Counts(rows=1, sales_known=1)),
        ]
    ):
        path = sales_file(tmp_path / f"{number}.csv", f"A,7,2026-02-01 09:30:00,1,{card}", header=HEADER + ",card")
        assert (await run(town, path, wanted)).counts == counts
