"""Last logins drawn from the users' rates, against the rates of arrivals, against theory and against drawn logins."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from simulator.demand.arrivals import logins, request_blocks
from simulator.demand.demand import Demand
from simulator.demand.kernels import Cohorts, draw_users
from simulator.demand.last_logins import last_logins
from simulator.demand.login_rates import LoginRates
from simulator.demand.lorenz import position_table
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic
from simulator.theory.logins import active_fraction

DAY_S = 86400.0
STANDARD_ERRORS = 4
ZONES = {"America/New_York": "50 %", "America/Chicago": "30 %", "Asia/Tokyo": "20 %"}


def a_demand(population: dict[str, Any], **traffic: Any) -> Demand:
    return Demand(
        Population.model_validate(population), Traffic.model_validate(traffic), datetime(2026, 3, 2, tzinfo=UTC)
    )


def times_of(demand: Demand, before_s: float, oldest_s: float, replication: int = 0) -> np.ndarray:
    return np.concatenate([times for _, times in last_logins(demand, 1, replication, before_s, oldest_s)])


@pytest.mark.parametrize("users", [40, 3000, 50_000])
@pytest.mark.parametrize("shape", [0.05, 0.6, 4.0, "inf"])
def test_rates_are_those_at_which_arrivals_draw_users(users: int, shape: Any) -> None:
    """Every position on the Lorenz curve at equal steps, given to users as arrivals do it."""
    cohorts = a_demand({"users": users, "logins_per_day": "1/day", "shape": shape, "dormant": "10 %"}).cohorts()
    rates = LoginRates.of(cohorts, users)
    assert rates.first_user.tolist() == [0, *rates.end_user[:-1]]
    assert rates.end_user[-1] == users
    expected = np.repeat(rates.logins_per_s / cohorts.logins_per_s.sum(), rates.end_user - rates.first_user)
    assert expected.sum() == pytest.approx(1, abs=1e-9)
    steps = 4096 * 1000
    draw, user = (np.arange(steps) + 0.5) / steps, np.empty(steps, dtype=np.int32)
    position = position_table(cohorts.shape[0])[None, :]
    draw_users(draw, Cohorts(cohorts.first_user, cohorts.awake_users, position, np.ones((2, 1))), user)
    found = np.bincount(user, minlength=users)
    knots_within = 2 + np.bincount(np.minimum(position[0] * cohorts.awake_users[0], users - 1).astype(int), None, users)
    assert np.all(np.abs(found - expected * steps) <= 1 + knots_within)


def test_the_most_active_are_the_highest_rates_over_all_cohorts() -> None:
    segments = [
        {"name": "keen", "share": "20 %", "logins_per_day": "2/day", "shape": 0.5},
        {"name": "others", "share": "80 %", "logins_per_day": "0.3/day", "shape": 1.5, "dormant": "40 %"},
    ]
    demand = a_demand({"users": 5003, "segments": segments}, timezones=ZONES)
    rates = LoginRates.of(demand.cohorts(), 5003)
    rate = np.repeat(rates.logins_per_s, rates.end_user - rates.first_user)
    for count in (0, 1, 37, 1000, 3000, 4900, 5003):
        chosen = np.concatenate([np.arange(0), *(np.arange(*span) for span in rates.most_active(count))])
        assert np.unique(chosen).size == chosen.size == count
        others = np.setdiff1d(np.arange(5003), chosen)
        if 0 < count < 5003:
            assert rate[chosen].min() >= rate[others].max() * (1 - 1e-9)


def test_of_users_alike_the_last_numbers_are_the_most_active() -> None:
    demand = a_demand({"users": 1000, "logins_per_day": "2/day", "shape": "inf"}, timezones=ZONES)
    assert LoginRates.of(demand.cohorts(), 1000).most_active(300) == [(700, 1000)]


TRAFFICS: dict[str, dict[str, Any]] = {
    "flat": {},
    "cosine": {"profile": {"kind": "cosine", "peak": "19:00", "amplitude": "80 %"}, "timezones": ZONES},
    "uneven": {
        "profile": {"kind": "cosine", "peak": "19:00", "amplitude": "80 %"},
        "growth_per_week": "20 %",
        "burstiness": {"cv": 1, "every": "17 s"},
    },
}


@pytest.mark.parametrize("traffic", list(TRAFFICS))
def test_last_logins_are_distributed_as_those_of_drawn_logins(traffic: str) -> None:
    """Every four hours: how many users were last there; chi-square against logins that were drawn one by one."""
    users = 100_000
    demand = a_demand({"users": users, "logins_per_day": "0.4/day", "shape": 0.5}, **TRAFFICS[traffic])
    before_s, oldest_s = 0.3 * DAY_S, -5.15 * DAY_S
    last = np.full(users, -np.inf)
    for one in logins(demand, 1, 0, oldest_s, before_s):
        last[one.user] = one.time_s
    edges = [-np.inf, *np.arange(oldest_s, before_s, 4 * 3600.0), before_s]
    drawn, found = (np.histogram(times, edges)[0] for times in (last, times_of(demand, before_s, oldest_s)))
    assert drawn.sum() == found.sum() == users
    within = (drawn + found) > 0
    chi_square = float(((drawn - found)[within] ** 2 / (drawn + found)[within]).sum())
    freedom = int(within.sum()) - 1
    assert chi_square < freedom + STANDARD_ERRORS * (2 * freedom) ** 0.5


@pytest.mark.parametrize("shape", [0.12, 1.0, 5.0, np.inf])
@pytest.mark.parametrize("days", [1, 7, 28])
def test_the_share_of_users_seen_is_that_of_theory(shape: float, days: int) -> None:
    users, mean, dormant = 1_000_000, 0.09, 0.25
    population = {"users": users, "logins_per_day": f"{mean}/day", "shape": shape, "dormant": dormant}
    times = times_of(a_demand(population), 0.0, -days * DAY_S)
    expected = (1 - dormant) * float(active_fraction(days, shape, mean / (1 - dormant)))
    found = np.isfinite(times).mean()
    assert times[np.isfinite(times)].min() >= -days * DAY_S
    assert times.max() < 0
    assert abs(found - expected) <= STANDARD_ERRORS * (expected / users) ** 0.5


def test_the_same_numbers_come_whatever_is_asked_before() -> None:
    demand = a_demand({"users": 2_500_000, "logins_per_day": "0.4/day", "shape": 0.5})
    short, long = times_of(demand, 0.0, -2 * DAY_S), times_of(demand, 0.0, -9 * DAY_S)
    seen = np.isfinite(short)
    assert short[seen] == pytest.approx(long[seen], abs=1e-6)
    assert long[~seen].max() < -2 * DAY_S
    assert np.mean(np.isfinite(times_of(demand, 0.0, -2 * DAY_S, 1)) == seen) < 0.95


def test_logins_that_follow_from_one_another_are_not_known_from_rates() -> None:
    returns = {"probability": "30 %", "gap": {"kind": "exponential", "mean": "20 h"}}
    demand = a_demand({"users": 100, "logins_per_day": "1/day", "shape": 1}, return_visits=returns)
    with pytest.raises(ValueError, match="without return visits"):
        next(last_logins(demand, 1, 0, 0.0, -DAY_S))


@pytest.mark.parametrize("returns", [None, {"probability": "50 %", "gap": {"kind": "exponential", "mean": "3 h"}}])
def test_logins_alone_are_those_of_the_requests(returns: Any) -> None:
    session = {"requests": {"kind": "geometric", "mean": 3}}
    population = {"users": 3000, "logins_per_day": "4/day", "shape": 1}
    demand = a_demand(population, return_visits=returns, session=session)
    begin_s, end_s = -20_000.0, 31_000.0
    blocks = request_blocks(demand, 1, 0, begin_s, end_s, 7200.0)
    wanted = [(t, u) for block in blocks for one in block.logins for t, u in zip(one.time_s, one.user, strict=True)]
    found = [(t, u) for one in logins(demand, 1, 0, begin_s, end_s) for t, u in zip(one.time_s, one.user, strict=True)]
    assert found == [(t, u) for t, u in wanted if begin_s <= t < end_s]
    assert len(found) > 5000
