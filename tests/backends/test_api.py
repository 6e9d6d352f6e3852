import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simpy
from pydantic import ValidationError

from simulator.backends.answers.usage import BatchWork, Metered, OnlineUse
from simulator.backends.api import Api
from simulator.backends.llm.token_trace import TokenTrace
from simulator.core.errors import UserError
from simulator.core.units import MONTH_S
from simulator.core.usage import Driver, Usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
ORACLES, TRACE = SHARED / "oracles.json", SHARED / "data" / "traces" / "AzureLLMInferenceTrace_code.csv"
STANDARD_ERRORS = 4
FIXED = {
    "input_tokens": {"kind": "fixed", "count": 2_000},
    "output_tokens": {"kind": "fixed", "count": 300},
}
ONE_CALL = {"input_tokens": 2_000.0, "cached_tokens": 0.0, "written_tokens": 0.0, "output_tokens": 300.0, "calls": 1.0}
USD_PER_MILLION = {
    "input": 0.75,
    "cached_input": 0.075,
    "cache_write": 0.9375,
    "output": 4.5,
    "batch_input": 0.375,
    "batch_output": 2.25,
}


def an_api(**changes: Any) -> Api:
    return Api.model_validate({"model": "m", "per_token": "10 ms", **FIXED, **changes})


def usd(metered: Iterable[Metered], without: str = "nothing") -> float:
    """Return what something costs at the prices above, or without some of them."""
    prices = [
        {"meter": f"llm/m/{name}", "unit": "token", "usd": price, "per": 1_000_000}
        for name, price in USD_PER_MILLION.items()
        if not name.startswith(without)
    ]
    book = PriceBook.model_validate({"name": "b", "groups": [{"source": "s", "date": "2025-09-01", "prices": prices}]})
    usages = [
        Usage(
            m.what,
            m.meter,
            m.quantity,
            m.unit,
            Driver.TRAFFIC,
            stand_in=m.stand_in,
            if_priced=m.if_priced,
            by_prompt=m.by_prompt,
        )
        for m in metered
    ]
    return sum(line.usd_per_month for line in Bill.of(usages, book, MONTH_S).lines)


def oracle(name: str, otherwise: float) -> float:
    """Return a reference value, or the same one rounded where the values are not there."""
    return float(json.loads(ORACLES.read_text())["ref3"][name]) if ORACLES.exists() else otherwise


def test_a_call_costs_its_input_and_output() -> None:
    expected = oracle("LLM online 2000in/300out 0.75/4.50", 0.00285)
    assert usd(an_api().used(OnlineUse(0.0, ONE_CALL))) == pytest.approx(expected, rel=1e-12)


def test_what_the_prompt_cache_has_read_costs_less() -> None:
    api = an_api(prompt_cache={"prefix": 1_500})
    warm = ONE_CALL | {"input_tokens": 500.0, "cached_tokens": 1_500.0}
    expected = oracle("LLM online cached 1500@.075", 0.0018375)
    assert usd(api.used(OnlineUse(0.0, warm))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("without", "expected"), [("nothing", 1_500 * 0.9375), ("cache_write", 1_500 * 0.75)])
def test_a_prompt_that_finds_the_cache_cold_is_written_at_its_own_price_or_at_that_of_input(
    without: str, expected: float
) -> None:
    api = an_api(prompt_cache={"prefix": 1_500})
    cold = ONE_CALL | {"input_tokens": 500.0, "written_tokens": 1_500.0}
    rest = 500 * 0.75 + 300 * 4.5
    assert usd(api.used(OnlineUse(0.0, cold)), without) == pytest.approx((expected + rest) / 1e6, rel=1e-12)


def test_a_batch_costs_half_so_that_it_pays_where_half_of_it_is_read() -> None:
    api = an_api()
    batch = usd(api.worked(BatchWork(1.0, 1.0, {})))
    assert batch == pytest.approx(oracle("LLM batch 50%", 0.001425), rel=1e-12)
    expected = oracle("LLM batch-vs-online read prob break-even (50% discount)", 0.5)
    assert batch / usd(api.used(OnlineUse(0.0, ONE_CALL))) == pytest.approx(expected, rel=1e-12)


def test_a_model_without_batch_prices_takes_the_stated_discount() -> None:
    stated = an_api(batch={"discount": "40 %"})
    work = BatchWork(1.0, 1.0, {})
    assert usd(stated.worked(work), without="batch") == pytest.approx(0.6 * 0.00285, rel=1e-12)
    assert usd(stated.worked(work)) == pytest.approx(0.001425, rel=1e-12)


def test_a_model_without_batch_prices_and_without_a_discount_is_an_error_that_names_the_closest() -> None:
    said = r"has no price for 'llm/m/batch_output'; did you mean 'llm/m/output'"
    with pytest.raises(UserError, match=said):
        usd(an_api().worked(BatchWork(1.0, 1.0, {})), without="batch")


def test_rows_of_a_batch_use_the_mean_tokens() -> None:
    api = an_api(output_tokens={"kind": "lognormal", "mean": 250, "cv": 1.5})
    quantities = [metered.quantity for metered in api.worked(BatchWork(3.0, 12.0, {}))]
    assert quantities == pytest.approx([24_000, 3_000, 12], rel=1e-6)


def run(api: Api, shard_users: list[int], writes_per_s: float = math.inf) -> list[tuple[float, int]]:
    env, written = simpy.Environment(100.0), list[tuple[float, int]]()
    rng = np.random.default_rng(1)
    env.process(api.run(env, shard_users, rng, writes_per_s, lambda shard: written.append((env.now, shard)), []))
    env.run()
    return written


def test_jobs_come_back_after_their_windows_and_are_written_one_after_another() -> None:
    api = an_api(batch={"window": {"kind": "exponential", "mean": "2 h"}}, feature_pipeline={"duration": "10 min"})
    windows_s = np.random.default_rng(1).standard_exponential(4) * 7_200
    expected, free_s = [], 0.0
    for shard in np.argsort(windows_s).tolist():
        free_s = max(100 + 600 + windows_s[shard], free_s) + 50_000 / 20
        expected.append((pytest.approx(free_s), shard))
    assert run(api, [50_000] * 4, writes_per_s=20) == expected


def test_jobs_take_a_day_unless_it_is_stated() -> None:
    assert run(an_api(), [10, 10]) == [(100 + 86_400, 0), (100 + 86_400, 1)]


@pytest.mark.parametrize("writes_per_s", [math.inf, 2_000.0, 30.0])
@pytest.mark.parametrize(
    "window", [{"kind": "exponential", "mean": "2 h"}, {"kind": "lognormal", "mean": "1 h", "cv": 2}]
)
def test_the_expected_makespan_is_about_that_of_runs(window: dict[str, Any], writes_per_s: float) -> None:
    api = an_api(batch={"window": window}, feature_pipeline={"duration": "10 min"}, shard=1_000)
    shards, ends_s = [1_000] * 50, []
    for seed in range(200):
        env, written = simpy.Environment(), list[float]()
        rng = np.random.default_rng(seed)
        env.process(api.run(env, shards, rng, writes_per_s, lambda _, w=written, e=env: w.append(e.now), []))
        env.run()
        ends_s.append(written[-1])
    error = float(np.std(ends_s)) * math.sqrt(1 / 200 + 1 / 100)
    assert abs(np.mean(ends_s) - api.expected_makespan_s(50_000, writes_per_s)) < STANDARD_ERRORS * error + 1


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text("when,ContextTokens,GeneratedTokens\nnow,100,10\nthen,2000,30\n\nlater,7,500\n")
    return path


def test_calls_of_a_file_keep_their_two_sides_together(tiny: Path) -> None:
    drawn = TokenTrace(path=tiny).draw(np.random.default_rng(1), 1_000)
    assert set(zip((drawn >> 24).tolist(), (drawn & 2**24 - 1).tolist(), strict=True)) == {
        (100, 10),
        (2_000, 30),
        (7, 500),
    }


def test_calls_of_a_file_have_its_means(tiny: Path) -> None:
    for path, means in ((tiny, (2_107 / 3, 180)), (TRACE, (2_047.848, 27.8825))):
        if not path.exists():
            pytest.skip(f"there is no {path}")
        trace = TokenTrace(path=path)
        assert (trace.mean_input_tokens, trace.mean_output_tokens) == pytest.approx(means, rel=1e-6)
        drawn = trace.draw(np.random.default_rng(2), 200_000)
        for side, mean in zip((drawn >> 24, drawn & 2**24 - 1), means, strict=True):
            assert abs(side.mean() - mean) < STANDARD_ERRORS * side.std() / math.sqrt(side.size) + 1e-3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n", "has no column 'ContextTokens'; it has a, b"),
        (
            "ContextTokens,GeneratedTokens\n10,5\n10,0\n",
            "row 2: GeneratedTokens is '0'; it needs a whole number from 1",
        ),
        ("ContextTokens,GeneratedTokens\n1.5,5\n", "row 1: ContextTokens is '1.5'"),
        ("ContextTokens,GeneratedTokens\n10\n", "Expected 2 columns, got 1"),
        ("ContextTokens,GeneratedTokens\n", "holds 0 calls"),
        ("", "is empty"),
    ],
)
def test_a_faulty_file_is_told_with_its_row(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(ValidationError, match=said):
        TokenTrace(path=path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input_tokens": None}, "needs 'input_tokens' and 'output_tokens', or a file of both"),
        ({"per_token": "0 s"}, "'first_token' and 'per_token' are both 0"),
        ({"tokens_per_minute": 2_000}, r"takes 2,300 tokens on average, more than 'tokens_per_minute' \(2,000\)"),
        ({"prompt_cache": {"prefix": 2_500}}, r"'prompt_cache.prefix' \(2,500\) is above the tokens that a call reads"),
        ({"prompt_cache": {"prefix": 900}}, r"'prefix' \(900\) is below 'minimum' \(1,024\)"),
        ({"input_tokens": {"kind": "lognormal", "mean": 90, "cv": 1, "most": 80}}, r"'most' \(80\) must be above"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        an_api(**changes)


def test_tokens_are_stated_once(tiny: Path) -> None:
    with pytest.raises(ValidationError, match="has both 'tokens' and 'input_tokens' or 'output_tokens'"):
        an_api(tokens={"path": tiny})


def test_by_default_a_refused_call_is_tried_twice_more() -> None:
    retries = an_api().retries
    assert retries is not None
    assert (retries.attempts, retries.backoff_s, retries.longest_backoff_s, retries.jitter_fraction) == (
        2,
        0.5,
        8,
        0.25,
    )
    assert an_api(retries=None).retries is None
