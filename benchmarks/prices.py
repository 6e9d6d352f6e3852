"""How fast a run that is done is billed by other prices."""

import itertools
from collections.abc import Iterator

import numpy as np

from benchmarks.engine import HEADLINE
from benchmarks.figure import Figure, best_s
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.prices.many_books import ManyBooks
from simulator.scenario.loading import load_scenario
from simulator.studies.rebilling import Rebilling
from simulator.studies.study import compare

DRAWS = 10_000
AIM = "under 5 s"


def rebilling() -> Iterator[Figure]:
    """The headline's usage at 10,000 draws of its prices, tiers and free units among them, and as many price books."""
    comparison = compare(load_scenario(HEADLINE, {"population.users": "1M"}), load_book("aws-us-east-1"))
    again, book = Rebilling.of(comparison), _agreed(comparison.book)
    rng = np.random.default_rng(1)
    factors = {meter: rng.lognormal(0.0, 0.3, DRAWS) for meter in sorted(again.meters) if book.find(meter)}
    asked = f"{len(again.plans)} plans, {comparison.replications} replications, {DRAWS:,}"
    drawn_s = best_s(lambda: again.costs_usd(ManyBooks.drawn(book, factors)))
    yield Figure(f"{asked} draws of prices on stored usage", f"{drawn_s:.2f} s", AIM)
    few = book.only(again.meters)
    books = [few.scaled(float(factor)) for factor in rng.lognormal(0.0, 0.3, DRAWS)]
    books_s = best_s(lambda: again.costs_usd(ManyBooks.of(books)))
    yield Figure(f"{asked} price books on stored usage", f"{books_s:.2f} s", AIM)
    one_s = best_s(lambda: [_billed(again, each) for each in itertools.islice(books, 10)]) / 10
    yield Figure("the same, with a bill for each book", f"about {one_s * DRAWS:.0f} s", "-")


def _agreed(book: PriceBook) -> PriceBook:
    """Return the book with a discount and a commitment laid over it."""
    told = {"source": "made up", "date": "2026-11-28"}
    terms = {
        "name": "agreed",
        "discounts": [{"meters": "dynamodb_on_demand/*", "share": "10 %", **told}],
        "commitments": [{"meters": "instance/*/on_demand", "usd_per_h": "1 USD/h", "discount": "30 %", **told}],
    }
    return book.under(PriceBook.model_validate(terms))


def _billed(again: Rebilling, book: PriceBook) -> None:
    from simulator.prices.bill import Bill  # noqa: PLC0415

    for plan in again.consumptions.values():
        for each in plan:
            assert Bill.of(each.usages, book, each.horizon_s).total_usd_per_month >= 0


BENCHMARKS = {"rebilling": rebilling}
