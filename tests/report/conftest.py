from typing import Any

import pytest
from small_comparisons import HYBRID, LONG, NIGHTLY, ON_DEMAND, again, compared

from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.studies.comparison import Comparison


@pytest.fixture(scope="session")
def book() -> PriceBook:
    return load_book("aws-us-east-1")


@pytest.fixture(scope="session")
def comparison(book: PriceBook) -> Comparison:
    """Nightly batch, on demand and cached, two replications."""
    return compared(book)


@pytest.fixture(scope="session")
def single(book: PriceBook) -> Comparison:
    """One plan, one replication."""
    return compared(book, replications=1, plans={"nightly batch": NIGHTLY})


@pytest.fixture(scope="session")
def valued(book: PriceBook) -> Comparison:
    """Plans with models of their own, of which one is dearer and better, and another breaks a bound."""
    value = {"per_request": "0.5 USD", "default_quality": "60 %", "latency_loss_per_100ms": "0.2 %"}
    model = {
        "half_life": "24 h",
        "accuracy": {"initial": "95.8 %", "loss_per_day": "0.05 %"},
        "training": {"every": "12 h", "instance": "g5.xlarge", "machine_hours": 2},
    }
    better = {**ON_DEMAND, "accuracy": {"initial": "97 %"}}
    plans = {LONG: ON_DEMAND, "better": better, "nightly batch": NIGHTLY}
    return compared(book, model=model, value=value, plans=plans, slo={"age_p95": "12 h"})


@pytest.fixture(scope="session")
def crowd(book: PriceBook) -> Comparison:
    """Thirteen plans with awkward names, all but one of which break a bound."""
    names = (
        f"{LONG} one",
        "a[red]b[/red] $1 and $2",
        "<b>bold</b>",
        "x" * 80,
        f"{LONG} two",
        "line\nbreak",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "tenth plan",
    )
    plans: dict[str, Any] = dict.fromkeys(names, HYBRID)
    return compared(book, plans={**plans, "on demand": ON_DEMAND}, slo={"latency_p99": "3 ms"})


@pytest.fixture(scope="session")
def free(comparison: Comparison, book: PriceBook) -> Comparison:
    """The same when nothing costs anything."""
    return again(comparison, book.scaled(0.0), feature_pipeline=False)
