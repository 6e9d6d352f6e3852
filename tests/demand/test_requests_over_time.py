import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.demand.arrivals import RequestBlock, request_blocks
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic
from simulator.scenario.schema import Scenario

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
STANDARD_ERRORS = 4
SESSIONS = {
    "requests": {"kind": "geometric", "mean": 4},
    "think_time": {"kind": "lognormal", "mean": "5 min", "cv": 0.7},
}


def a_demand(users: int = 50_000, per_day: float = 2.4, shape: Any = "inf", **traffic: Any) -> Demand:
    """Return the requests of users who log in so often; 5,000 an hour unless said otherwise."""
    start = Scenario.model_fields["start"].default
    population = Population.model_validate({"users": users, "logins_per_day": f"{per_day}/day", "shape": shape})
    return Demand(population, Traffic.model_validate(traffic), start)


def blocks(
    demand: Demand, begin_s: float, end_s: float, block_s: float = HOUR_S, replication: int = 0
) -> list[RequestBlock]:
    return list(request_blocks(demand, 1, replication, begin_s, end_s, block_s))


def drawn(demand: Demand, begin_s: float, end_s: float, block_s: float = HOUR_S, replication: int = 0) -> Any:
    parts = blocks(demand, begin_s, end_s, block_s, replication)
    return np.concatenate([p.time_s for p in parts]), np.concatenate([p.user for p in parts])


def assert_poisson(count: int, expected: float) -> None:
    assert abs(count - expected) <= STANDARD_ERRORS * math.sqrt(expected), f"{count} where {expected:.1f} are expected"


@pytest.mark.parametrize("session", [{}, SESSIONS], ids=["single", "sessions"])
def test_requests_come_in_order_of_time_inside_their_blocks(session: dict[str, Any]) -> None:
    for block in blocks(a_demand(session=session), -1.7 * HOUR_S, 5.3 * HOUR_S, 2 * HOUR_S):
        assert np.all(np.diff(block.time_s) >= 0)
        assert block.time_s[0] >= block.begin_s
        assert block.time_s[-1] < block.end_s
        assert block.time_s.size == block.user.size


@pytest.mark.parametrize(
    ("users", "hours"), [(10, 24), (10_000, 24), (50_000, 6), (200_000, 1), (5_000_000, 1), (50_000_000, 1 / 12)]
)
def test_a_block_is_a_day_long_unless_so_many_requests_come_sooner(users: int, hours: float) -> None:
    demand = a_demand(users)
    assert demand.block_s == hours * HOUR_S
    assert demand.block_s % demand.interval_s == 0


def test_blocks_meet_without_gap_or_overlap() -> None:
    parts = blocks(a_demand(), -1.7 * HOUR_S, 5.3 * HOUR_S, 2 * HOUR_S)
    assert parts[0].begin_s == -1.7 * HOUR_S
    assert parts[-1].end_s == 5.3 * HOUR_S
    assert [p.end_s for p in parts[:-1]] == [p.begin_s for p in parts[1:]]


@pytest.mark.parametrize("session", [{}, SESSIONS], ids=["single", "sessions"])
@pytest.mark.parametrize("block_s", [60.0, 3 * HOUR_S, 7 * HOUR_S, DAY_S])
def test_requests_do_not_depend_on_the_blocks(session: dict[str, Any], block_s: float) -> None:
    demand = a_demand(session=session)
    for one, other in zip(
        drawn(demand, -2.5 * HOUR_S, 9 * HOUR_S), drawn(demand, -2.5 * HOUR_S, 9 * HOUR_S, block_s), strict=True
    ):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("session", [{}, SESSIONS], ids=["single", "sessions"])
def test_requests_do_not_depend_on_when_the_simulation_begins(session: dict[str, Any]) -> None:
    demand = a_demand(session=session)
    early_s, early_user = drawn(demand, -40 * HOUR_S, 3 * HOUR_S)
    late_s, late_user = drawn(demand, 0.0, 3 * HOUR_S)
    counted = early_s >= 0
    assert np.array_equal(early_s[counted], late_s)
    assert np.array_equal(early_user[counted], late_user)


@pytest.mark.parametrize(("per_day", "interval_s"), [(0.1, 3600.0), (0.2, 1800.0), (0.4, 900.0), (2.5, 300.0)])
def test_an_interval_holds_about_half_a_million_requests_at_most(per_day: float, interval_s: float) -> None:
    demand = a_demand(users=100_000_000, per_day=per_day)
    assert demand.interval_s == interval_s
    assert interval_s == 300.0 or interval_s * demand.mean_requests_per_s <= 2**19


def test_as_many_come_as_are_expected() -> None:
    times_s, _ = drawn(a_demand(), 0.0, 10 * HOUR_S)
    assert_poisson(times_s.size, 50_000)


def test_replications_are_poisson() -> None:
    counts = [drawn(a_demand(), 0.0, HOUR_S, replication=k)[0].size for k in range(200)]
    assert abs(np.mean(counts) - 5000) < STANDARD_ERRORS * math.sqrt(5000 / 200)
    assert abs(np.var(counts, ddof=1) / 5000 - 1) < STANDARD_ERRORS * math.sqrt(2 / 199)


def test_the_first_minutes_are_as_full_as_the_others() -> None:
    """Sessions that began before the first block go on in it."""
    demand = a_demand(session=SESSIONS)
    counts = np.array(
        [np.histogram(drawn(demand, 0.0, HOUR_S, replication=k)[0], 12, (0, HOUR_S))[0] for k in range(30)]
    )
    error = counts.std(axis=0, ddof=1) / math.sqrt(30)
    assert np.all(np.abs(counts.mean(axis=0) - 5000 * 4 / 12) < STANDARD_ERRORS * error)


def test_a_login_makes_its_requests_after_think_times() -> None:
    """One login of each of few users: its requests follow it at fixed pauses."""
    session = {"requests": {"kind": "fixed", "count": 3}, "think_time": {"kind": "fixed", "value": "100 s"}}
    demand = a_demand(users=2_000_000_000, per_day=2e-7, session=session)
    parts = blocks(demand, 0.0, 5 * HOUR_S)
    logins = {
        int(u): t
        for part in parts
        for one in part.logins
        for t, u in zip(one.time_s, one.user, strict=True)
        if t < 4 * HOUR_S
    }
    assert len(logins) > 30
    times_s, users = drawn(demand, 0.0, 5 * HOUR_S)
    for user, login_s in logins.items():
        assert times_s[users == user].tolist() == pytest.approx([login_s, login_s + 100, login_s + 200])


def test_logins_of_an_interval_are_spread_evenly_where_the_rate_is_flat() -> None:
    times_s, _ = drawn(a_demand(), 0.0, 20 * HOUR_S)
    expected = times_s.size / 240
    counts, _ = np.histogram(times_s, 240, (0, 20 * HOUR_S))
    chi_squared = float(((counts - expected) ** 2 / expected).sum())
    assert abs(chi_squared - 239) < STANDARD_ERRORS * math.sqrt(2 * 239)


def test_a_spike_off_the_five_minute_grid_begins_and_ends_when_it_says() -> None:
    begin_s, end_s = 433.0, 533.0
    spike = {"at": f"{begin_s} s", "duration": "100 s", "multiplier": 30}
    times_s, _ = drawn(a_demand(spikes=[spike]), 0.0, HOUR_S)
    rate_per_s = 5000 / HOUR_S
    for low_s, high_s, factor in [(begin_s, end_s, 30), (333, begin_s, 1), (end_s, 633, 1), (begin_s, begin_s + 5, 30)]:
        assert_poisson(int(((times_s >= low_s) & (times_s < high_s)).sum()), rate_per_s * factor * (high_s - low_s))


def test_an_outage_off_the_grid_leaves_not_one_request_inside_it() -> None:
    spike = {"at": "433 s", "duration": "100 s", "multiplier": 0}
    times_s, _ = drawn(a_demand(spikes=[spike]), 0.0, HOUR_S)
    inside = times_s[(times_s > 433) & (times_s < 533)]
    assert inside.size == 0
    assert times_s[times_s <= 433].max() > 430
    assert times_s[times_s >= 533].min() < 536


def test_multipliers_of_spikes_that_overlap_multiply() -> None:
    spikes = [
        {"at": "100 s", "duration": "200 s", "multiplier": 3},
        {"at": "200 s", "duration": "7 min", "multiplier": 5},
    ]
    pieces = a_demand(spikes=spikes).intensity().pieces(0.0, HOUR_S)
    assert {0.0, 100.0, 200.0, 300.0, 620.0, HOUR_S} <= set(pieces.edges_s.tolist())
    rate = pieces.logins.sum(axis=1) / np.diff(pieces.edges_s) / (5000 / HOUR_S)
    middle = (pieces.edges_s[1:] + pieces.edges_s[:-1]) / 2
    expected = np.where((middle > 100) & (middle < 300), 3, 1) * np.where((middle > 200) & (middle < 620), 5, 1)
    assert rate == pytest.approx(expected)


@pytest.mark.parametrize("growth", ["10 %", "-30 %", "200 %"])
def test_growth_is_compounded_from_the_start(growth: object) -> None:
    intensity = a_demand(growth_per_week=growth).intensity()
    grown = {"10 %": 1.1, "-30 %": 0.7, "200 %": 3.0}[growth]
    per_s = math.log(grown) / (7 * DAY_S)
    for week in (-1, 0, 3):
        begin_s = week * 7 * DAY_S
        expected = 5000 / HOUR_S * math.exp(per_s * begin_s) * math.expm1(per_s * DAY_S) / per_s
        assert intensity.pieces(begin_s, begin_s + DAY_S).logins.sum() == pytest.approx(expected, rel=1e-6)


@settings(max_examples=60)
@given(begin=st.integers(-5000, 5000), length=st.integers(1, 20_000), cut=st.floats(0.01, 0.99))
def test_a_stretch_expects_what_its_parts_expect(begin: int, length: int, cut: float) -> None:
    demand = a_demand(
        profile={"kind": "cosine", "peak": "19:00", "amplitude": "80 %"},
        spikes=[{"at": "433 s", "duration": "100 s", "multiplier": 9}],
    )
    intensity, middle = demand.intensity(), begin + cut * length
    whole = intensity.pieces(begin, begin + length).logins.sum()
    parts = intensity.pieces(begin, middle).logins.sum() + intensity.pieces(middle, begin + length).logins.sum()
    assert parts == pytest.approx(whole, rel=1e-9)
