"""The engine against a plain SimPy process per request: the same requests, and every count, bin and sum the same."""

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from process_model import ProcessModel, Seen

from simulator.core.histogram import BINS, Histogram
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate

HOUR_S = 3600.0
COUNTS = (
    "requests",
    "precomputed",
    "cached",
    "computed",
    "defaulted",
    "timed_out",
    "written_batch",
    "written_online",
    "first_served",
    "wasted",
)
RELATIVE = 1e-9


def bin_number(value: float) -> int:
    """Return a value's bin: 128 to each doubling from 2**-24 on, all below in bin 0."""
    mantissa, exponent = math.frexp(value)
    place = (exponent - 1 + 24) * 128 + math.floor((2 * mantissa - 1) * 128) + 1 if value > 0 else 0
    return min(max(place, 0), BINS - 1)


def bins(values: list[float]) -> dict[int, int]:
    return dict(Counter(map(bin_number, values)))


def filled(histogram: Histogram) -> dict[int, int]:
    return {int(place): int(histogram.counts[place]) for place in np.flatnonzero(histogram.counts)}


def overlap_s(spans: list[tuple[float, float]], begin_s: float, end_s: float) -> float:
    return math.fsum(max(min(to_s, end_s) - max(from_s, begin_s), 0.0) for from_s, to_s in spans)


def peak(spans: list[tuple[float, float]], horizon_s: float) -> int:
    """Return the largest number of spans at a moment of the horizon."""
    moments = sorted({0.0, *(begin_s for begin_s, _ in spans if 0 <= begin_s < horizon_s)})
    return max(sum(begin_s <= moment < end_s for begin_s, end_s in spans) for moment in moments)


def compare(outcome: Outcome, seen: Seen, scenario: Scenario, plan: str) -> None:
    tally = outcome.counted.tally
    assert {name: tally[name] for name in COUNTS} == {name: seen.tally[name] for name in COUNTS}
    assert (outcome.unserved_at_start, outcome.unserved_at_end) == (seen.unserved_at_start, seen.unserved_at_end)
    assert filled(outcome.counted.latency) == bins(seen.latencies_s)
    assert filled(outcome.counted.age) == bins(seen.ages_s)
    seen.sums["latency_s"] = math.fsum(seen.latencies_s)
    seen.sums["age_s"] = math.fsum(seen.ages_s)
    for name, total in seen.sums.items():
        assert tally[name] == pytest.approx(total, rel=RELATIVE, abs=1e-6), name
    compare_hours(outcome, seen, scenario, plan)
    if outcome.fleet:
        fleet = scenario.fleet(scenario.plans[plan])
        assert fleet is not None
        busy_s = overlap_s(seen.work, 0, scenario.horizon_s) / fleet.slots
        assert outcome.fleet.busy_replica_s == pytest.approx(busy_s, rel=RELATIVE)
        billed_s = overlap_s(seen.bills, 0, scenario.horizon_s)
        assert outcome.fleet.provisioned_replica_s == pytest.approx(billed_s, rel=RELATIVE)
        assert outcome.fleet.replicas_peak == peak(seen.bills, scenario.horizon_s)
    if outcome.batch:
        assert [run.due_s for run in outcome.batch.runs] == [due_s for due_s, _ in seen.runs]
        assert [run.end_s for run in outcome.batch.runs] == pytest.approx([end_s for _, end_s in seen.runs])
        assert outcome.batch.missed == seen.missed
        hours = next(usage.quantity for usage in outcome.usage if usage.item == "batch compute")
        assert hours * HOUR_S == pytest.approx(overlap_s(seen.workers, 0, scenario.horizon_s), rel=RELATIVE)


def compare_hours(outcome: Outcome, seen: Seen, scenario: Scenario, plan: str) -> None:
    """An answer belongs to the hour in which it becomes certain: where requests wait, to that of the start."""
    edges = [*outcome.hours.start_s.tolist(), scenario.horizon_s]
    for name in ("requests", "precomputed", "cached", "computed", "defaulted"):
        times = sorted(decided_s for decided_s, by in seen.decided if name in {"requests", by})
        assert getattr(outcome.hours, name).tolist() == np.diff(np.searchsorted(times, edges)).tolist(), name
    fleet = scenario.fleet(scenario.plans[plan])
    if fleet:
        spans = list(itertools.pairwise(edges))
        busy_s = [overlap_s(seen.work, begin_s, end_s) / fleet.slots for begin_s, end_s in spans]
        assert outcome.hours.busy_replica_s.tolist() == pytest.approx(busy_s, rel=1e-8, abs=1e-6)
        billed_s = [overlap_s(seen.bills, begin_s, end_s) for begin_s, end_s in spans]
        assert outcome.hours.provisioned_replica_s.tolist() == pytest.approx(billed_s, rel=1e-8, abs=1e-6)


def both(scenario: Scenario, plan: str, replication: int = 0) -> tuple[Outcome, Seen]:
    """Run a plan both ways, compare, and return what came out."""
    outcome, seen = simulate(scenario, plan, replication), ProcessModel(scenario, plan, replication).run()
    compare(outcome, seen, scenario, plan)
    return outcome, seen


def a_scenario(**changes: Any) -> Scenario:
    """A small world with everything in it."""
    base: dict[str, Any] = {
        "seed": 5,
        "horizon": "5 h",
        "warmup": "1 h",
        "population": {"users": 600, "logins_per_day": "6/day", "shape": 0.6},
        "traffic": {
            "profile": {"kind": "cosine", "peak": "02:00", "amplitude": "60 %"},
            "spikes": [{"at": "65 min", "duration": "7 min", "multiplier": 6}],
            "session": {
                "requests": {"kind": "geometric", "mean": 4},
                "think_time": {"kind": "exponential", "mean": "20 s"},
            },
        },
        "model": {"feature_lag": "5 s", "half_life": "3 h"},
        "store": {"read_latency": "3.7 ms", "write_capacity": "3/s", "expiry": "70 min"},
        "backends": {
            "night": {
                "kind": "batch_cluster",
                "instance": "b",
                "workers": 3,
                "batch_size": 8,
                "shard": 90,
                "startup": "2 min",
                "feature_pipeline": {"duration": "3 min"},
                "service_time": {"kind": "affine", "per_item": "2.1 s", "noise": {"kind": "lognormal", "cv": 0.6}},
            },
            "live": {
                "kind": "fleet",
                "instance": "f",
                "slots": 2,
                "timeout": "40 s",
                "service_time": {"kind": "affine", "fixed": "17 s", "noise": {"kind": "exponential"}},
                "capacity": {
                    "kind": "autoscaled",
                    "min": 1,
                    "max": 12,
                    "target": "60 %",
                    "tick": "15 s",
                    "startup": "50 s",
                    "stabilisation": "2 min",
                },
            },
            "small": {
                "kind": "fleet",
                "instance": "f",
                "slots": 3,
                "timeout": "55 s",
                "service_time": {"kind": "affine", "fixed": "21 s", "noise": {"kind": "lognormal", "cv": 1.2}},
                "capacity": {"kind": "fixed", "replicas": 1},
            },
        },
        "plans": {
            "on demand": {"on_miss": "compute", "backend": "live"},
            "on demand, fixed": {"on_miss": "compute", "backend": "small"},
            "cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "25 min"}},
            "cached, fixed": {"on_miss": "compute", "backend": "small", "cache": {"kind": "ttl", "ttl": "9 min"}},
            "rolling": {"precompute": {"every": "2 h", "at": "00:20", "backend": "night"}, "on_miss": "default"},
            "atomic": {
                "precompute": {"every": "2 h", "at": "00:20", "publish": "atomic", "backend": "night"},
                "on_miss": "stored",
            },
            "hybrid": {
                "precompute": {"every": "2 h", "at": "00:20", "backend": "night"},
                "on_miss": "compute",
                "backend": "live",
                "cache": {"kind": "ttl", "ttl": "15 min"},
            },
            "hybrid without cache": {
                "precompute": {"every": "2 h", "at": "00:20", "publish": "atomic", "backend": "night"},
                "on_miss": "compute",
                "backend": "small",
            },
            "skipped runs": {"precompute": {"every": "7 min", "at": "00:02", "backend": "night"}, "on_miss": "default"},
        },
    }
    return Scenario.model_validate(base | changes)


@pytest.mark.parametrize("plan", list(a_scenario().plans))
@pytest.mark.parametrize("replication", [0, 1])
def test_every_plan_does_what_a_process_per_request_does(plan: str, replication: int) -> None:
    both(a_scenario(), plan, replication)


def test_the_scenario_has_queues_timeouts_coalescing_scaling_and_missed_runs() -> None:
    seen = {plan: ProcessModel(a_scenario(), plan, 0).run() for plan in a_scenario().plans}
    assert seen["on demand"].longest_queue > 20
    assert min(seen["on demand"].orders, seen["on demand"].removals) > 100
    assert seen["on demand, fixed"].tally["timed_out"] > 1000
    assert min(seen["cached"].tally["timed_out"], seen["cached"].followed_queued) > 10
    assert min(seen["cached, fixed"].followed_queued, seen["cached, fixed"].followed_running) > 200
    assert min(seen["rolling"].tally["wasted"], seen["rolling"].tally["defaulted"]) > 500
    assert min(seen["hybrid"].tally[by] for by in ("precomputed", "cached", "computed")) > 400
    assert seen["skipped runs"].missed > 10


def test_starts_are_cancelled_alike() -> None:
    backends = a_scenario().model_dump(mode="json")["backends"]
    backends["live"]["capacity"] |= {"startup": "4 min", "stabilisation": "20 s", "max": 30}
    _, seen = both(a_scenario(backends=backends), "on demand")
    assert seen.cancelled_starts > 50


@pytest.mark.parametrize("plan", ["crowded", "crowded, few slots", "crowded, few slots, cached"])
def test_thousands_at_once_are_carried_alike(plan: str) -> None:
    """More requests wait, compute and follow at a time than the engine makes room for at first."""
    fleet = {"kind": "fleet", "instance": "f", "timeout": "30 min"}
    cached = {"on_miss": "compute", "cache": {"kind": "ttl", "ttl": "12 min"}}
    scenario = a_scenario(
        horizon="2 h",
        warmup="0 s",
        population={"users": 8000, "logins_per_day": "8/day", "shape": 1},
        backends={
            "wide": fleet
            | {
                "slots": 2500,
                "service_time": {"kind": "affine", "fixed": "7 min", "noise": {"kind": "exponential"}},
                "capacity": {"kind": "fixed", "replicas": 1},
            },
            "narrow": fleet
            | {
                "slots": 80,
                "service_time": {"kind": "affine", "fixed": "50 s", "noise": {"kind": "exponential"}},
                "capacity": {"kind": "fixed", "replicas": 1},
            },
        },
        plans={
            "crowded": cached | {"backend": "wide"},
            "crowded, few slots": {"on_miss": "compute", "backend": "narrow"},
            "crowded, few slots, cached": cached | {"backend": "narrow"},
        },
    )
    _, seen = both(scenario, plan)
    under_way = max(sum(begin_s <= moment < end_s for begin_s, end_s in seen.work) for moment, _ in seen.work[::50])
    assert seen.longest_queue > 1024 or under_way > 1024
    assert seen.followed_queued > 2000 or plan != "crowded, few slots, cached"


def test_rows_that_nobody_reads_before_they_expire_are_wasted() -> None:
    store = {"read_latency": "3.7 ms", "expiry": "20 min"}
    outcome, _ = both(a_scenario(store=store, horizon="90 min"), "rolling")
    tally = outcome.counted.tally
    assert tally["wasted"] > 500
    ended = tally["first_served"] + tally["wasted"] + outcome.unserved_at_end
    assert outcome.unserved_at_start + tally["written_batch"] == ended


def test_rows_beneath_a_computation_expire_too() -> None:
    """At the end, computations are under way for users whose unread batch row has expired."""
    backends = a_scenario().model_dump(mode="json")["backends"]
    backends["small"] |= {"slots": 40, "timeout": "2 h", "service_time": {"kind": "affine", "fixed": "70 min"}}
    plan = {
        "precompute": {"every": "12 h", "at": "23:50", "backend": "night"},
        "on_miss": "compute",
        "backend": "small",
        "cache": {"kind": "ttl", "ttl": "3 h"},
    }
    store = {"read_latency": "3.7 ms", "expiry": "30 min"}
    scenario = a_scenario(store=store, horizon="1 h", warmup="4 h", backends=backends, plans={"hybrid": plan})
    outcome, seen = both(scenario, "hybrid")
    assert outcome.unserved_at_end == 0
    assert seen.followed_queued + seen.followed_running > 50


seconds = st.sampled_from([1.0, 2.3, 7.0, 19.0, 61.0])
noises = st.sampled_from(["none", "exponential", {"kind": "lognormal", "cv": 0.8}, {"kind": "lognormal", "cv": 2.5}])


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Any]:
    autoscaled = {
        "kind": "autoscaled",
        "min": draw(st.integers(1, 3)),
        "max": draw(st.integers(3, 20)),
        "target": draw(st.sampled_from([0.4, 0.6, 0.75, 0.9])),
        "tick": f"{draw(st.sampled_from([5, 15, 40]))} s",
        "startup": f"{draw(st.sampled_from([1, 15, 33, 90, 300]))} s",
        "stabilisation": f"{draw(st.sampled_from([0, 15, 60, 300]))} s",
    }
    fixed = {"kind": "fixed", "replicas": draw(st.integers(2, 6))}
    timeout_s = draw(st.one_of(st.none(), seconds))
    return {
        "kind": "fleet",
        "instance": "f",
        "slots": draw(st.integers(1, 4)),
        "timeout": None if timeout_s is None else f"{timeout_s} s",
        "service_time": {"kind": "affine", "fixed": f"{draw(seconds)} s", "noise": draw(noises)},
        "capacity": draw(st.sampled_from([autoscaled, autoscaled, fixed])),
    }


@st.composite
def clusters(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "kind": "batch_cluster",
        "instance": "b",
        "workers": draw(st.integers(1, 9)),
        "batch_size": draw(st.integers(1, 40)),
        "shard": draw(st.integers(20, 500)),
        "startup": f"{draw(st.integers(0, 300))} s",
        "feature_pipeline": {"duration": f"{draw(st.integers(0, 600))} s"},
        "service_time": {"kind": "affine", "fixed": "3 s", "per_item": "0.9 s", "noise": draw(noises)},
    }


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    ahead = {
        "every": f"{draw(st.sampled_from([23, 61, 120, 1440]))} min",
        "at": draw(st.sampled_from(["00:00", "01:10", "23:30"])),
        "publish": draw(st.sampled_from(["rolling", "atomic"])),
        "backend": "night",
    }
    precompute = draw(st.sampled_from([None, ahead, ahead]))
    on_miss = draw(st.sampled_from(["compute", "compute", "default", "stored"] if precompute else ["compute"]))
    plan: dict[str, Any] = {"precompute": precompute, "on_miss": on_miss}
    if on_miss == "compute":
        cache = {"kind": "ttl", "ttl": f"{draw(st.sampled_from([1, 60, 700, 5000]))} s"}
        plan |= {"backend": "live", "cache": draw(st.sampled_from([None, cache, cache]))}
    return plan


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    session = {"kind": draw(st.sampled_from(["geometric", "poisson"])), "mean": draw(st.sampled_from([1, 2, 6]))}
    expiry_min = draw(st.one_of(st.none(), st.integers(5, 150)))
    per_s = draw(st.one_of(st.none(), st.sampled_from([0.7, 3, 40])))
    return a_scenario(
        seed=draw(st.integers(0, 10**6)),
        horizon=f"{draw(st.sampled_from([60, 97.3, 180]))} min",
        warmup=f"{draw(st.sampled_from([0, 11, 60]))} min",
        population={
            "users": draw(st.integers(30, 900)),
            "logins_per_day": f"{draw(st.sampled_from([2, 8, 20]))}/day",
            "shape": draw(st.sampled_from([0.2, 1.0, "inf"])),
        },
        traffic={"spikes": [{"at": "20 min", "duration": "11 min", "multiplier": 5}], "session": {"requests": session}},
        model={"feature_lag": f"{draw(st.integers(0, 60))} s"},
        store={
            "read_latency": f"{draw(st.sampled_from([0, 3.7, 900]))} ms",
            "write_capacity": None if per_s is None else f"{per_s}/s",
            "expiry": None if expiry_min is None else f"{expiry_min} min",
        },
        backends={"live": draw(fleets()), "night": draw(clusters())},
        plans={"drawn": draw(plans())},
    )


@settings(max_examples=150, phases=[Phase.explicit, Phase.generate])  # to shrink a scenario takes minutes
@given(scenarios())
def test_whatever_the_scenario_both_do_the_same(scenario: Scenario) -> None:
    both(scenario, "drawn")
