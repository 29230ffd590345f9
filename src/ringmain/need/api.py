"""All that other slices may call of need."""

from ringmain.need.ahead import LEAST_PEOPLE, ROUNDED_TO, ShopAhead, ahead
from ringmain.need.basket.histories import BasketHistories, basket_histories
from ringmain.need.basket.ranker import BasketModel
from ringmain.need.basket.ranker import train as train_baskets
from ringmain.need.basket.simple import simple_scores as simple_basket_scores
from ringmain.need.expected import ExpectedDay, ShopTraffic, forecast_traffic, traffic
from ringmain.need.forecast import TASK, TASKS, ask_needs, forecast_needs, needs, own_needs, week_columns, weeks_of
from ringmain.need.ground import MADE_OF, agreeing
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
from ringmain.need.place.placing import Placing
from ringmain.need.place.ranker import Ranker, fit
from ringmain.need.place.retrieve import Chunk, chunks, fit_retriever, retrieve
from ringmain.need.place.simple import BASELINES, Counter, in_order
from ringmain.need.place.table import Rows, Table
from ringmain.need.place.table import names as table_names
from ringmain.need.place.town import Floats32
from ringmain.need.returns import Forecast, Purchases, forecast, gather, histories
from ringmain.need.store import Need, WeekChance
from ringmain.need.traffic import holidays
from ringmain.need.traffic.features import Window
from ringmain.need.traffic.features import window as traffic_window
from ringmain.need.traffic.forecast import Example, Forecaster
from ringmain.need.traffic.forecast import example as traffic_example
from ringmain.need.traffic.forecast import learn as learn_traffic
from ringmain.need.traffic.forecast import origins as traffic_origins
from ringmain.need.traffic.foretell import LEAST_DAYS, MODEL
from ringmain.need.traffic.history import History
from ringmain.need.traffic.simple import BASELINES as TRAFFIC_BASELINES
from ringmain.need.train import Training, is_due, roll_back, train
from ringmain.need.visits.next_choice import Ranked, rank_kinds, rank_stores
from ringmain.need.visits.records import Visits
from ringmain.need.visits.return_time import Return, foretell_gaps, foretell_returns
from ringmain.need.visits.rhythm import own_gaps, own_rate
from ringmain.need.wanting import LIKELY, wanted, wanting, weeks_at

__all__ = [
    "BASELINES",
    "LEAST_DAYS",
    "LEAST_PEOPLE",
    "LIKELY",
    "MADE_OF",
    "MODEL",
    "ROUNDED_TO",
    "TASK",
    "TASKS",
    "TRAFFIC_BASELINES",
    "AsOf",
    "BasketHistories",
    "BasketModel",
    "BgNbd",
    "Bools",
    "Chunk",
    "Counter",
    "Example",
    "ExpectedDay",
    "Floats",
    "Floats32",
    "Forecast",
    "Forecaster",
    "Histories",
    "History",
    "Int64s",
    "Journal",
    "Need",
    "ParetoNbd",
    "Placing",
    "Purchases",
    "Queries",
    "Ranked",
    "Ranker",
    "Return",
    "Rows",
    "ShopAhead",
    "ShopTraffic",
    "Table",
    "Training",
    "Visits",
    "WeekChance",
    "Window",
    "after_visits",
    "agreeing",
    "ahead",
    "ask_needs",
    "basket_histories",
    "before_visits",
    "chunks",
    "fit",
    "fit_bg_nbd",
    "fit_pareto_nbd",
    "fit_retriever",
    "forecast",
    "forecast_needs",
    "forecast_traffic",
    "foretell_gaps",
    "foretell_returns",
    "gather",
    "habit_names",
    "histories",
    "holidays",
    "in_order",
    "is_due",
    "learn_traffic",
    "needs",
    "own_gaps",
    "own_needs",
    "own_rate",
    "plane",
    "rank_kinds",
    "rank_stores",
    "retrieve",
    "roll_back",
    "simple_basket_scores",
    "table_names",
    "traffic",
    "traffic_example",
    "traffic_origins",
    "traffic_window",
    "train",
    "train_baskets",
    "wanted",
    "wanting",
    "week_columns",
    "weeks_at",
    "weeks_of",
]
