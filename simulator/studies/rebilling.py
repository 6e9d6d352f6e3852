"""Stored usage at the prices of other books, of one or of many at once in one array, and nothing simulated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.prices.book import PriceBook
from simulator.prices.many_books import ManyBooks, meters_of
from simulator.studies.comparison import Comparison
from simulator.studies.consumption import Consumption
from simulator.studies.plan_result import priced_plan


@dataclass(frozen=True)
class Rebilling:
    """What plans used, to be billed by other books."""

    consumptions: Mapping[str, Sequence[Consumption]]
    """By plan, replication by replication; all plans have as many."""

    @classmethod
    def of(cls, comparison: Comparison) -> "Rebilling":
        """Return it for what was compared."""
        return cls({name: plan.consumptions for name, plan in comparison.plans.items()})

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans, in the order of the array."""
        return tuple(self.consumptions)

    @cached_property
    def meters(self) -> frozenset[str]:
        """Every meter whose price may matter."""
        return meters_of([each.usages for plan in self.consumptions.values() for each in plan])

    def costs_usd(self, books: ManyBooks) -> FloatArray:
        """Return what each plan costs in each replication by each book.

        Returns
        -------
        FloatArray
            Shape (plans, replications, books). [USD per 30-day month]

        Raises
        ------
        UserError
            If a book lacks a meter or prices it by another unit.
        """
        each = [consumption for plan in self.consumptions.values() for consumption in plan]
        horizons_s = {consumption.horizon_s for consumption in each}
        assert len(horizons_s) == 1, "replications of one scenario have one horizon"
        found = books.usd_per_month([consumption.usages for consumption in each], horizons_s.pop())
        return np.reshape(found, (len(self.consumptions), -1, books.number))


def at_prices(comparison: Comparison, book: PriceBook) -> Comparison:
    """Return a comparison at the prices of a book; nothing is said of it yet."""
    plans = {
        name: priced_plan(
            comparison.scenario, book, name, plan.values, plan.consumptions, plan.saturation, plan.outcomes
        )
        for name, plan in comparison.plans.items()
    }
    return replace(comparison, book=book, plans=plans, words=None, turning_points=None)
