"""Small scenarios that closed forms describe: one plan each, and as little else as can be."""

from typing import Any, Final

from simulator.core.units import DAY_S, HOUR_S
from simulator.scenario.schema import Scenario

CACHE_USERS: Final = 6_000
CACHE_TTL_S: Final = HOUR_S
CACHE_HALF_LIFE_S: Final = 2 * HOUR_S

NEARLINE_USERS: Final = 3_000
EVENTS_PER_S: Final = 2 / HOUR_S

NIGHTLY_USERS: Final = 5_000
NIGHTLY_SHARDS: Final = 100
NIGHTLY_MAKESPAN_S: Final = 5 * HOUR_S
NIGHTLY_HALF_LIFE_S: Final = 9 * HOUR_S
PUBLISHED_S: Final = HOUR_S + NIGHTLY_MAKESPAN_S
"""Time of day at which the last rows are published. [s]"""

PROMPT_FLEET: Final[dict[str, Any]] = {
    "kind": "fleet",
    "instance": "f",
    "slots": 500,
    "service_time": {"kind": "affine", "fixed": "10 us"},
    "capacity": {"kind": "fixed", "replicas": 1},
}
"""Answers at once, whatever comes."""


def online_world(rate_per_s: float, backend: dict[str, Any], seed: int = 1, **changes: Any) -> Scenario:
    """Return Poisson requests of users alike, each computed by a backend."""
    users = 1_000_000
    base: dict[str, Any] = {
        "seed": seed,
        "horizon": "2 h",
        "warmup": "10 min",
        "population": {"users": users, "logins_per_day": f"{rate_per_s * DAY_S / users}/day", "shape": "inf"},
        "backends": {"live": backend},
        "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
    }
    return Scenario.model_validate(base | changes)


def fleet_world(
    rate_per_s: float,
    service_s: float,
    replicas: int,
    noise: Any,
    *,
    per_item_s: float = 0.0,
    seed: int = 1,
    **fleet: Any,
) -> Scenario:
    """Return Poisson requests of users alike on a fixed fleet; further arguments are keys of the fleet.

    Parameters
    ----------
    service_s, per_item_s
        n requests are computed together in ``service_s + per_item_s * n``, and so is one alone. [s]
    """
    times = {"fixed": f"{service_s} s", "per_item": f"{per_item_s} s"}
    backend = {
        "kind": "fleet",
        "instance": "f",
        "service_time": {"kind": "affine", **times, "noise": noise},
        "capacity": {"kind": "fixed", "replicas": replicas},
    }
    return online_world(rate_per_s, backend | fleet, seed)


def serverless_world(
    rate_per_s: float,
    service_s: float,
    keep_alive_s: float,
    *,
    startup_s: float = 0.0,
    concurrency: int = 1000,
    seed: int = 1,
) -> Scenario:
    """Return Poisson requests of users alike on serverless instances, long after the first came."""
    backend = {
        "kind": "serverless",
        "memory": "1 GiB",
        "service_time": {"kind": "affine", "fixed": f"{service_s} s", "noise": "exponential"},
        "startup": {"kind": "fixed", "value": f"{startup_s} s"},
        "keep_alive": f"{keep_alive_s} s",
        "concurrency": concurrency,
    }
    return online_world(rate_per_s, backend, seed, horizon="6 h", warmup="1 h")


def cached_world(
    shape: float, reads_per_ttl: float, kind: str = "ttl", warmup: str = "10 h", *, seed: int = 1, **store: str
) -> Scenario:
    """Return a cached plan whose computations take next to no time, long after it began."""
    return Scenario.model_validate(
        {
            "seed": seed,
            "horizon": "6 h",
            "warmup": warmup,
            "population": {"users": CACHE_USERS, "logins_per_day": f"{24 * reads_per_ttl}/day", "shape": shape},
            "model": {"half_life": f"{CACHE_HALF_LIFE_S} s"},
            "store": {"read_latency": "0 s", **store},
            "backends": {"live": PROMPT_FLEET},
            "plans": {"cached": {"on_miss": "compute", "backend": "live", "cache": {"kind": kind, "ttl": "1 h"}}},
        }
    )


def nearline_world(
    refresh: dict[str, Any], *, late: dict[str, Any] | None = None, seed: int = 1, **traffic: Any
) -> Scenario:
    """Return a nearline plan, long after it began; users are alike, and every login is an event."""
    return Scenario.model_validate(
        {
            "seed": seed,
            "horizon": "6 h",
            "warmup": "12 h",
            "population": {"users": NEARLINE_USERS, "logins_per_day": f"{EVENTS_PER_S * DAY_S}/day", "shape": "inf"},
            "traffic": traffic,
            "store": {"read_latency": "2 ms"},
            "backends": {"live": PROMPT_FLEET, "late": late or PROMPT_FLEET},
            "plans": {"nearline": {"refresh": refresh | {"backend": "late"}, "on_miss": "compute", "backend": "live"}},
        }
    )


def nightly_world(publish: str, *, cluster: dict[str, Any] | None = None, seed: int = 1, **changes: Any) -> Scenario:
    """Return nightly rows for 5,000 users, computed by one worker in 100 equal shards, visible after 5 hours."""
    base: dict[str, Any] = {
        "seed": seed,
        "horizon": "4 d",
        "population": {"users": NIGHTLY_USERS, "logins_per_day": "3/day", "shape": "inf"},
        "model": {"half_life": f"{NIGHTLY_HALF_LIFE_S} s"},
        "store": {"read_latency": "0 s"},
        "backends": {
            "night": {
                "kind": "batch_cluster",
                "instance": "b",
                "workers": 1,
                "batch_size": 1,
                "shard": NIGHTLY_USERS // NIGHTLY_SHARDS,
                "service_time": {"kind": "affine", "per_item": f"{NIGHTLY_MAKESPAN_S / NIGHTLY_USERS} s"},
                **(cluster or {}),
            }
        },
        "plans": {
            "nightly": {
                "precompute": {"every": "24 h", "at": "01:00", "publish": publish, "backend": "night"},
                "on_miss": "default",
            }
        },
    }
    return Scenario.model_validate(base | changes)


def shards_world(
    shards: int, shard_s: float, cluster: dict[str, Any], *, noise: str = "exponential", seed: int = 1
) -> Scenario:
    """Return 250 nights of batch runs that hardly anybody reads."""
    users_per_shard = 80
    service_time = {"kind": "affine", "per_item": f"{shard_s / users_per_shard} s", "noise": noise}
    return nightly_world(
        "rolling",
        cluster={"service_time": service_time, "shard": users_per_shard} | cluster,
        seed=seed,
        horizon="250 d",
        population={"users": users_per_shard * shards, "logins_per_day": "0.001/day", "shape": 1},
    )


def spot_world(shards: int, shard_s: float, mean_s: float, reprovision_s: float, *, seed: int = 1) -> Scenario:
    """Return 250 nights of batch runs on one spot worker, whose shards all take the same time."""
    reclaim = {"mean": f"{mean_s} s", "reprovision": f"{reprovision_s} s"}
    cluster = {"purchase": "spot", "workers": 1, "reclaim": reclaim}
    return shards_world(shards, shard_s, cluster, noise="none", seed=seed)
