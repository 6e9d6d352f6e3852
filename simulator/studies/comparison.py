"""All plans of a scenario on the same users and requests, side by side."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from typing_extensions import override

from simulator.core.estimate import Estimate, worth_of_pairing
from simulator.core.histogram import Histogram
from simulator.core.selection import paired_mean
from simulator.core.usage import mean_usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import Outcome
from simulator.studies.aim import AS_STATED, Aim
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
from simulator.studies.selection import Selection
from simulator.studies.sizing import Sizing, sized
from simulator.studies.turns import TurningPoints
from simulator.studies.verdict import BoundVerdict, Violation, verdicts, violations
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


@dataclass(frozen=True)
class Difference:
    """How far a plan's metric lies above another's, paired by replication."""

    plan: str
    against: str
    metric: str
    estimate: Estimate
    pairing: float
    """As good as how many times the replications the common random numbers make it; NaN where nothing says it."""

    def as_dict(self) -> dict[str, str | float | None]:
        """Return it for JSON."""
        own = {"plan": self.plan, "against": self.against, "metric": self.metric, **self.estimate.as_dict()}
        return {**own, "pairing": self.pairing if math.isfinite(self.pairing) else None}


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
    aim: Aim = AS_STATED
    """What it was to reach."""

    @override
    def __repr__(self) -> str:
        return f"<Comparison of {len(self.plans)} plans, {self.replications} replications>"

    @property
    def replications(self) -> int:
        """How many replications there are; of plans that the choice was not between any more, fewer."""
        return max(len(plan.values) for plan in self.plans.values())

    @property
    def fewest_replications(self) -> int:
        """How many replications all plans have."""
        return min(len(plan.values) for plan in self.plans.values())

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
        return tuple(sorted(self.plans, key=self._rank))

    def _rank(self, name: str) -> tuple[bool, bool, float, float]:
        """Return a plan's rank; one with fewer replications is judged by its difference from one that has them all."""
        breaks, overloaded, loss_usd, age_s = self.plans[name].rank
        if len(self.plans[name].values) < self.replications:
            whole = next(each for each in self.plans if len(self.plans[each].values) == self.replications)
            loss_usd = paired_mean(self._losses(name), self._losses(whole))
        return breaks, overloaded, loss_usd, age_s

    def _losses(self, name: str) -> list[float]:
        """Return what decides, the less the better, by replication. [USD per 30-day month]"""
        sign = -1.0 if self.weighs_value else 1.0
        return [sign * values[self.judged_by] for values in self.plans[name].values]

    @cached_property
    def requests(self) -> float:
        """Requests of all replications together; they are the same for every plan."""
        return math.fsum(values["requests"] for values in max((p.values for p in self.plans.values()), key=len))

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
        """Return the paired difference of a metric that both plans have, over the replications that both have."""
        return Estimate.of([one - other for one, other in self._pairs(plan, against, metric)])

    def gap(self, plan: str) -> Estimate:
        """Return how far a plan is above the first of the ranking in what decides, with an interval.

        Of those that are chosen from it holds for all at once; of others it is their own.
        """
        if plan not in self.selection.against:
            return self.difference(plan, self.ranking[0], self.judged_by)
        worse = self.selection.against[plan].estimate
        return Estimate(-worse.mean, -worse.high, -worse.low) if self.weighs_value else worse

    def pairing(self, plan: str, against: str, metric: str) -> float:
        """Return as good as how many times the replications a difference is because it is paired."""
        return worth_of_pairing(self._pairs(plan, against, metric))

    def _pairs(self, plan: str, against: str, metric: str) -> list[tuple[float, float]]:
        pairs = zip(self.plans[plan].values, self.plans[against].values, strict=False)
        return [(one[metric], other[metric]) for one, other in pairs]

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Every plan against the first of the ranking, in all metrics that both have.

        Energy and CO2e are left out: what makes them uncertain, no replication shows.
        """
        best = self.ranking[0]
        return tuple(
            Difference(name, best, metric, self.difference(name, best, metric), self.pairing(name, best, metric))
            for name, result in self.plans.items()
            if name != best
            for metric in result.metrics
            if metric in self.plans[best].metrics and metric not in STATED_RANGES
        )

    @cached_property
    def selection(self) -> Selection:
        """The choice among the recommended plan and its rivals, and how sure it is."""
        best = self.recommended
        if best is None:
            return Selection(None, self.aim.confidence, self.aim.indifference_fraction)
        losses = {name: self._losses(name) for name in self.plans if name == best or name in self.rivals}
        return Selection.of(best, losses, self.plans[best].cost_usd_per_month, self.aim)


def compare(
    scenario: Scenario,
    book: PriceBook,
    workers: int | None = None,
    on_outcome: Callable[[Outcome], None] | None = None,
    block_s: float | None = None,
    *,
    aim: Aim = AS_STATED,
    kept: OutcomeStore | None = None,
    cluster: str | None = None,
) -> Comparison:
    """Simulate every plan of a scenario as often as it says, or as it takes, and price what they used.

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
    aim
        What to reach; by default so many replications as the scenario says.
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
    study = Study(scenario, book, workers, block_s, aim=aim, kept=kept, cluster=cluster)
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
    aim: Aim = AS_STATED
    """What it is to reach."""
    kept: OutcomeStore | None = None
    """Where outcomes are looked for, and stored as soon as they are there."""
    cluster: str | None = None
    """Address of the Dask scheduler whose workers simulate; by default this machine."""
    sizings: tuple[Sizing, ...] = ()
    outcomes: list[Outcome] = field(default_factory=list)
    """Of the plans and replications that are done, in any order."""
    asked: dict[str, int] = field(default_factory=dict)
    """How many replications of each plan are asked for so far: those numbered from 0 on, however they are reached."""
    _begun_s: float = field(default_factory=time.monotonic)

    def run(
        self,
        on_outcome: Callable[[Outcome], None] | None = None,
        on_begin: Callable[[], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Simulate all; `compare` says what is raised, `simulate` what is called when."""
        for tasks in self.rounds():
            self.simulate(tasks, on_outcome, on_begin, on_progress)

    def rounds(self) -> Iterator[list[Task]]:
        """Yield what to simulate next, and go on by what came of it, until the aim is reached."""
        check_prices(self.scenario, self.book)
        self.scenario, self.sizings = sized(self.scenario, self.workers, self.block_s, self.kept, self.cluster)
        asked = dict.fromkeys(self.scenario.plans, self.aim.first(self.scenario.replications))
        while asked:
            before = self.asked
            self.asked = {**before, **asked}
            yield [
                Task(self.scenario, plan, number, self.block_s)
                for number in range(max(asked.values()))
                for plan in self.scenario.plans
                if before.get(plan, 0) <= number < self.asked[plan]
            ]
            asked = {} if self.aim.is_fixed or self._is_late else self._next()

    def _next(self) -> dict[str, int]:
        """Return how many replications of which plans the aim needs yet."""
        found = self.comparison
        values = {name: [each[found.judged_by] for each in plan.values] for name, plan in found.plans.items()}
        more = self.aim.more_for_width(values)
        if found.selection.best is not None:
            for name, upto in self.aim.more_for_choice(
                self.asked, found.selection.best, found.selection.undecided
            ).items():
                more[name] = max(upto, more.get(name, 0))
        return more

    def simulate(
        self,
        tasks: Sequence[Task],
        on_outcome: Callable[[Outcome], None] | None = None,
        on_begin: Callable[[], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Simulate a round; where its time is up, what is whole is what was asked for.

        Parameters
        ----------
        tasks
            The round.
        on_outcome
            Called with every outcome as it comes.
        on_begin
            Called when the processes are there; threads are better started then.
        on_progress
            Called a few times a second with the fraction of the round that is done.
        """

        def reach(fraction: float) -> None:
            if on_progress is not None:
                on_progress(fraction)
            if self._is_late and self.whole_replications:
                raise _TimeIsUpError

        try:
            for _, outcome in run_tasks(tasks, self.workers, on_begin, reach, kept=self.kept, cluster=self.cluster):
                self.outcomes.append(outcome)
                if on_outcome is not None:
                    on_outcome(outcome)
        except _TimeIsUpError:
            self.asked = whole_replications(self.asked, self.outcomes)

    @property
    def _is_late(self) -> bool:
        """Whether the time is up that it may take."""
        return self.aim.budget_s is not None and time.monotonic() - self._begun_s >= self.aim.budget_s

    @property
    def whole_replications(self) -> int:
        """How many replications all plans have finished that they were asked of."""
        return max(whole_replications(self.asked, self.outcomes).values(), default=0)

    @property
    def comparison(self) -> Comparison:
        """The comparison of the replications that are whole; there must be one."""
        return comparison_of(self.scenario, self.book, self.outcomes, self.sizings, self.aim, self.asked)


class _TimeIsUpError(Exception):
    """A study has taken the time that it may."""


def comparison_of(
    scenario: Scenario,
    book: PriceBook,
    outcomes: Sequence[Outcome],
    sizings: tuple[Sizing, ...] = (),
    aim: Aim = AS_STATED,
    asked: Mapping[str, int] | None = None,
) -> Comparison:
    """Return the comparison of the replications that are whole: finished by all plans that were asked for them.

    Parameters
    ----------
    scenario, book, outcomes
        What was simulated, what it costs, and what came of it.
    sizings
        How its fleets came by their sizes.
    aim
        What it was to reach.
    asked
        How many replications were asked of each plan; by default what the scenario says.
    """
    wanted = asked or dict.fromkeys(scenario.plans, scenario.replications)
    whole = whole_replications(wanted, outcomes)
    by_key = {(outcome.plan, outcome.replication): outcome for outcome in outcomes}
    plans = {
        name: _plan_result(scenario, book, tuple(by_key[name, number] for number in range(whole[name])))
        for name in scenario.plans
    }
    return Comparison(scenario, book, plans, whole == wanted, sizings, aim=aim)


def whole_replications(asked: Mapping[str, int], outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many replications of each plan can be compared: a number counts once all have it that are asked."""
    done = {(outcome.plan, outcome.replication) for outcome in outcomes}
    numbers = range(max(asked.values(), default=0))
    whole = [n for n in numbers if all((plan, n) in done for plan, count in asked.items() if n < count)]
    return {plan: sum(number < count for number in whole) for plan, count in asked.items()}


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
        verdicts(scenario.slo, priced),
    )


def _sum(histograms: Sequence[Histogram]) -> Histogram:
    total = histograms[0]
    for histogram in histograms[1:]:
        total += histogram
    return total
