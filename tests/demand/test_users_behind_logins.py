import itertools
import math
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.demand import kernels
from simulator.demand.arrivals import Logins, request_blocks
from simulator.demand.census import Census
from simulator.demand.demand import Demand
from simulator.demand.lorenz import KNOTS, position_table
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic
from simulator.theory.logins import inactive_fraction, mean_logins_per_day, top_login_coverage_fraction

DAY_S = 86400.0
STANDARD_ERRORS = 4


def users_of(population: dict[str, Any], days: float = 1.0) -> np.ndarray:
    demand = Demand(Population.model_validate(population), Traffic(), datetime(2026, 3, 2))  # noqa: DTZ001
    return np.concatenate([b.user for b in request_blocks(demand, 1, 0, 0.0, days * DAY_S, DAY_S)])


@pytest.mark.parametrize("shape", [math.inf, 4.6, 1.0, 0.3, 0.05])
@pytest.mark.parametrize("logins", [0.1, 1.0, 5.0])
def test_the_table_tells_how_many_users_come_within_a_ten_thousandth(shape: float, logins: float) -> None:
    of_cell = np.diff(position_table(shape))
    of_cell = of_cell[of_cell > 0]
    here = 1 - float((of_cell * np.exp(-logins / (KNOTS * of_cell))).sum())
    assert here == pytest.approx(1 - float(inactive_fraction(1.0, shape, logins)), rel=1e-4)


@pytest.mark.parametrize("shape", [1.0, 0.2])
def test_the_most_active_users_make_the_share_of_logins_of_the_lorenz_curve(shape: float) -> None:
    users = users_of({"users": 100_000, "logins_per_day": "2/day", "shape": shape})
    for top in (0.5, 0.1, 0.01):
        share = float((users >= (1 - top) * 100_000).mean())
        expected = float(top_login_coverage_fraction(top, shape))
        assert abs(share - expected) < STANDARD_ERRORS * math.sqrt(expected * (1 - expected) / users.size)


def test_segments_come_by_their_shares_and_rates_and_the_dormant_never() -> None:
    segments = [
        {"name": "keen", "share": "20 %", "logins_per_day": "5/day", "shape": 2},
        {"name": "idle", "share": "80 %", "logins_per_day": "0.5/day", "shape": 0.5, "dormant": "50 %"},
    ]
    users = users_of({"users": 100_000, "segments": segments})
    keen, awake = (users < 20_000).mean(), users < 60_000
    assert abs(keen - 1.0 / 1.4) < STANDARD_ERRORS * math.sqrt(0.25 / users.size)
    assert abs(users.size - 140_000) < STANDARD_ERRORS * math.sqrt(140_000)
    assert awake.all()
    assert users.min() >= 0


@pytest.mark.parametrize("shape", [math.inf, 0.4])
@pytest.mark.parametrize("dormant", [0.0, 0.6])
def test_a_daily_active_share_gives_the_mean_rate_of_theory(shape: float, dormant: float) -> None:
    population = Population.model_validate({"users": 10, "daily_active": 0.1, "shape": shape, "dormant": dormant})
    awake = 1 - dormant
    expected = awake * float(mean_logins_per_day(0.1 / awake, shape))
    assert population.mean_logins_per_user_day() == pytest.approx(expected, rel=1e-12)


@given(
    st.lists(st.tuples(st.floats(0, 10), st.integers(0, 5)), max_size=200),
    st.floats(0, 5),
    st.floats(0.5, 8),
    st.integers(1, 50),
)
def test_requests_are_taken_in_order_of_time_and_user(
    pool: list[tuple[float, int]], begin_s: float, length_s: float, buckets: int
) -> None:
    end_s = begin_s + length_s
    pool_s = np.array([t for t, _ in pool])
    pool_user = np.array([u for _, u in pool], dtype=np.int32)
    out_s, out_user = np.empty(len(pool)), np.empty(len(pool), dtype=np.int32)
    ends, (bucket, order) = np.empty(buckets + 1, dtype=np.int32), np.empty((2, len(pool)), dtype=np.int32)
    taken, stay = kernels.take_in_order(
        pool_s, pool_user, len(pool), begin_s, end_s, kernels.Buckets(ends, bucket, order), out_s, out_user
    )
    expected = sorted((t, u) for t, u in pool if begin_s <= t < end_s)
    assert list(zip(out_s[:taken].tolist(), out_user[:taken].tolist(), strict=True)) == expected
    later = [(t, u) for t, u in pool if t >= end_s]
    assert list(zip(pool_s[:stay].tolist(), pool_user[:stay].tolist(), strict=True)) == later


def test_requests_of_a_user_at_one_time_keep_their_order_so_that_the_last_is_marked() -> None:
    pool_user = np.array([7, 7 | kernels.LAST, 5, 5 | kernels.LAST], dtype=np.int32)
    out_user, scratch = np.empty(4, dtype=np.int32), np.empty((3, 4), dtype=np.int32)
    buckets = kernels.Buckets(*scratch)
    kernels.take_in_order(np.ones(4), pool_user.copy(), 4, 0.0, 2.0, buckets, np.empty(4), out_user)
    assert out_user.tolist() == pool_user[[2, 3, 0, 1]].tolist()


@given(st.lists(st.integers(0, 199), max_size=100), st.lists(st.integers(0, 199), max_size=100))
def test_active_users_are_counted_once(before: list[int], users: list[int]) -> None:
    seen = np.zeros(200 // 8, dtype=np.uint8)
    for each in (before, users):
        kernels.mark_active(np.array(each, dtype=np.int32), seen)
    bits = np.unpackbits(seen, bitorder="little")
    assert np.flatnonzero(bits).tolist() == sorted(set(before) | set(users))


@given(st.lists(st.tuples(st.floats(-3, 12), st.integers(0, 9)), max_size=60), st.floats(0.4, 12))
@example([(3 * 0.7, 3)], 0.7)  # 3 x 0.7 // 0.7 is 2
def test_a_census_counts_the_whole_windows_of_the_horizon(logins: list[tuple[float, int]], window_s: float) -> None:
    logins = sorted(logins)
    census = Census(10, window_s, 10.0)
    for half in (logins[: len(logins) // 2], logins[len(logins) // 2 :]):
        times_s, users = [t for t, _ in half], [u for _, u in half]
        census.observe(Logins(np.array(times_s, dtype=np.float64), np.array(users, dtype=np.int32)))
    edges = [window * window_s for window in range(int(10.0 / window_s) + 1)]
    active = [len({u for t, u in logins if begin <= t < end}) for begin, end in itertools.pairwise(edges)]
    assert census.active == active[: len(census.active)]
    assert not any(active[len(census.active) :])
    assert census.logins == sum(t < edges[-1] and t >= 0 for t, _ in logins)


@given(
    st.lists(st.integers(0, 4), max_size=30),
    st.lists(st.floats(0, 9), min_size=120, max_size=120),
)
@pytest.mark.parametrize("mark", [0, kernels.LAST])
def test_follow_ups_are_written_after_their_login(mark: int, follow_ups: list[int], think: list[float]) -> None:
    login_s = [10.0 * k for k in range(len(follow_ups))]
    size = len(follow_ups) + sum(follow_ups)
    out_s, out_user = np.empty(size), np.empty(size, dtype=np.int32)
    kernels.append_follow_ups(
        np.array(login_s, dtype=np.float64),
        np.arange(len(follow_ups), dtype=np.int32),
        np.array(follow_ups, dtype=np.int64),
        np.array(think),
        mark,
        out_s,
        out_user,
    )
    expected, pauses = [], iter(think)
    for user, (at_s, count) in enumerate(zip(login_s, follow_ups, strict=True)):
        moment_s = at_s
        expected.append((moment_s, user))
        for _ in range(count):
            moment_s += next(pauses)
            expected.append((moment_s, user))
        expected[-1] = (moment_s, user | mark)
    assert list(zip(out_s.tolist(), out_user.tolist(), strict=True)) == expected


@given(st.integers(1, 60), st.integers(0, 10**6))
def test_logins_are_placed_by_the_inverse_of_the_expected_number(logins: int, seed: int) -> None:
    """A NumPy twin of the kernel, for two cohorts and a rate that is 0 for a while."""
    rng = np.random.default_rng(seed)
    spacing, draw = rng.standard_exponential(logins + 1), rng.random(logins)
    edges_s = np.array([0.0, 10.0, 15.0, 40.0])
    expected = np.array([[3.0, 1.0], [0.0, 0.0], [2.0, 6.0]])
    first_user, awake = np.array([0, 1000]), np.array([900, 500])
    position = np.stack([position_table(1.0), position_table(0.2)])
    time_s, user = np.empty(logins), np.empty(logins, dtype=np.int32)
    cohorts = kernels.Cohorts(first_user, awake, position, np.empty((2, first_user.size)))
    kernels.place_logins(spacing, draw, edges_s, expected, cohorts, time_s, user)

    reached = np.cumsum(spacing)[:-1] / spacing.sum() * expected.sum()
    total = np.concatenate([[0.0], np.cumsum(expected.sum(axis=1))])
    early = reached < 4.0
    twin_s = np.where(early, reached / 4 * 10, 15 + (reached - total[2]) / 8 * 25)
    assert time_s == pytest.approx(twin_s)
    of_first = np.where(early, 0.75, 0.25)
    cohort = (draw >= of_first).astype(int)
    on_curve = np.where(cohort == 0, draw / of_first, (draw - of_first) / (1 - of_first))
    grid = np.linspace(0, 1, KNOTS + 1)
    place = np.where(cohort == 0, np.interp(on_curve, grid, position[0]), np.interp(on_curve, grid, position[1]))
    twin_user = first_user[cohort] + np.minimum((place * awake[cohort]).astype(int), awake[cohort] - 1)
    assert np.abs(user - twin_user).max() <= 1  # a rounding apart where a user ends and the next begins
    assert np.mean(user == twin_user) > 0.9
