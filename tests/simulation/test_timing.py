from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from drawn_scenarios import a_scenario

from simulator.simulation.calendar.schedule import Schedule
from simulator.simulation.calendar.timing import begin_s, deadline_s
from simulator.simulation.simulate import simulate

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def schedule_of(start: datetime, every: str, at: str) -> Schedule:
    plan = {"precompute": {"every": every, "at": at, "backend": "night"}, "on_miss": "default"}
    scenario = a_scenario(start=start, plans={"ahead": plan})
    precompute = scenario.plans["ahead"].precompute
    assert precompute is not None
    return Schedule.of(scenario, precompute)


@pytest.mark.parametrize(
    ("start", "first_h"),
    [
        (datetime(2026, 3, 2), 2),  # noqa: DTZ001
        (datetime(2026, 3, 2, 9), -7),  # noqa: DTZ001
        (datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Asia/Tokyo")), -7),
    ],
)
def test_runs_start_at_a_time_of_day_where_the_scenario_starts(start: datetime, first_h: int) -> None:
    schedule = schedule_of(start, "6 h", "02:00")
    assert schedule.start_s(0) == first_h * HOUR_S
    assert schedule.start_s(3) == (first_h + 18) * HOUR_S


@pytest.mark.parametrize(("time_h", "run"), [(1.99, -1), (2, 0), (7.99, 0), (8, 1), (-4, -1), (-4.01, -2)])
def test_the_last_run_before_a_moment_may_be_due_right_then(time_h: float, run: int) -> None:
    assert schedule_of(datetime(2026, 3, 2), "6 h", "02:00").last_before(time_h * HOUR_S) == run  # noqa: DTZ001


@pytest.mark.parametrize(
    ("due_h", "clock_h", "deadline_h"), [(2, 6, 6), (22, 6, 30), (6, 6, 6), (26, 6, 30), (-2, 6, 6)]
)
def test_a_deadline_is_the_next_time_the_clock_shows_it(due_h: float, clock_h: float, deadline_h: float) -> None:
    for midnight_s in (0.0, -3 * DAY_S):
        assert deadline_s(due_h * HOUR_S, clock_h * HOUR_S, midnight_s) == deadline_h * HOUR_S


def simulated_from(plan: dict[str, Any], **changes: Any) -> float:
    return begin_s(a_scenario(plans={"one": plan}, **changes), "one")


def test_a_plan_begins_with_the_warm_up_or_an_hour_before_time_0_where_its_cache_is_drawn() -> None:
    plan = {"on_miss": "compute", "backend": "live"}
    assert simulated_from(plan, warmup="90 min") == -90 * 60
    cached = plan | {"cache": {"kind": "ttl", "ttl": "2 h"}}
    assert simulated_from(cached, warmup="0 s") == -HOUR_S
    assert simulated_from(cached, warmup="9 h") == -9 * HOUR_S
    assert simulated_from(plan | {"cache": {"kind": "ttl", "ttl": "10 min"}}, warmup="0 s") == -20 * 60


def test_a_plan_whose_cache_cannot_be_drawn_begins_two_lifetimes_before_time_0() -> None:
    cached = {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "7 h"}}
    refresh = {"on": "login", "backend": "live"}
    ahead = {"every": "2 h", "at": "00:20", "backend": "night"}
    assert simulated_from(cached | {"refresh": refresh}, warmup="0 s") == -14 * HOUR_S
    for scope, beginning in (
        ({"kind": "predicted", "precision": "60 %", "recall": "80 %"}, -14 * HOUR_S),
        ({"kind": "active_within", "window": "1 h"}, -14 * HOUR_S),
        ({"kind": "active_within", "window": "4 h"}, (20 - 120) * 60),  # the next run has whoever logs in
        ({"kind": "everyone"}, (20 - 120) * 60),
        ({"kind": "most_active", "share": "30 %"}, (20 - 120) * 60),
    ):
        assert simulated_from(cached | {"precompute": ahead | {"scope": scope}}, warmup="0 s") == beginning, scope


def test_a_plan_that_precomputes_begins_with_a_run_that_is_published_by_time_0() -> None:
    plan = {"precompute": {"every": "2 h", "at": "00:20", "backend": "night"}, "on_miss": "default"}
    begin = simulated_from(plan, warmup="0 s")
    assert begin == (20 - 120) * 60
    store = {"write_capacity": "3/s"}
    outcome = simulate(a_scenario(plans={"one": plan}, warmup="0 s", store=store), "one")
    assert outcome.unserved_at_start > 0.5 * 600
    assert outcome.counted.tally["defaulted"] == 0


def test_late_runs_are_counted() -> None:
    plan = {"precompute": {"every": "24 h", "at": "01:00", "backend": "night"}, "on_miss": "default"}
    changes: dict[str, Any] = {"plans": {"one": plan}, "horizon": "3 d"}
    for deadline, late in (("01:05", 3), ("06:00", 0)):
        batch = simulate(a_scenario(slo={"batch_deadline": deadline}, **changes), "one").batch
        assert batch is not None
        assert (len(batch.runs), batch.missed, batch.late) == (3, 0, late)


def test_logins_and_the_busiest_minute_are_counted_over_the_horizon() -> None:
    from simulator.demand.arrivals import request_blocks

    scenario = a_scenario()
    traffic = simulate(scenario, "on demand").traffic
    blocks = list(request_blocks(scenario.demand, scenario.seed, 0, -HOUR_S, scenario.horizon_s, HOUR_S))
    logins = [t for b in blocks for one in b.logins for t in one.time_s if 0 <= t < scenario.horizon_s]
    minutes: dict[int, int] = {}
    for block in blocks:
        for time_s in block.time_s[block.time_s >= 0]:
            minutes[int(time_s // 60)] = minutes.get(int(time_s // 60), 0) + 1
    assert traffic.logins == len(logins)
    assert traffic.busiest_minute == max(minutes.values())
    assert traffic.daily_active_fraction is None
