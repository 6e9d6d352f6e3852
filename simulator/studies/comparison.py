"""All plans of a scenario on the same users and requests, side by side."""

import math
from collections.abc import Callable, Mapping, Sequence
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
from simulator.studies.executor import Task, run_tasks
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.prices_needed import check_prices
from simulator.studies.saturation import STABLE, Saturation, Verdict, saturation_of
from simulator.studies.sizing import Sizing, sized
from simulator.studies.turns import TurningPoints
from simulator.studies.verdict import Violation, violations
from simulator.studies.workers import LostWorkerError

__all__ = [
    "COST",
    "NET_VALUE",
    "VALUE",
    "Comparison",
    "Difference",
    "PlanResult",
    "Study",
    "Words",
    "compare",
    "comparison_of",
]


LEAST_REQUESTS = 100
"""With fewer in all replications together, even a count is off by a tenth, and a 99th percentile is one request."""
LEAST_USERS = 10
"""With fewer, a plan's answers depend on who they happen to be."""


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

    @override
    def __repr__(self) -> str:
        return f"<PlanResult of {self.name!r}, {len(self.values)} replications>"

    @property
    def meets_slo(self) -> bool:
        """Whether it keeps every bound."""
        return not self.violations

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
class Words:
    """What a comparison was said to mean when it was made, a sentence or two a line."""

    recommendation: tuple[str, ...]
    warnings: tuple[str, ...]
    what_would_change: tuple[str, ...] = ()
    """Those sentences of the recommendation that tell of other circumstances."""


@dataclass(frozen=True, repr=False)
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
    turning_points: TurningPoints | None = None
    """What would change the recommendation, where that was examined."""
    words: Words | None = None
    """What is said of it, where that is known already; `recommendation.in_words` finds it."""

    @override
    def __repr__(self) -> str:
        return f"<Comparison of {len(self.plans)} plans, {self.replications} replications>"

    @property
    def replications(self) -> int:
        """How many replications there are."""
        return len(next(iter(self.plans.values())).values)

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
        """The plans: those that meet every bound first, of these and of the others those that are overloaded last.

        Among them it goes by net value where value is given, else by cost; of equal ones, those with fresher answers
        come first.
        """
        return tuple(sorted(self.plans, key=lambda name: self.plans[name].rank))

    @cached_property
    def requests(self) -> float:
        """Requests of all replications together; they are the same for every plan."""
        return math.fsum(values["requests"] for values in next(iter(self.plans.values())).values)

    @property
    def is_too_little(self) -> bool:
        """Whether so few requests or users were simulated that nothing follows for more of them."""
        return self.requests < LEAST_REQUESTS or self.scenario.population.users < LEAST_USERS

    @property
    def recommended(self) -> str | None:
        """The best ranked plan, if it meets every bound; none where none does, or where there is too little to go by.

        It is overloaded only where every plan that meets the bounds is.
        """
        if self.is_too_little:
            return None
        best = self.ranking[0]
        return best if self.plans[best].meets_slo else None

    @property
    def rivals(self) -> tuple[str, ...]:
        """Plans that meet every bound and keep up as the recommended one does, best first; what decides is the rest."""
        best = self.recommended
        if best is None:
            return ()
        alike = self.plans[best].rank[:2]
        return tuple(name for name in self.ranking if name != best and self.plans[name].rank[:2] == alike)

    @property
    def passes_over_overloaded(self) -> bool:
        """Whether the recommended plan keeps up, and another meets every bound but is overloaded."""
        best = self.recommended
        return (
            best is not None
            and not self.plans[best].is_overloaded
            and any(plan.meets_slo and plan.is_overloaded for plan in self.plans.values())
        )

    def difference(self, plan: str, against: str, metric: str) -> Estimate:
        """Return the paired difference of a metric that both plans have."""
        pairs = zip(self.plans[plan].values, self.plans[against].values, strict=True)
        return Estimate.of([one[metric] - other[metric] for one, other in pairs])

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Every plan against the first of the ranking, in all metrics that both have.

        Energy and CO2e are left out: what makes them uncertain, no replication shows.
        """
        best = self.ranking[0]
        return tuple(
            Difference(name, best, metric, self.difference(name, best, metric))
            for name, result in self.plans.items()
            if name != best
            for metric in result.metrics
            if metric in self.plans[best].metrics and metric not in STATED_RANGES
        )

    @property
    def as_good(self) -> tuple[str, ...]:
        """Rivals that differ from the recommended plan, in what decides, within the error."""
        best, rivals = self.recommended, self.rivals
        if best is None:
            return ()
        within = (name for name in self.plans if name in rivals)
        return tuple(name for name in within if self.difference(name, best, self.judged_by).includes_zero)


def compare(
    scenario: Scenario,
    book: PriceBook,
    workers: int | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    block_s: float | None = None,
    *,
    kept: OutcomeStore | None = None,
    cluster: str | None = None,
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
    kept, cluster
        Where outcomes are stored and where they are simulated; see `run_tasks`.

    Raises
    ------
    UserError
        If the book lacks a price, before anything is simulated; if no size of a fleet meets the latency bound.
    KeyboardInterrupt
        If the user interrupts before every plan has one replication; later, the comparison has what is complete.
    LostWorkerError
        If a process ends before it is done, likewise.
    """
    study = Study(scenario, book, workers, block_s, kept, cluster)
    try:
        study.run(on_outcome)
    except (KeyboardInterrupt, LostWorkerError):
        if not study.whole_replications:
            raise
    return study.comparison


@dataclass
class Study:
    """A comparison in the making: what is complete of it is there at any moment."""

    scenario: Scenario
    """With the sizes of the fleets, as soon as they are found."""
    book: PriceBook
    workers: int | None = None
    block_s: float | None = None
    kept: OutcomeStore | None = None
    """Where outcomes are looked for, and stored as soon as they are there."""
    cluster: str | None = None
    """Address of the Dask scheduler whose workers simulate; by default this machine."""
    sizings: tuple[Sizing, ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    """Of the plans and replications that are done, in any order."""

    def run(
        self,
        on_outcome: Callable[[Outcome], None] | None = None,
        on_begin: Callable[[], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Simulate all; `compare` says what is raised.

        Parameters
        ----------
        on_outcome
            Called with every outcome as it comes.
        on_begin
            Called when the processes are there; threads are better started then.
        on_progress
            Called a few times a second with the fraction of the work that is done.
        """
        check_prices(self.scenario, self.book)
        self.scenario, self.sizings = sized(self.scenario, self.workers, self.block_s, self.kept, self.cluster)
        for _, outcome in run_tasks(
            self.tasks, self.workers, on_begin, on_progress, kept=self.kept, cluster=self.cluster
        ):
            self.outcomes.append(outcome)
            if on_outcome is not None:
                on_outcome(outcome)

    @property
    def tasks(self) -> list[Task]:
        """Every plan, as often as the scenario says."""
        numbers = range(self.scenario.replications)
        return [Task(self.scenario, plan, number, self.block_s) for number in numbers for plan in self.scenario.plans]

    @property
    def whole_replications(self) -> int:
        """How many replications all plans have finished."""
        return len(_whole_replications(self.scenario, self.outcomes))

    @property
    def comparison(self) -> Comparison:
        """The comparison of the replications that all plans have finished; there must be one."""
        return comparison_of(self.scenario, self.book, self.outcomes, self.sizings)


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
    )


def _sum(histograms: Sequence[Histogram]) -> Histogram:
    total = histograms[0]
    for histogram in histograms[1:]:
        total += histogram
    return total
