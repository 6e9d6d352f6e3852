"""Scopes and schedules in the engine against a plain SimPy process per request and lists of logins."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from drawn_scenarios import a_scenario
from test_engine_against_process_model import both

from simulator.scenario.schema import Scenario

LONG = pytest.mark.long
"""For combinations of values each of which has a faster test beside other values."""
SCOPES: dict[str, Any] = {
    "everyone": "everyone",
    "active": {"kind": "active_within", "window": "4 h"},
    "active, short": {"kind": "active_within", "window": "25 min"},
    "active, odd": {"kind": "active_within", "window": "3.1415926 h"},
    "most active": {"kind": "most_active", "share": "30 %"},
    "predicted": {"kind": "predicted", "precision": "60 %", "recall": "80 %"},
    "predicted badly": {"kind": "predicted", "precision": "5 %", "recall": "90 %"},
}
ZONES = {"America/New_York": "50 %", "Asia/Kolkata": "30 %", "Australia/Sydney": "20 %"}
RETURNS = {"probability": "40 %", "gap": {"kind": "lognormal", "mean": "1 h", "cv": 1.5}}
CACHED = {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "15 min"}}


def scoped(scope: str, ahead: dict[str, Any], rest: dict[str, Any], **changes: Any) -> Scenario:
    precompute = {"every": "2 h", "at": "00:20", "backend": "night", "scope": SCOPES[scope]} | ahead
    return a_scenario(plans={"scoped": {"precompute": precompute} | rest}, **changes)


def with_zones(**changes: Any) -> dict[str, Any]:
    traffic = a_scenario().model_dump(mode="json")["traffic"] | {"timezones": ZONES} | changes
    return {"traffic": {key: value for key, value in traffic.items() if value is not None}}


@pytest.mark.parametrize("scope", list(SCOPES))
@pytest.mark.parametrize(
    ("expiry", "whom"),
    [
        ("70 min", "all"),
        ("5 h", "new"),
        (None, "all"),
        *(pytest.param(*pair, marks=LONG) for pair in (("70 min", "new"), ("5 h", "all"), (None, "new"))),
    ],
)
def test_every_scope_does_what_sets_of_users_do(scope: str, expiry: str | None, whom: str) -> None:
    store = {"read_latency": "3.7 ms", "write_capacity": "3/s", "expiry": expiry}
    scenario = scoped(scope, {"incremental": whom == "new"}, {"on_miss": "default"}, store=store)
    outcome, _ = both(scenario, "scoped")
    assert outcome.counted.tally["written_batch"] > 100
    assert outcome.counted.tally["precomputed"] > 200


@pytest.mark.parametrize("scope", list(SCOPES))
@pytest.mark.parametrize("publish", ["rolling", "atomic"])
def test_members_with_computations_under_way(scope: str, publish: str) -> None:
    outcome, _ = both(scoped(scope, {"publish": publish}, CACHED), "scoped")
    assert min(outcome.counted.tally[by] for by in ("precomputed", "cached", "computed")) > 100


@pytest.mark.parametrize("scope", list(SCOPES))
@pytest.mark.parametrize("whom", [pytest.param("all", marks=LONG), "new"])
def test_logins_that_follow_from_logins(scope: str, whom: str) -> None:
    changes = with_zones(return_visits=RETURNS, burstiness={"cv": 0.5, "every": "7 s"})
    both(scoped(scope, {"incremental": whom == "new"}, {"on_miss": "stored"}, **changes), "scoped")


@pytest.mark.parametrize("scope", list(SCOPES))
@pytest.mark.parametrize("every", [pytest.param("24 h", marks=LONG), "6 h", "1 h"])
def test_a_run_for_each_time_zone(scope: str, every: str) -> None:
    """On the night on which New York's clocks go forward, and some of Sydney's hours come twice two weeks before."""
    ahead = {"every": every, "at": "02:20", "clock": "local", "incremental": every == "6 h"}
    start = datetime(2026, 3, 8, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    outcome, _ = both(
        scoped(scope, ahead, {"on_miss": "default"}, start=start, horizon="11 h", **with_zones()), "scoped"
    )
    assert outcome.counted.tally["written_batch"] > 0


@pytest.mark.parametrize("scope", ["active", "predicted", "most active"])
def test_runs_that_meet_one_still_going_are_missed(scope: str) -> None:
    _, seen = both(scoped(scope, {"every": "7 min", "clock": "home"}, {"on_miss": "default"}), "scoped")
    assert seen.missed > 5


@pytest.mark.parametrize("scope", ["everyone", "active", "predicted"])
@pytest.mark.parametrize("clock", ["home", "local"])
def test_runs_follow_retrainings(scope: str, clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ends_s = (-9000.0, -300.0, 1234.5, 4800.0, 8000.123, 15000.0)
    monkeypatch.setattr("simulator.simulation.calendar.due_runs.training_ends_s", lambda *_: ends_s)
    monkeypatch.setattr(Scenario, "contradictions", lambda _: ())
    scenario = scoped(scope, {"after_training": True, "clock": clock}, {"on_miss": "default"}, **with_zones())
    outcome, _ = both(scenario, "scoped")
    assert outcome.batch is not None
    assert {1234.5, 8000.123} & {run.due_s for run in outcome.batch.runs}


@pytest.mark.parametrize("scope", ["everyone", "active", "active, odd", "predicted"])
@pytest.mark.parametrize(
    ("clock", "whom"),
    [
        ("home", "new"),
        ("local", "all"),
        *(pytest.param(*pair, marks=LONG) for pair in (("home", "all"), ("local", "new"))),
    ],
)
def test_runs_after_retrainings_are_made_up_for(
    scope: str, clock: str, whom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two trainings end while a run is going, one as a run starts, and one as a made-up run is going."""
    ends_s = (-9000.0, 1200.0, 1234.5, 1400.0, 1900.0, 8400.0004, 9000.0, 12000.0)
    monkeypatch.setattr("simulator.simulation.calendar.due_runs.training_ends_s", lambda *_: ends_s)
    monkeypatch.setattr(Scenario, "contradictions", lambda _: ())
    ahead = {"after_training": True, "clock": clock, "incremental": whom == "new"}
    scenario = scoped(scope, ahead, {"on_miss": "stored"}, **(with_zones() if clock == "local" else {}))
    outcome, seen = both(scenario, "scoped")
    assert outcome.batch is not None
    assert outcome.batch.missed == 0
    assert any(run.start_s > run.due_s for run in outcome.batch.runs)
    assert 8400.0004 not in {run.due_s for run in outcome.batch.runs} or clock == "local"
    made_up = {due_s for due_s, start_s, _ in seen.runs if start_s > due_s}
    assert made_up & {1234.5, 1400.0, 1900.0, 9000.0}


@pytest.mark.parametrize("scope", list(SCOPES))
def test_other_plans_that_begin_earlier_change_nothing_but_the_history(scope: str) -> None:
    scenario = scoped(scope, {}, {"on_miss": "default"})
    early = {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "4 h"}}
    plans = scenario.model_dump(mode="json")["plans"] | {"early": early}
    both(a_scenario(plans=plans), "scoped")


@pytest.mark.parametrize("scope", ["active", "predicted"])
def test_a_scope_without_users_is_a_run_without_shards(scope: str) -> None:
    population = {"users": 600, "logins_per_day": "0.0001/day", "shape": 0.6}
    outcome, _ = both(scoped(scope, {}, {"on_miss": "default"}, population=population), "scoped")
    assert outcome.batch is not None
    assert outcome.batch.mean_run_rows < 1
    assert min(run.makespan_s for run in outcome.batch.runs) == 3 * 60
