"""Analyses as kept SQL: an expression is built and compiled once in a process, and runs with what each caller asks."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import ibis
import pyarrow as pa

from ringmain.kit.lake.table import LakeTable, ViewType

# The columns of views as Ibis knows them.
_TYPES: dict[ViewType, str] = {
    "date": "date",
    "string": "string",
    "int64": "int64",
    "float64": "float64",
    "bool": "boolean",
    "timestamp": "timestamp('UTC')",
    "strings": "array<string>",
}
# What comes late, as Ibis and as DuckDB know it.
_LATE_TYPES = {
    "moment": ("timestamp('UTC')", "TIMESTAMPTZ"),
    "text": ("string", "VARCHAR"),
    "texts": ("array<string>", "VARCHAR[]"),
}
_MOST_TEXTS = 512

Views = tuple[tuple[str, tuple[tuple[str, ViewType], ...]], ...]


class _Late(NamedTuple):
    """What is asked, without its value: the name of its variable or table, and all that the text depends on."""

    name: str
    kind: str
    columns: pa.Schema | None = None


class _Text(NamedTuple):
    sql: str
    schema: pa.Schema


class Facts:
    """The kinds of facts of an open lake, as Ibis tables; each is looked up when it is first used."""

    def __init__(self, lake: Any, tables: Sequence[LakeTable]) -> None:
        self._lake, self._tables = lake, tables

    def __getattr__(self, kind: str) -> Any:
        """Return the table of a kind of facts."""
        if all(kind != table.kind for table in self._tables):
            raise AttributeError(kind)
        table = self._lake.table(kind)
        setattr(self, kind, table)
        return table

    def read(self, build: Callable[..., Any], *asked: Any) -> Any:
        """Return the rows of the expression `build(facts, *asked)`, a `pa.Table`, from a text of it that is kept.

        `build` is a function of a module and depends on nothing but what it is handed. Of `asked`, times, texts,
        sequences of texts and Arrow tables reach it as Ibis values and tables: one text serves whatever they are. None,
        whole numbers and flags reach it as they are, and others make another text. Raises TypeError for anything else,
        ValueError for a function with values of its own (a closure, a lambda).
        """
        if self._lake.name != "duckdb":
            return build(
                self, *[ibis.memtable(one) if isinstance(one, pa.Table) else one for one in asked]
            ).to_pyarrow()
        text, shape = _kept(self._tables, build, asked)
        for late, value in zip(shape, asked, strict=True):
            if isinstance(late, _Late):
                _bind(self._lake.con, late, value)
        rows = self._lake.con.sql(text.sql).to_arrow_table()
        return pa.Table.from_arrays([rows[field.name].cast(field.type) for field in text.schema], schema=text.schema)


def text_of(tables: Sequence[LakeTable], build: Callable[..., Any], *asked: Any) -> str:
    """Return the SQL that `Facts.read` runs on DuckDB."""
    return _kept(tables, build, asked)[0].sql


def moment(value: Any) -> Any:
    """Return a time as an Ibis value, whether it is known or comes late."""
    return ibis.literal(value, "timestamp('UTC')") if isinstance(value, datetime) else value


def one_of(column: Any, texts: Any) -> Any:
    """Return whether a column is one of these texts, whether they are known or come late."""
    return texts.contains(column) if isinstance(texts, ibis.Expr) else column.isin(list(texts))


def _kept(tables: Sequence[LakeTable], build: Callable[..., Any], asked: Sequence[Any]) -> tuple[_Text, Any]:
    if build.__closure__ is not None or build.__name__ == "<lambda>":
        raise ValueError(f"{build.__qualname__} carries values that its text would be kept with")
    views = tuple((table.kind, tuple(table.view.items())) for table in tables)
    # The type beside each value: True is no 1, though Python finds them equal.
    shape = tuple(_shape(f"asked_{place}", value) for place, value in enumerate(asked))
    return _text(build, views, shape, tuple(map(type, shape))), shape


@lru_cache(_MOST_TEXTS)
def _text(build: Callable[..., Any], views: Views, shape: tuple[Hashable, ...], _types: tuple[type, ...]) -> _Text:
    """Build and compile an analysis. What it is kept by is all that its text may depend on."""
    facts = {kind: ibis.table({name: _TYPES[type_] for name, type_ in columns}, name=kind) for kind, columns in views}
    table = build(SimpleNamespace(**facts), *map(_given, shape)).as_table()
    return _Text(str(ibis.to_sql(table, dialect="duckdb", pretty=False)), table.schema().to_pyarrow())


def _shape(name: str, value: Any) -> Hashable:
    """Return what a text depends on of a value."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return _Late(name, "moment")
    if isinstance(value, str):
        return _Late(name, "text")
    if isinstance(value, pa.Table):
        return _Late(name, "rows", value.schema)
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return _Late(name, "texts")
    raise TypeError(f"{name}: an analysis cannot be asked by {type(value).__name__}")


def _given(asked: Any) -> Any:
    """Return what the function that builds the expression is handed."""
    if not isinstance(asked, _Late):
        return asked
    if asked.columns is not None:
        return ibis.table(ibis.Schema.from_pyarrow(asked.columns), name=asked.name)
    return _VARIABLES[asked.kind](asked.name)


def _bind(connection: Any, late: _Late, value: Any) -> None:
    if late.kind == "rows":
        connection.register(late.name, value)
        return
    # The type is said, since a sequence may be empty.
    given = list(value) if late.kind == "texts" else value
    connection.execute(f"SET VARIABLE {late.name} = CAST($1 AS {_LATE_TYPES[late.kind][1]})", [given])


def _variable(type_: str) -> Callable[[str], Any]:
    """Return how to name a variable of a type. To the planner it is a constant: filters by it skip what they may."""

    def getvariable(asked):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        """Return what the connection holds under a name."""

    return ibis.udf.scalar.builtin(getvariable, signature=(("string",), type_))  # type: ignore[no-any-return]


_VARIABLES = {kind: _variable(type_) for kind, (type_, _) in _LATE_TYPES.items()}
