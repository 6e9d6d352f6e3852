"""Requests that are refused, or give up, and come again: as in a small model, and in examples counted by hand."""

import heapq
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from handmade_requests import Request, handmade
from impatient_clients import ImpatientClients, Rules

from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate

HORIZON_S = 600.0
USERS = 20
LONGEST_TICK_S = 0.008
"""A row keeps the time of its snapshot to so much."""
TALLY = ("computed", "cached", "defaulted", "timed_out", "refused", "fell_back", "revalidated", "dropped")


def bursts(seed: int) -> list[Request]:
    """Return 300 requests in bursts."""
    rng = np.random.default_rng(seed)
    centres_s = np.repeat(rng.uniform(0, HORIZON_S / 2, 20), 15)
    times_s = np.sort(centres_s + rng.exponential(4.0, centres_s.size))
    times_s = (times_s - times_s[0]).round(9)
    return list(zip(times_s.tolist(), rng.integers(USERS, size=times_s.size).tolist(), strict=True))


def retries_of(rules: Rules) -> dict[str, Any] | None:
    if not rules.attempts:
        return None
    backoff = {"backoff": f"{rules.backoff_s} s", "longest_backoff": f"{rules.longest_backoff_s} s"}
    return {"attempts": rules.attempts, **backoff, "jitter": 0}


def fleet(rules: Rules) -> dict[str, Any]:
    return {
        "kind": "fleet",
        "instance": "f",
        "slots": rules.slots,
        "timeout": None if rules.patience_s == np.inf else f"{rules.patience_s} s",
        "queue_limit": None if rules.queue_limit == np.inf else rules.queue_limit,
        "retries": retries_of(rules),
        "service_time": {"kind": "affine", "fixed": f"{rules.service_s} s"},
        "capacity": {"kind": "fixed", "replicas": 1},
    }


def functions(rules: Rules) -> dict[str, Any]:
    return {
        "kind": "serverless",
        "memory": "1 GiB",
        "concurrency": rules.slots,
        "startup": "0 s",
        "retries": retries_of(rules),
        "service_time": {"kind": "affine", "fixed": f"{rules.service_s} s"},
    }


def outcome_of(
    folder: Path, requests: list[Request], plan: dict[str, Any], live: dict[str, Any], **given: Any
) -> Outcome:
    plan = {"on_miss": "compute", "backend": "live"} | plan
    backends = {"live": live, **given.pop("backends", {})}
    return simulate(handmade(folder, requests, plan, horizon=f"{HORIZON_S} s", backends=backends, **given), "p")


def compare(outcome: Outcome, rules: Rules, requests: list[Request]) -> ImpatientClients:
    model = ImpatientClients(rules)
    model.run(requests)
    tally, calls = outcome.counted.tally, outcome.fleets[0].counts
    assert {name: tally[name] for name in TALLY} == {name: model.counts[name] for name in TALLY}
    assert {name: calls[name] for name in ("calls", "retried")} == {
        name: model.counts[name] for name in ("calls", "retried")
    }
    assert calls["refused"] == model.counts["refusals"]
    assert tally["wait_s"] == pytest.approx(model.sums["wait_s"])
    assert tally["latency_s"] == pytest.approx(model.sums["latency_s"])
    assert tally["age_s"] == pytest.approx(model.sums["age_s"], abs=LONGEST_TICK_S * len(requests))
    return model


IMPATIENT = Rules(patience_s=4.1, attempts=2)
REFUSED = Rules(queue_limit=1, attempts=4, longest_backoff_s=9.0)
BOTH = Rules(patience_s=5.3, queue_limit=3, attempts=3, backoff_s=7.0, longest_backoff_s=7.0)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("attempts", [0, None])
@pytest.mark.parametrize("rules", [IMPATIENT, REFUSED, BOTH], ids=["impatient", "refused", "both"])
def test_requests_give_up_are_refused_and_come_again_as_in_a_list_of_events(
    tmp_path: Path, rules: Rules, attempts: int | None, seed: int
) -> None:
    requests = bursts(seed)
    rules = rules if attempts is None else replace(rules, attempts=attempts)
    model = compare(outcome_of(tmp_path, requests, {}, fleet(rules)), rules, requests)
    assert model.counts["defaulted"] > 25
    assert model.counts["retried"] > 25 or not rules.attempts


@pytest.mark.parametrize("attempts", [0, 1, 5])
def test_functions_beyond_their_concurrency_are_asked_again_as_in_a_list_of_events(
    tmp_path: Path, attempts: int
) -> None:
    requests, rules = bursts(3), Rules(queue_limit=0, attempts=attempts, backoff_s=1.5)
    model = compare(outcome_of(tmp_path, requests, {}, functions(rules)), rules, requests)
    assert model.counts["refused"] > 25


@pytest.mark.parametrize("on_failure", ["default", "stored"])
@pytest.mark.parametrize("kind", ["ttl", "stale_while_revalidate"])
@pytest.mark.parametrize("rules", [IMPATIENT, REFUSED, BOTH], ids=["impatient", "refused", "both"])
def test_those_who_share_a_computation_fail_with_it_and_fall_back_as_in_a_list_of_events(
    tmp_path: Path, rules: Rules, kind: str, on_failure: str
) -> None:
    requests = bursts(4)
    plan = {"cache": {"kind": kind, "ttl": "11.3 s"}, "on_failure": on_failure}
    revalidates, falls_back = kind != "ttl", on_failure == "stored"
    rules = replace(rules, service_s=4.0, fresh_s=11.3, revalidates=revalidates, falls_back=falls_back)
    model = compare(outcome_of(tmp_path, requests, plan, fleet(rules)), rules, requests)
    assert model.counts["cached"] > 25
    assert model.counts["fell_back"] > 10 or not falls_back or revalidates
    assert model.counts["dropped"] > 2 or not revalidates or rules.queue_limit == np.inf


def test_requests_that_come_again_bring_the_same_work(tmp_path: Path) -> None:
    """All are served in the end, so that their work, drawn for each, adds up to what it is where nobody is refused."""
    requests, service = bursts(6), {"kind": "affine", "fixed": "3 s", "noise": "exponential"}
    patient = Rules(queue_limit=0, attempts=20, backoff_s=5, longest_backoff_s=80)
    few, many = (
        outcome_of(tmp_path, requests, {}, fleet(rules) | {"service_time": service})
        for rules in (patient, Rules(slots=300))
    )
    assert few.fleets[0].counts["retried"] > 300
    assert few.counted.tally["computed"] == many.counted.tally["computed"] == 300
    assert few.fleets[0].counts["work_s"] == pytest.approx(many.fleets[0].counts["work_s"])


BUSY = fleet(Rules(slots=1, service_s=1000, queue_limit=0))
"""Whoever comes first has it for himself."""


def test_rows_that_a_run_wrote_are_fallen_back_on_and_then_are_served(tmp_path: Path) -> None:
    """Four ask while the only slot is taken, and come again after 20 s and after 40 s more."""
    night = {
        "kind": "batch_cluster",
        "instance": "b",
        "workers": 1,
        "batch_size": 4,
        "shard": 4,
        "service_time": {"kind": "affine", "per_item": "1 s"},
    }
    live = BUSY | {"retries": {"attempts": 2, "backoff": "20 s", "jitter": 0}}
    ahead = {"precompute": {"every": "24 h", "at": "00:01", "backend": "night"}, "on_failure": "stored"}
    requests = [(0.0, 0), (300.0, 1), (301.0, 2), (302.0, 1), (303.0, 3)]
    expired = {"store": {"read_latency": "0 s", "expiry": "10 s"}}
    outcome = outcome_of(tmp_path, requests, ahead, live, backends={"night": night}, **expired)
    tally = outcome.counted.tally
    assert (tally["computed"], tally["refused"], tally["fell_back"], tally["precomputed"]) == (1, 4, 4, 4)
    assert (tally["first_served"], outcome.unserved_at_end) == (3, 1)
    assert tally["age_s"] == pytest.approx(1000 + 4 * (240 + 60) + 0 + 1 + 2 + 3, abs=5 * LONGEST_TICK_S)


def test_a_refresh_that_is_refused_at_last_is_dropped(tmp_path: Path) -> None:
    """Requests and refreshes each have a backend with one slot, which the first of them takes."""
    live = BUSY | {"retries": {"attempts": 1, "backoff": "17 s", "jitter": 0}}
    late = BUSY | {"retries": {"attempts": 2, "backoff": "12 s", "jitter": 0}}
    plan = {"refresh": {"on": "request", "lag": "5 s", "backend": "late"}}
    requests = [(float(time_s), user) for user, time_s in enumerate(range(0, 60, 10))]
    outcome = outcome_of(tmp_path, requests, plan, live, backends={"late": late})
    tally, (asked, unasked) = outcome.counted.tally, [use.counts for use in outcome.fleets]
    assert (tally["computed"], tally["refused"], tally["defaulted"]) == (1, 5, 5)
    assert (tally["refreshed"], tally["dropped"]) == (1, 5)
    assert (asked["calls"], asked["retried"], asked["refused"]) == (1, 5, 10)
    assert (unasked["calls"], unasked["retried"], unasked["refused"]) == (1, 10, 15)


@pytest.mark.parametrize("attempts", [0, 6])
def test_calls_beyond_the_rate_limit_are_asked_again_with_their_own_tokens(tmp_path: Path, attempts: int) -> None:
    """A bucket of ten calls, refilled by one a second; each request has the tokens of its row."""
    requests, rules = bursts(5), Rules(attempts=attempts, backoff_s=1.7)
    outputs = np.random.default_rng(5).integers(1, 500, len(requests)).tolist()
    lines = [f"{time_s!r},user {user},{2 * out},{out}" for (time_s, user), out in zip(requests, outputs, strict=True)]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["time,who,ContextTokens,GeneratedTokens", *lines]) + "\n", encoding="utf-8")
    api = {"kind": "api", "model": "m", "tokens": {"path": path}, "retries": retries_of(rules), "per_token": "10 ms"}
    limits = {"requests_per_minute": 60, "limit_window": "10 s"}
    replay = {"path": path, "user": "who", "unit": "s", "resolution": "0 s", "loop": False}
    outcome = outcome_of(tmp_path, requests, {}, api | limits, traffic={"replay": replay})
    left, looked_s, counts, latency_s = 10.0, 0.0, Counter[str](), 0.0
    coming = [(time_s, time_s, 0, out) for (time_s, _), out in zip(requests, outputs, strict=True)]
    while coming:
        now, asked_s, attempt, out = heapq.heappop(coming)
        left, looked_s = min(left + now - looked_s, 10.0), now
        if left >= 1:
            left -= 1
            latency_s += now + 0.01 * out - asked_s
            counts.update(computed=1, output_tokens=out, input_tokens=2 * out)
        elif attempt < attempts:
            counts["retried"] += 1
            heapq.heappush(coming, (now + 1.7 * 2**attempt, asked_s, attempt + 1, out))
        else:
            counts["refused"] += 1
            latency_s += now - asked_s
    found = outcome.counted.tally | outcome.services[0].counts | {"refused": outcome.counted.tally["refused"]}
    assert counts["refused"] > 5
    assert {name: found[name] for name in counts} == counts
    assert found["latency_s"] == pytest.approx(latency_s)


@pytest.mark.parametrize("jitter", [0.0, 0.4, 1.0])
def test_jitter_shortens_waits_by_its_share_at_most_and_evenly(tmp_path: Path, jitter: float) -> None:
    """A request that comes again once, 10 s later without jitter, is refused at last: its latency is its wait."""
    once = {"retries": {"attempts": 1, "backoff": "10 s", "jitter": jitter}}
    requests = [(0.0, 0), *((1.0 + k, k) for k in range(500))]
    outcome = outcome_of(tmp_path, requests, {}, BUSY | once)
    latency = outcome.counted.latency
    mean_s, spread_s = 10 * (1 - jitter / 2), 10 * jitter / 12**0.5
    waited_s = (latency.total - 1000) / 500
    assert outcome.counted.tally["refused"] == 500
    assert waited_s == pytest.approx(mean_s, abs=4 * spread_s / 500**0.5 + 1e-9)
    assert latency.share_up_to(10 * (1 - jitter) * 0.99) == 0
    assert latency.share_above(10.1) == 1 / 501
