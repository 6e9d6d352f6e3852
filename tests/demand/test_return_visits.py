import functools
import math
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from simulator.core.duration.base import AnyDuration, Duration
from simulator.demand import kernels
from simulator.demand.arrivals import RequestBlock, request_blocks
from simulator.demand.census import Census
from simulator.demand.clusters import SLOTS_PER_DAY, Clusters
from simulator.demand.demand import Demand
from simulator.demand.pending_returns import PendingReturns
from simulator.demand.population import Population
from simulator.demand.return_visits import KEPT_FRACTION, ReturnVisits
from simulator.demand.traffic import Traffic
from simulator.theory.logins import active_fraction

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
STANDARD_ERRORS = 4
REPLICATIONS = 8
LOGNORMAL = {"kind": "lognormal", "mean": "20 h", "cv": 1.5}
RETURNS = {"probability": "30 %", "gap": LOGNORMAL}
SESSIONS = {"requests": {"kind": "geometric", "mean": 4}, "think_time": {"kind": "exponential", "mean": "5 min"}}
FLAT = (1 / SLOTS_PER_DAY,) * SLOTS_PER_DAY
GAPS: list[dict[str, Any]] = [
    LOGNORMAL,
    {"kind": "lognormal", "mean": "10 min", "cv": 3},
    {"kind": "exponential", "mean": "20 h"},
    {"kind": "exponential", "mean": "90 s"},
    {"kind": "fixed", "value": "26 h"},
    {"kind": "fixed", "value": "0 s"},
]
named = functools.partial(pytest.mark.parametrize, ids=lambda gap: "-".join(map(str, gap.values())))


def a_demand(population: dict[str, Any], returns: dict[str, Any] | None = RETURNS, **traffic: Any) -> Demand:
    start = datetime(2026, 3, 2)  # noqa: DTZ001
    whole = Population.model_validate({"users": 20_000, "shape": "inf", **population})
    return Demand(whole, Traffic.model_validate({"return_visits": returns, **traffic}), start)


def a_gap(values: dict[str, Any]) -> Duration:
    adapter: TypeAdapter[Duration] = TypeAdapter(AnyDuration)
    return adapter.validate_python(values)


def blocks(demand: Demand, begin_s: float, end_s: float, block_s: float = DAY_S, **which: Any) -> list[RequestBlock]:
    return list(request_blocks(demand, 1, which.pop("replication", 0), begin_s, end_s, block_s, **which))


def logins_of(parts: list[RequestBlock]) -> tuple[np.ndarray, np.ndarray]:
    logins = [one for part in parts for one in part.logins]
    return np.concatenate([one.time_s for one in logins]), np.concatenate([one.user for one in logins])


def assert_mean(values: list[float], expected: float) -> None:
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    assert abs(np.mean(values) - expected) < STANDARD_ERRORS * error, f"{np.mean(values)} +- {error}, not {expected}"


@named("gap", GAPS)
@pytest.mark.parametrize(("shape", "peak"), [("inf", None), (0.4, None), ("inf", "19:00"), (0.4, "02:00")])
def test_the_daily_active_share_is_the_one_asked_for(gap: dict[str, Any], shape: Any, peak: str | None) -> None:
    profile = {"kind": "cosine", "peak": peak, "amplitude": "80 %"} if peak else "flat"
    returns = {"probability": "40 %", "gap": gap}
    demand = a_demand({"daily_active": "10 %", "shape": shape}, returns, profile=profile)
    assert demand.share_active_at() == pytest.approx(0.1, rel=1e-12)
    shares = []
    for replication in range(REPLICATIONS):
        census = Census(20_000, DAY_S, 10 * DAY_S)
        for one in (one for part in blocks(demand, 0, 10 * DAY_S, replication=replication) for one in part.logins):
            census.observe(one)
        shares.append(census.active_fraction or 0.0)
    assert_mean(shares, 0.1)


@pytest.mark.parametrize("shape", ["inf", 0.4])
def test_the_users_of_a_week_are_those_that_the_reach_of_a_week_tells(shape: Any) -> None:
    demand = a_demand({"logins_per_day": "0.3/day", "shape": shape})
    shares = [
        np.unique(logins_of(blocks(demand, 0, 7 * DAY_S, replication=k))[1]).size / 20_000 for k in range(REPLICATIONS)
    ]
    assert_mean(shares, demand.share_active_at(days=7))


@pytest.mark.parametrize("probability", [0.1, 0.6, 0.9])
def test_logins_per_day_are_all_logins_and_primary_ones_are_fewer(probability: float) -> None:
    gap = {"kind": "exponential", "mean": "3 h"}
    demand = a_demand({"logins_per_day": "0.5/day", "shape": 1}, {"probability": probability, "gap": gap})
    assert demand.mean_logins_per_user_day == pytest.approx(0.5)
    assert demand.population.mean_rate_per_day(demand.clusters()) == pytest.approx(0.5 * (1 - probability))
    assert demand.cohorts().logins_per_s.sum() * DAY_S == pytest.approx(10_000 * (1 - probability))
    kept = (1 - probability) + probability * KEPT_FRACTION  # later return visits are left out
    counts = [logins_of(blocks(demand, 0, 4 * DAY_S, replication=k))[0].size / 4 for k in range(REPLICATIONS)]
    assert_mean(counts, 10_000 * kept)


def test_a_daily_active_share_asks_for_fewer_primary_logins_than_without_return_visits() -> None:
    alone, followed = a_demand({"daily_active": "10 %"}, None), a_demand({"daily_active": "10 %"})
    primary = followed.cohorts().logins_per_s.sum()
    assert primary < alone.cohorts().logins_per_s.sum() < primary / 0.7


@pytest.mark.parametrize("returns", [None, {"probability": "0 %", "gap": LOGNORMAL}], ids=["none", "improbable"])
def test_without_return_visits_nothing_differs_from_gamma_users(returns: dict[str, Any] | None) -> None:
    demand, plain = a_demand({"daily_active": "10 %", "shape": 0.3}, returns), a_demand({"daily_active": "10 %"}, None)
    assert demand.share_active_at() == pytest.approx(0.1)
    rate = demand.mean_logins_per_user_day
    assert demand.share_active_at(days=30) == pytest.approx(float(active_fraction(30, 0.3, rate)))
    for one, other in zip(
        logins_of(blocks(plain, 0, DAY_S)),
        logins_of(blocks(a_demand({"daily_active": "10 %"}, returns), 0, DAY_S)),
        strict=True,
    ):
        assert np.array_equal(one, other)


def test_the_time_of_day_of_primary_logins_is_that_of_all_zones_from_the_scenarios_start() -> None:
    peak = {"kind": "hourly", "weights": [1.0 if hour == 18 else 0.0 for hour in range(24)]}
    zones = {"Asia/Tokyo": "25 %", "Europe/Berlin": "75 %"}
    clusters = a_demand({"logins_per_day": "1/day"}, profile=peak, timezones=zones).clusters()
    assert clusters is not None
    hours = np.reshape(clusters.phase, (24, -1)).sum(axis=1)
    assert hours[[9, 17]] == pytest.approx([0.25, 0.75])
    assert np.count_nonzero(hours) == 2


@named("gap", GAPS)
def test_the_mean_up_to_a_limit_is_that_of_draws_cut_there(gap: dict[str, Any]) -> None:
    duration = a_gap(gap)
    drawn = duration.draw_s(np.random.default_rng(1), 200_000)
    for limit_s in (30.0, HOUR_S, DAY_S, 30 * DAY_S):
        cut = np.minimum(drawn, limit_s)
        error = STANDARD_ERRORS * cut.std() / math.sqrt(cut.size)
        assert abs(duration.mean_up_to_s(limit_s) - cut.mean()) <= error + 1e-9
    assert duration.mean_up_to_s(1e15) == pytest.approx(duration.typical_s)


@named("gap", GAPS)
def test_a_window_is_reached_from_so_many_days_of_clusters(gap: dict[str, Any]) -> None:
    """Monte Carlo over whole clusters: the measure of the starts that put a login into the window."""
    returns = ReturnVisits.model_validate({"probability": 0.4, "gap": gap})
    rng = np.random.default_rng(3)
    for days in (1, 7):
        reach = []
        for length in rng.geometric(0.6, 20_000):
            logins = np.concatenate([[0.0], np.cumsum(returns.gap.draw_s(rng, int(length) - 1))]) / DAY_S
            merged = days + float(np.minimum(np.diff(logins), days).sum())
            reach.append(merged)
        expected = Clusters(returns, FLAT).reach_days(days)
        assert expected == pytest.approx(days + 0.4 / 0.6 * returns.gap.mean_up_to_s(days * DAY_S) / DAY_S, rel=1e-9)
        if np.std(reach):
            assert_mean(reach, expected)


def test_of_a_clusters_return_visits_999_in_1000_are_followed() -> None:
    for gap in GAPS[:5]:
        returns = ReturnVisits.model_validate({"probability": 0.4, "gap": gap})
        rng = np.random.default_rng(5)
        lags_s = np.array([returns.gap.draw_s(rng, int(nth)).sum() for nth in rng.geometric(0.6, 50_000)])
        assert np.mean(lags_s <= returns.longest_s) == pytest.approx(KEPT_FRACTION, abs=0.0008)
        assert abs(lags_s.mean() - returns.mean_lag_s) <= STANDARD_ERRORS * lags_s.std() / math.sqrt(lags_s.size) + 1e-6


@pytest.mark.parametrize("session", [{}, SESSIONS], ids=["single", "sessions"])
@pytest.mark.parametrize("block_s", [600.0, 5 * HOUR_S, 9 * DAY_S])
def test_requests_do_not_depend_on_the_blocks(session: dict[str, Any], block_s: float) -> None:
    demand = a_demand({"logins_per_day": "0.5/day"}, session=session)
    whole, cut = blocks(demand, -2.5 * HOUR_S, 2 * DAY_S), blocks(demand, -2.5 * HOUR_S, 2 * DAY_S, block_s)
    for name in ("time_s", "user"):
        one, other = (np.concatenate([getattr(part, name) for part in parts]) for parts in (whole, cut))
        assert np.array_equal(one, other)


@pytest.mark.parametrize("session", [{}, SESSIONS], ids=["single", "sessions"])
@pytest.mark.parametrize("users", [20_000, 30_000_000])
def test_requests_do_not_depend_on_when_the_simulation_begins(session: dict[str, Any], users: int) -> None:
    """Many users make short intervals."""
    gap = {"kind": "lognormal", "mean": "2 h", "cv": 1.5}
    population = {"users": users, "logins_per_day": f"{10_000 / users}/day"}
    demand = a_demand(population, {"probability": "50 %", "gap": gap}, session=session)
    early, late = blocks(demand, -3.3 * DAY_S, DAY_S), blocks(demand, 0.0, DAY_S, sessions_from_s=-2 * HOUR_S)
    for name in ("time_s", "user"):
        one, other = (np.concatenate([getattr(p, name) for p in parts if p.end_s > 0]) for parts in (early, late))
        times_s = np.concatenate([p.time_s for p in early if p.end_s > 0])
        assert np.array_equal(one[times_s >= 0], other)


def test_logins_and_requests_come_in_order_of_time_inside_their_intervals() -> None:
    demand = a_demand({"logins_per_day": "2/day"}, session=SESSIONS)
    index = -2
    for part in blocks(demand, -2 * HOUR_S, DAY_S, 3 * HOUR_S):
        assert np.all(np.diff(part.time_s) >= 0)
        for one in part.logins:
            assert np.all(np.diff(one.time_s) >= 0)
            assert one.time_s[0] >= index * HOUR_S
            assert one.time_s[-1] <= (index + 1) * HOUR_S
            index += 1


def test_a_login_is_followed_after_its_gap_and_that_one_too() -> None:
    """Few logins of very many users: a user's logins are one cluster."""
    gap = {"kind": "fixed", "value": "100 min"}
    demand = a_demand({"users": 2_000_000_000, "logins_per_day": "1e-6/day"}, {"probability": "50 %", "gap": gap})
    times_s, users = logins_of(blocks(demand, 0.0, 5 * DAY_S))
    order = np.lexsort((times_s, users))
    same = np.diff(users[order]) == 0
    assert np.diff(times_s[order])[same] == pytest.approx(6000.0)
    first = np.flatnonzero(np.concatenate([[True], ~same]))
    begun_s, lengths = times_s[order][first], np.diff(np.append(first, users.size))
    whole = (begun_s > 6000.0) & (begun_s < 3 * DAY_S)  # the cluster begins and ends inside
    assert whole.sum() > 1000
    assert_mean(lengths[whole].tolist(), 2.0)
    for length in (1, 2, 3):
        expected = 0.5**length
        spread = math.sqrt(expected * (1 - expected) / whole.sum())
        assert abs(np.mean(lengths[whole] == length) - expected) < STANDARD_ERRORS * spread


def test_gaps_between_a_users_logins_are_as_uneven_as_peoples() -> None:
    """Of real products the median of the users' coefficients of variation is 1.3 to 2.6."""
    demand = a_demand(
        {"users": 300, "logins_per_day": "1.5/day"},
        {"probability": "60 %", "gap": {"kind": "lognormal", "mean": "3 h", "cv": 2}},
    )
    times_s, users = logins_of(blocks(demand, 0.0, 60 * DAY_S))
    gaps = [np.diff(np.sort(times_s[users == user])) for user in range(300)]
    cv = [float(gap.std() / gap.mean()) for gap in gaps if gap.size > 9]
    assert len(cv) > 250
    assert 1.3 < np.median(cv) < 2.6


def test_who_is_active_today_is_likelier_tomorrow_than_their_own_rate_says() -> None:
    ratios = []
    for returns in (None, RETURNS):
        demand = a_demand({"users": 40_000, "daily_active": "10 %"}, returns)
        times_s, users = logins_of(blocks(demand, 0.0, 20 * DAY_S))
        active = np.zeros((20, 40_000), dtype=bool)
        active[(times_s // DAY_S).astype(int), users] = True
        ratios.append(active[1:][active[:-1]].mean() / active.mean())
    assert ratios[0] == pytest.approx(1.0, abs=0.03)
    assert ratios[1] > 1.5


def test_expected_logins_of_hours_are_those_drawn() -> None:
    """An outage, and return visits in it."""
    gap = {"kind": "exponential", "mean": "5 h"}
    spikes = [{"at": "6 h", "duration": "4 h", "multiplier": 0}]
    demand = a_demand({"logins_per_day": "3/day"}, {"probability": "40 %", "gap": gap}, spikes=spikes)
    expected = demand.expected_logins(0.0, 24)
    counts = [
        np.histogram(logins_of(blocks(demand, 0.0, DAY_S, replication=k))[0], 24, (0, DAY_S))[0] for k in range(20)
    ]
    error = np.std(counts, axis=0, ddof=1) / math.sqrt(20)
    assert np.all(np.abs(np.mean(counts, axis=0) - expected) < 5 * error)
    assert expected[6:10].max() < 0.4 * expected[0]
    assert expected[6:10].min() > 0


@pytest.mark.parametrize(
    ("returns", "fault"),
    [
        ({"probability": "96 %", "gap": LOGNORMAL}, "less than or equal to 0.95"),
        ({"probability": "30 %", "gap": {"kind": "exponential", "mean": "90 d"}}, "it must be within 366 d"),
        ({"probability": "30 %", "gap": {"kind": "lognormal", "mean": "1e307 s", "cv": 1000}}, "must be within 366 d"),
        ({"probability": "30 %"}, "gap"),
    ],
)
def test_clusters_without_end_are_refused(returns: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        ReturnVisits.model_validate(returns)


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9)), max_size=8), min_size=1, max_size=12),
    st.integers(0, 100),
)
def test_return_visits_wait_for_their_interval(primary: list[list[tuple[float, int]]], seed: int) -> None:
    """A plain twin of the lists by interval: the same draws, kept in one list."""
    returns = ReturnVisits.model_validate({"probability": 0.7, "gap": {"kind": "exponential", "mean": "2 s"}})
    pending, twin = PendingReturns(returns, 1.0), []
    for index, logins in enumerate(primary):
        logins.sort()
        time_s = index + np.array([t for t, _ in logins])
        user = np.array([u for _, u in logins], dtype=np.int32)
        rng = np.random.default_rng((seed, index))
        chains = (rng.random(time_s.size) < 0.7).astype(int)
        chains[chains > 0] = rng.geometric(1.0 - 0.7, int(chains.sum()))
        gaps_s = iter(returns.gap.draw_s(rng, int(chains.sum())))
        for first_s, who, chain in zip(time_s, user, chains, strict=True):
            moment_s = first_s
            for _ in range(chain):
                moment_s += next(gaps_s)
                if moment_s < index + pending.reach + 1:
                    twin.append((moment_s, int(who)))
        pending.put(np.random.default_rng((seed, index)), time_s, user, index, 2)
        all_s, all_user = pending.join(time_s, user, index)
        due = [(t, u) for t, u in twin if index <= t < index + 1 and index >= 2]
        assert np.all(np.diff(all_s) >= 0)
        own = list(zip(time_s.tolist(), user.tolist(), strict=True))
        assert sorted(zip(all_s.tolist(), all_user.tolist(), strict=True)) == sorted(own + due)


def test_merging_keeps_the_first_lists_entries_first() -> None:
    one_s, other_s = np.array([1.0, 2.0, 2.0]), np.array([0.5, 2.0, 3.0])
    one, other = np.array([1, 2, 3], dtype=np.int32), np.array([7, 8, 9], dtype=np.int32)
    out_s, out = np.empty(6), np.empty(6, dtype=np.int32)
    kernels.merge(one_s, one, other_s, other, out_s, out)
    assert out_s.tolist() == [0.5, 1.0, 2.0, 2.0, 2.0, 3.0]
    assert out.tolist() == [7, 1, 2, 3, 8, 9]
