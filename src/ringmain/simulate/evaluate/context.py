"""Would this coupon be taken in this context: five folds of answers from a survey of drivers."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ringmain.kit.learn import metrics
from ringmain.kit.learn.boosting import Trees, grow
from ringmain.kit.learn.intervals import Estimate, resample_persons
from ringmain.match.api import Offers, accept
from ringmain.simulate.errors import EvaluationDataWrong
from ringmain.simulate.evaluate.files import read
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]

FILE = "survey.parquet"
FOLDS = 5
_TEXT, _NUMBER = pa.string(), pa.int64()
HABITS = {
    "Bar": "Bar",
    "Coffee House": "CoffeeHouse",
    "Carry out & Take away": "CarryAway",
    "Restaurant(<20)": "RestaurantLessThan20",
    "Restaurant(20-50)": "Restaurant20To50",
}
PERSON: dict[str, pa.DataType] = {
    **dict.fromkeys(("gender", "age", "maritalStatus"), _TEXT),
    "has_children": _NUMBER,
    **dict.fromkeys(("education", "occupation", "income", "cartype", *HABITS.values()), _TEXT),
}
CONTEXT: dict[str, pa.DataType] = {
    **dict.fromkeys(("destination", "passanger", "weather"), _TEXT),
    "temperature": _NUMBER,
    **dict.fromkeys(("time", "couponType", "expiration"), _TEXT),
    **dict.fromkeys(("toCoupon_GEQ15min", "toCoupon_GEQ25min", "direction_same"), _NUMBER),
}
_OFTEN = ("never", "less1", "1~3", "4~8", "gt8")
# Words with an order become its numbers; a word that is not known is as good as missing.
ORDERED = {
    **dict.fromkeys(HABITS.values(), _OFTEN),
    "age": ("below21", "21", "26", "31", "36", "41", "46", "50plus"),
    "time": ("7AM", "10AM", "2PM", "6PM", "10PM"),
    "income": (
        "Less than $12500",
        "$12500 - $24999",
        "$25000 - $37499",
        "$37500 - $49999",
        "$50000 - $62499",
        "$62500 - $74999",
        "$75000 - $87499",
        "$87500 - $99999",
        "$100000 or More",
    ),
}
_MISSING = "?"
_BASELINE = {"objective": "binary", "verbose": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}
_BASELINE_TREES = 300


def evaluate(folder: Path, seed: int, progress: Progress) -> Result:
    """Answer each fifth of the rows from the other four.

    The survey names nobody: rows with the same answers about the person are taken for one person's. Raises
    `EvaluationDataMissing`, `EvaluationDataWrong`.
    """
    columns = {**PERSON, **CONTEXT, "Y": _NUMBER}
    table = read(folder, FILE, columns, optional={"cartype", *HABITS.values()})
    texts = {name: _words(table[name].cast(_TEXT).to_pylist()) for name in columns}
    taken = np.asarray(table["Y"].to_numpy() == 1)
    if len(taken) < FOLDS or taken.all() or not taken.any():
        raise EvaluationDataWrong(file=str(folder / FILE), why="it needs coupons that were taken and that were not")
    offers = prepare(texts)
    random = np.random.default_rng(seed)
    fold = random.permutation(len(taken)) % FOLDS
    of_person = random.permutation(int(offers.person.max()) + 1) % FOLDS
    indicators = _indicators(texts)
    kinds = int(offers.kind.max()) + 1
    said = {name: np.zeros(len(taken)) for name in ("ours", "coupon rate", "logistic", "boosted trees", "cold")}
    for turn in range(FOLDS):
        progress(f"fold {turn + 1} of {FOLDS}")
        known, asked = np.flatnonzero(fold != turn), np.flatnonzero(fold == turn)
        said["ours"][asked] = accept(offers.of(known), taken[known], offers.of(asked), seed=seed * FOLDS + turn)
        said["coupon rate"][asked] = _rates(offers.kind[known], taken[known], kinds)[offers.kind[asked]]
        logistic = LogisticRegression(max_iter=1_000).fit(indicators[known], taken[known])
        said["logistic"][asked] = logistic.predict_proba(indicators[asked])[:, 1]
        said["boosted trees"][asked] = _trees(offers, taken, known, seed).predict(offers.features[asked])
        others = np.flatnonzero(of_person[offers.person] != turn)
        strangers = np.flatnonzero(of_person[offers.person] == turn)
        if len(strangers):
            said["cold"][strangers] = _trees(offers, taken, others, seed).predict(offers.features[strangers])
    progress("resampling persons")
    figures = {name: _figures(chance, taken, offers.person, seed) for name, chance in said.items()}
    cold = figures.pop("cold")["auc"]
    persons = int(offers.person.max()) + 1
    return Result(
        n=len(taken),
        metrics={**figures.pop("ours"), "cold.auc": cold},
        baselines=figures,
        notes=(
            f"{persons:,} persons, told apart by what they say of themselves; most of their other answers are known.",
            "cold.auc: boosted trees on persons of whom no answer is known (folds by person).",
        ),
    )


def prepare(texts: dict[str, Texts]) -> Offers:
    """Return the rows as numbers: ordered words as their order, others as codes, and the habit that fits the coupon."""
    columns, categorical = [], []
    for name in (*PERSON, *CONTEXT):
        if name in ORDERED:
            columns.append(_order(texts[name], ORDERED[name]))
            continue
        if (PERSON | CONTEXT)[name] == _TEXT:
            categorical.append(len(columns))
        columns.append(_codes(texts[name]).astype(float))
    habit = np.full(len(texts["couponType"]), np.nan)
    for kind, name in HABITS.items():
        rows = texts["couponType"] == kind
        habit[rows] = _order(texts[name][rows], _OFTEN)
    return Offers(
        features=np.column_stack([*columns, habit]),
        categorical=tuple(categorical),
        person=_joint(texts, PERSON),
        context=_joint(texts, CONTEXT),
        kind=_codes(texts["couponType"]),
    )


def _words(words: Sequence[str | None]) -> Texts:
    return np.array([_MISSING if word is None else word for word in words], dtype=np.str_)


def _codes(words: Texts) -> Int64s:
    return np.unique(words, return_inverse=True)[1].astype(np.int64)


def _order(words: Texts, ordered: tuple[str, ...]) -> Floats:
    known = {word: float(rank) for rank, word in enumerate(ordered)}
    return np.array([known.get(word, np.nan) for word in words.tolist()])


def _joint(texts: dict[str, Texts], names: dict[str, pa.DataType]) -> Int64s:
    codes = np.column_stack([_codes(texts[name]) for name in names])
    return np.unique(codes, axis=0, return_inverse=True)[1].astype(np.int64)


def _indicators(texts: dict[str, Texts]) -> Floats:
    """Return one column of 0 and 1 per word of each question."""
    codes = [_codes(texts[name]) for name in (*PERSON, *CONTEXT)]
    return np.hstack([np.eye(int(code.max()) + 1)[code] for code in codes])


def _rates(kind: Int64s, taken: Bools, size: int) -> Floats:
    total = np.bincount(kind, weights=taken, minlength=size) + taken.mean()
    return np.asarray(total / (np.bincount(kind, minlength=size) + 1), dtype=np.float64)


def _trees(offers: Offers, taken: Bools, rows: Int64s, seed: int) -> Trees:
    features, labels = offers.features[rows], taken[rows]
    return grow(_BASELINE, features, labels, rounds=_BASELINE_TREES, seed=seed, categorical=offers.categorical)


def _figures(chance: Floats, taken: Bools, person: Int64s, seed: int) -> dict[str, Estimate]:
    def measured(score: Callable[[Floats, Bools], float]) -> Estimate:
        return resample_persons(person, lambda rows: score(chance[rows], taken[rows]), seed=seed)

    return {
        "auc": measured(metrics.auc),
        "calibration_error": measured(metrics.calibration_error),
        "log_loss": measured(metrics.log_loss),
    }
