"""Replicas that come and go by the hour, are taken back, and are gone for a while."""

import math
from typing import Any

import numpy as np
import pytest
import simpy
from pydantic import ValidationError

from simulator.backends.capacity.hourly import HourlyCapacity
from simulator.backends.fleet import Fleet
from simulator.backends.online.interruptions import Interruptions
from simulator.backends.online.replicas import Replicas
from simulator.core.units import HOUR_S
from simulator.core.week_clock import WeekClock

DAY = [2, 3, 3, 1, *[1] * 20]
"""Replicas by the hour of the day."""
STANDARD_ERRORS = 4


class _NoRequests:
    """A clock that nobody's requests depend on."""

    def advance(self, until_s: float) -> None:
        del until_s

    def work_done_s(self) -> float:
        return 0.0

    def asked(self) -> bool:
        return False

    def advance_ticks(self, from_s: float, tick_s: float, most_work_s: float, until_s: float) -> tuple[int, float]:
        del from_s, tick_s, most_work_s, until_s
        return 0, 0.0


def a_fleet(**changes: Any) -> Fleet:
    base: dict[str, Any] = {
        "instance": "f",
        "service_time": {"kind": "affine", "fixed": "1 s"},
        "capacity": {"kind": "fixed", "replicas": 8},
    }
    return Fleet.model_validate(base | changes)


def running(fleet: Fleet, begin_with: int, seed: int = 1) -> tuple[simpy.Environment, Replicas]:
    env = simpy.Environment()
    most = math.inf if fleet.capacity.replaces_lost else fleet.capacity.most_replicas
    replicas = Replicas(env, fleet.slots, fleet.capacity.replica_startup_s, _NoRequests(), most=most)
    lost = Interruptions(fleet.reclaim, fleet.outages, fleet.reserved_replicas, fleet.capacity.replaces_lost)
    lost.begin(replicas, np.random.default_rng(seed), WeekClock())
    replicas.begin_with(begin_with)
    return env, replicas


def hourly(begin_s: float = 0.0, clock: WeekClock | None = None, **changes: Any) -> tuple[simpy.Environment, Replicas]:
    rule = HourlyCapacity.model_validate({"replicas": DAY, "startup": "10 min"} | changes)
    env, found = simpy.Environment(begin_s), clock or WeekClock()
    replicas = Replicas(env, 1, rule.startup_s, _NoRequests())
    replicas.begin_with(rule.replicas_for(0.0, found.hour(begin_s)))
    control = rule.control(env, replicas, found)
    assert control is not None
    env.process(control)
    return env, replicas


def ready_at(env: simpy.Environment, replicas: Replicas, *times_s: float) -> list[int]:
    seen = []
    for time_s in times_s:
        env.run(until=time_s)
        seen.append(replicas.ready)
    return seen


def test_replicas_serve_when_their_hour_begins_and_are_ordered_before() -> None:
    env, replicas = hourly()
    assert ready_at(env, replicas, 3599, 3601, 2 * HOUR_S + 1, 3 * HOUR_S - 1, 3 * HOUR_S + 1) == [2, 3, 3, 3, 1]
    assert sorted(replicas.changes) == [(0, 1), (0, 1), (3000, 1), (10800, -1), (10800, -1)]


def test_the_timetable_goes_by_the_clock_of_the_start() -> None:
    half_past_two = WeekClock(2.5 * HOUR_S)
    env, replicas = hourly(begin_s=-1.5 * HOUR_S, clock=half_past_two)  # 01:00
    assert ready_at(env, replicas, 0.0, 1799, 1801) == [3, 3, 1]


def test_a_week_has_an_hour_of_its_own_for_every_day() -> None:
    rule = HourlyCapacity.model_validate({"replicas": [hour // 24 + 1 for hour in range(168)]})
    assert [rule.replicas_for(0.0, hour) for hour in (0, 23, 24, 167, 168, -1)] == [1, 1, 2, 7, 1, 7]


def test_a_start_up_of_more_than_an_hour_is_ordered_hours_before() -> None:
    env, replicas = hourly(replicas=[5, 5, 3, 6, *[6] * 20], startup="90 min")
    assert ready_at(env, replicas, 2 * HOUR_S - 1, 2 * HOUR_S + 1, 3 * HOUR_S - 1, 3 * HOUR_S + 1) == [5, 3, 3, 6]
    assert sorted(replicas.changes)[5:] == [*[(5400, 1)] * 3, *[(7200, -1)] * 2]


def test_an_hour_may_have_no_replica() -> None:
    env, replicas = hourly(replicas=[1, 0, 2, *[2] * 21], startup="0 s")
    assert ready_at(env, replicas, 1.0, HOUR_S + 1, 2 * HOUR_S + 1) == [1, 0, 2]
    assert replicas.billed_s([2 * HOUR_S]).tolist() == [HOUR_S]


@pytest.mark.parametrize(
    ("replicas", "said"), [([1] * 23, "has 23 numbers; give 24"), ([0] * 168, "are all 0"), ([-1] * 24, "-1")]
)
def test_a_timetable_that_is_none_is_refused(replicas: list[int], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        HourlyCapacity.model_validate({"replicas": replicas})


def test_only_what_is_above_the_reserved_number_is_billed_by_the_hour() -> None:
    replicas = Replicas(simpy.Environment(), 1, 0.0, _NoRequests())
    replicas.changes = [(0.0, 1), (0.0, 1), (10.0, 1), (10.0, 1), (30.0, -1), (40.0, -1), (70.0, -1)]
    assert replicas.billed_s([100.0], beyond=3).tolist() == [20.0]
    assert replicas.billed_s([15.0, 100.0], beyond=2).tolist() == [10.0, 20.0 * 2 + 10.0]
    assert replicas.billed_s([100.0], beyond=9).tolist() == [0.0]
    assert replicas.billed_s([100.0]).tolist() == [10.0 * 2 + 20 * 4 + 10 * 3 + 30 * 2 + 30 * 1]


def test_a_reclaimed_replica_finishes_its_work_and_another_takes_its_place() -> None:
    fleet = a_fleet(purchase="spot", reclaim={"mean": "100 s", "reprovision": "7 s"})
    env, replicas = running(fleet, 1)
    lasts_s = 100.0 * float(np.random.default_rng(1).standard_exponential())
    replicas.free_s[0] = lasts_s + 3
    assert ready_at(env, replicas, lasts_s - 0.1, lasts_s + 0.1, lasts_s + 6.9, lasts_s + 7.1) == [1, 0, 0, 1]
    assert [change for _, change in sorted(replicas.changes)] == [1, -1, 1]
    assert sorted(at_s for at_s, _ in replicas.changes) == pytest.approx([0, lasts_s + 3, lasts_s + 7])
    assert replicas.free_s[0] == pytest.approx(lasts_s + 7)


def test_reserved_replicas_are_never_taken_back() -> None:
    fleet = a_fleet(purchase="spot", reserved={"replicas": 3}, reclaim={"mean": "1 s", "reprovision": "30 d"})
    env, replicas = running(fleet, 8)
    assert ready_at(env, replicas, 60.0) == [3]


def test_spot_replicas_are_there_as_often_as_renewal_theory_says() -> None:
    """A replica that lasts a mean of M and is away for R serves M / (M + R) of the time."""
    shares = []
    for seed in range(40):
        env, replicas = running(a_fleet(purchase="spot", reclaim={"mean": "50 min", "reprovision": "10 min"}), 8, seed)
        env.run(until=5 * HOUR_S)
        before_s = replicas.ready_slot_s()
        env.run(until=30 * HOUR_S)
        shares.append((replicas.ready_slot_s() - before_s) / (8 * 25 * HOUR_S))
    error = float(np.std(shares, ddof=1)) / len(shares) ** 0.5
    assert error < 0.01
    assert abs(np.mean(shares) - 50 / 60) < STANDARD_ERRORS * error


def test_an_autoscaled_fleet_is_left_with_fewer() -> None:
    fleet = a_fleet(
        purchase="spot",
        reclaim={"mean": "1 s", "reprovision": "1 s"},
        capacity={"kind": "autoscaled", "max": 9, "target": "50 %"},
    )
    env, replicas = running(fleet, 4)
    assert ready_at(env, replicas, 300.0) == [0]


def test_in_an_outage_a_share_is_gone_and_comes_back() -> None:
    fleet = a_fleet(slots=2, outages=[{"at": "100 s", "duration": "50 s", "share": "40 %"}])
    env, replicas = running(fleet, 8)
    replicas.free_s[:16] = [120.0, *[0.0] * 14, 130.0]
    assert ready_at(env, replicas, 99.0, 101.0, 149.0, 151.0) == [8, 4, 4, 8]  # 3.2 replicas are 4
    assert replicas.leaving_work_s() == 0.0
    assert sorted(replicas.changes)[8:] == [*[(100, -1)] * 3, (130, -1), *[(150, 1)] * 4]
    assert replicas.billed_s([200.0]).tolist() == [8 * 200 - 3 * 50 - 20]


def test_a_whole_fleet_may_be_gone() -> None:
    env, replicas = running(a_fleet(outages=[{"at": "1 s", "duration": "5 s", "share": 1}]), 8)
    assert ready_at(env, replicas, 2.0, 7.0) == [0, 8]


def test_what_comes_back_from_an_outage_is_no_more_than_an_autoscaler_may_have() -> None:
    fleet = a_fleet(
        outages=[{"at": "1 s", "duration": "50 s", "share": "50 %"}],
        capacity={"kind": "autoscaled", "max": 6, "target": "50 %", "startup": "5 s"},
    )
    env, replicas = running(fleet, 6)
    env.run(until=10)
    replicas.order(2)
    assert ready_at(env, replicas, 20.0, 52.0) == [5, 6]
    assert replicas.billed_s([60.0]).tolist() == [6 * 1 + 3 * 59 + 2 * 50 + 9]


def test_who_is_away_when_a_timetable_has_fewer_does_not_come_back() -> None:
    env, replicas = hourly(startup="0 s", replicas=[6, 2, *[2] * 22])
    env.run(until=3500)
    replicas.interrupt(0.5, back_in_s=600)
    assert replicas.ready == 3
    assert ready_at(env, replicas, 3601, 5000) == [2, 2]
    assert replicas.billed_s([3600]).tolist() == [6 * 3500 + 3 * 100]


def test_only_spot_instances_are_taken_back() -> None:
    with pytest.raises(ValidationError, match="purchase: spot"):
        a_fleet(reclaim={"mean": "1 h"})


def test_a_replica_is_taken_back_while_it_serves_and_never_while_it_starts() -> None:
    """Its mean life counts from when it begins to serve, a start of ten times as long before it or not."""
    capacity = {"kind": "autoscaled", "min": 1, "max": 5000, "target": "60 %", "startup": "50 min"}
    fleet = a_fleet(capacity=capacity, purchase="spot", reclaim={"mean": "5 min"})
    env, replicas = running(fleet, 0)
    replicas.order(4000)
    env.run(until=3000 - 1e-6)
    assert (replicas.ready, replicas.total) == (0, 4000)
    env.run(until=20_000)
    ends_s = np.array([at_s for at_s, change in replicas.changes if change < 0])
    assert ends_s.size > 3990
    assert abs(ends_s.mean() - (3000 + 300)) < STANDARD_ERRORS * 300 / math.sqrt(4000)
