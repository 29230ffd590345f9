"""The lifetime models are those of the literature."""

from pathlib import Path

import numpy as np
import pytest

from ringmain.need.lifetimes import BgNbd, Histories, ParetoNbd, fit_bg_nbd, fit_pareto_nbd

# What Fader, Hardie and Lee (2005) and Fader and Hardie (2005) print for the CDNOW sample.
BG = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
PARETO = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)
PERSONS = Histories(
    repeats=np.array([2.0, 0.0, 7.0, 1.0]),
    last=np.array([30.43, 0.0, 29.43, 1.71]),
    age=np.array([38.86, 38.86, 38.86, 38.86]),
)


def test_bg_nbd_expects_what_the_paper_prints() -> None:
    """A person with two repeats, the last at week 30.43 of 38.86, is expected to buy 1.226 times in 39 weeks."""
    assert BG.expected(PERSONS, 39.0)[0] == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize("model", [PARETO, ParetoNbd(r=0.9, alpha=4.0, s=1.4, beta=9.0)])
def test_a_likelihood_is_the_mean_over_rates_and_ways_to_leave(model: ParetoNbd) -> None:
    """Pareto/NBD for one person equals the mean over many drawn rates that it is the closed form of."""
    random = np.random.default_rng(2)
    rate = random.gamma(model.r, 1 / model.alpha, 2_000_000)
    leaving = random.gamma(model.s, 1 / model.beta, 2_000_000)
    repeats, last, age = 2.0, 12.0, 30.0
    stays = np.exp(-(rate + leaving) * age)
    given = rate**repeats * (stays + leaving / (rate + leaving) * (np.exp(-(rate + leaving) * last) - stays))

    one = Histories(np.array([repeats]), np.array([last]), np.array([age]))

    assert np.exp(model.log_likelihood(one)[0]) == pytest.approx(given.mean(), rel=0.01)


def _simulated(persons: int) -> tuple[Histories, np.ndarray]:
    """Return histories of 39 weeks drawn from BG/NBD, and the purchases of the 39 weeks after."""
    random = np.random.default_rng(5)
    repeats, last, later = np.zeros(persons), np.zeros(persons), np.zeros(persons)
    age = random.uniform(27.0, 39.0, persons)
    rates = random.gamma(BG.r, 1 / BG.alpha, persons)
    leaving = random.beta(BG.a, BG.b, persons)
    for who in range(persons):
        time = random.exponential(1 / rates[who]) if rates[who] > 0 else np.inf
        while time < age[who] + 39:
            if time <= age[who]:
                repeats[who] += 1
                last[who] = time
            else:
                later[who] += 1
            if random.random() < leaving[who]:
                break
            time += random.exponential(1 / rates[who])
    return Histories(repeats, last, age), later


def test_what_was_simulated_is_found_again() -> None:
    """From 6,000 persons of a known BG/NBD the fit finds its parameters, and forecasts the total within 5 %."""
    known, later = _simulated(6_000)

    model = fit_bg_nbd(known)

    assert model.r == pytest.approx(BG.r, rel=0.1)
    assert model.alpha == pytest.approx(BG.alpha, rel=0.15)
    assert model.a / (model.a + model.b) == pytest.approx(BG.a / (BG.a + BG.b), rel=0.15)
    assert model.expected(known, 39.0).sum() == pytest.approx(later.sum(), rel=0.05)
    # Control: who came recently and often is alive; a model with that the wrong way round would not pass.
    assert np.corrcoef(model.alive(known)[known.repeats > 0], later[known.repeats > 0] > 0)[0, 1] > 0.2


@pytest.mark.parametrize("model", [BG, PARETO, BgNbd(0.3, 4.0, 1.0, 2.0), ParetoNbd(0.5, 10.0, 1.0, 12.0)])
def test_expectations_behave(model: BgNbd | ParetoNbd) -> None:
    """Nothing is expected of no time, more of more time; chances lie between 0 and 1, also where a parameter is 1."""
    none, some, more = (model.expected(PERSONS, weeks) for weeks in (0.0, 10.0, 39.0))

    assert none == pytest.approx(0, abs=1e-9)
    assert (some > 0).all()
    assert (more > some).all()
    assert ((model.alive(PERSONS) > 0) & (model.alive(PERSONS) <= 1)).all()


def test_by_bg_nbd_who_never_returned_is_still_there() -> None:
    """Nobody leaves before a first repeat, so that silence tells nothing of them."""
    assert BG.alive(PERSONS)[1] == 1.0
    assert PARETO.alive(PERSONS)[1] < 1.0


def test_published_parameters_of_cdnow(evaluation_data: Path) -> None:
    """On the sample of the papers both fits find the parameters and likelihoods that are printed there."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - only where the data is

    from ringmain.need.returns import gather, histories  # noqa: PLC0415

    table = pq.read_table(evaluation_data / "cdnow" / "purchases.parquet")
    day = (table["date"].to_numpy().astype("datetime64[D]") - np.datetime64("1997-09-30")).astype(np.int64)
    _, known = histories(gather(table["person_id"].to_numpy(), day, table["amount"].to_numpy()), 0)

    bg, pareto = fit_bg_nbd(known), fit_pareto_nbd(known)

    assert (bg.r, bg.alpha, bg.a, bg.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=2e-3)
    assert bg.log_likelihood(known).sum() == pytest.approx(-9582.4, abs=0.1)
    assert (pareto.r, pareto.alpha, pareto.s, pareto.beta) == pytest.approx((0.553, 10.578, 0.606, 11.669), abs=2e-2)
    assert pareto.log_likelihood(known).sum() == pytest.approx(-9595.0, abs=0.1)
