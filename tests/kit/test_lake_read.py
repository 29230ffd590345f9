"""Analyses run from texts that are kept: what a text depends on, and that late values give what known ones give."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis
import pyarrow as pa
import pytest

from ringmain.kit.follow_store import Position
from ringmain.kit.lake import ColumnType, LakeTable
from ringmain.kit.lake.arrow import by_day, schema_of
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.folder import LakeFolder
from ringmain.kit.lake.read import Facts, moment, one_of, text_of

START = datetime(2026, 1, 1, tzinfo=UTC)
_COLUMNS: dict[str, ColumnType] = {"sale_id": "string", "shop": "string", "sold_at": "timestamp"}
SALE = LakeTable("sale", _COLUMNS, "%(network)s %(ids)s", "sold_at")
SHOP = LakeTable("shop", {"shop_id": "string"}, "%(network)s", whole=True)


@pytest.fixture
def facts(tmp_path: Path) -> Iterator[Facts]:
    """Give a lake of five sales, a day apart, at shops a, b, c, a and nowhere."""
    rows = [
        {"sale_id": str(day), "shop": shop, "sold_at": START + timedelta(days=day)}
        for day, shop in enumerate(("a", "b", "c", "a", None))
    ]
    network, folder = uuid4(), LakeFolder(tmp_path)
    for day, part in by_day(SALE, pa.Table.from_pylist(rows, schema=schema_of(SALE))):
        folder.publish({folder.day_file("sale", network, day, Position(1, 1)): part})
    with connect(tmp_path, (SALE, SHOP), network_id=network, memory_limit="100MB", threads=1) as connection:
        yield Facts(connection, (SALE, SHOP))


def since(facts: Facts, at: Any, shops: Any, *, least: int = 0) -> Any:
    """Return sale_id of the sales at some shops from a moment on; of shops with more than `least`."""
    found = facts.sale.filter(facts.sale.sold_at >= moment(at))
    if shops is not None:
        found = found.filter(one_of(found.shop, shops))
    busy = found.group_by("shop").agg(count=found.count())
    return found.semi_join(busy.filter(busy["count"] > least), "shop").select("sale_id").order_by("sale_id")


def busy(facts: Facts, at: Any, shops: Any, least: int) -> Any:
    """Return the same of shops that are busy."""
    return since(facts, at, shops, least=least)


def named(facts: Facts, names: Any) -> Any:
    """Return sale_id and name of the sales at shops that have one."""
    sale = facts.sale
    return sale.inner_join(names, sale.shop == names.shop_id).select("sale_id", "name").order_by("sale_id")


def at_one(facts: Facts, shop: Any) -> Any:
    """Return sale_id of the sales at one shop."""
    return facts.sale.filter(facts.sale.shop == shop).select("sale_id").order_by("sale_id")


def told(facts: Facts, value: Any) -> Any:
    """Return a value beside each sale."""
    return facts.sale.select(told=ibis.literal(value))


def everything(facts: Facts) -> Any:
    """Return all columns of sales and shops."""
    return facts.sale.left_join(facts.shop, facts.sale.shop == facts.shop.shop_id)


_DAY = START + timedelta(days=1)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ((START, None), ["0", "1", "2", "3"]),
        ((_DAY, None), ["1", "2", "3"]),
        ((_DAY, ["a", "c"]), ["2", "3"]),
        ((_DAY, []), []),
        ((_DAY, ['it\'s "b"']), []),
    ],
)
def test_late_values_give_what_known_ones_give(facts: Facts, asked: tuple[Any, ...], ids: list[str]) -> None:
    """The rows of a kept text are those of the expression with its values in it, none and odd ones too."""
    assert facts.read(since, *asked)["sale_id"].to_pylist() == ids
    assert since(facts, *asked).to_pyarrow()["sale_id"].to_pylist() == ids


def test_one_text_serves_whatever_comes_late(facts: Facts) -> None:
    """Other moments, texts and rows run the same text, each with its own answer, on one connection."""
    assert text_of((SALE, SHOP), since, START, ["a"]) == text_of((SALE, SHOP), since, _DAY, ["b", "c"])
    for shop, ids in (("a", ["0", "3"]), ("b", ["1"]), ("a", ["0", "3"])):
        assert facts.read(at_one, shop)["sale_id"].to_pylist() == ids
    for names in ({"a": "tea"}, {"b": "bread", "c": "books"}, {}):
        rows = pa.table({"shop_id": pa.array([*names], pa.string()), "name": pa.array([*names.values()], pa.string())})
        assert set(facts.read(named, rows)["name"].to_pylist()) == set(names.values())


@pytest.mark.parametrize("asked", [(START, ["a"], 1), (START, None, 0), (START, "a", 0)])
def test_another_shape_is_another_text(asked: tuple[Any, ...]) -> None:
    """The control: another number, nothing or another kind of value makes a text of its own; the first one stays."""
    first = text_of((SALE, SHOP), busy, START, ["a"], 0)
    assert text_of((SALE, SHOP), busy, *asked) != first
    assert text_of((SALE, SHOP), busy, START, ["a"], 0) is first


def test_a_flag_is_no_number(facts: Facts) -> None:
    """Python finds True and 1 equal, and their texts are two."""
    assert [facts.read(told, value)["told"].to_pylist()[0] for value in (1, True, 1)] == [1, True, 1]
    assert facts.read(told, True)["told"].type == pa.bool_()


def test_the_columns_of_views_are_part_of_a_text(facts: Facts) -> None:
    """Sales with the places of their files; of a table without days there is no day."""
    places = ["network", "day"]
    assert facts.read(everything).column_names == [*_COLUMNS, *places, "shop_id", "network_right"]
    wider = replace(SALE, columns={**SALE.columns, "till": "string"})
    assert text_of((wider, SHOP), everything) != text_of((SALE, SHOP), everything)
    assert '"till"' in text_of((wider, SHOP), everything)


def test_what_no_text_can_be_kept_by_is_refused(facts: Facts) -> None:
    """A closure carries values that the text would be kept with; a set has no order, a number of parts no kind."""
    shop = "a"

    def closed(facts: Facts) -> Any:
        return facts.sale.filter(facts.sale.shop == shop)

    for build in (closed, lambda facts: facts.sale):
        with pytest.raises(ValueError, match="carries values"):
            facts.read(build)
    for asked in ({"a"}, 1.5, {"a": "b"}, [1]):
        with pytest.raises(TypeError, match="cannot be asked by"):
            facts.read(at_one, asked)


def test_a_kind_that_was_not_opened_is_no_fact(facts: Facts) -> None:
    """Its name is no attribute, and an expression that needs it does not run."""
    with pytest.raises(AttributeError, match="grant"):
        _ = facts.grant
    assert isinstance(facts.sale, ibis.Table)
