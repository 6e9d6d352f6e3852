"""What is different between two iterations: metrics and bills with their intervals, and what the scenarios say else."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from statistics import fmean, variance

from simulator.core.errors import UserError
from simulator.core.estimate import Estimate
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.scenario.changes import KeyChange, key_changes, price_changes
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison, PlanResult
from simulator.studies.consumption import STATED_RANGES, Consumption
from simulator.studies.iterations import Iterations
from simulator.studies.plan_pairs import PlanPairs

_QUALITY = ("model.half_life", "model.quality_floor", "model.accuracy", "value")
YARDSTICKS: Mapping[str, tuple[str, ...]] = {
    "slo_attainment": ("slo.latency_p99",),
    "deadline_miss_fraction": ("slo.batch_deadline",),
    "stale_fraction": ("model.half_life",),
    "quality_mean": _QUALITY,
    VALUE: _QUALITY,
    NET_VALUE: _QUALITY,
}
"""Metrics that a key is the measure of: where it has changed, they mean something else."""


class Pairing(StrEnum):
    """What two iterations have in common, replication by replication."""

    REQUESTS = "requests"
    """The same requests of the same users."""
    USERS = "users"
    """The same users, whose requests are drawn by the same random numbers, but are others."""
    NUMBERS = "numbers"
    """The same random numbers alone, of other users."""
    NONE = "none"
    """Nothing: the seeds are different."""


@dataclass(frozen=True)
class MetricChange:
    """How far a plan's metric lies above what it was."""

    plan: str
    """Its name now."""
    metric: str
    before: float
    """Its mean over the replications that are compared."""
    after: float
    estimate: Estimate
    """Of the difference."""

    @property
    def is_decided(self) -> bool:
        """Whether chance alone would not have made it."""
        return not (math.isnan(self.estimate.low) or self.estimate.includes_zero)

    def as_dict(self) -> dict[str, str | float | None]:
        """Return it for JSON."""
        means = {"before": self.before, "after": self.after}
        return {"plan": self.plan, "metric": self.metric, **self.estimate.as_dict(), **means}


@dataclass(frozen=True)
class ItemChange:
    """What a line of the bill adds to a plan's cost. [USD per 30-day month]"""

    item: str
    before_usd: float
    after_usd: float
    estimate: Estimate
    """Of the difference."""

    def as_dict(self) -> dict[str, str | float | None]:
        """Return it for JSON."""
        means = {"before_usd_per_month": self.before_usd, "after_usd_per_month": self.after_usd}
        return {"item": self.item, **self.estimate.as_dict(), **means}


@dataclass(frozen=True, repr=False)
class Diff:
    """The last iteration against this one."""

    before: Comparison
    after: Comparison
    labels: tuple[str, str]
    """What the reader knows them by."""
    pairs: PlanPairs
    notes: tuple[str, ...] = ()
    """What was taken from one of them for the other."""

    @classmethod
    def of(cls, iterations: Iterations, comparisons: tuple[Comparison, Comparison]) -> "Diff":
        """Return the difference of two iterations that are simulated."""
        labels = iterations.before.label, iterations.after.label
        return cls(*comparisons, labels, iterations.pairs, iterations.notes)

    @property
    def scenario(self) -> Scenario:
        """The one of now."""
        return self.after.scenario

    @cached_property
    def changed(self) -> tuple[KeyChange, ...]:
        """What the scenarios say else, and the prices of what is used."""
        before, after = self.before, self.after
        renamed = {was: now for now, was in self.plans.items()}
        results = (*before.plans.values(), *after.plans.values())
        meters = [usage.meter for plan in results for usage in plan.bill.usages]
        meters += [line.meter for plan in results for line in plan.bill.lines]
        keys = key_changes(before.scenario, after.scenario, renamed)
        return (*keys, *price_changes(before.book, after.book, meters))

    @property
    def plans(self) -> Mapping[str, str]:
        """The plans that both have: the name before by the name now."""
        return self.pairs.same

    @cached_property
    def pairing(self) -> Pairing:
        """What each replication of one has in common with that of the other."""
        one, other = self.before.scenario, self.after.scenario
        if one.seed != other.seed:
            return Pairing.NONE
        if one.demand == other.demand and all(self._counts_alike(metric) for metric in ("logins", "requests")):
            return Pairing.REQUESTS
        return Pairing.USERS if one.population == other.population else Pairing.NUMBERS

    def _counts_alike(self, metric: str) -> bool:
        """Return whether both count the same in every replication, whatever the plan."""
        ones, others = (next(iter(each.plans.values())).values for each in (self.before, self.after))
        return all(one[metric] == other[metric] for one, other in zip(ones, others, strict=False))

    @property
    def replications(self) -> tuple[int, int]:
        """How many of each are compared at most: where they are paired, those that both have."""
        return self._compared(self.before.replications, self.after.replications)

    def _compared(self, before: int, after: int) -> tuple[int, int]:
        least = min(before, after)
        return (before, after) if self.pairing is Pairing.NONE else (least, least)

    @cached_property
    def not_compared(self) -> dict[str, str]:
        """Metrics that mean something else than they did, and why."""
        keys = [change.key for change in self.changed]
        why = {
            metric: [
                key for key in keys if key.startswith(measures) or any(each.startswith(f"{key}.") for each in measures)
            ]
            for metric, measures in YARDSTICKS.items()
        }
        return {metric: ", ".join(found) for metric, found in why.items() if found}

    def metrics(self, plan: str) -> list[str]:
        """Return the metrics of a plan that can be compared: both have them, they mean the same, and have intervals."""
        before, after = self._results(plan)
        left_out = {*self.not_compared, *STATED_RANGES}
        return [name for name in after.metrics if name in before.metrics and name not in left_out]

    def change(self, plan: str, metric: str = COST) -> MetricChange:
        """Return how far a plan's metric lies above what it was."""
        ones, others = self.samples(plan, metric)
        return MetricChange(plan, metric, fmean(ones), fmean(others), self.estimate(others, ones))

    def changes(self, plan: str) -> list[MetricChange]:
        """Return how far all of a plan's metrics lie above what they were."""
        return [self.change(plan, metric) for metric in self.metrics(plan)]

    def samples(self, plan: str, metric: str) -> tuple[list[float], list[float]]:
        """Return the values of the replications that are compared, before and now."""
        results = self._results(plan)
        counts = self._compared(*(len(result.values) for result in results))
        before, after = (
            [values[metric] for values in result.values[:count]] for result, count in zip(results, counts, strict=True)
        )
        return before, after

    def estimate(self, ones: Sequence[float], others: Sequence[float]) -> Estimate:
        """Return how far the first values lie above the second, paired by replication where that means something."""
        if self.pairing is Pairing.NONE:
            return Estimate.between(ones, others)
        return Estimate.of([one - other for one, other in zip(ones, others, strict=True)])

    def unpaired(self, plan: str, metric: str) -> Estimate:
        """Return the difference of a metric as if the requests of one had nothing to do with those of the other."""
        ones, others = self.samples(plan, metric)
        return Estimate.between(others, ones)

    def pairing_saves(self, plan: str, metric: str) -> float:
        """Return how many times the replications unpaired ones would need for an interval as narrow."""
        ones, others = self.samples(plan, metric)
        gaps = [other - one for one, other in zip(ones, others, strict=True)]
        apart, together = variance(ones) + variance(others), variance(gaps)
        return apart / together if together else math.inf

    def items(self, plan: str) -> tuple[ItemChange, ...]:
        """Return what each line of the bill adds to a plan's cost, the largest first; they add up to its difference."""
        results = self._results(plan)
        counts = self._compared(*(len(result.values) for result in results))
        books = self.before.book, self.after.book
        before, after = (
            [_items(used, book) for used in result.consumptions[:count]]
            for result, book, count in zip(results, books, counts, strict=True)
        )
        names = dict.fromkeys(item for bill in (*before, *after) for item in bill)
        found = []
        for name in names:
            ones, others = ([bill.get(name, 0.0) for bill in bills] for bills in (before, after))
            found.append(ItemChange(name, fmean(ones), fmean(others), self.estimate(others, ones)))
        return tuple(sorted(found, key=lambda each: -abs(each.estimate.mean)))

    def by_prices(self, plan: str) -> tuple[Estimate, Estimate] | None:
        """Return how much of the difference of a plan's cost the price books make, and how much all else.

        What is used now at the prices of before stands between the two. None where the books price all that is used
        alike, or where that of before does not price it. [USD per 30-day month]
        """
        if not any(change.key.startswith("prices.") for change in self.changed):
            return None
        before, after = self.samples(plan, COST)
        _, result = self._results(plan)
        used = result.consumptions[: len(after)]
        try:
            between = [Bill.of(each.usages, self.before.book, each.horizon_s).total_usd_per_month for each in used]
        except UserError:
            return None
        return Estimate.of([now - held for now, held in zip(after, between, strict=True)]), self.estimate(
            between, before
        )

    def is_same(self, plan: str) -> bool:
        """Return whether nothing of a plan that is compared is different, to the last digit."""
        return all(one == other for metric in self.metrics(plan) for one, other in [self.samples(plan, metric)])

    def _results(self, plan: str) -> tuple[PlanResult, PlanResult]:
        return self.before.plans[self.plans[plan]], self.after.plans[plan]


def _items(used: Consumption, book: PriceBook) -> dict[str, float]:
    """Return what each line of a replication's bill costs. [USD per 30-day month]"""
    found: defaultdict[str, float] = defaultdict(float)
    for line in Bill.of(used.usages, book, used.horizon_s).lines:
        found[line.item] += line.usd_per_month
    return found
