"""What a slice declares so that its facts are copied into the lake."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, LiteralString

# Types that DuckDB, Spark and pyarrow agree on. Ids are strings; times are microseconds in UTC.
ColumnType = Literal["string", "int64", "float64", "bool", "timestamp", "strings"]
# And of the columns of views, which have the day of a file, too.
ViewType = ColumnType | Literal["date"]


@dataclass(frozen=True, slots=True)
class LakeTable:
    """One kind of facts in the lake.

    - `kind`: the name of the table and of its folder.
    - `columns`: names and types, in order. A column added later is null in older files.
    - `query`: selects at least these columns (ids as text) and `day_column`, for the rows of `%(network)s` whose facts
      have the ids `%(ids)s`: exactly these two placeholders. It runs under row-level security.
    - `day_column`: the time whose UTC day names the folder; left out of the file where it is no column.
    - `announced_as`: the kinds of facts in the outbox that name its rows; by default the one called like `kind`.
    - `per_id`: whether every announced id is one row: then an export that finds fewer is refused.
    - `whole`: a small table that is copied whole, into one file, whenever one of `announced_as` comes; the query has no
      `%(ids)s`, and there is no day.
    """

    kind: str
    columns: Mapping[str, ColumnType]
    query: LiteralString
    day_column: str = ""
    announced_as: tuple[str, ...] = ()
    per_id: bool = True
    whole: bool = False

    def __post_init__(self) -> None:
        """Refuse declarations that contradict themselves."""
        if not self.kind.isidentifier():
            raise ValueError(f"{self.kind!r} is no name for a kind of facts")
        if self.whole == bool(self.day_column) or self.whole == ("%(ids)s" in self.query):
            raise ValueError(f"{self.kind}: a table is copied whole, or by ids and days")

    @property
    def view(self) -> dict[str, ViewType]:
        """The columns of the table's view: those declared, then the places of files, `network` and `day`."""
        place: dict[str, ViewType] = {"network": "string"}
        return {**self.columns, **place} if self.whole else {**self.columns, **place, "day": "date"}

    @property
    def facts(self) -> frozenset[str]:
        """The kinds of facts that announce rows of this table."""
        return frozenset(self.announced_as or (self.kind,))
