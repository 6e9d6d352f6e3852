"""What `validate` says of an API's limits and prices, and what is warned of when the limits bind."""

from typing import Any

import pytest
from small_runs import small

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.schema import Scenario
from simulator.studies.consequences import consequences
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of

BOOKS = ["aws-us-east-1", "llm-2025-09"]


def with_api(**changes: Any) -> Scenario:
    api = {
        "kind": "api",
        "model": "gpt-4.1-mini",
        "input_tokens": {"kind": "fixed", "count": 2_000},
        "output_tokens": {"kind": "fixed", "count": 300},
        "first_token": {"base": "1 s"},
        "per_token": "10 ms",
        **changes,
    }
    plans = {
        "asked": {"on_miss": "compute", "backend": "bought"},
        "ahead": {"precompute": {"backend": "bought"}, "on_miss": "default"},
    }
    return small(backends={"bought": api}, plans=plans, prices=BOOKS, slo={})


def told(scenario: Scenario, plan: str, book: PriceBook | None) -> dict[str, str]:
    return {fact.what: fact.value for fact in consequences(scenario, book) if fact.subject == plan}


@pytest.fixture(scope="module")
def book() -> PriceBook:
    return load_book(BOOKS)


def test_calls_are_told_against_the_limits_and_priced(book: PriceBook) -> None:
    facts = told(with_api(requests_per_minute=10), "asked", book)
    traffic = told(with_api(), "traffic", book)
    peak_per_minute = 60 * float(traffic["requests per second, busiest hour"])
    share = f"{peak_per_minute / 10 * 100:.3g}"
    asked = facts["calls per minute, busiest hour, if all is computed"]
    assert asked.startswith(f"{peak_per_minute:,.0f}, {share[:2]}")
    assert facts["tokens per minute, busiest hour, if all is computed"].isascii()
    assert facts["time of a call, mean"] == "4 s"
    assert facts["cost of 1,000 calls"] == "1.28 USD"
    assert told(with_api(), "ahead", book)["cost of 1,000 predictions"] == "0.64 USD"


def test_more_than_is_admitted_is_warned_of_before_anything_is_simulated(book: PriceBook) -> None:
    assert "warning" not in told(with_api(), "asked", book)
    assert "more calls per minute" in told(with_api(requests_per_minute=1), "asked", book)["warning"]
    assert "more tokens per minute" in told(with_api(tokens_per_minute=2_400), "asked", book)["warning"]


def test_calls_are_priced_with_a_warm_and_a_cold_prompt_cache(book: PriceBook) -> None:
    facts = told(with_api(prompt_cache={"prefix": 1_500}), "asked", book)
    assert facts["cost of 1,000 calls that find the prompt cache warm"] == "0.83 USD"
    assert facts["cost of 1,000 calls that find it cold"] == "1.28 USD"


def test_without_prices_no_costs_are_told() -> None:
    assert not [what for what in told(with_api(), "asked", None) if what.startswith("cost")]


def test_limits_that_bind_are_warned_of(book: PriceBook) -> None:
    words = "asked: the rate limits of 'bought' bind"
    bound = compare(with_api(requests_per_minute=2), book, workers=1)
    assert words in "\n".join(warnings_of(bound))
    assert words not in "\n".join(warnings_of(compare(with_api(), book, workers=1)))


def test_what_a_short_window_refuses_is_told_in_closed_form(book: PriceBook) -> None:
    what = "calls refused at first in that hour, if they come at random, about"
    assert what not in told(with_api(), "asked", book)
    per_s = float(told(with_api(), "traffic", book)["requests per second, busiest hour"])
    limit = max(round(per_s * 60 * 1.25), 2)
    minute = told(with_api(requests_per_minute=limit), "asked", book)[what]
    second = told(with_api(requests_per_minute=limit, limit_window="1 s"), "asked", book)[what]
    assert float(minute.split(" %")[0]) < float(second.split(" %")[0])
    assert minute.endswith(f"as {limit} may come at once")


def test_a_window_too_short_for_a_call_is_refused_with_its_numbers() -> None:
    with pytest.raises(
        UserError, match=r"takes 2,300 tokens on average, more than .* \(60,000\) ever admits within 2 s"
    ):
        with_api(tokens_per_minute=60_000, limit_window="2 s")
    with_api(tokens_per_minute=60_000, limit_window="3 s")
