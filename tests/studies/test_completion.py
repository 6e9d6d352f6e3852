"""How often batch runs are late, from many of them, by how the workers are bought."""

import math
from typing import Any

import numpy as np
import pytest
from small_runs import small

from simulator.backends.answers.runs import Purchase
from simulator.core.errors import UserError
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.simulate import simulate
from simulator.studies.completion import LEAST_RUNS, completion_times
from simulator.studies.consequences import consequences

PLAN = "nightly batch"
SPOT = {"purchase": "spot", "reclaim": {"mean": "30 min", "reprovision": "3 min"}, "workers": 4, "shard": 500}
SLOW = {"kind": "affine", "per_item": "1 s"}


def night(**changes: Any) -> Scenario:
    """Forty shards of 500 s on four workers, after 40 min of features and 4 min of start: from 02:00 to 03:58."""
    given = {**SPOT, "service_time": SLOW, "batch_size": 1, **changes}
    return small(**{f"backends__night__{key}": value for key, value in given.items()})


def test_each_way_to_buy_is_told_once() -> None:
    assert list(completion_times(night(on_demand_workers=1), PLAN, 5)) == list(Purchase)
    assert list(completion_times(night(), PLAN, 5)) == [Purchase.CONFIGURED, Purchase.ON_DEMAND]
    assert list(completion_times(night(on_demand_workers=4), PLAN, 5)) == [Purchase.CONFIGURED, Purchase.SPOT]
    assert list(completion_times(night(reclaim=None), PLAN, 5)) == [Purchase.CONFIGURED]
    assert list(completion_times(night(reclaim=None, purchase="on_demand"), PLAN, 5)) == [Purchase.CONFIGURED]


def test_it_says_in_words_how_workers_are_bought() -> None:
    found = completion_times(night(on_demand_workers=1), PLAN, 5)
    assert [each.bought for each in found.values()] == ["1 of 4 on demand, the rest spot", "on demand", "spot"]


def test_runs_are_late_as_often_as_their_makespans_exceed_the_deadline() -> None:
    scenario = night(on_demand_workers=1).with_(slo__batch_deadline="04:20")
    found = completion_times(scenario, PLAN, 400)
    on_demand = found[Purchase.ON_DEMAND]
    assert on_demand.makespans_s.tolist() == pytest.approx([44 * 60 + 10 * 500.0] * 400, abs=1)
    assert on_demand.late_fraction == 0
    assert on_demand.late_error_fraction == 0
    assert on_demand.reclaims_mean == 0
    mixed, spot = found[Purchase.CONFIGURED], found[Purchase.SPOT]
    assert set(spot.allowed_s) == {140 * 60.0}
    late = float((spot.makespans_s > 140 * 60.0).mean())
    assert 0 < mixed.late_fraction < spot.late_fraction == late < 1
    assert spot.late_error_fraction == pytest.approx(math.sqrt(late * (1 - late) / 400))
    assert spot.makespans_s.mean() > mixed.makespans_s.mean() > on_demand.makespans_s.mean()
    assert spot.reclaims_mean > mixed.reclaims_mean > 3


def test_the_study_draws_from_what_the_simulation_draws_from() -> None:
    """Many short days of the simulation have makespans of the same mean."""
    scenario = night().with_(horizon="20 d", population__users=4000, backends__night__shard=100)
    outcome = simulate(scenario, PLAN)
    batch, found = outcome.batch, metrics_of(scenario, outcome)
    assert batch is not None
    makespans_s = [run.makespan_s for run in batch.runs]
    runs = completion_times(scenario, PLAN, 400)[Purchase.CONFIGURED].makespans_s
    error = math.hypot(np.std(makespans_s) / math.sqrt(len(makespans_s)), runs.std() / math.sqrt(runs.size))
    assert len(makespans_s) == 20
    assert abs(np.mean(makespans_s) - runs.mean()) < 4 * error
    assert found["batch_reclaims_mean"] == pytest.approx(np.mean([run.reclaims for run in batch.runs]))
    lost, shards = (sum(getattr(run, what) for run in batch.runs) for what in ("lost_shards", "shards"))
    assert found["lost_shards_fraction"] == pytest.approx(lost / (lost + shards))
    assert 0 < found["lost_shards_fraction"] < 0.5


def test_there_are_no_reclaims_in_the_metrics_where_there_can_be_none() -> None:
    for scenario in (night(reclaim=None), night(on_demand_workers=4)):
        found = metrics_of(scenario, simulate(scenario, PLAN))
        assert "batch_makespan_mean_s" in found
        assert not {"batch_reclaims_mean", "lost_shards_fraction"} & set(found)


def test_work_bounds_the_runs_and_repeats() -> None:
    scenario = night()
    few = completion_times(scenario, PLAN, 400, most_shards=1)[Purchase.CONFIGURED]
    assert few.runs == LEAST_RUNS
    some = completion_times(scenario, PLAN, 400, most_shards=40 * 30)[Purchase.CONFIGURED]
    assert some.runs == 30
    assert some.makespans_s[:LEAST_RUNS].tolist() == few.makespans_s.tolist()


def test_runs_of_time_zones_take_turns_with_their_own_deadlines() -> None:
    zones = {"America/New_York": "70 %", "America/Los_Angeles": "30 %"}
    local = {"plans__nightly_batch__precompute__clock": "local", "traffic__timezones": zones}
    found = completion_times(night(reclaim=None).with_(**local), PLAN, 6)[Purchase.CONFIGURED]
    assert len(set(found.makespans_s.tolist())) == 2
    assert set(found.allowed_s) == {4 * 3600.0}
    twice = night(reclaim=None).with_(plans__nightly_batch__precompute__every="12 h")
    assert set(completion_times(twice, PLAN, 6)[Purchase.CONFIGURED].allowed_s) == {4 * 3600.0, 16 * 3600.0}


def test_without_a_deadline_none_is_late() -> None:
    found = completion_times(night().with_(slo__batch_deadline=None), PLAN, 5)[Purchase.CONFIGURED]
    assert found.late_fraction == 0
    assert set(found.allowed_s) == {math.inf}


def test_runs_that_hardly_ever_end_are_given_up() -> None:
    """A shard of 8 minutes is hardly ever through in lives of 2 min with noise that makes some take an hour."""
    noisy = {**SLOW, "noise": {"kind": "lognormal", "cv": 2.5}}
    scenario = night(service_time=noisy, reclaim={"mean": "2 min", "reprovision": "1 min"})
    found = completion_times(scenario.with_(population__users=2000), PLAN, 2)[Purchase.CONFIGURED]
    assert found.late_fraction > 0
    assert math.isinf(found.makespans_s.max())


def test_a_plan_that_computes_nothing_ahead_has_no_runs() -> None:
    with pytest.raises(UserError, match="plan 'on demand' computes nothing ahead"):
        completion_times(night(), "on demand")


def test_validate_says_how_many_workers_are_reclaimed() -> None:
    def told(scenario: Scenario) -> dict[str, str]:
        return {fact.what: fact.value for fact in consequences(scenario) if fact.subject == PLAN}

    spot, safe = told(night()), told(night(reclaim=None))
    assert float(spot["expected makespan"].split()[0]) > float(safe["expected makespan"].split()[0])
    reclaims = float(spot["workers reclaimed per run, about"].split(";")[0])
    sample = completion_times(night(), PLAN, 200)[Purchase.CONFIGURED]
    assert reclaims == pytest.approx(sample.reclaims_mean, rel=0.2)
    assert "workers reclaimed per run, about" not in safe
