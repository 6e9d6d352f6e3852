from typing import Any

import numpy as np
import pytest
import simpy
from pydantic import ValidationError

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


def test_a_fleet_that_sleeps_is_there_as_long_as_somebody_came_lately() -> None:
    sleepy = a_rule(min=0, startup="40 s", stabilisation="245 s")
    assert sleepy.mean_replicas_for(0.01, 0.0) == 0
    assert sleepy.mean_replicas_for(0.01, 1 / 300) == pytest.approx(1 - np.exp(-1))
    assert sleepy.mean_replicas_for(3.0, 1 / 300) == 5
    assert a_rule().mean_replicas_for(0.01, 1 / 300) == 1


class _NoRequests:
    """A clock that nobody's requests depend on."""

    def advance(self, until_s: float) -> None:
        del until_s

    waits = False

    def asked(self) -> bool:
        return self.waits

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


def totals(utilisations: list[float], begin_with: int, **rule: Any) -> list[int]:
    """Return how many replicas there are after each tick of 15 s; they start at once."""
    rule = {"target": "50 %", "startup": "0 s", "stabilisation": "0 s", "max": 1000, **rule}
    return [total for _, total in replicas_under(utilisations, begin_with, **rule)[1]]


def test_replicas_grow_by_four_or_double_every_fifteen_seconds_unless_told_otherwise() -> None:
    assert totals([1.0] * 6, 1, target="1 %") == [5, 10, 20, 40, 80, 160]
    assert totals([1.0] * 3, 1, target="1 %", tick="30 s") == [5, 10, 20]
    assert totals([1.0] * 4, 1, target="1 %", tick="5 s") == [5, 5, 5, 10]


def growing(*policies: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {"behavior": {"scale_up": {"policies": list(policies), **rules}}, "target": "1 %"}


def shrinking(*policies: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {"behavior": {"scale_down": {"policies": list(policies), **rules}}}


PODS, SHARE = {"pods": 2, "period": "60 s"}, {"percent": "10 %", "period": "15 s"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (growing(PODS), [12, 12, 12, 12, 14, 14]),
        (growing(SHARE), [11, 13, 15, 17, 19, 21]),  # rounded up each time
        (growing(PODS, SHARE), [12, 14, 16, 18, 20, 22]),
        (growing(PODS, SHARE, select="min"), [11, 12, 12, 12, 13, 14]),
        (growing(PODS, select="disabled"), [10] * 6),
        (growing({"percent": "900 %", "period": "15 s"}), [100, 1000, 1000, 1000, 1000, 1000]),
    ],
)
def test_what_may_be_added_is_reckoned_from_what_was_there_when_the_period_began(
    rule: dict[str, Any], expected: list[int]
) -> None:
    assert totals([1.0] * 6, 10, **rule) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (shrinking(PODS), [8, 8, 8, 8, 6, 6]),
        (shrinking({"percent": "25 %", "period": "15 s"}), [7, 5, 3, 2, 1, 1]),  # of what may be left, rounded down
        (shrinking({"percent": "25 %", "period": "15 s"}, PODS, select="min"), [8, 8, 8, 8, 6, 6]),
        (shrinking(PODS, select="disabled"), [10] * 6),
    ],
)
def test_what_may_be_removed_is_reckoned_alike(rule: dict[str, Any], expected: list[int]) -> None:
    assert totals([0.01] * 6, 10, **rule) == expected


def test_replicas_removed_within_the_period_may_be_added_again() -> None:
    """Kubernetes reckons from the number at the period's beginning: 10 again, and 2 above it."""
    assert totals([0.4, 1.0, 1.0], 10, **growing(PODS) | {"target": "50 %"}) == [8, 12, 12]


def test_each_direction_has_a_tolerance_of_its_own() -> None:
    near = {"behavior": {"scale_up": {"tolerance": "0 %"}, "scale_down": {"tolerance": "50 %"}}}
    assert totals([0.51], 100, **near) == [102]
    assert totals([0.26], 100, **near) == [100]
    assert totals([0.24], 100, **near) == [48]


def test_a_window_for_growth_keeps_to_the_smallest_desire_in_it() -> None:
    slow = {"behavior": {"scale_up": {"stabilisation": "30 s"}}}
    assert totals([0.8, 1.0, 0.7, 0.5], 10, **slow) == [10, 16, 20, 20]


def test_the_window_for_fewer_replicas_may_be_stated_in_either_place_but_not_in_both() -> None:
    behavior = {"scale_down": {"stabilisation": "30 s"}}
    base = {"min": 1, "max": 100, "target": "60 %"}
    assert Autoscaled.model_validate(base | {"behavior": behavior}).keeps_s == 30
    assert Autoscaled.model_validate(base | {"stabilisation": "31 s"}).keeps_s == 31
    assert Autoscaled.model_validate(base).keeps_s == 300
    with pytest.raises(ValidationError, match="leave out one"):
        Autoscaled.model_validate(base | {"behavior": behavior, "stabilisation": "31 s"})


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"period": "15 s"}, "needs either 'pods'"),
        ({"pods": 4, "percent": "100 %", "period": "15 s"}, "not both"),
        ({"percent": 100, "period": "15 s"}, "100 without a percent sign is 10000 %; write '100 %'"),
        ({"percent": "0 %", "period": "15 s"}, "must be above 0 %"),
        ({"pods": 0, "period": "15 s"}, "greater than or equal to 1"),
        ({"pods": 4}, "period"),
        (None, "has no policy"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(policy: dict[str, Any] | None, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        a_rule(behavior={"scale_up": {"policies": [policy] if policy else []}})


def test_what_is_written_in_full_can_be_read_again() -> None:
    behavior = {"scale_up": {"policies": [SHARE, PODS], "tolerance": "7 %"}, "scale_down": {"stabilisation": "90 s"}}
    rule = Autoscaled.model_validate({"min": 0, "max": 9, "target": "60 %", "behavior": behavior})
    assert Autoscaled.model_validate(rule.model_dump(mode="json", exclude_none=True)) == rule


def test_a_fleet_below_its_minimum_is_brought_there_whatever_the_policies_say() -> None:
    env, capacity, measured = simpy.Environment(), a_rule(min=9, startup="0 s", **growing(PODS)), _Measured([0.5])
    replicas = measured.replicas = Replicas(env, 1, 0.0, measured)
    replicas.begin_with(3)
    env.process(capacity.control(env, replicas, WeekClock()))
    env.run(until=16)
    assert replicas.total == 9


def test_the_last_replica_goes_after_the_window_and_one_comes_at_the_tick_after_a_request() -> None:
    env, capacity, measured = simpy.Environment(), a_rule(min=0, startup="40 s"), _Measured([0.1] + [0.0] * 20)
    replicas = measured.replicas = Replicas(env, 1, 40.0, measured)
    replicas.begin_with(1)
    env.process(capacity.control(env, replicas, WeekClock()))
    env.run(until=74)
    assert replicas.total == 1
    env.run(until=80)
    assert (replicas.total, replicas.most_billed(1e9)) == (0, 1)
    measured.waits = True
    env.run(until=91)
    assert (replicas.ready, replicas.total) == (0, 1)
    env.run(until=129)
    assert (replicas.ready, replicas.total) == (0, 1)
    env.run(until=131)
    assert (replicas.ready, replicas.total) == (1, 1)
    assert sorted(replicas.changes) == [(0, 1), (75, -1), (90, 1)]
