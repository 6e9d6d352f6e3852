"""Calls to an API against what is known of them without simulating."""

import math
from typing import Any

import numpy as np
import pytest

from simulator.backends.api import Api
from simulator.core.jit import kernel
from simulator.simulation.state.records import CALLS, record
from simulator.simulation.stations.api import call

STANDARD_ERRORS = 4
HOUR_S = 3600.0


@kernel
def _call_all(time_s: np.ndarray, tokens: np.ndarray, own: Any, took_s: np.ndarray) -> None:
    for k in range(time_s.size):
        took_s[k] = call(time_s[k], tokens[k], 1.0, True, own[0])


def an_api(**changes: Any) -> Api:
    base = {
        "model": "m",
        "input_tokens": {"kind": "fixed", "count": 2_000},
        "output_tokens": {"kind": "fixed", "count": 300},
        "per_token": "10 ms",
    }
    return Api.model_validate(base | changes)


def calls(api: Api, time_s: np.ndarray, seed: int = 1) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return how long each call takes (below 0: refused), its tokens, and what was counted."""
    own, took_s = record(CALLS), np.zeros(time_s.size)
    for name, value in api.station_values().items():
        if name in CALLS.names:
            own[name] = value
    tokens = api.draw_tokens(np.random.default_rng(seed), time_s.size)
    _call_all(time_s, tokens, own, took_s)
    return took_s, (tokens >> 24) + (tokens & 2**24 - 1), own


def poisson(per_s: float, until_s: float) -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.sort(rng.random(rng.poisson(per_s * until_s)) * until_s)


def test_a_full_bucket_admits_a_minutes_calls_at_one_moment_and_then_one_every_so_often() -> None:
    moments = np.array([1e6] * 601 + [1e6 + 0.099, 1e6 + 0.1, 1e6 + 0.2, 1e6 + 0.25])
    took_s, _, _ = calls(an_api(requests_per_minute=600), moments)
    assert np.flatnonzero(took_s < 0).tolist() == [600, 601, 604]


def test_under_too_many_calls_as_many_are_admitted_as_the_limit_says() -> None:
    time_s = poisson(5.0, HOUR_S)
    took_s, _, _ = calls(an_api(requests_per_minute=60), time_s)
    late = time_s >= 120  # a minute's worth was there at the beginning
    assert np.count_nonzero(took_s[late] >= 0) == pytest.approx(HOUR_S - 120, abs=1)


def test_under_too_many_tokens_as_many_are_admitted_as_the_limit_says() -> None:
    per_minute = 120_000
    api = an_api(
        tokens_per_minute=per_minute, input_tokens={"kind": "lognormal", "mean": 2_000, "cv": 1, "most": 8_000}
    )
    time_s = poisson(5.0, HOUR_S)
    took_s, tokens, _ = calls(api, time_s)
    late = (time_s >= 120) & (took_s >= 0)
    assert tokens[late].sum() == pytest.approx(per_minute * (HOUR_S - 120) / 60, abs=2 * 8_300)


def test_a_call_of_more_tokens_than_a_minutes_limit_is_refused_and_costs_nothing() -> None:
    api = an_api(tokens_per_minute=2_500, input_tokens={"kind": "lognormal", "mean": 2_000, "cv": 1})
    took_s, tokens, _ = calls(api, np.arange(2_000) * 3_600.0)
    assert np.array_equal(took_s < 0, tokens > 2_500)
    assert 0 < np.count_nonzero(took_s < 0) < took_s.size


@pytest.mark.parametrize("calls_per_lifetime", [0.2, 1.0, 3.0])
def test_poisson_calls_find_the_prompt_cache_warm_as_often_as_a_sliding_cache(calls_per_lifetime: float) -> None:
    api = an_api(prompt_cache={"prefix": 1_500, "lifetime": "5 min"})
    _, tokens, own = calls(api, poisson(calls_per_lifetime / 300, 20_000 * 300 / calls_per_lifetime))
    warm, expected = own["cached_tokens"][0] / 1_500 / tokens.size, -math.expm1(-calls_per_lifetime)
    assert abs(warm - expected) < STANDARD_ERRORS * math.sqrt(expected * (1 - expected) / tokens.size)
    assert own["cached_tokens"] + own["written_tokens"] == 1_500 * tokens.size
    assert own["input_tokens"] == 500 * tokens.size


def test_an_answer_takes_its_first_token_and_all_that_it_writes_but_not_what_the_cache_has_read() -> None:
    first_token = {"base": "400 ms", "per_input_token": "0.1 ms"}
    api = an_api(first_token=first_token, prompt_cache={"prefix": 1_500, "lifetime": "5 min"})
    took_s, _, _ = calls(api, np.array([0.0, 300.0, 600.1]))
    assert took_s == pytest.approx([0.4 + 0.2 + 3.0, 0.4 + 0.05 + 3.0, 0.4 + 0.2 + 3.0])
    assert api.mean_service_s == pytest.approx(0.4 + 0.2 + 3.0)


def test_tokens_read_from_the_cache_need_not_count_towards_the_limit() -> None:
    cache = {"prefix": 1_500, "lifetime": "5 min"}
    for limited, admitted in ((True, 10), (False, 26)):
        api = an_api(tokens_per_minute=23_000, prompt_cache={**cache, "limited": limited})
        took_s, _, _ = calls(api, np.zeros(100))
        assert np.count_nonzero(took_s >= 0) == admitted  # 2,300 each; or 2,300 once and then 800 each
