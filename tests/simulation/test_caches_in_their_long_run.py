"""A cache is in its long run from time 0 on: its hit ratio by day, its rows' ages, and what has been read of them."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import gamma, kstest

from simulator.core.units import DAY_S
from simulator.scenario.schema import Scenario
from simulator.simulation.beginning.cached_rows import CachedRows
from simulator.simulation.calendar.timing import begin_s, cache_from_s, origin_s
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate
from simulator.simulation.state.rows import BATCH, MAKER, SERVED, TICK_SHIFT, Layout
from simulator.studies.check.worlds import PROMPT_FLEET
from simulator.theory.caching import fixed_ttl_hit_fraction, sliding_ttl_hit_fraction

STANDARD_ERRORS = 3
TTL = {"kind": "ttl"}
SLIDING = {"kind": "sliding"}
SHAPES = ["inf", 0.5]
LIFETIMES = [(1, 4.0), pytest.param(168, 0.2, marks=pytest.mark.long), (720, 0.1)]
"""Much shorter than a day, in between, and longer than users are followed back. [h], with requests per day"""
SESSIONS = {
    "session": {"requests": {"kind": "geometric", "mean": 6}, "think_time": {"kind": "exponential", "mean": "4 min"}}
}
RETURNS = {"return_visits": {"probability": "40 %", "gap": {"kind": "lognormal", "mean": "9 h", "cv": 1.5}}}
EVENINGS = {
    "profile": {"kind": "named", "name": "evening_meals"},
    "timezones": {"America/New_York": "50 %", "Asia/Tokyo": "50 %"},
}


def world(cache: dict[str, Any], per_day: float, shape: Any, **changes: Any) -> Scenario:
    base: dict[str, Any] = {
        "seed": 5,
        "horizon": "7 d",
        "warmup": "0 s",
        "population": {"users": 20_000, "logins_per_day": f"{per_day}/day", "shape": shape},
        "backends": {"live": PROMPT_FLEET},
        "plans": {"cached": {"on_miss": "compute", "backend": "live", "cache": cache}},
    }
    return Scenario.model_validate(base | changes)


def by_day(outcome: Outcome) -> np.ndarray:
    requests, cached = (series.reshape(-1, 24).sum(axis=1) for series in (outcome.hours.requests, outcome.hours.cached))
    return np.asarray(cached / requests)


def days_of(scenario: Scenario, count: int) -> np.ndarray:
    return np.array([by_day(simulate(scenario, "cached", replication)) for replication in range(count)])


def squared_error(days: np.ndarray) -> float:
    """Return the squared standard error of a day's mean over replications, the same for all days."""
    return float(days.var(axis=0, ddof=1).mean() / len(days))


def agree_by_day(days: np.ndarray, expected: float) -> None:
    error = squared_error(days) ** 0.5
    assert error < 0.02 * expected
    assert np.abs(days.mean(axis=0) - expected).max() <= (STANDARD_ERRORS + 1) * error, days.mean(axis=0)  # of 7 days
    assert abs(days.mean() - expected) <= STANDARD_ERRORS * error / days.shape[1] ** 0.5


def agree_with(days: np.ndarray, others: np.ndarray) -> None:
    """Assert that the means of two sets of replications agree by day, and over all days."""
    error = (squared_error(days) + squared_error(others)) ** 0.5
    off = days.mean(axis=0) - others.mean(axis=0)
    assert error < 0.02 * days.mean()
    assert np.abs(off).max() <= (STANDARD_ERRORS + 1) * error, off / error  # of as many days
    assert abs(off.mean()) <= STANDARD_ERRORS * error / off.size**0.5


def over_requests(shape: Any, mean: float, of_rate: Any) -> float:
    """Return the mean of a user's value over requests, users by rates that are gamma of shape + 1."""
    if shape == "inf":
        return float(of_rate(np.array([mean]))[0])
    rates = gamma.ppf((np.arange(20_000) + 0.5) / 20_000, shape + 1) * mean / shape
    return float(np.mean(of_rate(rates)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("ttl_h", "per_day"), LIFETIMES)
def test_every_day_has_the_hit_ratio_of_a_fixed_time_to_live(ttl_h: float, per_day: float, shape: Any) -> None:
    expected = over_requests(shape, per_day, lambda rate: fixed_ttl_hit_fraction(rate, ttl_h / 24))
    agree_by_day(days_of(world(TTL | {"ttl": f"{ttl_h} h"}, per_day, shape), 6), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("ttl_h", "per_day"), LIFETIMES)
def test_every_day_has_the_hit_ratio_of_a_sliding_time_to_live(ttl_h: float, per_day: float, shape: Any) -> None:
    expected = over_requests(shape, per_day, lambda rate: sliding_ttl_hit_fraction(rate, ttl_h / 24))
    agree_by_day(days_of(world(SLIDING | {"ttl": f"{ttl_h} h"}, per_day, shape), 6), expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("ttl_h", "per_day"), LIFETIMES)
def test_every_day_has_the_hit_ratio_of_serving_stale_for_a_while(ttl_h: float, per_day: float, shape: Any) -> None:
    """A request misses if none came for T and S, since the one that found the prediction past T: e^(-rS)/(1 + rT)."""
    fresh, stale = ttl_h / 24, ttl_h / 48
    expected = over_requests(shape, per_day, lambda rate: 1 - np.exp(-rate * stale) / (1 + rate * fresh))
    cache = {"kind": "stale_while_revalidate", "ttl": f"{ttl_h} h", "stale_for": f"{ttl_h / 2} h"}
    agree_by_day(days_of(world(cache, per_day, shape), 6), expected)


@pytest.mark.long
@pytest.mark.parametrize("shape", [*SHAPES, 0.05])
@pytest.mark.parametrize("cache", [TTL, SLIDING])
@pytest.mark.parametrize(("ttl_h", "per_day"), [(1, 2.0), (24, 0.5), (168, 0.2), (720, 0.1)])
def test_four_weeks_of_many_users_have_one_hit_ratio(ttl_h: float, per_day: float, cache: Any, shape: Any) -> None:
    of_rate = sliding_ttl_hit_fraction if cache is SLIDING else fixed_ttl_hit_fraction
    expected = over_requests(shape, per_day, lambda rate: of_rate(rate, ttl_h / 24))
    population = {"users": 400_000, "logins_per_day": f"{per_day}/day", "shape": shape}
    days = days_of(world(cache | {"ttl": f"{ttl_h} h"}, per_day, shape, horizon="28 d", population=population), 5)
    error = squared_error(days) ** 0.5
    assert abs(days.mean() - expected) <= STANDARD_ERRORS * error / days.shape[1] ** 0.5
    assert np.abs(days.mean(axis=0) - expected).max() <= (STANDARD_ERRORS + 1) * error  # of 28 days


def test_whoever_came_before_is_served_where_rows_are_kept_for_ever() -> None:
    outcome = simulate(world({"kind": "stale_while_revalidate", "ttl": "7 d"}, 0.2, 0.5), "cached")
    assert outcome.counted.tally["computed"] == 0


def test_a_store_of_limited_size_begins_full_with_those_who_came_last() -> None:
    """The approximation of Che et al. (2002): a row lives unused for the time in which so many users come."""
    rows, users, per_day = 6_000, 20_000, 0.5
    scenario = world(SLIDING | {"ttl": "60 d"}, per_day, "inf", store={"size_limit": f"{rows} KiB"})
    agree_by_day(days_of(scenario, 6), rows / users)
    first_hour = simulate(scenario, "cached")
    assert first_hour.counted.tally["evicted"] == pytest.approx(first_hour.counted.tally["computed"], rel=1e-3)


def test_beside_a_precomputation_for_some_the_others_rows_are_drawn() -> None:
    night = {"kind": "batch_cluster", "instance": "b", "workers": 9, "batch_size": 1, "shard": 1000}
    night["service_time"] = {"kind": "affine", "fixed": "1 ms"}
    ahead = {"every": "24 h", "at": "02:00", "backend": "night", "scope": {"kind": "most_active", "share": "40 %"}}
    plan = {"precompute": ahead, "on_miss": "compute", "backend": "live", "cache": TTL | {"ttl": "7 d"}}
    scenario = world({}, 0.2, "inf", backends={"live": PROMPT_FLEET, "night": night}, plans={"cached": plan})
    agree_by_day(days_of(scenario, 6), 0.6 * float(fixed_ttl_hit_fraction(0.2, 7)))


@pytest.mark.parametrize(
    "traffic",
    [
        pytest.param(SESSIONS, marks=pytest.mark.long),  # each alone: the next has both
        pytest.param(RETURNS, marks=pytest.mark.long),
        SESSIONS | RETURNS,
        EVENINGS,
    ],
)
@pytest.mark.parametrize(
    "cache",
    [
        TTL | {"ttl": "36 h"},
        SLIDING | {"ttl": "20 h"},
        {"kind": "stale_while_revalidate", "ttl": "20 h", "stale_for": "30 h"},
    ],
)
def test_a_very_long_warm_up_changes_nothing(cache: dict[str, Any], traffic: dict[str, Any]) -> None:
    drawn = world(cache, 0.7, 0.5, traffic=traffic, horizon="4 d")
    grown = drawn.with_(warmup="10 d", seed=4)
    agree_with(days_of(drawn, 5), days_of(grown, 5))


def drawn_rows(scenario: Scenario) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the users with a row, their rows' ages, and whether they have been read, as a simulation begins."""
    layout = Layout.of(scenario.population.users, 1, origin_s(scenario, "cached"), scenario.horizon_s)
    table, reads, recent = layout.table(), layout.table(), layout.table()
    CachedRows(scenario, "cached", 0).put(layout, table, reads, recent)
    user = np.flatnonzero(table)
    made_s = layout.origin_s + ((table[user] >> TICK_SHIFT) - 1.0) * layout.tick_s
    assert not np.any(table[user] & MAKER == BATCH)
    return user, begin_s(scenario, "cached") - made_s, table[user] & SERVED == 1


def many(per_day: float, shape: Any = "inf") -> dict[str, Any]:
    return {"users": 400_000, "logins_per_day": f"{per_day}/day", "shape": shape}


@pytest.mark.parametrize("ttl_d", [1 / 24, 7, 30])
def test_a_row_is_there_with_its_probability_and_of_any_age_up_to_its_lifetime(ttl_d: float) -> None:
    per_day = 1.5 / ttl_d
    user, age_s, read = drawn_rows(world(TTL | {"ttl": f"{ttl_d * 24} h"}, 1, "inf", population=many(per_day)))
    assert abs(user.size / 400_000 - 0.6) <= STANDARD_ERRORS * (0.24 / 400_000) ** 0.5
    assert kstest(age_s / (ttl_d * DAY_S), "uniform").pvalue > 0.01
    assert read.all()


def test_a_revalidated_row_is_unread_with_its_probability() -> None:
    """Of age a below T: e^(-ra); past T: e^(-rT). Over the long run that is 1/(1 + rT) of all rows."""
    cache = {"kind": "stale_while_revalidate", "ttl": "3 d"}
    user, _, read = drawn_rows(world(cache, 1, "inf", population=many(0.5)))
    assert user.size == pytest.approx(400_000, rel=1e-6)
    assert abs(np.mean(~read) - 0.4) <= STANDARD_ERRORS * (0.24 / 400_000) ** 0.5


def test_a_sliding_row_is_as_old_as_its_chain_of_readings() -> None:
    """Alive with 1 - e^(-rT); the mean age at a moment is that of all serves less the T/... of the readings' gaps."""
    user, age_s, _ = drawn_rows(world(SLIDING | {"ttl": "4 d"}, 1, "inf", population=many(0.5)))
    alive = 1 - np.exp(-2.0)
    assert abs(user.size / 400_000 - alive) <= STANDARD_ERRORS * (alive * (1 - alive) / 400_000) ** 0.5
    # the chain has lasted (e^(rT) - 1)/r - T before its last reading, which is a truncated exponential ago
    since_d = (np.expm1(2.0) / 0.5 - 4) + (1 / 0.5 - 4 * np.exp(-2.0) / alive)
    error_d = age_s.std() / DAY_S / age_s.size**0.5
    assert abs(age_s.mean() / DAY_S - since_d) <= STANDARD_ERRORS * error_d


def rows_by_integral_equation(scenario: Scenario, ttl_s: float, step_s: float = 60.0) -> np.ndarray:
    """Return the share of users whose row was made in each step of the last lifetime, the oldest first.

    m(t) = r w(t) (1 - the integral of m over the last T), from an empty store long before.
    """
    end_s, users = cache_from_s(scenario, "cached"), scenario.population.users
    steps = round(max(28 * DAY_S, 24 * ttl_s) / step_s)
    pieces = scenario.demand.intensity().pieces(end_s - steps * step_s, end_s)
    per_s = pieces.logins.sum(axis=1) / users / np.diff(pieces.edges_s)
    moments_s = end_s - (np.arange(steps, 0, -1) - 0.5) * step_s
    come = per_s[np.searchsorted(pieces.edges_s, moments_s) - 1] * step_s
    made, there, lifetime = np.zeros(steps), 0.0, round(ttl_s / step_s)
    for k in range(steps):
        if k >= lifetime:
            there -= made[k - lifetime]
        made[k] = (1 - there) * -np.expm1(-come[k])
        there += made[k]
    return made[-lifetime:]


@pytest.mark.parametrize("start", ["2026-03-02T00:00", "2026-03-06T19:00"])
@pytest.mark.parametrize(("ttl_h", "per_day"), [(1, 8.0), (12, 2.0), (24, 3.0), (168, 0.4)])
def test_rows_are_those_of_the_integral_equation_where_the_rate_changes(
    ttl_h: float, per_day: float, start: str
) -> None:
    traffic = {"profile": EVENINGS["profile"], "spikes": [], "growth_per_week": "3 %"}
    scenario = world(TTL | {"ttl": f"{ttl_h} h"}, 1, "inf", population=many(per_day), traffic=traffic, start=start)
    made = rows_by_integral_equation(scenario, ttl_h * 3600)
    user, age_s, _ = drawn_rows(scenario)
    there = float(made.sum())
    assert abs(user.size / 400_000 - there) <= STANDARD_ERRORS * (there * (1 - there) / 400_000) ** 0.5
    parts = 12
    counts = np.histogram(age_s, parts, (0, ttl_h * 3600))[0][::-1] / 400_000
    expected = made.reshape(parts, -1).sum(axis=1)
    error = np.sqrt(expected * (1 - expected) / 400_000)
    assert np.all(np.abs(counts - expected) <= (STANDARD_ERRORS + 0.5) * error + 1e-6), (counts - expected) / error
