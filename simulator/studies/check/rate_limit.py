"""Calls of an external API against its rate limit."""

from typing import Any

from simulator.core.units import MINUTE_S
from simulator.scenario.schema import Scenario
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import online_world
from simulator.theory.rate_limit import token_bucket_refused_fraction

_REPLICATIONS = 20


def group() -> Group:
    """Return the checks of rate limits."""
    return Group("rate limit", (_refused(6, 5), _refused(10, 12), _refused(30, 25, window_s=5.0)))


def limited_world(per_minute: int, asked_per_minute: float, seed: int, window_s: float = MINUTE_S) -> Scenario:
    """Return two days of calls that are not tried again."""
    backend: dict[str, Any] = {
        "kind": "api",
        "model": "m",
        "input_tokens": {"kind": "fixed", "count": 100},
        "output_tokens": {"kind": "fixed", "count": 10},
        "per_token": "10 ms",
        "requests_per_minute": per_minute,
        "limit_window": f"{window_s} s",
        "retries": None,
    }
    return online_world(asked_per_minute / MINUTE_S, backend, seed, horizon="2 d", warmup="2 h")


def _refused(per_minute: int, asked_per_minute: float, window_s: float = MINUTE_S) -> Experiment:
    bucket = per_minute * window_s / MINUTE_S
    theory = token_bucket_refused_fraction(asked_per_minute / MINUTE_S, per_minute / MINUTE_S, bucket)
    limit = f"{per_minute} a minute" if window_s == MINUTE_S else f"{per_minute}/min, {window_s:g} s"
    what = f"refused, {asked_per_minute:g} of {limit}"
    check = Check(what, theory, readings.share_of_requests("defaulted"))
    sample = simulated(lambda seed: limited_world(per_minute, asked_per_minute, seed, window_s))
    return Experiment(what, sample, _REPLICATIONS, (check,))
