"""When runs are due by local clocks, and how last logins are kept so that windows end where runs start."""

from datetime import UTC, datetime
from typing import Any

import pytest
from drawn_scenarios import a_scenario
from pydantic import ValidationError

from simulator.core.errors import UserError
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import runs_due, timetables
from simulator.simulation.calendar.expectation import expected_rows
from simulator.simulation.calendar.timetable import Timetable
from simulator.simulation.simulate import simulate
from simulator.simulation.workload.recency import Recency, unit_s

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
ZONES = {"America/New_York": "50 %", "Asia/Kolkata": "30 %", "Asia/Tokyo": "20 %"}


def ahead(**changes: Any) -> dict[str, Any]:
    precompute = {"every": "24 h", "at": "02:30", "backend": "night", "clock": "local"} | changes
    return {"plans": {"one": {"precompute": precompute, "on_miss": "default"}}}


def local(start: datetime, **changes: Any) -> tuple[Timetable, ...]:
    traffic = {"timezones": ZONES}
    return timetables(a_scenario(start=start, traffic=traffic, **ahead(**changes)), "one")


def hours(timetable: Timetable, count: int) -> list[float]:
    dues = timetable.dues(0.0)
    return [next(dues).time_s / HOUR_S for _ in range(count)]


def test_every_zone_has_its_users_and_its_own_time_of_day() -> None:
    found = local(datetime(2026, 3, 2, tzinfo=UTC))
    assert [each.users for each in found] == [((0, 300),), ((300, 480),), ((480, 600),)]
    assert [hours(each, 2) for each in found] == [[7.5, 31.5], [21, 45], [17.5, 41.5]]
    assert {(due.time_s - due.midnight_s) % DAY_S for each in found for due in each.between(0, DAY_S)} == {2.5 * HOUR_S}


def test_runs_keep_to_the_clock_when_it_changes() -> None:
    """New York's clocks go from 02:00 to 03:00 on 8 March and back on 1 November; a time skipped is that before."""
    spring = local(datetime(2026, 3, 7, tzinfo=UTC))[0]
    assert hours(spring, 4) == [7.5, 31.5, 54.5, 78.5]
    autumn = local(datetime(2026, 10, 31, tzinfo=UTC), at="01:30")[0]
    assert hours(autumn, 3) == [5.5, 29.5, 54.5]
    hourly = local(datetime(2026, 3, 8, tzinfo=UTC), every="1 h", at="00:30")[0]
    assert hours(hourly, 12) == [k + 0.5 for k in range(12)], "an hour that does not exist must not come twice"


def test_runs_for_local_times_must_come_at_the_same_times_every_day() -> None:
    with pytest.raises(ValidationError, match=r"'every' \(5 h\) must divide 24 h where 'clock' is local"):
        a_scenario(**ahead(every="5 h"))
    assert a_scenario(**ahead(every="5 h", clock="home"))


def test_each_zone_computes_for_its_own_users_on_workers_of_its_own() -> None:
    store = {"read_latency": "0 s"}
    scenario = a_scenario(horizon="2 d", traffic={"timezones": ZONES}, store=store, **ahead())
    batch = simulate(scenario, "one").batch
    assert batch is not None
    assert batch.mean_run_rows == 200
    assert len(batch.runs) == 6
    assert batch.runs_per_horizon == 6
    assert sorted(run.due_s % DAY_S / HOUR_S for run in batch.runs) == [7.5, 7.5, 17.5, 17.5, 21, 21]


def test_runs_are_late_by_the_clock_of_their_zone() -> None:
    changes: dict[str, Any] = {"horizon": "2 d", "traffic": {"timezones": ZONES}, **ahead()}
    for deadline, late in (("02:31", 6), ("08:00", 0)):
        batch = simulate(a_scenario(slo={"batch_deadline": deadline}, **changes), "one").batch
        assert batch is not None
        assert (len(batch.runs), batch.late) == (6, late)


def test_runs_after_training_need_a_training() -> None:
    with pytest.raises(UserError, match=r"there is no 'model\.training' whose ends a run could follow"):
        a_scenario().with_(model__training=None, plans__rolling__precompute__after_training=True)


def test_a_retraining_that_ends_when_a_run_is_due_has_no_run_of_its_own() -> None:
    """Trainings of 30 minutes start every 6 h from midnight on; one of four ends at half past twelve."""
    training = {"every": "6 h", "instance": "t", "machine_hours": 0.5}
    precompute = {"every": "24 h", "at": "12:30", "backend": "night", "after_training": True}
    plans = {"one": {"precompute": precompute, "on_miss": "default"}}
    scenario = a_scenario(horizon="2 d", model={"training": training}, plans=plans)
    (found,) = timetables(scenario, "one")
    due = [(due.time_s / HOUR_S, due.triggered) for due in found.between(0.0, DAY_S)]
    assert due == [(0.5, True), (6.5, True), (12.5, False), (18.5, True)]
    assert runs_due(scenario, "one") == 2 + 6
    batch = simulate(scenario, "one").batch
    assert batch is not None
    assert (len(batch.runs), batch.missed) == (8, 0)
    assert batch.runs_per_horizon == 8


def test_a_run_after_a_training_that_ends_while_another_is_going_is_late_by_when_it_was_due() -> None:
    """Runs of a quarter of an hour start at even hours, and trainings end 5 minutes later: none is missed."""
    training = {"every": "2 h", "instance": "t", "machine_hours": 1 / 12}
    precompute = {"every": "2 h", "at": "00:00", "backend": "night", "after_training": True}
    plans = {"one": {"precompute": precompute, "on_miss": "default"}}
    scenario = a_scenario(horizon="4 h", model={"training": training}, plans=plans)
    batch = simulate(scenario, "one").batch
    assert batch is not None
    assert (len(batch.runs), batch.missed) == (4, 0)
    first, made_up = batch.runs[:2]
    assert (first.due_s, made_up.due_s) == (0.0, 300.0)
    assert made_up.start_s == first.end_s > 300.0
    assert made_up.makespan_s == made_up.end_s - first.end_s
    late = simulate(scenario.with_(slo__batch_deadline="00:06"), "one").batch
    assert late is not None
    assert late.late == 2, "those due before 00:06 on this day"


@pytest.mark.parametrize(
    ("window", "every", "unit_h"), [("7 d", "24 h", 24), ("36 h", "24 h", 12), ("100 min", "6 h", 1 / 3)]
)
def test_last_logins_are_kept_in_the_largest_units_that_answer_exactly(window: str, every: str, unit_h: float) -> None:
    scope = {"kind": "active_within", "window": window}
    recency = Recency.of(a_scenario(**ahead(every=every, clock="home", scope=scope)), "one")
    assert recency is not None
    assert recency.unit_s == pytest.approx(unit_h * HOUR_S)
    assert (recency.oldest_s - 2.5 * HOUR_S) % recency.unit_s == pytest.approx(0, abs=1e-6)


def test_units_of_time_zones_are_those_of_all_their_clocks() -> None:
    scope = {"kind": "active_within", "window": "7 d"}
    scenario = a_scenario(traffic={"timezones": ZONES}, **ahead(scope=scope))
    recency = Recency.of(scenario, "one")
    assert recency is not None
    assert recency.unit_s == HOUR_S / 2
    assert Recency.of(a_scenario(**ahead()), "one") is None


def test_spans_without_a_common_measure_are_counted_as_finely_as_32_bits_allow() -> None:
    month_s = 30 * DAY_S
    assert unit_s([DAY_S, 3.14159265], month_s) == pytest.approx(month_s / 2**32, rel=1e-6)
    assert unit_s([DAY_S, 0.001], month_s) == 0.001
    assert unit_s([DAY_S, 0.001], 2000 * month_s) > 0.001


def test_the_most_active_of_a_file_with_users_are_not_known(tmp_path: Any) -> None:
    (tmp_path / "requests.csv").write_text("time,who\n2026-03-02 00:00:00,a\n2026-03-02 01:00:00,b\n")
    replay = {"path": str(tmp_path / "requests.csv"), "user": "who"}
    scope = {"kind": "most_active", "share": "20 %"}
    rolling = {"rolling": a_scenario().model_dump(mode="json")["plans"]["rolling"]}
    scenario: Scenario = a_scenario(traffic={"replay": replay}, plans=rolling)
    with pytest.raises(UserError, match="most_active goes by login rates, and nobody knows those of the users in the"):
        scenario.with_(plans__rolling__precompute__scope=scope)
    assert scenario.with_(
        traffic__replay__user=None, plans__rolling__precompute__scope={"kind": "most_active", "share": "20 %"}
    )
    recent = scenario.with_(plans__rolling__precompute__scope={"kind": "active_within", "window": "1 d"})
    batch = simulate(recent, "rolling").batch
    assert batch is not None
    assert batch.mean_run_rows == 2
    precompute = recent.plans["rolling"].precompute
    assert precompute is not None
    assert expected_rows(recent, precompute, 600) <= 2
