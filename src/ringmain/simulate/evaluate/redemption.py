"""Which targeted household redeems: sendings of coupons, foretold on the eve of each campaign.

A case is a household and a campaign that was sent to it; it is positive if the household redeems any coupon of that
campaign. Judged are the campaigns that start on or after 2017-08-15, each by models that saw only campaigns which had
ended before it started; campaigns that started before the year have no history and are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ringmain.kit.learn.intervals import Estimate, resample_persons
from ringmain.kit.learn.metrics import auc, average_precision, calibration_error
from ringmain.match.api import Records, describe_sending, fit_logistic, train_redemptions
from ringmain.simulate.complete_journey import load
from ringmain.simulate.evaluate.recorded_year import day_numbers, records
from ringmain.simulate.evaluate.report import Result
from ringmain.simulate.evaluate.tasks import Progress

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

FIRST_TEST = date(2017, 8, 15)
# The features of the simple models.
_RATE, _OVERLAP = ("sent_rate",), ("goods_lines",)
_NINE = (
    "sent_rate",
    "goods_lines",
    "coupon_lines",
    "coupon_share",
    "visits_30",
    "paid_90",
    "coupons",
    "kind_rate",
    "loyalty_share",
)
_BASELINES = {
    "redeemed before, smoothed rate": _RATE,
    "overlap with past products": _OVERLAP,
    "logistic, 9 features": _NINE,
}
_OURS = "ours"


@dataclass(frozen=True, slots=True, eq=False)
class Sendings:
    """One entry per household and campaign: who, which, whether redeemed, and features by name (sendings,)."""

    household: Int64s
    campaign: Int64s
    redeemed: Bools
    features: Mapping[str, Floats]

    def part(self, rows: Bools) -> Mapping[str, Floats]:
        """Return the features of some rows."""
        return {name: column[rows] for name, column in self.features.items()}


def evaluate(folder: Path | None, seed: int, progress: Progress) -> Result:
    """Foretell each test campaign from those that had ended, and judge all together and each alone.

    Raises `DataMissing`, `DataInconsistent`.
    """
    progress("reading the year")
    year = records(load(folder))
    sendings = all_sendings(year, progress)
    first_test = int(day_numbers(np.array([FIRST_TEST], dtype="datetime64[D]"))[0])
    tests = np.flatnonzero(year.first >= first_test)
    chances = foretell(year, sendings, tests, seed, progress)
    judged = np.isin(sendings.campaign, tests)
    figures = {name: _figures(sendings, chance, judged, seed) for name, chance in chances.items()}
    return Result(
        int(judged.sum()),
        figures.pop(_OURS),
        figures,
        notes=(f"{len(tests)} campaigns, {int(sendings.redeemed[judged].sum())} of their sendings were redeemed.",),
    )


def all_sendings(year: Records, progress: Progress) -> Sendings:
    """Return the sendings of all campaigns that have a history, each described on the eve of its campaign."""
    began = int(year.purchases.day[0])
    parts = []
    for campaign in np.flatnonzero(year.first > began):
        progress(f"describing campaign {campaign + 1} of {len(year.first)}")
        household, features = describe_sending(year, int(campaign))
        redeemed = np.isin(household, year.redeemers(int(campaign)))
        parts.append((household, np.full(len(household), campaign), redeemed, features))
    return Sendings(
        np.concatenate([household for household, _, _, _ in parts]),
        np.concatenate([campaign for _, campaign, _, _ in parts]),
        np.concatenate([redeemed for _, _, redeemed, _ in parts]),
        {name: np.concatenate([features[name] for _, _, _, features in parts]) for name in parts[0][3]},
    )


def foretell(year: Records, sendings: Sendings, campaigns: Int64s, seed: int, progress: Progress) -> dict[str, Floats]:
    """Return the chances of all sendings by model, those of other campaigns NaN.

    Each campaign is foretold by models that learnt from campaigns whose last day lies before its first.
    """
    chances = {name: np.full(len(sendings.household), np.nan) for name in (_OURS, *_BASELINES)}
    for campaign in campaigns:
        progress(f"foretelling campaign {campaign + 1} of {len(year.first)}")
        ended = np.flatnonzero(year.last < year.first[campaign])
        learnt, asked = np.isin(sendings.campaign, ended), sendings.campaign == campaign
        labels = sendings.redeemed[learnt]
        chances[_OURS][asked] = train_redemptions(sendings.part(learnt), labels, seed=seed).chance(sendings.part(asked))
        for name, columns in _BASELINES.items():
            table = np.column_stack([sendings.features[column] for column in columns])
            chances[name][asked] = fit_logistic(table[learnt], labels, 1.0).chance(table[asked])
    return chances


def _figures(sendings: Sendings, chances: Floats, judged: Bools, seed: int) -> dict[str, Estimate]:
    chance, redeemed = chances[judged], sendings.redeemed[judged]
    household, campaign = sendings.household[judged], sendings.campaign[judged]
    never = sendings.features["redeemed"][judged] == 0

    def per_campaign(rows: Int64s) -> float:
        return float(np.nanmean([auc(chance[own], redeemed[own]) for own in _groups(rows, campaign)]))

    return {
        "auc": resample_persons(household, lambda rows: auc(chance[rows], redeemed[rows]), seed=seed),
        "campaign.auc": resample_persons(household, per_campaign, seed=seed),
        "average_precision": resample_persons(
            household, lambda rows: average_precision(chance[rows], redeemed[rows]), seed=seed
        ),
        "calibration_error": resample_persons(
            household, lambda rows: calibration_error(chance[rows], redeemed[rows]), seed=seed
        ),
        "never.auc": resample_persons(
            household[never], lambda rows: auc(chance[never][rows], redeemed[never][rows]), seed=seed
        ),
    }


def _groups(rows: Int64s, campaign: Int64s) -> list[Int64s]:
    return [rows[campaign[rows] == one] for one in np.unique(campaign)]
