"""The engine against a plain SimPy process per request: the same requests, and every count, bin and sum the same."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.histogram import BINS, Histogram
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate
from process_model import ProcessModel, Seen

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
    edges = np.append(outcome.hours.start_s, scenario.horizon_s)
    for name in ("requests", "precomputed", "cached", "computed", "defaulted"):
        times = [decided_s for decided_s, by in seen.decided if name in {"requests", by}]
        counted, _ = np.histogram(times, np.append(np.nextafter(edges[1:], -1)[:0], edges))
        inside = [np.count_nonzero((edges[i] <= np.array(times)) & (np.array(times) < edges[i + 1])) for i in range(edges.size - 1)]
        del counted
        assert getattr(outcome.hours, name).tolist() == inside, name
    fleet = scenario.fleet(scenario.plans[plan])
    if fleet:
        spans = list(zip(edges[:-1], edges[1:], strict=True))
        busy_s = [overlap_s(seen.work, begin_s, end_s) / fleet.slots for begin_s, end_s in spans]
        assert outcome.hours.busy_replica_s.tolist() == pytest.approx(busy_s, rel=1e-8, abs=1e-6)
        billed_s = [overlap_s(seen.bills, begin_s, end_s) for begin_s, end_s in spans]
        assert outcome.hours.provisioned_replica_s.tolist() == pytest.approx(billed_s, rel=1e-8, abs=1e-6)


def check(scenario: Scenario, replication: int = 0) -> dict[str, tuple[Outcome, Seen]]:
    """Run all plans both ways and compare them."""
    found = {}
    for plan in scenario.plans:
        outcome, seen = simulate(scenario, plan, replication), ProcessModel(scenario, plan, replication).run()
        compare(outcome, seen, scenario, plan)
        found[plan] = (outcome, seen)
    return found


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
    scenario = a_scenario()
    outcome, seen = simulate(scenario, plan, replication), ProcessModel(scenario, plan, replication).run()
    compare(outcome, seen, scenario, plan)
