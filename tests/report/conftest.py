from typing import Any

import pytest
from small_comparisons import HYBRID, LONG, NIGHTLY, ON_DEMAND, again, compared

from simulator.prices.book import PriceBook, load_book
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
def crowd(book: PriceBook) -> Comparison:
    """Nine plans with awkward names, all but one of which break a bound."""
    names = (
        f"{LONG} one",
        "a[red]b[/red] $1 and $2",
        "<b>bold</b>",
        "x" * 80,
        f"{LONG} two",
        "line\nbreak",
        "five",
        "six",
    )
    plans: dict[str, Any] = dict.fromkeys(names, HYBRID)
    return compared(book, plans={**plans, "on demand": ON_DEMAND}, slo={"latency_p99": "3 ms"})


@pytest.fixture(scope="session")
def free(comparison: Comparison, book: PriceBook) -> Comparison:
    """The same when nothing costs anything."""
    return again(comparison, book.scaled(0.0), feature_pipeline=False)
