import math
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.demand.arrivals import request_blocks
from simulator.demand.burstiness import Burstiness
from simulator.demand.bursts import Bursts
from simulator.demand.demand import Demand
from simulator.demand.intensity import Pieces
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
STANDARD_ERRORS = 4


def a_demand(per_hour: float, burstiness: dict[str, Any] | None, **traffic: Any) -> Demand:
    population = Population.model_validate(
        {"users": 24_000, "logins_per_day": f"{per_hour / 1000}/day", "shape": "inf"}
    )
    start = datetime(2026, 3, 2)  # noqa: DTZ001
    return Demand(population, Traffic.model_validate({"burstiness": burstiness, **traffic}), start)


def times_of(demand: Demand, begin_s: float, end_s: float, block_s: float = DAY_S, replication: int = 0) -> np.ndarray:
    return np.concatenate([b.time_s for b in request_blocks(demand, 1, replication, begin_s, end_s, block_s)])


def dispersion(demand: Demand, window_s: float, hours: int = 20, replications: int = 6) -> list[float]:
    """Return variance/mean of the counts of each replication."""
    found = []
    for replication in range(replications):
        times_s = times_of(demand, 0.0, hours * HOUR_S, replication=replication)
        counts = np.bincount((times_s / window_s).astype(int), minlength=round(hours * HOUR_S / window_s))
        found.append(float(counts.var(ddof=1) / counts.mean()))
    return found


@pytest.mark.parametrize(
    ("cv", "every_s", "window_s"), [(0.3, 60, 60), (0.3, 60, 1), (0.5, 1, 1), (1.0, 60, 60), (2.0, 60, 1)]
)
def test_counts_within_a_piece_vary_as_a_gamma_mixture_does(cv: float, every_s: int, window_s: int) -> None:
    demand = a_demand(7_200, {"cv": cv, "every": f"{every_s} s"})
    found = dispersion(demand, window_s)
    expected = 1 + 2 * window_s * cv**2
    error = float(np.std(found, ddof=1)) / math.sqrt(len(found))
    assert abs(np.mean(found) - expected) < STANDARD_ERRORS * error


def test_a_factor_that_changes_every_second_averages_out_over_a_minute() -> None:
    found = dispersion(a_demand(7_200, {"cv": 0.5, "every": "1 s"}), 60)
    error = float(np.std(found, ddof=1)) / math.sqrt(len(found))
    assert abs(np.mean(found) - (1 + 2 * 0.25)) < STANDARD_ERRORS * error


def test_counts_are_as_dispersed_as_those_of_real_services() -> None:
    """Real request counts inside the hour: variance/mean 1.3 to 1.7 by the second, and 4 to 20 by the minute."""
    demand = a_demand(18_000, {"cv": 0.3, "every": "60 s"})
    assert 1.3 < np.mean(dispersion(demand, 1)) < 1.7
    assert 4 < np.mean(dispersion(a_demand(3_600, {"cv": 0.3, "every": "60 s"}), 60)) < 20


@pytest.mark.parametrize("every", ["1 s", "7 s", "41.3 s", "60 s", "1 h"])
def test_as_many_come_as_without_bursts(every: str) -> None:
    counts = [
        times_of(a_demand(5_000, {"cv": 0.5, "every": every}), 0.0, 10 * HOUR_S, replication=k).size for k in range(12)
    ]
    error = float(np.std(counts, ddof=1)) / math.sqrt(12)
    assert abs(np.mean(counts) - 50_000) < STANDARD_ERRORS * error


@pytest.mark.parametrize("every", ["7 s", "60 s", "1 h"])
def test_requests_depend_neither_on_the_blocks_nor_on_the_beginning(every: str) -> None:
    demand = a_demand(5_000, {"cv": 0.8, "every": every})
    early_s = times_of(demand, -26 * HOUR_S, 9 * HOUR_S)
    assert np.all(np.diff(early_s) >= 0)
    for block_s in (600.0, 5 * HOUR_S):
        assert np.array_equal(early_s[early_s >= 0], times_of(demand, 0.0, 9 * HOUR_S, block_s))


def test_a_piece_that_two_intervals_share_has_one_factor_in_both() -> None:
    bursts = Bursts(Burstiness.model_validate({"cv": 1, "every": "7 s"}), 1, 0)
    edges_s = [-20.0, 0.0, 3.0, 10.0, 50.0, 2000.0]
    whole = bursts.on(Pieces(np.array(edges_s), np.diff(edges_s)[:, None] * [1.0, 2.0]))
    fresh = Bursts(Burstiness.model_validate({"cv": 1, "every": "7 s"}), 1, 0)
    late = fresh.on(Pieces(np.array([1000.0, 2000.0]), np.array([[1000.0, 2000.0]])))
    rate = (whole.logins / np.diff(whole.edges_s)[:, None])[:, 0]
    assert {-14.0, -7.0, 0.0, 3.0, 7.0, 10.0, 14.0, 49.0, 50.0, 994.0} <= set(whole.edges_s.tolist())
    of_piece: dict[int, set[float]] = {}
    for middle_s, value in zip((whole.edges_s[1:] + whole.edges_s[:-1]) / 2, rate, strict=True):
        of_piece.setdefault(math.floor(middle_s / 7), set()).add(round(float(value), 9))
    assert all(len(values) == 1 for values in of_piece.values())
    assert len(set.union(*of_piece.values())) == len(of_piece)
    assert whole.logins[:, 1] == pytest.approx(2 * whole.logins[:, 0])
    late_rate = (late.logins / np.diff(late.edges_s)[:, None])[:, 0]
    assert late_rate == pytest.approx(rate[-late_rate.size :])


def test_return_visits_come_from_the_bursts_but_are_not_modulated_by_them() -> None:
    returns = {"probability": "90 %", "gap": {"kind": "exponential", "mean": "3 h"}}
    with_returns = dispersion(a_demand(7_200, {"cv": 1, "every": "60 s"}, return_visits=returns), 60, replications=3)
    assert np.mean(with_returns) < 0.2 * (1 + 120)


@pytest.mark.parametrize(
    ("burstiness", "fault"),
    [
        ({"cv": 0, "every": "60 s"}, "greater than 0"),
        ({"cv": 6, "every": "60 s"}, "less than or equal to 5"),
        ({"cv": 0.3, "every": "100 ms"}, "greater than or equal to 1"),
        ({"cv": 0.3, "every": "2 h"}, "less than or equal to 3600"),
    ],
)
def test_bursts_out_of_bounds_are_refused(burstiness: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        Burstiness.model_validate(burstiness)
