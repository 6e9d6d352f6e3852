"""Customers who drop out: the values that the literature has for CDNOW, and likelihoods that add up to one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from simulator.theory.lifetimes import Likelihood, Purchases, bg_nbd, fitted, pareto_nbd

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


@pytest.mark.parametrize("likelihood", [bg_nbd, pareto_nbd])
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
