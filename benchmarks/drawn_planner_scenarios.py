"""Scenarios drawn at random to hold the planner against: what teams have, from two to a hundred replicas' worth."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.scenario.schema import Scenario

HORIZON = "2 d"
USERS = 60_000


def drawn(count: int) -> Iterator[Scenario]:
    """Yield so many scenarios, always the same ones."""
    for number in range(count):
        yield _scenario(np.random.default_rng(number), number)


def _scenario(rng: np.random.Generator, number: int) -> Scenario:
    expiry_h = int(rng.choice([6, 24, 36, 72]))
    return Scenario.model_validate(
        {
            "name": f"drawn {number}",
            "start": "2026-03-02T00:00",
            "seed": number + 1,
            "horizon": HORIZON,
            "prices": ["aws-us-east-1", "llm-2025-09"],
            "replications": 3,
            "population": {
                "users": USERS,
                "logins_per_day": f"{rng.choice([0.05, 0.2, 0.7, 2])}/day",
                "shape": float(rng.choice([0.15, 0.4, 1.0, 4.0])),
                "dormant": float(rng.choice([0, 0.3])),
            },
            "traffic": _traffic(rng),
            "model": {"feature_lag": "5 s", "half_life": f"{rng.choice([1, 6, 24])} h", "feature_reads": 2},
            "store": {"read_latency": "4 ms", "write_capacity": "2_000/s", "expiry": f"{expiry_h} h"},
            "backends": {"night": _night(rng), "live": _live(rng)},
            "plans": _plans(rng),
        }
    )


def _traffic(rng: np.random.Generator) -> dict[str, Any]:
    zones = {"America/New_York": 0.5, "Europe/Berlin": 0.3, "Asia/Tokyo": 0.2}
    kinds = ("fixed", "geometric", "poisson")
    kind, mean = kinds[rng.integers(3)], int(rng.choice([1, 2, 5]))
    pauses: list[dict[str, Any]] = [
        {"kind": "exponential", "mean": f"{rng.choice([20, 60])} s"},
        {"kind": "lognormal", "mean": "3 min", "cv": 1.5},
    ]
    return {
        "profile": {"kind": "cosine", "peak": f"{rng.integers(24):02d}:00", "amplitude": float(rng.choice([0, 0.8]))},
        "timezones": zones if rng.random() < 0.4 else {},
        "session": {
            "requests": {"kind": kind, ("count" if kind == "fixed" else "mean"): mean},
            "think_time": pauses[rng.integers(2)],
        },
    }


def _night(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "kind": "batch_cluster",
        "instance": "g4dn.xlarge",
        "workers": int(rng.integers(1, 9)),
        "batch_size": 64,
        "shard": int(rng.choice([2_000, 10_000])),
        "startup": "3 min",
        "service_time": {
            "kind": "affine",
            "per_item": "2 ms",
            "noise": [{"kind": "none"}, {"kind": "lognormal", "cv": 0.3}][rng.integers(2)],
        },
        "feature_pipeline": {"duration": "10 min", "cost": "2 USD"},
    }


def _live(rng: np.random.Generator) -> dict[str, Any]:
    noise = [{"kind": "none"}, {"kind": "lognormal", "cv": 0.5}, {"kind": "exponential"}][rng.integers(3)]
    service = {"kind": "affine", "fixed": f"{rng.choice([20, 200, 1500])} ms", "noise": noise}
    which = rng.random()
    if which < 0.2:
        return {
            "kind": "serverless",
            "memory": "2 GiB",
            "service_time": service,
            "startup": {"kind": "fixed", "value": "2 s"},
        }
    if which < 0.4:
        return {
            "kind": "api",
            "model": "gpt-4.1-mini",
            "input_tokens": {"kind": "lognormal", "mean": 900, "cv": 0.5},
            "output_tokens": {"kind": "fixed", "count": 120},
            "first_token": {"base": "300 ms"},
            "per_token": "10 ms",
        }
    capacity = {"kind": "autoscaled", "min": 2, "max": 400, "target": float(rng.choice([0.4, 0.6])), "startup": "60 s"}
    fleet = {"kind": "fleet", "instance": "c7g.large", "slots": 2, "service_time": service, "capacity": capacity}
    return fleet | {"timeout": "5 s"}


def _plans(rng: np.random.Generator) -> dict[str, Any]:
    online = {"on_miss": "compute", "backend": "live"}
    ttl = f"{rng.choice([10, 60, 360, 1440])} min"
    every = {"every": f"{rng.choice([6, 24])} h", "at": f"{rng.integers(24):02d}:00", "backend": "night"}
    recent = {"kind": "active_within", "window": f"{rng.choice([1, 3, 7])} d"}
    return {
        "nightly": {"precompute": {**every, "publish": str(rng.choice(["rolling", "atomic"]))}, "on_miss": "default"},
        "on demand": online,
        "cached": {**online, "cache": {"kind": "ttl", "ttl": ttl}},
        "sliding": {**online, "cache": {"kind": "sliding", "ttl": ttl}},
        "revalidating": {**online, "cache": {"kind": "stale_while_revalidate", "ttl": ttl, "stale_for": "6 h"}},
        "hybrid": {**online, "precompute": {**every, "scope": recent}, "cache": {"kind": "ttl", "ttl": ttl}},
        "most active": {**online, "precompute": {**every, "scope": {"kind": "most_active", "share": 0.2}}},
        "nearline": {
            **online,
            "refresh": {
                "on": str(rng.choice(["login", "request"])),
                "lag": "10 s",
                "debounce": "30 s",
                "backend": "live",
            },
        },
    }
