"""The engine against a plain SimPy process per request: the same requests, and every count, bin and sum the same."""

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from drawn_scenarios import a_scenario, clusters, functions, scenarios
from hypothesis import Phase, given, settings
from process_model import ProcessModel, Seen

from simulator.backends.base import OnlineBackend
from simulator.backends.fleet import Fleet
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
    "refused",
    "fell_back",
    "dropped",
    "revalidated",
    "refreshed",
    "written_batch",
    "written_online",
    "written_nearline",
    "unread",
    "first_served",
    "wasted",
    "wasted_batch",
    "wasted_nearline",
    "ended",
    "ended_batch",
    "ended_nearline",
    "evicted",
)
CALLS = ("calls", "batches", "batched", "refused", "retried", "cold_starts")
TOKENS = ("input_tokens", "cached_tokens", "written_tokens", "output_tokens")
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


def levels(spans: list[tuple[float, float]], moments: list[float]) -> np.ndarray:
    """Return the number of spans at each moment: of those that have begun, less those that have ended."""
    begins, ends = np.sort(np.array(spans).reshape(-1, 2), axis=0).T
    return np.searchsorted(begins, moments, side="right") - np.searchsorted(ends, moments, side="right")


def peak(spans: list[tuple[float, float]], horizon_s: float) -> int:
    """Return the largest number of spans at a moment of the horizon."""
    return int(levels(spans, [0.0, *(begin_s for begin_s, _ in spans if 0 <= begin_s < horizon_s)]).max())


def beyond(spans: list[tuple[float, float]], level: int, horizon_s: float) -> float:
    """Return the time integral of how many spans there are above a level."""
    edges = sorted({0.0, horizon_s, *(edge for span in spans for edge in span if 0 < edge < horizon_s)})
    return math.fsum(np.diff(edges) * np.maximum(levels(spans, edges[:-1]) - level, 0))


def fleets_of(scenario: Scenario, plan: str) -> list[OnlineBackend]:
    return [backend for backend in scenario.online_backends(scenario.plans[plan]) if backend.has_replicas]


ENOUGH_ROWS = 200
"""The engine counts the room of a run's rows from when they are visible on average: a mean needs some, and those that
are evicted soon after have no room to speak of."""


def compare(outcome: Outcome, seen: Seen, scenario: Scenario, plan: str) -> None:
    tally = outcome.counted.tally
    assert {name: tally[name] for name in COUNTS} == {name: seen.tally[name] for name in COUNTS}
    assert (outcome.unserved_at_start, outcome.unserved_at_end) == (seen.unserved_at_start, seen.unserved_at_end)
    assert filled(outcome.counted.latency) == bins(seen.latencies_s)
    assert filled(outcome.counted.age) == bins(seen.ages_s)
    assert filled(outcome.counted.wait) == bins([*seen.waits_s, *[0.0] * (tally["requests"] - len(seen.waits_s))])
    limited = scenario.store_of(scenario.plans[plan]).size_limit_gib is not None
    if seen.ended_row_s and tally["ended"] >= ENOUGH_ROWS and not limited:
        share = tally["unread_row_s"] / tally["ended_row_s"]
        assert share == pytest.approx(seen.unread_row_s / seen.ended_row_s, abs=0.1)  # runs' delays are means
    seen.sums["latency_s"] = math.fsum(seen.latencies_s)
    seen.sums["age_s"] = math.fsum(seen.ages_s)
    if scenario.asks_for_quality:
        seen.sums["quality"] = math.fsum(seen.qualities)
    for name, total in seen.sums.items():
        assert tally[name] == pytest.approx(total, rel=RELATIVE, abs=1e-6), name
    compare_hours(outcome, seen, scenario, plan)
    fleets = fleets_of(scenario, plan)
    assert [use.backend for use in outcome.fleets] == [did.backend for did in seen.fleets]
    for use, did, fleet in zip(outcome.fleets, seen.fleets, fleets, strict=True):
        busy_s = overlap_s(did.work, 0, scenario.horizon_s) / fleet.slots_per_replica
        assert use.busy_replica_s.sum() == pytest.approx(busy_s, rel=RELATIVE)
        billed_s = overlap_s(did.bills, 0, scenario.horizon_s)
        assert use.provisioned_replica_s.sum() == pytest.approx(billed_s, rel=RELATIVE)
        assert {name: use.counts[name] for name in CALLS} == {name: did.counts[name] for name in CALLS}
        assert use.counts["billed_s"] == pytest.approx(did.counts["billed_s"], rel=RELATIVE)
        assert use.replicas_peak == peak(did.bills, scenario.horizon_s)
        replicas = did.bills if isinstance(fleet, Fleet) else []
        beyond_s = beyond(replicas, fleet.reserved_replicas, scenario.horizon_s)
        assert use.beyond_reserved_s == pytest.approx(beyond_s, rel=RELATIVE, abs=1e-6)
    assert [use.backend for use in outcome.services] == [did.backend for did in seen.services]
    for service, did in zip(outcome.services, seen.services, strict=True):
        names = (*CALLS, *TOKENS)
        assert {name: service.counts[name] for name in names} == {name: did.counts[name] for name in names}
    if outcome.batch:
        runs = outcome.batch.runs
        assert [run.due_s for run in runs] == [due_s for due_s, _, _ in seen.runs]
        assert [run.start_s for run in runs] == pytest.approx([start_s for _, start_s, _ in seen.runs])
        assert [run.end_s for run in runs] == pytest.approx([end_s for _, _, end_s in seen.runs])
        assert [(run.reclaims, run.lost_shards) for run in runs] == seen.reclaims
        assert outcome.batch.missed == seen.missed
        assert outcome.batch.worker_s == pytest.approx(overlap_s(seen.workers, 0, scenario.horizon_s), rel=RELATIVE)


def compare_hours(outcome: Outcome, seen: Seen, scenario: Scenario, plan: str) -> None:
    """An answer belongs to the hour in which it becomes certain: where requests wait, to that of the start."""
    edges = [*outcome.hours.start_s.tolist(), scenario.horizon_s]
    for name in ("requests", "precomputed", "cached", "computed", "defaulted"):
        times = sorted(decided_s for decided_s, by in seen.decided if name in {"requests", by})
        assert getattr(outcome.hours, name).tolist() == np.diff(np.searchsorted(times, edges)).tolist(), name
    spans = list(itertools.pairwise(edges))
    for use, did, fleet in zip(outcome.fleets, seen.fleets, fleets_of(scenario, plan), strict=True):
        busy_s = [overlap_s(did.work, begin_s, end_s) / fleet.slots_per_replica for begin_s, end_s in spans]
        assert use.busy_replica_s.tolist() == pytest.approx(busy_s, rel=1e-8, abs=1e-6)
        billed_s = [overlap_s(did.bills, begin_s, end_s) for begin_s, end_s in spans]
        assert use.provisioned_replica_s.tolist() == pytest.approx(billed_s, rel=1e-8, abs=1e-6)


def both(scenario: Scenario, plan: str, replication: int = 0) -> tuple[Outcome, Seen]:
    """Run a plan both ways, compare, and return what came out."""
    outcome, seen = simulate(scenario, plan, replication), ProcessModel(scenario, plan, replication).run()
    compare(outcome, seen, scenario, plan)
    return outcome, seen


@pytest.mark.parametrize("plan", list(a_scenario().plans))
@pytest.mark.parametrize("replication", [0, 1])
def test_every_plan_does_what_a_process_per_request_does(plan: str, replication: int) -> None:
    both(a_scenario(), plan, replication)


def test_the_scenario_has_queues_timeouts_coalescing_scaling_and_missed_runs() -> None:
    told = ("on demand", "on demand, fixed", "cached", "cached, fixed", "rolling", "hybrid", "skipped runs")
    seen = {plan: ProcessModel(a_scenario(), plan, 0).run() for plan in told}
    assert seen["on demand"].longest_queue > 20
    assert min(seen["on demand"].orders, seen["on demand"].removals) > 100
    assert seen["on demand, fixed"].tally["timed_out"] > 1000
    assert min(seen["cached"].tally["timed_out"], seen["cached"].followed_queued) > 10
    assert min(seen["cached, fixed"].followed_queued, seen["cached, fixed"].followed_running) > 200
    assert min(seen["rolling"].tally["wasted"], seen["rolling"].tally["defaulted"]) > 500
    assert min(seen["hybrid"].tally[by] for by in ("precomputed", "cached", "computed")) > 400
    assert seen["skipped runs"].missed > 10


RECLAIMS = {"mean": "25 min", "reprovision": "90 s"}
ALWAYS = {"mean": "5 min", "reprovision": "4 min"}


@pytest.mark.parametrize("reclaim", [RECLAIMS, ALWAYS])
@pytest.mark.parametrize("on_demand", [0, 1])
@pytest.mark.parametrize("plan", ["rolling", "atomic", "skipped runs"])
def test_workers_are_reclaimed_alike(plan: str, on_demand: int, reclaim: dict[str, str]) -> None:
    """Waits for the store's turn are the longest part of a shard's time, so that many reclaims fall into them."""
    backends = a_scenario().model_dump(mode="json")["backends"]
    backends["night"] |= {"purchase": "spot", "reclaim": reclaim, "on_demand_workers": on_demand, "workers": 5}
    store = {"read_latency": "3.7 ms", "write_capacity": "1.2/s"}
    outcome, seen = both(a_scenario(backends=backends, store=store), plan)
    assert outcome.batch is not None
    assert sum(reclaims for reclaims, _ in seen.reclaims) > (25 if reclaim == ALWAYS else 2)
    assert sum(lost for _, lost in seen.reclaims) > (10 if reclaim == ALWAYS else 0)
    meters = {"instance/b/spot", "instance/b/on_demand"} if on_demand else {"instance/b/spot"}
    assert {line.meter for line in outcome.usage if "compute" in line.item} == meters


def test_starts_are_cancelled_alike() -> None:
    backends = a_scenario().model_dump(mode="json")["backends"]
    backends["live"]["capacity"] |= {"startup": "4 min", "stabilisation": "20 s", "max": 30}
    _, seen = both(a_scenario(backends=backends), "on demand")
    assert seen.cancelled_starts > 50


@pytest.mark.parametrize(
    ("capacity", "plan"),
    [
        ({"kind": "fixed", "replicas": 9}, "on demand"),
        ({"kind": "hourly", "replicas": [9, 4, 7, 2, 8, 8, *[5] * 18], "startup": "47 s"}, "cached"),
        ({"kind": "hourly", "replicas": [6, 9, 3, 8, 0, 8, *[5] * 18], "startup": "97 min"}, "on demand"),
        ({"kind": "autoscaled", "min": 2, "max": 12, "target": "60 %", "startup": "50 s"}, "on demand"),
    ],
)
def test_replicas_are_lost_and_come_back_alike(capacity: dict[str, Any], plan: str) -> None:
    live = a_scenario().model_dump(mode="json")["backends"]["live"]
    live |= {
        "capacity": capacity,
        "purchase": "spot",
        "reserved": {"replicas": 3},
        "reclaim": {"mean": "17 min", "reprovision": "131 s"},
        "outages": [
            {"at": "71 min", "duration": "33 min", "share": "60 %"},
            {"at": "83 min", "duration": "47 min", "share": "40 %"},
        ],
    }
    plans = {plan: a_scenario().model_dump(mode="json")["plans"][plan]}
    outcome, seen = both(a_scenario(backends={"live": live}, plans=plans, start="2026-03-02T00:15"), plan)
    assert seen.replicas_reclaimed > 20
    assert seen.interrupted > 2
    assert outcome.fleets[0].beyond_reserved_s > 0


@pytest.mark.parametrize("window", [{"kind": "fixed", "value": "61 min"}, {"kind": "exponential", "mean": "40 min"}])
@pytest.mark.parametrize("publish", ["rolling", "atomic"])
@pytest.mark.parametrize("scope", ["everyone", {"kind": "active_within", "window": "3 h"}])
def test_jobs_of_a_provider_overlap_alike(window: dict[str, Any], publish: str, scope: Any) -> None:
    """A run is due every 20 min; a store of 2 rows a second is the busier for it, and jobs overtake one another."""
    bought = a_scenario().model_dump(mode="json")["backends"]["bought"]
    bought |= {"batch": {"window": window}, "shard": 90, "feature_pipeline": {"duration": "2 min"}}
    plan = {"precompute": {"every": "20 min", "publish": publish, "scope": scope, "backend": "b"}, "on_miss": "default"}
    store = {"read_latency": "3.7 ms", "write_capacity": "2/s", "expiry": "200 min"}
    outcome, seen = both(a_scenario(backends={"b": bought}, plans={"p": plan}, store=store), "p")
    assert seen.overlaps > 10
    assert outcome.batch is not None
    assert (outcome.batch.missed, outcome.batch.runs_per_horizon) == (0, 15)


LIVE = {
    "kind": "fleet",
    "instance": "f",
    "slots": 1,
    "service_time": {"kind": "affine", "fixed": "17 s", "noise": "exponential"},
}


@pytest.mark.parametrize("more", [{}, {"timeout": "9 s"}, {"queue_limit": 0}, {"batching": {"max": 3, "hold": "20 s"}}])
@pytest.mark.parametrize("keeps", ["0 s", "2 min"])
def test_a_fleet_sleeps_and_is_woken_alike(more: dict[str, Any], keeps: str) -> None:
    """What gives up or is refused before the tick wakes it too."""
    capacity = {"kind": "autoscaled", "min": 0, "max": 9, "target": "60 %", "startup": "50 s", "stabilisation": keeps}
    plans = {"p": {"on_miss": "compute", "backend": "live"}}
    few = {"users": 25, "logins_per_day": "3/day", "shape": 0.6}
    live = LIVE | more | {"capacity": capacity}
    outcome, seen = both(a_scenario(backends={"live": live}, plans=plans, population=few), "p")
    assert seen.woken > 5
    assert 0 < outcome.provisioned_replica_s.sum() < 0.7 * outcome.horizon_s


@pytest.mark.parametrize("select", ["max", "min"])
def test_replicas_are_held_back_alike(select: str) -> None:
    policies = [{"pods": 1, "period": "100 s"}, {"percent": "30 %", "period": "45 s"}]
    rules = {"policies": policies, "select": select}
    behavior = {"scale_up": {**rules, "stabilisation": "40 s", "tolerance": "0 %"}, "scale_down": rules}
    live = a_scenario().model_dump(mode="json")["backends"]["live"]
    live["capacity"] |= {"behavior": behavior, "stabilisation": "20 s", "max": 40}
    plans = {"p": {"on_miss": "compute", "backend": "live"}}
    _, seen = both(a_scenario(backends={"live": live}, plans=plans), "p")
    assert seen.held_back > 50


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
    work = seen.fleets[0].work
    under_way = levels(work, [begin_s for begin_s, _ in work]).max()
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


drawn = given(scenarios())
without_shrinking = [Phase.explicit, Phase.generate]
"""To shrink a scenario takes minutes."""


@settings(max_examples=20, phases=without_shrinking)
@drawn
def test_whatever_the_scenario_both_do_the_same(scenario: Scenario) -> None:
    both(scenario, "drawn")


@settings(max_examples=15, phases=without_shrinking)
@given(scenarios(online=functions(), ahead=clusters()))
def test_whatever_the_functions_both_do_the_same(scenario: Scenario) -> None:
    both(scenario, "drawn")


@pytest.mark.long
@settings(max_examples=500, phases=without_shrinking)
@drawn
def test_whatever_the_scenario_both_do_the_same_more_often(scenario: Scenario) -> None:
    both(scenario, "drawn")
