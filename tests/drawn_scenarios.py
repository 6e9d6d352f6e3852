"""A small scenario with everything in it, and scenarios drawn at random, of every kind of plan."""

import math
from typing import Any

from hypothesis import strategies as st

from simulator.scenario.schema import Scenario


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
        "model": {
            "feature_lag": "5 s",
            "half_life": "3 h",
            "quality_floor": "30 %",
            "accuracy": {"initial": "96 %", "loss_per_day": "100 %", "floor": "85 %"},
            "training": {"every": "53 min", "instance": "t", "machines": 2, "machine_hours": 0.7},
        },
        "value": {"per_request": "0.01 USD", "default_quality": "55 %", "latency_loss_per_100ms": "0.2 %"},
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
            "batching": {
                "kind": "fleet",
                "instance": "f",
                "slots": 2,
                "timeout": "35 s",
                "batching": {"max": 4, "hold": "6 s"},
                "queue_limit": 7,
                "retries": {"attempts": 2, "backoff": "9 s", "longest_backoff": "12 s", "jitter": "50 %"},
                "service_time": {
                    "kind": "table",
                    "points": [
                        {"batch": 1, "time": "11 s"},
                        {"batch": 2, "time": "12 s"},
                        {"batch": 3, "time": "21 s"},
                        {"batch": 4, "time": "60 s"},
                    ],
                    "noise": {"kind": "lognormal", "cv": 0.4},
                },
                "capacity": {"kind": "autoscaled", "min": 1, "max": 5, "target": "60 %", "startup": "50 s"},
            },
            "functions": {
                "kind": "serverless",
                "memory": "2 GiB",
                "service_time": {"kind": "affine", "fixed": "13 s", "noise": {"kind": "exponential"}},
                "startup": {"kind": "lognormal", "mean": "9 s", "cv": 1.1},
                "keep_alive": "50 s",
                "concurrency": 5,
                "retries": {"attempts": 2, "backoff": "7 s", "longest_backoff": "9 s", "jitter": "50 %"},
            },
            "more functions": {
                "kind": "serverless",
                "memory": "512 MiB",
                "service_time": {"kind": "affine", "fixed": "6 s"},
                "startup": {"kind": "fixed", "value": "2 s"},
                "concurrency": 40,
                "bills_startup": False,
            },
            "bought": {
                "kind": "api",
                "model": "m",
                "input_tokens": {"kind": "lognormal", "mean": 2_000, "cv": 0.8},
                "output_tokens": {"kind": "lognormal", "mean": 300, "cv": 0.5, "most": 1_000},
                "first_token": {"base": "2 s", "per_input_token": "1.1 ms"},
                "per_token": "30 ms",
                "noise": {"kind": "lognormal", "cv": 0.4},
                "requests_per_minute": 25,
                "tokens_per_minute": "50k",
                "retries": {"attempts": 2, "backoff": "5 s", "longest_backoff": "8 s", "jitter": "25 %"},
                "prompt_cache": {"prefix": "1_200", "lifetime": "20 s", "limited": False},
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
            "together": {"on_miss": "compute", "backend": "batching"},
            "together, cached": {
                "on_miss": "compute",
                "backend": "batching",
                "cache": {"kind": "ttl", "ttl": "5 min"},
                "on_failure": "stored",
            },
            "together, after events too": {
                "refresh": {"on": "request", "lag": "3 s", "backend": "batching"},
                "on_miss": "compute",
                "backend": "batching",
                "cache": {"kind": "stale_while_revalidate", "ttl": "1 min", "stale_for": "1 min"},
                "on_failure": "stored",
            },
            "hybrid, falls back": {
                "precompute": {"every": "2 h", "at": "00:20", "publish": "atomic", "backend": "night"},
                "on_miss": "compute",
                "backend": "batching",
                "on_failure": "stored",
            },
            "on functions": {"on_miss": "compute", "backend": "functions"},
            "on functions, cached": {
                "on_miss": "compute",
                "backend": "functions",
                "cache": {"kind": "ttl", "ttl": "3 min"},
                "on_failure": "stored",
            },
            "on functions, after events too": {
                "refresh": {"on": "request", "lag": "3 s", "backend": "functions"},
                "on_miss": "compute",
                "backend": "functions",
                "cache": {"kind": "stale_while_revalidate", "ttl": "1 min", "stale_for": "1 min"},
            },
            "on two kinds of functions": {
                "refresh": {"on": "login", "lag": "5 s", "debounce": "20 s", "backend": "more functions"},
                "on_miss": "compute",
                "backend": "functions",
            },
            "fleet, functions after events": {
                "refresh": {"on": "request", "backend": "functions"},
                "on_miss": "compute",
                "backend": "live",
            },
            "bought": {"on_miss": "compute", "backend": "bought"},
            "bought, cached": {
                "on_miss": "compute",
                "backend": "bought",
                "cache": {"kind": "ttl", "ttl": "5 min"},
                "on_failure": "stored",
            },
            "bought after events": {
                "refresh": {"on": "request", "lag": "3 s", "backend": "bought"},
                "on_miss": "compute",
                "backend": "live",
                "cache": {"kind": "stale_while_revalidate", "ttl": "1 min", "stale_for": "1 min"},
            },
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
            "sliding": {"on_miss": "compute", "backend": "live", "cache": {"kind": "sliding", "ttl": "9 min"}},
            "revalidating": {
                "on_miss": "compute",
                "backend": "live",
                "cache": {"kind": "stale_while_revalidate", "ttl": "5 min"},
            },
            "revalidating for a while": {
                "on_miss": "compute",
                "backend": "small",
                "cache": {"kind": "stale_while_revalidate", "ttl": "5 min", "stale_for": "20 min"},
            },
            "nearline": {
                "refresh": {"on": "login", "lag": "30 s", "debounce": "2 min", "backend": "live"},
                "on_miss": "compute",
                "backend": "live",
            },
            "nearline, own fleet": {
                "refresh": {"on": "request", "lag": "3 s", "backend": "small"},
                "on_miss": "compute",
                "backend": "live",
                "cache": {"kind": "sliding", "ttl": "4 min"},
            },
            "nearline alone": {
                "refresh": {"on": "request", "debounce": "40 s", "backend": "small"},
                "on_miss": "default",
            },
            "all at once": {
                "precompute": {"every": "2 h", "at": "00:20", "backend": "night"},
                "refresh": {"on": "login", "lag": "10 s", "debounce": "30 s", "backend": "small"},
                "on_miss": "compute",
                "backend": "live",
                "cache": {"kind": "stale_while_revalidate", "ttl": "4 min", "stale_for": "10 min"},
            },
            "skipped runs": {"precompute": {"every": "7 min", "at": "00:02", "backend": "night"}, "on_miss": "default"},
        },
    }
    return Scenario.model_validate(base | changes)


seconds = st.sampled_from([1.0, 2.3, 7.0, 19.0, 61.0])
noises = st.sampled_from(["none", "exponential", {"kind": "lognormal", "cv": 0.8}, {"kind": "lognormal", "cv": 2.5}])


@st.composite
def retries(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "attempts": draw(st.integers(1, 4)),
        "backoff": draw(st.sampled_from(["1 s", "13 s", "300 s"])),
        "longest_backoff": draw(st.sampled_from(["20 s", "10 min"])),
        "jitter": draw(st.sampled_from([0, 0.5, 1])),
    }


@st.composite
def behaviors(draw: st.DrawFn) -> dict[str, Any]:
    def rules() -> dict[str, Any]:
        policies = [
            {"pods": draw(st.integers(1, 3)), "period": f"{draw(st.sampled_from([15, 40, 100]))} s"},
            {
                "percent": draw(st.sampled_from(["10 %", "50 %", "100 %", "300 %"])),
                "period": f"{draw(st.sampled_from([5, 15, 61]))} s",
            },
        ]
        return {
            "policies": draw(st.sampled_from([policies, policies[:1], policies[1:]])),
            "select": draw(st.sampled_from(["max", "max", "min", "disabled"])),
            "tolerance": draw(st.sampled_from([0, 0.1, 0.4])),
        }

    up_s = draw(st.sampled_from([0, 30, 120]))
    return {"scale_up": {**rules(), "stabilisation": f"{up_s} s"}, "scale_down": rules()}


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Any]:
    autoscaled = {
        "kind": "autoscaled",
        "min": draw(st.sampled_from([0, 1, 1, 2, 3])),
        "behavior": draw(st.one_of(st.just({}), behaviors())),
        "max": draw(st.integers(3, 20)),
        "target": draw(st.sampled_from([0.4, 0.6, 0.75, 0.9])),
        "tick": f"{draw(st.sampled_from([5, 15, 40]))} s",
        "startup": f"{draw(st.sampled_from([1, 15, 33, 90, 300]))} s",
        "stabilisation": f"{draw(st.sampled_from([0, 15, 60, 300]))} s",
    }
    fixed = {"kind": "fixed", "replicas": draw(st.integers(2, 6))}
    by_hour = [draw(st.integers(1, 6)) for _ in range(5)]
    hourly = {
        "kind": "hourly",
        "replicas": [*by_hour, *[2] * 19],
        "startup": f"{draw(st.sampled_from([0, 33, 5000]))} s",
    }
    timeout_s = draw(st.one_of(st.none(), seconds))
    hold_s = draw(st.sampled_from([0.0, 0.4, 3.0, 30.0]))
    most = draw(st.integers(2, 6))
    batching = {"max": most, "hold": f"{min(hold_s, 0.9 * (timeout_s or math.inf))} s"}
    return {
        "kind": "fleet",
        "batching": draw(st.sampled_from([None, None, batching])),
        "queue_limit": draw(st.sampled_from([None, None, 6, 11])),
        "retries": draw(st.one_of(st.none(), retries())),
        "instance": "f",
        "slots": draw(st.integers(1, 4)),
        "timeout": None if timeout_s is None else f"{timeout_s} s",
        "service_time": {
            "kind": "affine",
            "fixed": f"{draw(seconds)} s",
            "per_item": draw(st.sampled_from(["0 s", "2.7 s"])),
            "noise": draw(noises),
        },
        "capacity": draw(st.sampled_from([autoscaled, autoscaled, fixed, hourly])),
        **draw(interruptions()),
    }


@st.composite
def interruptions(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what goes wrong with a fleet's replicas, at moments at which nothing else happens."""
    mean_min, away_s = draw(st.sampled_from([7, 40])), draw(st.sampled_from([0, 71, 1900]))
    outage = {
        "at": f"{draw(st.sampled_from([3.7, 1234.7]))} s",
        "duration": f"{draw(st.sampled_from([601.3, 5003.3]))} s",
        "share": draw(st.sampled_from([0.3, 0.5, 1])),
    }
    reclaim = {"purchase": "spot", "reclaim": {"mean": f"{mean_min} min", "reprovision": f"{away_s} s"}}
    return {
        "reserved": draw(st.sampled_from([None, None, {"replicas": 2}])),
        "outages": draw(st.sampled_from([[], [], [outage]])),
        **draw(st.sampled_from([{}, {}, reclaim])),
    }


@st.composite
def functions(draw: st.DrawFn) -> dict[str, Any]:
    fixed = {"kind": "fixed", "value": f"{draw(st.sampled_from([0, 4, 70]))} s"}
    varied = {"kind": draw(st.sampled_from(["exponential", "lognormal"])), "mean": "11 s"}
    if varied["kind"] == "lognormal":
        varied["cv"] = 0.8
    return {
        "kind": "serverless",
        "memory": draw(st.sampled_from(["256 MiB", "3 GiB"])),
        "service_time": {"kind": "affine", "fixed": f"{draw(seconds)} s", "noise": draw(noises)},
        "startup": draw(st.sampled_from([fixed, varied])),
        "keep_alive": f"{draw(st.sampled_from([0, 9, 600]))} s",
        "concurrency": draw(st.sampled_from([1, 3, 11, 1000])),
        "bills_startup": draw(st.booleans()),
        "billing_step": draw(st.sampled_from(["1 ms", "100 ms"])),
        "retries": draw(st.one_of(st.none(), retries())),
    }


@st.composite
def clusters(draw: st.DrawFn) -> dict[str, Any]:
    workers, bought = draw(st.integers(1, 9)), {}
    if draw(st.sampled_from([False, True, True])):
        reclaim = {
            "mean": f"{draw(st.sampled_from([20, 60, 240]))} min",
            "reprovision": f"{draw(st.integers(0, 200))} s",
        }
        bought = {"purchase": "spot", "reclaim": reclaim, "on_demand_workers": draw(st.integers(0, workers))}
    return {
        "kind": "batch_cluster",
        "instance": "b",
        "workers": workers,
        **bought,
        "batch_size": draw(st.integers(1, 40)),
        "shard": draw(st.integers(20, 500)),
        "startup": f"{draw(st.integers(0, 300))} s",
        "feature_pipeline": {"duration": f"{draw(st.integers(0, 600))} s"},
        "service_time": {"kind": "affine", "fixed": "3 s", "per_item": "0.9 s", "noise": draw(noises)},
    }


limits = [
    {"requests_per_minute": requests, "tokens_per_minute": tokens, "limit_window": window}
    for requests in (None, 2, 11, 60)
    for tokens, window in ((None, "1 s"), (None, "10 s"), (None, "1 min"), (4_000, "1 min"), (30_000, "10 s"))
]


@st.composite
def apis(draw: st.DrawFn) -> dict[str, Any]:
    cache = {
        "prefix": draw(st.sampled_from([1_100, 1_900])),
        "lifetime": draw(st.sampled_from(["3 s", "40 s", "5 min"])),
        "limited": draw(st.booleans()),
    }
    return {
        "kind": "api",
        "model": "m",
        "input_tokens": {"kind": "lognormal", "mean": 2_000, "cv": draw(st.sampled_from([0.2, 1.5]))},
        "output_tokens": {"kind": "fixed", "count": draw(st.sampled_from([1, 300]))},
        "first_token": {"base": f"{draw(seconds)} s", "per_input_token": draw(st.sampled_from(["0 s", "3.1 ms"]))},
        "per_token": "37 ms",
        "noise": draw(noises),
        **draw(st.sampled_from(limits)),
        "retries": draw(st.one_of(st.none(), retries())),
        "prompt_cache": draw(st.sampled_from([None, cache])),
    }


@st.composite
def batch_apis(draw: st.DrawFn) -> dict[str, Any]:
    windows = [
        {"kind": "fixed", "value": "20 min"},
        {"kind": "exponential", "mean": "15 min"},
        {"kind": "lognormal", "mean": "30 min", "cv": 1.5},
    ]
    return {
        "kind": "api",
        "model": "m",
        "input_tokens": {"kind": "fixed", "count": 2_000},
        "output_tokens": {"kind": "fixed", "count": 300},
        "per_token": "10 ms",
        "shard": draw(st.integers(20, 500)),
        "batch": {"window": draw(st.sampled_from(windows))},
        "feature_pipeline": {"duration": f"{draw(st.integers(0, 600))} s"},
    }


@st.composite
def caches(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["ttl", "sliding", "stale_while_revalidate"]))
    cache = {"kind": kind, "ttl": f"{draw(st.sampled_from([1, 60, 700, 5000]))} s"}
    if kind == "stale_while_revalidate":
        cache["stale_for"] = draw(st.sampled_from([None, "30 s", "20 min"]))
    return cache


@st.composite
def refreshes(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "on": draw(st.sampled_from(["login", "request"])),
        "lag": f"{draw(st.sampled_from([0, 5, 120]))} s",
        "debounce": f"{draw(st.sampled_from([0, 0, 20, 400]))} s",
        "backend": draw(st.sampled_from(["live", "late"])),
    }


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    kinds = [
        {"kind": "everyone"},
        {"kind": "active_within", "window": f"{draw(st.sampled_from([17, 61, 240, 3000]))} min"},
        {"kind": "active_within", "window": f"{draw(st.sampled_from([1234.5678, 9876.54321]))} s"},
        {"kind": "most_active", "share": draw(st.sampled_from([0, 0.07, 0.4, 1]))},
        {
            "kind": "predicted",
            "precision": draw(st.sampled_from([0.01, 0.3, 1])),
            "recall": draw(st.sampled_from([0, 0.4, 1])),
        },
    ]
    return draw(st.sampled_from(kinds))


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    clock = draw(st.sampled_from(["home", "home", "local"]))
    ahead = {
        "every": f"{draw(st.sampled_from([60, 120, 1440] if clock == 'local' else [23, 61, 120, 1440]))} min",
        "clock": clock,
        "incremental": draw(st.sampled_from([False, False, True])),
        "scope": draw(scopes()),
        "at": draw(st.sampled_from(["00:00", "01:10", "23:30"])),
        "publish": draw(st.sampled_from(["rolling", "atomic"])),
        "backend": "night",
    }
    precompute = draw(st.sampled_from([None, ahead, ahead]))
    refresh = draw(st.one_of(st.none(), refreshes()))
    ahead_or_after = precompute or refresh
    on_miss = draw(st.sampled_from(["compute", "compute", "default", "stored"] if ahead_or_after else ["compute"]))
    plan: dict[str, Any] = {"precompute": precompute, "refresh": refresh, "on_miss": on_miss}
    if on_miss == "compute":
        plan |= {"backend": "live", "cache": draw(st.one_of(st.none(), caches(), caches()))}
        if ahead_or_after or plan["cache"]:
            plan["on_failure"] = draw(st.sampled_from(["default", "stored"]))
    if draw(st.booleans()):
        plan["training"] = {"every": "45 min", "instance": "t", "machine_hours": 0.2}
    return plan


online = st.one_of(fleets(), fleets(), functions(), apis())
ahead = st.one_of(clusters(), clusters(), batch_apis())

VALUE = {"per_request": "1 USD", "default_quality": "60 %", "latency_loss_per_100ms": "0.3 %"}


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what tells better answers from worse ones; trainings end at whole minutes, some as batch runs start."""
    half_life_min = draw(st.sampled_from([None, 20, 300]))
    every_min = draw(st.sampled_from([30, 61, 720]))
    hours = draw(st.sampled_from([0.25, 0.5, 1 / 6]))
    training = {
        "every": f"{every_min} min",
        "instance": "t",
        "machine_hours": hours,
        "machines": draw(st.integers(1, 3)),
    }
    loss = draw(st.sampled_from(["0 %", "40 %", "100 %"]))
    return {
        "half_life": None if half_life_min is None else f"{half_life_min} min",
        "quality_floor": 0 if half_life_min is None else draw(st.sampled_from([0, "40 %"])),
        "accuracy": draw(st.sampled_from([None, {"initial": "97 %", "loss_per_day": loss, "floor": "90 %"}])),
        "training": draw(st.sampled_from([None, training, training])),
    }


@st.composite
def scenarios(
    draw: st.DrawFn,
    online: st.SearchStrategy[dict[str, Any]] = online,
    ahead: st.SearchStrategy[dict[str, Any]] = ahead,
) -> Scenario:
    session = {"kind": draw(st.sampled_from(["geometric", "poisson"])), "mean": draw(st.sampled_from([1, 2, 6]))}
    expiry_min = draw(st.one_of(st.none(), st.integers(5, 150)))
    per_s = draw(st.one_of(st.none(), st.sampled_from([0.7, 3, 40])))
    model, plan = draw(models()), draw(plans())
    if model["accuracy"] and draw(st.booleans()):
        plan["accuracy"] = {"initial": "99 %", "loss_per_day": "70 %"}
    returns = {"probability": "40 %", "gap": {"kind": "lognormal", "mean": "50 min", "cv": 1.5}}
    return a_scenario(
        seed=draw(st.integers(0, 10**6)),
        horizon=f"{draw(st.sampled_from([60, 97.3, 180]))} min",
        warmup=f"{draw(st.sampled_from([0, 11, 60]))} min",
        population={
            "users": draw(st.integers(30, 900)),
            "logins_per_day": f"{draw(st.sampled_from([2, 8, 20]))}/day",
            "shape": draw(st.sampled_from([0.2, 1.0, "inf"])),
        },
        traffic={
            "spikes": [{"at": "20 min", "duration": "11 min", "multiplier": 5}],
            "session": {"requests": session},
            "timezones": draw(st.sampled_from([{}, {}, {"Asia/Kathmandu": "70 %", "America/New_York": "30 %"}])),
            "return_visits": draw(st.sampled_from([None, None, returns])),
        },
        model={"feature_lag": f"{draw(st.integers(0, 60))} s", **model},
        value=draw(st.sampled_from([None, {"per_request": "1 USD"}, VALUE, VALUE])),
        store={
            "read_latency": f"{draw(st.sampled_from([0, 3.7, 900]))} ms",
            "write_capacity": None if per_s is None else f"{per_s}/s",
            "expiry": None if expiry_min is None else f"{expiry_min} min",
            "size_limit": draw(st.sampled_from([None, None, "1 KiB", "40 KiB", "300 KiB"])),
        },
        backends={
            "live": draw(online),
            "late": draw(online),
            "night": draw(ahead),
        },
        plans={"drawn": plan},
    )
