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
some = settings(max_examples=40, phases=[Phase.explicit, Phase.generate])  # to shrink a scenario takes minutes


def tally_of(outcome: Outcome) -> dict[str, float]:
    return outcome.counted.tally


@some
@given(scenarios())
def test_every_request_is_answered_once(scenario: Scenario) -> None:
    outcome = simulate(scenario, "drawn")
    tally = tally_of(outcome)
    assert tally["requests"] == sum(tally[by] for by in ("precomputed", "cached", "computed", "defaulted"))
    assert tally["timed_out"] <= tally["defaulted"]
    assert outcome.counted.latency.count == tally["requests"]
    assert outcome.counted.age.count == tally["requests"] - tally["defaulted"]


@some
@given(scenarios())
def test_every_stored_row_is_served_wasted_or_still_there(scenario: Scenario) -> None:
    outcome = simulate(scenario, "drawn")
    tally = tally_of(outcome)
    ended = tally["first_served"] + tally["wasted"] + outcome.unserved_at_end
    assert outcome.unserved_at_start + tally["written_batch"] + tally["unread"] == ended


@some
@given(scenarios())
def test_no_answer_comes_before_its_request_and_no_prediction_from_the_future(scenario: Scenario) -> None:
    outcome = simulate(scenario, "drawn")
    read_s = scenario.store.read_latency_s if scenario.plans["drawn"].has_store else 0.0
    filled = np.flatnonzero(outcome.counted.latency.counts)
    assert filled.size == 0 or filled[0] >= bin_of(read_s)
    assert outcome.counted.age.counts[0] == 0  # ages below 0 would be in the lowest bin, which ends at 60 ns


@some
@given(scenarios())
def test_nobody_works_without_being_paid(scenario: Scenario) -> None:
    outcome = simulate(scenario, "drawn")
    assert len(outcome.fleets) + len(outcome.services) == len(scenario.online_backends(scenario.plans["drawn"]))
    for fleet in outcome.fleets:
        assert fleet.busy_replica_s.sum() <= fleet.provisioned_replica_s.sum() * (1 + 1e-9)
        assert np.all(fleet.provisioned_replica_s - fleet.busy_replica_s >= -1e-6)
        most = fleet.replicas_peak * outcome.horizon_s
        assert fleet.provisioned_replica_s.sum() <= most * (1 + 1e-9)


@some
@given(scenarios())
def test_the_hours_end_at_the_horizon_and_add_up(scenario: Scenario) -> None:
    outcome = simulate(scenario, "drawn")
    assert outcome.hours.start_s.tolist() == np.arange(0, scenario.horizon_s, HOUR_S).tolist()
    parts = (outcome.hours.precomputed, outcome.hours.cached, outcome.hours.computed, outcome.hours.defaulted)
    assert np.array_equal(outcome.hours.requests, sum(parts))
    assert outcome.hours.requests.sum() <= tally_of(outcome)["requests"]


@some
@given(scenarios())
def test_the_same_seed_gives_the_same_bytes_however_time_is_cut(scenario: Scenario) -> None:
    hourly = plain(simulate(scenario, "drawn", block_s=HOUR_S))
    assert hourly == plain(simulate(scenario, "drawn", block_s=HOUR_S))
    assert hourly == plain(simulate(scenario, "drawn", block_s=3 * HOUR_S))
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
