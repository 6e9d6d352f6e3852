import pytest
from small_runs import small

from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.studies.comparison import Comparison
from simulator.studies.study import compare


@pytest.fixture(scope="session")
def book() -> PriceBook:
    return load_book("aws-us-east-1")


@pytest.fixture(scope="session")
def comparison(book: PriceBook) -> Comparison:
    return compare(small(), book, workers=1)
