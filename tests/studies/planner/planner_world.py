"""A small world of every kind of plan that closed forms know."""

from simulator.scenario.schema import Scenario

REPLICATIONS = 4
ONLINE = {"on_miss": "compute", "backend": "live"}
NIGHTLY = {"every": "24 h", "at": "03:00", "backend": "night"}
PLANS = {
    "nightly": {"precompute": NIGHTLY, "on_miss": "default", "store": {"meter": "dynamodb_on_demand"}},
    "on demand": ONLINE,
    "cached": {**ONLINE, "cache": {"kind": "ttl", "ttl": "3 h"}},
    "sliding": {**ONLINE, "cache": {"kind": "sliding", "ttl": "1 h"}},
    "revalidating": {**ONLINE, "cache": {"kind": "stale_while_revalidate", "ttl": "1 h", "stale_for": "5 h"}},
    "hybrid": {
        **ONLINE,
        "precompute": {**NIGHTLY, "scope": {"kind": "active_within", "window": "3 d"}},
        "cache": {"kind": "ttl", "ttl": "3 h"},
    },
    "most active": {**ONLINE, "precompute": {**NIGHTLY, "scope": {"kind": "most_active", "share": "20 %"}}},
    "nearline": {**ONLINE, "refresh": {"on": "login", "lag": "10 s", "backend": "live"}},
}


def world(**changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "horizon": "2 d",
            "replications": REPLICATIONS,
            "population": {"users": 30_000, "daily_active": "25 %", "shape": 0.5},
            "traffic": {
                "profile": {"kind": "cosine", "peak": "20:00", "amplitude": "80 %"},
                "session": {"requests": {"kind": "geometric", "mean": 3}, "think_time": "40 s"},
            },
            "model": {"feature_lag": "5 s", "half_life": "12 h", "feature_reads": 2},
            "store": {"read_latency": "4 ms", "expiry": "36 h"},
            "backends": {
                "night": {
                    "kind": "batch_cluster",
                    "instance": "g4dn.xlarge",
                    "workers": 4,
                    "batch_size": 64,
                    "shard": 2_000,
                    "startup": "3 min",
                    "service_time": {"kind": "affine", "per_item": "20 ms"},
                },
                "live": {
                    "kind": "fleet",
                    "instance": "g4dn.xlarge",
                    "slots": 2,
                    "service_time": {"kind": "affine", "fixed": "400 ms", "noise": {"kind": "exponential"}},
                    "capacity": {"kind": "fixed", "replicas": 2},
                },
            },
            "plans": PLANS,
            **changes,
        }
    )
