"""Many books at once are as good as a bill for each."""

from typing import Any

import numpy as np
import pytest
from drawn_bills import HOURS, ROWS, TOKENS, books, usages, used
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import UserError
from simulator.core.units import DAY_S, MONTH_S, WEEK_S
from simulator.core.usage import Usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.prices.many_books import ManyBooks


@given(st.lists(books(), min_size=1, max_size=6), st.lists(usages(), min_size=1, max_size=3))
def test_a_total_of_many_is_that_of_the_bill_by_each_book(some: list[PriceBook], each: list[list[Usage]]) -> None:
    found = ManyBooks.of(some).usd_per_month(each, WEEK_S)
    bills = [[Bill.of(used, book, WEEK_S).total_usd_per_month for book in some] for used in each]
    assert found == pytest.approx(np.array(bills), rel=1e-12, abs=1e-9)


@given(books(), usages(), st.lists(st.floats(0, 4), min_size=1, max_size=4))
def test_drawn_prices_cost_what_a_book_with_them_does(book: PriceBook, each: list[Usage], factors: list[float]) -> None:
    def with_factor(factor: float) -> PriceBook:
        changed = tuple(price.scaled(factor) if price.meter in (ROWS, TOKENS) else price for price in book.prices)
        groups = (book.groups[0].model_copy(update={"prices": changed}),)
        fields = {name: getattr(book, name) for name in PriceBook.model_fields}
        return PriceBook(**{**fields, "groups": groups})

    found = ManyBooks.drawn(book, {ROWS: np.array(factors), TOKENS: np.array(factors)}).usd_per_month([each], DAY_S)
    bills = [Bill.of(each, with_factor(factor), DAY_S).total_usd_per_month for factor in factors]
    assert found[0] == pytest.approx(np.array(bills), rel=1e-12, abs=1e-9)


def test_units_of_the_free_tier_are_shared_by_all_lines_of_a_meter_at_every_price() -> None:
    book = PriceBook.model_validate(
        {
            "name": "free at first",
            "groups": [
                {
                    "source": "made up",
                    "date": "2026-11-23",
                    "prices": [{"meter": HOURS, "unit": "h", "usd": 2, "free": 100}],
                }
            ],
        }
    )
    each = [used(HOURS, 70.0, "h"), used(HOURS, 50.0, "h")]
    found = ManyBooks.drawn(book, {HOURS: np.array([1.0, 3.0])}).usd_per_month([each, each[:1]], MONTH_S)
    assert found == pytest.approx(np.array([[40.0, 120.0], [0.0, 0.0]]))


def test_a_book_that_lacks_a_meter_is_refused_with_the_meter() -> None:
    empty = PriceBook.model_validate(
        {"name": "empty", "discounts": [{"meters": "*", "share": "1 %", "source": "x", "date": "2026-11-23"}]}
    )
    with pytest.raises(UserError, match="price book 'empty' has no price for 'instance/a/on_demand'"):
        ManyBooks.of([empty]).usd_per_month([[used(HOURS, 1.0, "h")]], DAY_S)
    with pytest.raises(UserError, match="price book 'empty' has no price for 'instance/a/on_demand'"):
        ManyBooks.drawn(empty, {HOURS: np.ones(3)})


@pytest.mark.parametrize(
    ("factors", "said"),
    [
        ({}, "each meter needs as many"),
        ({HOURS: np.ones(2), ROWS: np.ones(3)}, r"lengths \[2, 3\]"),
        ({HOURS: np.array([1.0, -1.0])}, "finite and >= 0"),
        ({HOURS: np.array([1.0, np.inf])}, "finite and >= 0"),
    ],
)
def test_factors_that_are_none_are_refused(factors: dict[str, Any], said: str) -> None:
    prices = [{"meter": meter, "unit": "h", "usd": 1} for meter in (HOURS, ROWS)]
    group = {"source": "made up", "date": "2026-11-23", "prices": prices}
    book = PriceBook.model_validate({"name": "plain", "groups": [group]})
    with pytest.raises(ValueError, match=said):
        ManyBooks.drawn(book, factors)
