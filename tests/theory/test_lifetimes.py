"""Customers who drop out: the values that the literature has for CDNOW, and likelihoods that add up to one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from simulator.theory.lifetimes import Likelihood, Purchases, alive_fraction, bg_nbd, fitted, mbg_nbd, pareto_nbd

SUMMARY = Path(__file__).parents[3] / "shared" / "data" / "activity" / "cdnow_customers_summary.csv"


@pytest.mark.parametrize(
    ("likelihood", "published"),
    [(bg_nbd, (0.243, 4.414, 0.793, 2.426)), (pareto_nbd, (0.553, 10.578, 0.606, 11.669))],
)
def test_the_fit_to_cdnow_is_the_published_one(likelihood: Likelihood, published: tuple[float, ...]) -> None:
    if not SUMMARY.is_file():
        pytest.skip("the reference data of CDNOW is not beside this project")
    table = pd.read_csv(SUMMARY)
    seen = Purchases(*(table[column].to_numpy(dtype=np.float64) for column in ("frequency", "recency", "T")))
    assert fitted(likelihood, seen) == pytest.approx(published, rel=2e-3)


@pytest.mark.parametrize("likelihood", [bg_nbd, mbg_nbd, pareto_nbd])
@pytest.mark.parametrize("parameters", [(0.8, 2.0, 0.6, 1.5), (1.2, 1.0, 0.7, 3.0)])
def test_all_that_a_customer_can_do_has_a_probability_of_one(
    likelihood: Likelihood, parameters: tuple[float, ...]
) -> None:
    until = 2.0

    def density(last: float, again: int) -> float:
        """Of so many purchases with the last at a time: those before it are anywhere."""
        seen = Purchases(np.array([float(again)]), np.array([last]), np.array([until]))
        orders = np.log(max(last, 1e-300)) * (again - 1) - np.sum(np.log(np.arange(1, again)))
        return float(np.exp(likelihood(seen, parameters)[0] + orders))

    nobody = Purchases(np.zeros(1), np.zeros(1), np.array([until]))
    total = float(np.exp(likelihood(nobody, parameters)[0]))
    total += sum(quad(density, 0, until, args=(again,))[0] for again in range(1, 60))
    assert total == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("likelihood", [bg_nbd, mbg_nbd])
def test_how_many_customers_are_still_there_is_as_drawn(likelihood: Likelihood) -> None:
    rng, parameters = np.random.default_rng(2), (0.8, 20.0, 0.6, 1.5)
    again, last, is_alive = drawn_customers(rng, 20_000, parameters, 100.0, lost_at_once=likelihood is mbg_nbd)
    found = alive_fraction(likelihood, Purchases(again, last, np.full(again.size, 100.0)), parameters)
    wide = np.sqrt(np.sum(found * (1 - found)))
    assert found.sum() == pytest.approx(is_alive.sum(), abs=4 * wide)
    surely = found > 0.8
    assert found[surely].mean() == pytest.approx(is_alive[surely].mean(), abs=0.01)


def drawn_customers(
    rng: np.random.Generator, count: int, parameters: tuple[float, ...], until: float, *, lost_at_once: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return purchases after the first, when the last was, and who has not been lost, of customers of both models."""
    r, alpha, a, b = parameters
    rate, lost = rng.gamma(r, 1 / alpha, count), rng.beta(a, b, count)
    again, last, time = np.zeros(count), np.zeros(count), np.zeros(count)
    is_alive = rng.random(count) >= lost if lost_at_once else np.ones(count, dtype=bool)
    buying = is_alive.copy()
    while buying.any():
        time[buying] += rng.exponential(1 / rate[buying])
        buying &= time < until
        again[buying] += 1
        last[buying] = time[buying]
        gone = buying & (rng.random(count) < lost)
        is_alive &= ~gone
        buying &= ~gone
    return again, last, is_alive
