from typing import Any

import numpy as np
import pytest
import simpy

from simulator.backends.capacity.autoscaled import Autoscaled
from simulator.backends.online.replicas import Replicas
from simulator.core.week_clock import WeekClock


def a_rule(**changes: Any) -> Autoscaled:
    base = {"min": 1, "max": 100, "target": "60 %", "tick": "15 s", "startup": "40 s", "stabilisation": "60 s"}
    return Autoscaled.model_validate(base | changes)


@pytest.mark.parametrize(
    ("ready", "total", "utilisation", "desired", "why"),
    [
        (10, 10, 0.60, 10, "on target"),
        (10, 10, 0.65, 10, "8 % above the target is tolerated"),
        (10, 10, 0.55, 10, "8 % below it too"),
        (10, 10, 0.67, 12, "12 % above: 11.2, rounded up"),
        (10, 10, 0.53, 9, "12 % below: 8.8, rounded up"),
        (10, 14, 0.62, 14, "within tolerance those that are starting stay"),
        (10, 14, 0.90, 15, "the ready ones alone are reckoned with"),
        (3, 3, 1.0, 5, "3 / 0.6 is 5"),
        (3, 3, 1.0 + 2e-16, 5, "and 5 it stays when rounding adds to a full load"),
        (10, 10, 0.0, 1, "never below the minimum"),
        (90, 90, 1.0, 100, "never above the maximum"),
        (0, 3, 0.0, 3, "nobody is ready, so that nothing was measured"),
        (3, 3, None, 3, "nobody was ready before now"),
    ],
)
def test_the_replicas_wanted_follow_the_rule(
    ready: int, total: int, utilisation: float | None, desired: int, why: str
) -> None:
    assert a_rule().desired_replicas(ready, total, utilisation) == desired, why


@pytest.mark.parametrize(("load", "count"), [(0.0, 2), (0.6, 2), (3.0, 5), (3.1, 6), (1000.0, 9)])
def test_a_steady_load_leads_to_load_over_target(load: float, count: int) -> None:
    assert a_rule(min=2, max=9).replicas_for(load) == count


class _NoRequests:
    """A clock that nobody's requests depend on."""

    def advance(self, until_s: float) -> None:
        del until_s

    def asked(self) -> bool:
        return False

    def work_done_s(self) -> float:
        return 0.0

    def advance_ticks(self, from_s: float, tick_s: float, most_work_s: float, until_s: float) -> tuple[int, float]:
        del from_s, tick_s, most_work_s, until_s
        return 0, self.work_done_s()


class _Measured(_NoRequests):
    """A clock that reports a given utilisation at each tick."""

    def __init__(self, utilisations: list[float]) -> None:
        self.replicas: Replicas | None = None
        self.given = iter(utilisations)
        self.worked_s = self.ready_slot_s = self.seen_s = 0.0

    def work_done_s(self) -> float:
        assert self.replicas is not None
        if self.replicas.env.now > self.seen_s:
            self.worked_s += next(self.given) * (self.replicas.ready_slot_s() - self.ready_slot_s)
            self.ready_slot_s, self.seen_s = self.replicas.ready_slot_s(), self.replicas.env.now
        return self.worked_s


def replicas_under(utilisations: list[float], begin_with: int, **rule: Any) -> tuple[Replicas, list[tuple[int, int]]]:
    """Return replicas, and how many were ready and there in all after each tick at which so much was measured."""
    env, capacity, measured = simpy.Environment(), a_rule(**rule), _Measured(utilisations)
    replicas = measured.replicas = Replicas(env, 1, capacity.startup_s, measured)
    replicas.begin_with(begin_with)
    env.process(capacity.control(env, replicas, WeekClock()))
    seen = []
    for tick in range(1, len(utilisations) + 1):
        env.run(until=tick * capacity.tick_s + 1e-6)
        seen.append((replicas.ready, replicas.total))
    return replicas, seen


def test_ordered_replicas_serve_after_their_start_up() -> None:
    replicas, seen = replicas_under([0.9, 0.6, 0.6, 0.6], begin_with=4)
    assert seen == [(4, 6), (4, 6), (4, 6), (6, 6)]
    assert sorted(replicas.changes) == [(0, 1)] * 4 + [(15, 1)] * 2


def test_a_low_load_removes_replicas_when_the_window_has_passed() -> None:
    _, seen = replicas_under([0.6, 0.3, 0.3, 0.3, 0.3, 0.3], begin_with=8)
    assert seen == [(8, 8), (8, 8), (8, 8), (8, 8), (4, 4), (4, 4)]


def test_a_peak_within_the_window_keeps_the_replicas_that_it_wanted() -> None:
    utilisations = [0.6, 0.15, 0.15, 0.3, 0.15, 0.15, 0.15]
    _, seen = replicas_under(utilisations, begin_with=8, stabilisation="45 s")
    assert [total for _, total in seen] == [8, 8, 8, 4, 4, 4, 1]


def test_starting_replicas_are_cancelled_before_serving_ones_are_removed() -> None:
    replicas, seen = replicas_under([1.2, 0.3], begin_with=4, stabilisation="0 s")
    assert seen == [(4, 8), (2, 2)]
    assert sorted(replicas.changes) == [(0, 1)] * 4 + [(15, 1)] * 4 + [(30, -1)] * 6


def test_a_removed_replica_is_billed_until_its_work_is_done() -> None:
    env = simpy.Environment()
    replicas = Replicas(env, 2, 0.0, _NoRequests())
    replicas.begin_with(3)
    replicas.free_s[:6] = [50.0, 0.0, 0.0, 0.0, 12.0, 31.0]
    env.run(until=20)
    replicas.remove(2)
    assert sorted(replicas.changes) == [(0, 1), (0, 1), (0, 1), (20, -1), (31, -1)]
    assert replicas.leaving_work_s() == 11.0
    assert replicas.free_s.tolist() == [50.0, 0.0]
    assert replicas.ready_slot_s() == 6 * 20


def test_replicas_that_stay_keep_their_work_when_others_come() -> None:
    env = simpy.Environment()
    replicas = Replicas(env, 1, 5.0, _NoRequests())
    replicas.begin_with(2)
    replicas.free_s[:2] = [9.0, 1.0]
    replicas.order(1)
    env.run(until=6)
    assert replicas.free_s.tolist() == [9.0, 1.0, 5.0, np.inf]
    assert replicas.ready_slot_s() == 2 * 5 + 3 * 1
