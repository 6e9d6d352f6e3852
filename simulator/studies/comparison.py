"""All plans of a scenario on the same users and requests, side by side."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from simulator.core.estimate import Estimate
from simulator.core.histogram import Histogram
from simulator.core.usage import mean_usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import Outcome
from simulator.studies.executor import Task, run_tasks
from simulator.studies.prices_needed import check_prices
from simulator.studies.saturation import STABLE, Saturation, saturation_of
from simulator.studies.sizing import Sizing, sized
from simulator.studies.verdict import Violation, violations

COST = "cost_usd_per_month"
VALUE = "value_usd_per_month"
NET_VALUE = "net_value_usd_per_month"


@dataclass(frozen=True)
class PlanResult:
    """One plan over all replications."""

    name: str
    outcomes: tuple[Outcome, ...]
    """By replication."""
    values: tuple[dict[str, float], ...]
    """The metrics of each replication, by name."""
    metrics: dict[str, Estimate]
    """Their means and intervals; a metric that a replication lacks is left out."""
    bill: Bill
    """Of the mean usage."""
    violations: tuple[Violation, ...]
    saturation: Saturation = STABLE
    """Whether it keeps up with what is asked of it."""

    @property
    def meets_slo(self) -> bool:
        """Whether it keeps every bound."""
        return not self.violations

    @property
    def cost_usd_per_month(self) -> float:
        """Its mean cost. [USD per 30-day month]"""
        return self.metrics[COST].mean

    @property
    def rank(self) -> tuple[bool, float, float]:
        """What it is ranked by, the lower the better: broken bounds, cost less value (where it has one), mean age."""
        age_s = self.metrics["age_mean_s"].mean if "age_mean_s" in self.metrics else math.inf
        loss_usd = -self.metrics[NET_VALUE].mean if NET_VALUE in self.metrics else self.cost_usd_per_month
        return not self.meets_slo, loss_usd, age_s

    @cached_property
    def age(self) -> Histogram:
        """Age of the predictions served, over all replications. [s]"""
        return _sum([outcome.counted.age for outcome in self.outcomes])

    @cached_property
    def latency(self) -> Histogram:
        """Latency of all requests, over all replications. [s]"""
        return _sum([outcome.counted.latency for outcome in self.outcomes])


@dataclass(frozen=True)
class Difference:
    """How far a plan's metric lies above another's, paired by replication."""

    plan: str
    against: str
    metric: str
    estimate: Estimate

    def as_dict(self) -> dict[str, str | float | None]:
        """Return it for JSON."""
        return {"plan": self.plan, "against": self.against, "metric": self.metric, **self.estimate.as_dict()}


@dataclass(frozen=True)
class Comparison:
    """All plans of a scenario on the same users and requests."""

    scenario: Scenario
    book: PriceBook
    plans: dict[str, PlanResult]
    """By name, in the scenario's order."""
    complete: bool = True
    """Whether every replication that was asked for is in it."""
    sizings: tuple[Sizing, ...] = ()
    """How the fleets came by their sizes that the scenario left to be found."""

    @property
    def replications(self) -> int:
        """How many replications there are."""
        return len(next(iter(self.plans.values())).outcomes)

    @property
    def weighs_value(self) -> bool:
        """Whether plans are judged by net value, as the scenario says what answers are worth; else by cost."""
        return self.scenario.value is not None

    @property
    def judged_by(self) -> str:
        """The metric that decides between plans that meet every bound."""
        return NET_VALUE if self.weighs_value else COST

    @cached_property
    def ranking(self) -> tuple[str, ...]:
        """The plans, those that meet every bound first, then by net value where value is given, else by cost.

        Of equal ones, those with fresher answers come first.
        """
        return tuple(sorted(self.plans, key=lambda name: self.plans[name].rank))

    @property
    def recommended(self) -> str | None:
        """The best ranked plan, if it meets every bound; none where none does."""
        best = self.ranking[0]
        return best if self.plans[best].meets_slo else None

    def difference(self, plan: str, against: str, metric: str) -> Estimate:
        """Return the paired difference of a metric that both plans have."""
        pairs = zip(self.plans[plan].values, self.plans[against].values, strict=True)
        return Estimate.of([one[metric] - other[metric] for one, other in pairs])

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Every plan against the first of the ranking, in all metrics that both have."""
        best = self.ranking[0]
        return tuple(
            Difference(name, best, metric, self.difference(name, best, metric))
            for name, result in self.plans.items()
            if name != best
            for metric in result.metrics
            if metric in self.plans[best].metrics
        )

    @property
    def as_good(self) -> tuple[str, ...]:
        """Plans that meet every bound and differ from the recommended one, in what decides, within the error."""
        best = self.recommended
        if best is None:
            return ()
        rivals = [name for name in self.plans if name != best and self.plans[name].meets_slo]
        return tuple(name for name in rivals if self.difference(name, best, self.judged_by).includes_zero)


def compare(
    scenario: Scenario,
    book: PriceBook,
    workers: int | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    block_s: float | None = None,
) -> Comparison:
    """Simulate every plan of a scenario as often as it says, and price what they used.

    Fleets whose size the scenario leaves to be found are sized first; the comparison holds the scenario with the sizes.

    Parameters
    ----------
    scenario, book
        What to simulate, and what it costs.
    workers
        Processes; by default one a core.
    on_outcome
        Called with every outcome as it comes, for a progress bar.
    block_s
        How much time is worked on at once; by default so much as fits fast memory. It changes no result. [s]

    Raises
    ------
    UserError
        If the book lacks a price, before anything is simulated; if no size of a fleet meets the latency bound.
    KeyboardInterrupt
        If the user interrupts before every plan has one replication; later, the comparison has what is complete.
    """
    check_prices(scenario, book)
    scenario, sizings = sized(scenario, workers, block_s)
    tasks = [
        Task(scenario, plan, number, block_s) for number in range(scenario.replications) for plan in scenario.plans
    ]
    outcomes: list[Outcome] = []
    try:
        for outcome in run_tasks(tasks, workers):
            outcomes.append(outcome)
            if on_outcome is not None:
                on_outcome(outcome)
    except KeyboardInterrupt:
        if not _whole_replications(scenario, outcomes):
            raise
    return comparison_of(scenario, book, outcomes, sizings)


def comparison_of(
    scenario: Scenario, book: PriceBook, outcomes: Sequence[Outcome], sizings: tuple[Sizing, ...] = ()
) -> Comparison:
    """Return the comparison of the replications that all plans have finished."""
    numbers = _whole_replications(scenario, outcomes)
    by_key = {(outcome.plan, outcome.replication): outcome for outcome in outcomes}
    plans = {
        name: _plan_result(scenario, book, tuple(by_key[name, number] for number in numbers)) for name in scenario.plans
    }
    return Comparison(scenario, book, plans, len(numbers) == scenario.replications, sizings)


def _whole_replications(scenario: Scenario, outcomes: Sequence[Outcome]) -> list[int]:
    done = {(outcome.plan, outcome.replication) for outcome in outcomes}
    return [n for n in range(scenario.replications) if all((plan, n) in done for plan in scenario.plans)]


def _plan_result(scenario: Scenario, book: PriceBook, outcomes: tuple[Outcome, ...]) -> PlanResult:
    values = tuple(_values(scenario, book, outcome) for outcome in outcomes)
    shared = [metric for metric in values[0] if all(metric in value for value in values)]
    metrics = {metric: Estimate.of([value[metric] for value in values]) for metric in shared}
    bill = Bill.of(mean_usage([outcome.usage for outcome in outcomes]), book, scenario.horizon_s)
    broken, saturation = violations(scenario.slo, metrics), saturation_of(scenario, outcomes)
    return PlanResult(outcomes[0].plan, outcomes, values, metrics, bill, broken, saturation)


def _values(scenario: Scenario, book: PriceBook, outcome: Outcome) -> dict[str, float]:
    found = {**metrics_of(scenario, outcome), **_money(outcome, book)}
    return found if scenario.value is None else {**found, NET_VALUE: found[VALUE] - found[COST]}


def _money(outcome: Outcome, book: PriceBook) -> dict[str, float]:
    bill = Bill.of(outcome.usage, book, outcome.horizon_s)
    tally = outcome.counted.tally
    per_1k = bill.usd_per_1k_requests(tally["requests"])
    batch = _share(tally["wasted_batch"], tally["written_batch"])
    nearline = _share(tally["wasted"] - tally["wasted_batch"], tally["unread"])
    return {
        COST: bill.total_usd_per_month,
        **({} if per_1k is None else {"cost_usd_per_1k_requests": per_1k}),
        "wasted_usd_per_month": bill.wasted_usd_per_month(batch, nearline),
    }


def _share(wasted: float, computed: float) -> float:
    """Return the unread share of what was computed; rows from before the horizon may make it more than all."""
    return min(wasted / computed, 1.0) if computed else 0.0


def _sum(histograms: Sequence[Histogram]) -> Histogram:
    total = histograms[0]
    for histogram in histograms[1:]:
        total += histogram
    return total
