"""Variance/mean of request counts, and the users of a day, a week and 28 days, as metrics."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from replicated import agree

from simulator.core.units import DAY_S, HOUR_S
from simulator.demand.arrivals import Logins, RequestBlock
from simulator.demand.census import Census, Wider
from simulator.demand.dispersion import Dispersion
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.simulate import simulate
from simulator.theory.logins import active_fraction

REPLICATIONS = 16
USERS = 20_000


def a_scenario(horizon: str, per_day: float, **traffic: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "horizon": horizon,
            "warmup": "0 s",
            "population": {"users": USERS, "logins_per_day": f"{per_day}/day", "shape": 0.5},
            "traffic": traffic,
            "backends": {
                "live": {
                    "kind": "fleet",
                    "instance": "f",
                    "service_time": {"kind": "affine", "fixed": "1 ms"},
                    "capacity": {"kind": "fixed", "replicas": 2},
                }
            },
            "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
        }
    )


def metrics(scenario: Scenario, block_s: float | None = None, replication: int = 0) -> dict[str, float]:
    return metrics_of(scenario, simulate(scenario, "on demand", replication, block_s))


@pytest.mark.parametrize(("cv", "every_s"), [(None, 60), (0.5, 60), (1.0, 60), (0.5, 1)])
def test_requests_are_as_dispersed_as_a_gamma_mixture(cv: float | None, every_s: int) -> None:
    """At 2 requests a second; a factor that is redrawn n times in a window averages out to a n-th of its variance."""
    bursts = None if cv is None else {"cv": cv, "every": f"{every_s} s"}
    scenario = a_scenario("20 h", 2 * DAY_S / USERS, burstiness=bursts)
    found = [metrics(scenario, replication=k) for k in range(REPLICATIONS)]
    squared = 0.0 if cv is None else cv**2
    for window_s in (1, 60):
        expected = 1 + 2 * min(every_s, window_s) * squared
        agree([each[f"dispersion_{window_s}s"] for each in found], expected)


@pytest.mark.parametrize("requests", [0, 1, 500, 20_000])
def test_dispersion_is_the_variance_of_counts_over_their_mean(requests: int) -> None:
    """With few requests and many in an hour, which are counted in two ways, in blocks that end anywhere."""
    time_s = np.sort(np.random.default_rng(1).uniform(-100.0, HOUR_S, requests))
    time_s[: requests // 5] = np.floor(time_s[: requests // 5])  # on the edge of a second
    dispersion = Dispersion(HOUR_S)
    for begin_s, end_s in ((-100.0, 1234.5), (1234.5, HOUR_S)):
        first, last = np.searchsorted(time_s, (begin_s, end_s))
        dispersion.take(RequestBlock(begin_s, end_s, time_s[first:last], np.zeros(last - first, dtype=np.int32), ()))
    for window_s in (1, 60):
        counts = np.histogram(time_s, np.arange(0.0, HOUR_S + 1, window_s))[0]
        expected = counts.var(ddof=1) / counts.mean() if counts.any() else None
        assert dispersion.of(window_s) == (expected if expected is None else pytest.approx(expected))


def test_the_daily_profile_is_not_dispersion() -> None:
    day = {"kind": "hourly", "weights": [1, 3] * 12}
    found = [metrics(a_scenario("1 d", 2 * DAY_S / USERS, profile=day), replication=k) for k in range(REPLICATIONS)]
    for window_s in (1, 60):
        agree([each[f"dispersion_{window_s}s"] for each in found], 1.0)


def test_dispersion_does_not_depend_on_blocks_and_holds_for_a_part_of_an_hour() -> None:
    scenario = a_scenario("90 min", 2 * DAY_S / USERS, burstiness={"cv": 0.5, "every": "60 s"})
    hours, days = metrics(scenario, 600.0), metrics(scenario, DAY_S)
    assert hours == days
    assert metrics(a_scenario("30 s", 2 * DAY_S / USERS)).keys() >= {"dispersion_1s"}
    assert "dispersion_60s" not in metrics(a_scenario("90 s", 2 * DAY_S / USERS))


@pytest.mark.parametrize(("horizon", "days"), [("28 d", (1, 7, 28)), ("27 d", (1, 7)), ("6 d", (1,)), ("23 h", ())])
def test_active_shares_are_there_as_soon_as_the_horizon_holds_one_window(horizon: str, days: tuple[int, ...]) -> None:
    names = {1: "daily_active_fraction", 7: "weekly_active_fraction", 28: "monthly_active_fraction"}
    found = metrics(a_scenario(horizon, 0.1))
    assert {name for name in names.values() if name in found} == {names[window] for window in days}
    for window in days:
        expected = float(active_fraction(window, 0.5, 0.1))
        assert found[names[window]] == pytest.approx(expected, rel=0.05)


def test_several_weeks_give_the_mean_of_the_users_of_each() -> None:
    rng = np.random.default_rng(1)
    time_s, user = np.sort(rng.uniform(-DAY_S, 22 * DAY_S, 300)), rng.integers(0, 200, 300).astype(np.int32)
    census = Census(200, DAY_S, 22 * DAY_S)
    weeks = Wider(census, 7)
    for begin, end in itertools.pairwise((0, 40, 41, 180, 300)):
        census.observe(Logins(time_s[begin:end], user[begin:end]))
    week = np.floor(time_s / (7 * DAY_S))
    expected = math.fsum(np.unique(user[week == k]).size for k in range(3)) / 3 / 200
    assert weeks.active_fraction == weeks.active_fraction == pytest.approx(expected)


def test_windows_without_a_login_count_as_nobody() -> None:
    census = Census(10, DAY_S, 14 * DAY_S)
    weeks = Wider(census, 7)
    census.observe(Logins(np.array([1.0]), np.array([3], dtype=np.int32)))
    assert census.active_fraction == pytest.approx(1 / 14 / 10)
    assert weeks.active_fraction == pytest.approx(1 / 2 / 10)
