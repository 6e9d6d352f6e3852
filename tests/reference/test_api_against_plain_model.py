"""Compiled calls to an API do what a plain model of buckets and a clock does, to the last bit."""

import math
from typing import Any

import numpy as np
from api_model import ApiModel
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.backends.api import Api
from simulator.core.jit import kernel
from simulator.simulation.state.records import CALLS, record
from simulator.simulation.stations.api import call

COUNTS = ("input_tokens", "cached_tokens", "written_tokens", "output_tokens")


@kernel
def _call_all(
    time_s: np.ndarray, tokens: np.ndarray, factor: np.ndarray, horizon_s: float, own: Any, took_s: np.ndarray
) -> None:
    """Make calls in order of time; kernels alone call ``call``."""
    for k in range(time_s.size):
        took_s[k] = call(time_s[k], tokens[k], factor[k], time_s[k] < horizon_s, own[0])


def compiled(
    api: Api, time_s: np.ndarray, tokens: np.ndarray, factor: np.ndarray, horizon_s: float
) -> tuple[list[float | None], dict[str, int]]:
    own, took_s = record(CALLS), np.zeros(time_s.size)
    for name, value in api.station_values().items():
        if name in CALLS.names:
            own[name] = value
    _call_all(time_s, tokens, factor, horizon_s, own, took_s)
    return [took if took >= 0 else None for took in took_s.tolist()], {name: int(own[name][0]) for name in COUNTS}


counts = st.integers(1, 4000)
caches = st.builds(
    lambda prefix, lifetime_s, limited: {
        "prefix": prefix,
        "minimum": 1,
        "lifetime": f"{lifetime_s} s",
        "limited": limited,
    },
    st.integers(1, 300),
    st.integers(1, 60),
    st.booleans(),
)


def an_api(*, window_s: int, tokens_per_window: int | None, **fields: Any) -> Api:
    tokens = None if tokens_per_window is None else tokens_per_window * 60 // window_s
    limits = {"tokens_per_minute": tokens, "limit_window": f"{window_s} s"}
    return Api.model_validate({"model": "m", **fields, **limits})


apis = st.builds(
    an_api,
    input_tokens=st.builds(
        lambda mean, cv: {"kind": "lognormal", "mean": mean, "cv": cv}, st.integers(300, 900), st.floats(0.1, 2)
    ),
    output_tokens=st.builds(lambda count: {"kind": "fixed", "count": count}, counts),
    first_token=st.just({"base": "300 ms", "per_input_token": "0.13 ms"}),
    per_token=st.just("7.1 ms"),
    requests_per_minute=st.none() | st.integers(1, 400),
    tokens_per_window=st.none() | st.integers(10_000, 400_000),
    window_s=st.sampled_from([60, 60, 10, 2]),
    prompt_cache=st.none() | caches,
)


@settings(max_examples=60)
@given(apis, st.integers(0, 2**32), st.sampled_from([0.3, 2.0, 11.0]))
def test_calls_are_admitted_answered_and_counted_as_in_the_plain_model(api: Api, seed: int, per_s: float) -> None:
    rng, calls, begin_s = np.random.default_rng(seed), 400, -50.0
    time_s = begin_s + np.cumsum(rng.standard_exponential(calls)) / per_s
    horizon_s = float(np.quantile(time_s, 0.9))
    tokens, factor = api.draw_tokens(rng, calls), rng.standard_exponential(calls)
    took_s, counted = compiled(api, time_s, tokens, factor, horizon_s)
    model = ApiModel(api, begin_s)
    plain = [
        model.call(t, call_tokens, call_factor, counts=t < horizon_s)
        for t, call_tokens, call_factor in zip(time_s.tolist(), tokens.tolist(), factor.tolist(), strict=True)
    ]
    assert took_s == plain
    assert counted == {name: model.counts[name] for name in COUNTS}
    assert math.isfinite(sum(took for took in took_s if took is not None))
