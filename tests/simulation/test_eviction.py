"""A store of limited size does what an ordered dictionary does: who is evicted, and what that costs."""

import heapq
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from handmade_requests import Request, handmade
from limited_store import LimitedStore

from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate

HORIZON_S = 1500
USERS = 60
LIFETIMES_S = [40.5, 300.5, 100_000.5]
"""Most rows expire before they are evicted, some do, none does. Requests come at whole seconds: nothing is a tie."""
SERVICES_S = [1.25, 25.25]
"""The longer one lets rows be evicted before they are there."""
LAG_S = 7.125
ROOMS = [1, 5, 30]


def zipf_requests(seed: int) -> list[Request]:
    """Return a request every other second or so, of users of whom few ask often."""
    rng = np.random.default_rng(seed)
    times_s = np.sort(rng.choice(HORIZON_S, HORIZON_S // 2, replace=False))
    times_s -= times_s[0]
    popularity = 1 / np.arange(1, USERS + 1)
    who = rng.choice(USERS, times_s.size, p=popularity / popularity.sum())
    return list(zip(times_s.tolist(), who.tolist(), strict=True))


def outcome_of(
    folder: Path, requests: list[Request], room: int, service_s: float, plan: dict[str, Any], **store: Any
) -> Outcome:
    service = {"kind": "affine", "fixed": f"{service_s} s"}
    live = {"kind": "serverless", "memory": "1 GiB", "service_time": service, "startup": "0 s"}
    night = {
        "kind": "batch_cluster",
        "instance": "b",
        "workers": 1,
        "batch_size": USERS,
        "shard": USERS,
        "service_time": service,
    }
    scenario = handmade(
        folder,
        requests,
        plan,
        horizon=f"{HORIZON_S} s",
        model={"prediction_size": "1 KiB"},
        store={"size_limit": f"{room} KiB", "read_latency": "0 s", **store},
        backends={"live": live, "night": night},
    )
    return simulate(scenario, "p")


@pytest.mark.parametrize("eviction", ["lru", "fifo"])
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("lifetime_s", LIFETIMES_S)
@pytest.mark.parametrize("service_s", SERVICES_S)
def test_a_cache_hits_and_evicts_as_an_ordered_dictionary_does(
    tmp_path: Path, service_s: float, lifetime_s: float, room: int, eviction: str
) -> None:
    requests = zipf_requests(seed=room)
    plan = {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": f"{lifetime_s} s"}}
    tally = outcome_of(tmp_path, requests, room, service_s, plan, eviction=eviction).counted.tally
    model = LimitedStore(room, lifetime_s, service_s, HORIZON_S, reading_renews=eviction == "lru")
    for time_s, user in requests:
        model.ask_through_a_cache(time_s, user)
    model.close()
    assert model.counts["evicted"] > 50
    names = ("cached", "computed", "evicted")
    assert {name: tally[name] for name in names} == {name: model.counts[name] for name in names}
    assert tally["written_online"] == model.counts["written"]
    assert tally["row_s"] == pytest.approx(model.row_s)


@pytest.mark.parametrize("eviction", ["lru", "fifo"])
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("lifetime_s", LIFETIMES_S)
@pytest.mark.parametrize("service_s", SERVICES_S)
def test_rows_computed_after_events_are_evicted_and_wasted_as_in_an_ordered_dictionary(
    tmp_path: Path, service_s: float, lifetime_s: float, room: int, eviction: str
) -> None:
    requests = zipf_requests(seed=room)
    plan = {"refresh": {"on": "request", "lag": f"{LAG_S} s", "backend": "live"}, "on_miss": "default"}
    outcome = outcome_of(tmp_path, requests, room, service_s, plan, expiry=f"{lifetime_s} s", eviction=eviction)
    model = LimitedStore(room, lifetime_s, service_s, HORIZON_S, reading_renews=eviction == "lru")
    reads = [(time_s, user, model.read) for time_s, user in requests]
    refreshes = [(time_s + LAG_S, user, model.refresh) for time_s, user in requests if time_s + LAG_S < HORIZON_S]
    for time_s, user, step in heapq.merge(reads, refreshes, key=lambda step: step[0]):
        step(time_s, user)
    model.close()
    tally = outcome.counted.tally
    assert model.counts["evicted"] > 50
    names = ("precomputed", "defaulted", "evicted", "ended", "wasted")
    assert {name: tally[name] for name in names} == {name: model.counts[name] for name in names}
    assert (tally["ended_nearline"], tally["wasted_nearline"]) == (tally["ended"], tally["wasted"])
    assert tally["written_nearline"] == model.counts["written"]
    assert tally["row_s"] == pytest.approx(model.row_s)
    assert outcome.unserved_at_end == model.counts["unserved"]


def test_a_run_for_more_users_than_there_is_room_for_leaves_those_of_its_end(tmp_path: Path) -> None:
    """Each run's rows evict all that were there, the earlier of its own too; the user of number 0 never keeps one."""
    room, plan = 20, {"precompute": {"every": "10 min", "at": "00:05", "backend": "night"}, "on_miss": "default"}
    everyone = list(range(USERS))
    requests = [(0, 0), *((400 + user, user) for user in everyone), *((500 + user, user) for user in everyone)]
    outcome = outcome_of(tmp_path, requests, room, 60, plan)
    tally = outcome.counted.tally
    assert (outcome.unserved_at_start, outcome.unserved_at_end, outcome.store.peak_rows) == (room, room, room)
    assert (tally["precomputed"], tally["defaulted"], tally["first_served"]) == (2 * room, 1 + 2 * (USERS - room), room)
    assert (tally["evicted"], tally["ended"], tally["wasted"]) == (2 * USERS, 2 * USERS, 2 * USERS - room)
    assert tally["row_s"] == room * HORIZON_S
