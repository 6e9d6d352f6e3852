"""One plan of a comparison over all replications: its metrics, its bill, and how it is judged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from typing_extensions import override

from simulator.core.estimate import Estimate
from simulator.core.histogram import Histogram
from simulator.core.usage import mean_usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import Outcome
from simulator.studies.consumption import (
    COST,
    NET_VALUE,
    STATED_RANGES,
    VALUE,
    Consumption,
    emitted,
    mean_range,
    with_prices,
    worth,
)
from simulator.studies.saturation import STABLE, Saturation, Verdict, saturation_of
from simulator.studies.verdict import BoundVerdict, Violation, verdicts, violations


@dataclass(frozen=True, repr=False)
class PlanResult:
    """One plan over all replications."""

    name: str
    outcomes: tuple[Outcome, ...]
    """By replication."""
    values: tuple[dict[str, float], ...]
    """The metrics of each replication, by name."""
    metrics: dict[str, Estimate]
    """Their means and intervals; a metric that a replication lacks is left out. The energy and the CO2e have the range
    that their assumptions allow in place of an interval."""
    bill: Bill
    """Of the mean usage."""
    violations: tuple[Violation, ...]
    saturation: Saturation = STABLE
    """Whether it keeps up with what is asked of it."""
    consumptions: tuple[Consumption, ...] = ()
    """What each replication used."""
    slo: Mapping[str, BoundVerdict] = field(default_factory=dict)
    """By bounded metric: whether its bound is kept, told with one-sided confidence."""

    @override
    def __repr__(self) -> str:
        return f"<PlanResult of {self.name!r}, {len(self.values)} replications>"

    @property
    def meets_slo(self) -> bool:
        """Whether its means keep every bound; `slo` says whether that is sure."""
        return not self.violations

    @property
    def unsure_bounds(self) -> tuple[str, ...]:
        """The metrics of which chance decides whether the bound seems kept; none where there is one replication."""
        return tuple(name for name, told in self.slo.items() if told is BoundVerdict.UNDECIDED and len(self.values) > 1)

    @property
    def cost_usd_per_month(self) -> float:
        """Its mean cost. [USD per 30-day month]"""
        return self.metrics[COST].mean

    @property
    def is_overloaded(self) -> bool:
        """Whether it cannot do what is asked of it."""
        return self.saturation.verdict is Verdict.OVERLOADED

    @property
    def rank(self) -> tuple[bool, bool, float, float]:
        """What it is ranked by, the lower the better.

        Broken bounds; then whether it is overloaded, as what that costs is on no bill; cost less value (where it has
        one); mean age.
        """
        age_s = self.metrics["age_mean_s"].mean if "age_mean_s" in self.metrics else math.inf
        loss_usd = -self.metrics[NET_VALUE].mean if NET_VALUE in self.metrics else self.cost_usd_per_month
        return not self.meets_slo, self.is_overloaded, loss_usd, age_s

    @cached_property
    def age(self) -> Histogram:
        """Age of the predictions served, over all replications. [s]"""
        return _sum([outcome.counted.age for outcome in self.outcomes])

    @cached_property
    def latency(self) -> Histogram:
        """Latency of all requests, over all replications. [s]"""
        return _sum([outcome.counted.latency for outcome in self.outcomes])

    @cached_property
    def wait(self) -> Histogram:
        """How long all requests waited for a backend, over all replications; see simulation.metrics. [s]"""
        return _sum([outcome.counted.wait for outcome in self.outcomes])


def plan_result(scenario: Scenario, book: PriceBook, outcomes: tuple[Outcome, ...]) -> PlanResult:
    """Return what the outcomes of a plan's replications come to."""
    values = [_values(scenario, outcome) for outcome in outcomes]
    consumptions = [Consumption.of(each) for each in outcomes]
    saturation = saturation_of(scenario, outcomes)
    return priced_plan(scenario, book, outcomes[0].plan, values, consumptions, saturation, outcomes)


def _values(scenario: Scenario, outcome: Outcome) -> dict[str, float]:
    """Return the metrics of a replication; what answers are worth is weighted as the bill is."""
    found = metrics_of(scenario, outcome)
    if VALUE in found and outcome.beside:
        found[VALUE] = worth(outcome, lambda each: metrics_of(scenario, each)[VALUE])
    return found


def priced_plan(
    scenario: Scenario,
    book: PriceBook,
    name: str,
    values: Sequence[Mapping[str, float]],
    consumptions: Sequence[Consumption],
    saturation: Saturation,
    outcomes: tuple[Outcome, ...] = (),
) -> PlanResult:
    """Return one plan over all replications.

    Parameters
    ----------
    scenario, book
        What was simulated, and what it costs.
    name
        The plan's.
    values, consumptions
        What was counted and what was used, replication by replication.
    saturation
        Whether it keeps up with what is asked of it.
    outcomes
        All else of them; without it, whatever is drawn from their histograms and series cannot be.
    """
    priced = tuple(with_prices(*pair, book) for pair in zip(values, consumptions, strict=True))
    shared = [metric for metric in priced[0] if all(metric in each for each in priced)]
    metrics = {metric: Estimate.of([each[metric] for each in priced]) for metric in shared}
    ranges = [emitted(consumption, book) for consumption in consumptions]
    for metric in STATED_RANGES:
        if metric in metrics:
            stated = mean_range([each[metric] for each in ranges])
            metrics[metric] = Estimate(stated.likely, stated.low, stated.high)
    bill = Bill.of(mean_usage([each.usages for each in consumptions]), book, scenario.horizon_s)
    return PlanResult(
        name,
        outcomes,
        priced,
        metrics,
        bill,
        violations(scenario.slo, metrics),
        saturation,
        tuple(consumptions),
        verdicts(scenario.slo, priced),
    )


def _sum(histograms: Sequence[Histogram]) -> Histogram:
    total = histograms[0]
    for histogram in histograms[1:]:
        total += histogram
    return total
