"""What holds for every plan, whatever the scenario (MODEL.md, section 11)."""

from typing import Any

import numpy as np
import pytest
from drawn_scenarios import a_scenario, scenarios
from exact import plain
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simulator.core.histogram import bin_of
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate

HOUR_S = 3600.0
without_shrinking = [Phase.explicit, Phase.generate]  # to shrink a scenario takes minutes


def tally_of(outcome: Outcome) -> dict[str, float]:
    return outcome.counted.tally


def every_request_is_answered_once(outcome: Outcome) -> None:
    tally = tally_of(outcome)
    assert tally["requests"] == sum(tally[by] for by in ("precomputed", "cached", "computed", "defaulted"))
    assert tally["timed_out"] + tally["refused"] <= tally["defaulted"] + tally["fell_back"]
    assert outcome.counted.latency.count == tally["requests"]
    assert outcome.counted.age.count == tally["requests"] - tally["defaulted"]


def every_stored_row_is_served_wasted_or_still_there(outcome: Outcome) -> None:
    tally = tally_of(outcome)
    ended = tally["first_served"] + tally["wasted"] + outcome.unserved_at_end
    assert outcome.unserved_at_start + tally["written_batch"] + tally["unread"] == ended


def no_answer_comes_before_its_request_and_no_prediction_from_the_future(outcome: Outcome, read_s: float) -> None:
    filled = np.flatnonzero(outcome.counted.latency.counts)
    assert filled.size == 0 or filled[0] >= bin_of(read_s)
    assert outcome.counted.age.counts[0] == 0  # ages below 0 would be in the lowest bin, which ends at 60 ns


def nobody_works_without_being_paid(outcome: Outcome) -> None:
    for fleet in outcome.fleets:
        assert fleet.busy_replica_s.sum() <= fleet.provisioned_replica_s.sum() * (1 + 1e-9)
        assert np.all(fleet.provisioned_replica_s - fleet.busy_replica_s >= -1e-6)
        most = fleet.replicas_peak * outcome.horizon_s
        assert fleet.provisioned_replica_s.sum() <= most * (1 + 1e-9)


def the_hours_end_at_the_horizon_and_add_up(outcome: Outcome) -> None:
    assert outcome.hours.start_s.tolist() == np.arange(0, outcome.horizon_s, HOUR_S).tolist()
    parts = (outcome.hours.precomputed, outcome.hours.cached, outcome.hours.computed, outcome.hours.defaulted)
    assert np.array_equal(outcome.hours.requests, sum(parts))
    assert outcome.hours.requests.sum() <= tally_of(outcome)["requests"]


@settings(max_examples=50, phases=without_shrinking)
@given(scenarios())
def test_the_books_of_every_scenario_balance(scenario: Scenario) -> None:
    """All that holds is asked of the same outcome: to draw and simulate a scenario is what takes time."""
    outcome, plan = simulate(scenario, "drawn"), scenario.plans["drawn"]
    every_request_is_answered_once(outcome)
    every_stored_row_is_served_wasted_or_still_there(outcome)
    no_answer_comes_before_its_request_and_no_prediction_from_the_future(
        outcome, scenario.store.read_latency_s if plan.has_store else 0.0
    )
    assert len(outcome.fleets) + len(outcome.services) == len(scenario.online_backends(plan))
    nobody_works_without_being_paid(outcome)
    the_hours_end_at_the_horizon_and_add_up(outcome)


@settings(max_examples=25, phases=without_shrinking)
@given(scenarios())
def test_the_same_seed_gives_the_same_bytes_however_time_is_cut(scenario: Scenario) -> None:
    hourly = plain(simulate(scenario, "drawn", block_s=HOUR_S))
    assert hourly == plain(simulate(scenario, "drawn", block_s=HOUR_S))
    assert hourly == plain(simulate(scenario, "drawn", block_s=24 * HOUR_S))


@pytest.mark.parametrize("plan", list(a_scenario().plans))
def test_another_seed_and_another_replication_give_other_requests(plan: str) -> None:
    first = tally_of(simulate(a_scenario(), plan))
    assert first != tally_of(simulate(a_scenario(), plan, 1))
    assert first != tally_of(simulate(a_scenario(seed=6), plan))


def test_all_plans_see_the_same_requests() -> None:
    outcomes = [simulate(a_scenario(), plan) for plan in a_scenario().plans]
    assert len({outcome.traffic for outcome in outcomes}) == 1
    assert len({tally_of(outcome)["requests"] for outcome in outcomes}) == 1


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1000),
    replicas=st.integers(1, 12),
    slots=st.integers(1, 3),
    service_s=st.sampled_from([2.0, 13.0, 31.0]),
    noise=st.sampled_from(["none", "exponential", {"kind": "lognormal", "cv": 3}]),
)
def test_another_replica_never_lengthens_a_wait(
    seed: int, replicas: int, slots: int, service_s: float, noise: Any
) -> None:
    def with_replicas(count: int) -> Outcome:
        fleet = {
            "kind": "fleet",
            "instance": "f",
            "slots": slots,
            "service_time": {"kind": "affine", "fixed": f"{service_s} s", "noise": noise},
            "capacity": {"kind": "fixed", "replicas": count},
        }
        plans = {"on demand": {"on_miss": "compute", "backend": "live"}}
        return simulate(a_scenario(seed=seed, horizon="2 h", backends={"live": fleet}, plans=plans), "on demand")

    fewer, more = with_replicas(replicas), with_replicas(replicas + 1)
    assert tally_of(more)["wait_s"] <= tally_of(fewer)["wait_s"] + 1e-6
    assert np.all(np.cumsum(more.counted.latency.counts) >= np.cumsum(fewer.counted.latency.counts))
    assert more.counted.latency.count == fewer.counted.latency.count
