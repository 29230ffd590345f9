"""All that other slices may call of need."""

from ringmain.need.place.habits import names as habit_names
from ringmain.need.place.journal import (
    AsOf,
    Bools,
    Floats,
    Int64s,
    Journal,
    Queries,
    after_visits,
    before_visits,
    plane,
)
from ringmain.need.place.ranker import Ranker, fit
from ringmain.need.place.retrieve import Chunk, chunks, fit_retriever, retrieve
from ringmain.need.place.table import Rows, Table
from ringmain.need.place.table import names as table_names
from ringmain.need.place.town import Floats32

__all__ = [
    "AsOf",
    "Bools",
    "Chunk",
    "Floats",
    "Floats32",
    "Int64s",
    "Journal",
    "Queries",
    "Ranker",
    "Rows",
    "Table",
    "after_visits",
    "before_visits",
    "chunks",
    "fit",
    "fit_retriever",
    "habit_names",
    "plane",
    "retrieve",
    "table_names",
]
