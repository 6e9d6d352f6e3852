"""What `validate` says about scopes and schedules before anything is simulated, and what bills count."""

from typing import Any

import pytest
from small_runs import small

from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.studies.consequences import consequences
from simulator.theory.logins import active_fraction

PLAN = "nightly batch"
ZONES = {"America/New_York": "50 %", "America/Chicago": "30 %", "America/Los_Angeles": "20 %"}


def scoped(scope: Any, **changes: Any) -> Scenario:
    population = {"users": "50k", "logins_per_day": "0.2/day", "shape": 0.5}
    return small(population=population, plans__nightly_batch__precompute__scope=scope, **changes)


def told(scenario: Scenario) -> dict[str, str]:
    return {fact.what: fact.value for fact in consequences(scenario) if fact.subject == PLAN}


def rows(scenario: Scenario) -> float:
    return float(told(scenario)["rows per run"].replace(",", ""))


@pytest.mark.parametrize(
    ("scope", "share"),
    [
        ("everyone", 1.0),
        ({"kind": "active_within", "window": "7 d"}, float(active_fraction(7, 0.5, 0.2))),
        ({"kind": "active_within", "window": "30 h"}, float(active_fraction(1.25, 0.5, 0.2))),
        ({"kind": "most_active", "share": "20 %"}, 0.2),
        ({"kind": "predicted", "precision": "60 %", "recall": "80 %"}, float(active_fraction(1, 0.5, 0.2)) * 0.8 / 0.6),
        ({"kind": "predicted", "precision": "1 %", "recall": 1}, 1.0),
    ],
)
def test_rows_per_run_are_told_for_every_scope_and_billed_as_computed(scope: Any, share: float) -> None:
    scenario = scoped(scope, traffic__profile={"kind": "flat"}, traffic__timezones=None)
    assert rows(scenario) == pytest.approx(share * 50_000, rel=0.01)
    outcome = simulate(scenario, PLAN)
    assert outcome.batch is not None
    written = next(line.quantity for line in outcome.usage if line.item == "batch writes")
    assert written == outcome.batch.mean_run_rows * outcome.batch.runs_per_horizon
    assert outcome.batch.mean_run_rows == pytest.approx(share * 50_000, rel=0.03)


def test_incremental_runs_are_told_to_be_smaller() -> None:
    scenario = scoped("everyone", plans__nightly_batch__precompute__incremental=True)
    assert rows(scenario) == pytest.approx(float(active_fraction(1, 0.5, 0.2)) * 50_000, rel=0.01)


def test_runs_side_by_side_share_the_rows_of_a_day() -> None:
    local: dict[str, Any] = {"traffic__timezones": ZONES}
    home = told(scoped("everyone", **local))
    found = told(scoped("everyone", plans__nightly_batch__precompute__clock="local", **local))
    assert found["runs side by side"] == "3, one for each time zone"
    assert found["rows per day"] == home["rows per day"]
    assert "runs side by side" not in home


def test_memory_holds_the_last_logins_and_the_sets_of_users() -> None:
    users: dict[str, Any] = {"population": {"users": "100M", "daily_active": "2 %", "shape": 0.12}}
    everyone, active, odd = (
        float(told(small(**users, plans__nightly_batch__precompute__scope=scope))["memory, about"].split()[0])
        for scope in (
            "everyone",
            {"kind": "active_within", "window": "7 d"},
            {"kind": "active_within", "window": "7.1234567 d"},
        )
    )
    assert active - everyone == pytest.approx((1 + 7 / 8) * 1e8 / 2**30, abs=0.06)
    assert odd - active == pytest.approx(3e8 / 2**30, abs=0.06)
