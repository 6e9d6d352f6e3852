"""The families of components, and examples of every member: a new component needs one here."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from simulator.backends.base import AnyBackend, Backend
from simulator.backends.capacity.base import AnyCapacity, Capacity
from simulator.backends.noise.base import AnyNoise, Noise
from simulator.backends.service_time.base import AnyServiceTime, ServiceTime
from simulator.backends.tokens.base import AnyTokens, Tokens
from simulator.core.component import Component, components
from simulator.core.duration.base import AnyDuration, Duration
from simulator.demand.profile.base import AnyProfile, Profile
from simulator.demand.requests.base import AnyRequests, Requests
from simulator.plans.billing_mode.base import AnyBillingMode, BillingMode
from simulator.plans.cache.base import AnyCache, Cache
from simulator.plans.eviction.base import AnyEviction, Eviction
from simulator.plans.scope.base import AnyScope, Scope

AFFINE = {"kind": "affine", "fixed": "11 ms", "per_item": "0.3 ms"}
CALL = {"input_tokens": {"kind": "fixed", "count": 2_000}, "output_tokens": {"kind": "fixed", "count": 300}}

FAMILIES: dict[str, tuple[type[Component], Any]] = {
    "simulator.demand.profile": (Profile, AnyProfile),
    "simulator.core.duration": (Duration, AnyDuration),
    "simulator.demand.requests": (Requests, AnyRequests),
    "simulator.backends": (Backend, AnyBackend),
    "simulator.backends.noise": (Noise, AnyNoise),
    "simulator.backends.tokens": (Tokens, AnyTokens),
    "simulator.backends.service_time": (ServiceTime, AnyServiceTime),
    "simulator.backends.capacity": (Capacity, AnyCapacity),
    "simulator.plans.scope": (Scope, AnyScope),
    "simulator.plans.cache": (Cache, AnyCache),
    "simulator.plans.eviction": (Eviction, AnyEviction),
    "simulator.plans.billing_mode": (BillingMode, AnyBillingMode),
}

EXAMPLES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "simulator.demand.profile": {
        "flat": [{}],
        "cosine": [{"peak": "18:30", "amplitude": "70 %"}, {"peak": "00:00", "amplitude": 1}],
        "hourly": [{"weights": list(range(24))}, {"weights": [1.5, *[0.25] * 167]}],
        "named": [{"name": "evening_meals"}, {"name": "commuters"}],
        "csv": [{"path": "counts.csv"}, {"path": "counts.csv", "time": "when", "value": "other"}],
    },
    "simulator.core.duration": {
        "exponential": [{"mean": "20 s"}],
        "fixed": [{"value": "3 min"}, {"value": "0 s"}],
        "lognormal": [{"mean": "20 s", "cv": 1.5}],
    },
    "simulator.demand.requests": {
        "fixed": [{"count": 1}, {"count": 7}],
        "geometric": [{"mean": 1}, {"mean": 4.5}],
        "poisson": [{"mean": 1}, {"mean": 4.5}],
    },
    "simulator.backends.tokens": {
        "fixed": [{"count": 1}, {"count": "2_000"}],
        "lognormal": [
            {"mean": 300, "cv": 1.5},
            {"mean": 1.2, "cv": 3},
            {"mean": 2_000, "cv": 1.2, "most": "4_096"},
        ],
    },
    "simulator.backends": {
        "api": [
            {"model": "m", **CALL, "per_token": "10 ms"},
            {
                "model": "m",
                "tokens": {"path": "calls.csv"},
                "first_token": {"base": "400 ms", "per_input_token": "0.1 ms"},
                "noise": {"kind": "lognormal", "cv": 0.3},
                "requests_per_minute": "10k",
                "tokens_per_minute": "2M",
                "retries": {"attempts": 4, "backoff": "1 s", "longest_backoff": "20 s", "jitter": "50 %"},
                "batch": {"window": {"kind": "lognormal", "mean": "2 h", "cv": 1}, "discount": "50 %"},
                "shard": 100_000,
                "feature_pipeline": {"duration": "10 min", "cost": "3.5 USD"},
            },
            {"model": "m", **CALL, "per_token": "10 ms", "prompt_cache": {"prefix": "1_500", "lifetime": "1 h"}},
        ],
        "batch_cluster": [
            {"instance": "b", "service_time": AFFINE, "workers": 3, "batch_size": 64, "shard": 1000},
            {
                "instance": "b",
                "purchase": "spot",
                "reclaim": {"mean": "20 h", "reprovision": "5 min"},
                "service_time": AFFINE,
                "workers": 2,
                "on_demand_workers": 1,
                "batch_size": 1,
                "shard": 1,
                "startup": "4 min",
                "feature_pipeline": {"duration": "10 min", "cost": "3.5 USD"},
            },
        ],
        "fleet": [
            {"instance": "f", "service_time": AFFINE, "capacity": {"kind": "fixed", "replicas": 3}},
            {
                "instance": "f",
                "service_time": AFFINE | {"noise": {"kind": "lognormal", "cv": 0.4}},
                "slots": 4,
                "timeout": "900 ms",
                "capacity": {"kind": "autoscaled", "min": 2, "max": 9, "target": "60 %"},
            },
            {
                "instance": "f",
                "purchase": "spot",
                "service_time": AFFINE,
                "capacity": {"kind": "fixed", "replicas": 9},
                "reserved": {"replicas": 3, "term": "3 y"},
                "reclaim": {"mean": "6 h", "reprovision": "4 min"},
                "outages": [{"at": "4 d 18 h", "duration": "1 h", "share": "50 %"}],
            },
            {
                "instance": "f",
                "service_time": AFFINE,
                "batching": {"max": 8, "hold": "5 ms"},
                "capacity": {"kind": "for_slo"},
            },
        ],
        "serverless": [
            {"memory": "2 GiB", "service_time": AFFINE, "startup": {"kind": "fixed", "value": "4 s"}},
            {
                "memory": "512 MiB",
                "service_time": AFFINE | {"noise": "exponential"},
                "startup": {"kind": "lognormal", "mean": "3 s", "cv": 0.4},
                "keep_alive": "15 min",
                "concurrency": 3000,
                "bills_startup": False,
                "billing_step": "100 ms",
                "meter": "our_functions",
                "retries": {"attempts": 2},
            },
        ],
    },
    "simulator.backends.noise": {"none": [{}], "exponential": [{}], "lognormal": [{"cv": 0.5}, {"cv": 1.2}]},
    "simulator.backends.service_time": {
        "affine": [AFFINE, {"per_item": "1 ms", "noise": "exponential"}],
        "table": [
            {"points": [{"batch": 1, "time": "1.078 ms"}, {"batch": 256, "time": "70.171 ms"}]},
            {"path": "times.csv"},
        ],
    },
    "simulator.backends.capacity": {
        "fixed": [{"replicas": 12}],
        "for_slo": [{}, {"max": 40}],
        "hourly": [{"replicas": [*range(1, 25)]}, {"replicas": [3, *[0] * 167], "startup": "90 s"}],
        "autoscaled": [
            {"max": 40, "target": "60 %"},
            {"min": 3, "max": 9, "target": 1, "tick": "30 s", "startup": "90 s", "stabilisation": "0 s"},
        ],
    },
    "simulator.plans.scope": {
        "everyone": [{}],
        "active_within": [{"window": "7 d"}, {"window": "90 min"}],
        "most_active": [{"share": "20 %"}, {"share": 0}, {"share": 1}],
        "predicted": [{"precision": "60 %", "recall": "80 %"}, {"precision": "0.1 %", "recall": 1}],
    },
    "simulator.plans.cache": {
        "ttl": [{"ttl": "6 h"}],
        "sliding": [{"ttl": "6 h"}],
        "stale_while_revalidate": [{"ttl": "6 h"}, {"ttl": "10 min", "stale_for": "7 d"}],
    },
    "simulator.plans.eviction": {"lru": [{}], "fifo": [{}]},
    "simulator.plans.billing_mode": {
        "nodes": [{}, {"room": "80 GiB"}],
        "objects": [{}],
        "provisioned": [{}],
        "rows": [{}],
        "share": [{}],
    },
}


def kind_of(component: type[Component]) -> str:
    kind = component.model_fields["kind"].default
    assert isinstance(kind, str)
    return kind


def examples(package: str, component: type[Component]) -> list[Any]:
    """Return the examples of a component as models."""
    kind = kind_of(component)
    given = EXAMPLES[package].get(kind)
    if not given:
        pytest.fail(f"there is no example of {component.__name__}; add one to EXAMPLES['{package}']['{kind}']")
    adapter = TypeAdapter(FAMILIES[package][1])
    return [adapter.validate_python({"kind": kind, **example}) for example in given]


def of_family(package: str) -> Iterator[Any]:
    base, _ = FAMILIES[package]
    for component in components(base, package).values():
        yield from examples(package, component)
