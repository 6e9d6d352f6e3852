"""Stored usage at many prices costs to the cent what full runs at each would."""

import functools
from typing import Any

import numpy as np
import pytest
from small_runs import small

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.prices.many_books import ManyBooks
from simulator.studies.comparison import Comparison
from simulator.studies.rebilling import Rebilling
from simulator.studies.study import compare

CENT = 0.01
AWS = load_book("aws-us-east-1")
TOLD: dict[str, Any] = {"source": "made up", "date": "2026-11-28"}


@functools.cache
def _compared() -> Comparison:
    return compare(small(), AWS, workers=1)


def _laid_over(**terms: Any) -> PriceBook:
    return AWS.under(PriceBook.model_validate({"name": "ours", **terms}))


def _books() -> list[PriceBook]:
    """Books with tiers, with units that are free, with a discount, and with a commitment that is and is not used up."""
    reads = {"meter": "dynamodb_on_demand/read", "unit": "row", "per": 1_000}
    tiers = {**reads, "tiers": [{"up_to": 20_000, "usd": 5}, {"usd": 0.5}]}
    free = {**reads, "usd": 4, "free": 70_000}
    hours = {"meters": "instance/*/on_demand", "discount": "30 %", **TOLD}
    return [
        AWS,
        AWS.scaled(1.07),
        _laid_over(groups=[{**TOLD, "prices": [tiers]}]),
        _laid_over(groups=[{**TOLD, "prices": [free]}]),
        _laid_over(discounts=[{"meters": "instance/*", "share": "12 %", **TOLD}]),
        *(_laid_over(commitments=[{**hours, "usd_per_h": f"{usd} USD/h"}]) for usd in (0.2, 50)),
    ]


def _costs_usd(plans: Rebilling, book: PriceBook) -> list[list[float]]:
    anew = compare(small(), book, workers=1)
    return [[each["cost_usd_per_month"] for each in anew.plans[name].values] for name in plans.plans]


def test_every_book_costs_what_a_full_run_with_it_does() -> None:
    plans, books = Rebilling.of(_compared()), _books()
    found = plans.costs_usd(ManyBooks.of(books))
    assert found.shape == (len(plans.plans), 2, len(books))
    for number, book in enumerate(books):
        assert found[:, :, number] == pytest.approx(np.array(_costs_usd(plans, book)), abs=CENT / 10)
    assert len(np.unique(found[0, 0].round(2))) > len(books) / 2


def test_a_book_of_the_meters_that_matter_costs_as_much_as_the_whole() -> None:
    plans, books = Rebilling.of(_compared()), _books()
    few = [book.only(plans.meters) for book in books]
    assert max(len(book.meters) for book in few) < len(AWS.meters)
    assert np.array_equal(plans.costs_usd(ManyBooks.of(few)), plans.costs_usd(ManyBooks.of(books)))


def test_drawn_prices_cost_what_a_full_run_with_them_does() -> None:
    plans, meter = Rebilling.of(_compared()), "instance/g4dn.xlarge/spot"
    found = plans.costs_usd(ManyBooks.drawn(AWS, {meter: np.array([1.0, 0.5, 2.5])}))
    for number, factor in enumerate((1.0, 0.5, 2.5)):
        spot = AWS.price_of(meter).scaled(factor).model_dump(mode="json", exclude_none=True)
        costs = _costs_usd(plans, _laid_over(groups=[{**TOLD, "prices": [spot]}]))
        assert found[:, :, number] == pytest.approx(np.array(costs), abs=CENT / 10)


def test_a_book_that_lacks_a_price_says_which() -> None:
    only = AWS.only(["dynamodb_on_demand/read"])
    with pytest.raises(UserError, match=r"has no price for .instance/g4dn\.xlarge"):
        Rebilling.of(_compared()).costs_usd(ManyBooks.of([AWS, only]))
