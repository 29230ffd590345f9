"""All that other slices may call of need."""

from ringmain.need.lifetimes import BgNbd, Histories, ParetoNbd, fit_bg_nbd, fit_pareto_nbd
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
from ringmain.need.returns import Forecast, Purchases, forecast, gather, histories
from ringmain.need.traffic import holidays
from ringmain.need.traffic.features import Window
from ringmain.need.traffic.features import window as traffic_window
from ringmain.need.traffic.forecast import Example, Forecaster
from ringmain.need.traffic.forecast import example as traffic_example
from ringmain.need.traffic.forecast import learn as learn_traffic
from ringmain.need.traffic.forecast import origins as traffic_origins
from ringmain.need.traffic.history import History

__all__ = [
    "AsOf",
    "BgNbd",
    "Bools",
    "Chunk",
    "Example",
    "Floats",
    "Floats32",
    "Forecast",
    "Forecaster",
    "Histories",
    "History",
    "Int64s",
    "Journal",
    "ParetoNbd",
    "Purchases",
    "Queries",
    "Ranker",
    "Rows",
    "Table",
    "Window",
    "after_visits",
    "before_visits",
    "chunks",
    "fit",
    "fit_bg_nbd",
    "fit_pareto_nbd",
    "fit_retriever",
    "forecast",
    "gather",
    "habit_names",
    "histories",
    "holidays",
    "learn_traffic",
    "plane",
    "retrieve",
    "table_names",
    "traffic_example",
    "traffic_origins",
    "traffic_window",
]
