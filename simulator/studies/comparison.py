"""All plans of a scenario on the same users and requests, side by side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from typing_extensions import override

from simulator.core.estimate import Estimate, worth_of_pairing
from simulator.core.selection import paired_mean
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.aim import AS_STATED, Aim
from simulator.studies.consumption import (
    COST,
    NET_VALUE,
    STATED_RANGES,
    VALUE,
)
from simulator.studies.plan_result import PlanResult, plan_result
from simulator.studies.selection import Selection
from simulator.studies.sizing import Sizing
from simulator.studies.turns import TurningPoints

__all__ = ["COST", "NET_VALUE", "VALUE", "Comparison", "Difference", "PlanResult", "Words", "comparison_of"]


LEAST_REQUESTS = 100
"""With fewer in all replications together, even a count is off by a tenth, and a 99th percentile is one request."""
LEAST_USERS = 10
"""With fewer, a plan's answers depend on who they happen to be."""


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
        name: plan_result(scenario, book, tuple(by_key[name, number] for number in range(whole[name])))
        for name in scenario.plans
    }
    return Comparison(scenario, book, plans, whole == wanted, sizings, aim=aim)


def whole_replications(asked: Mapping[str, int], outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many replications of each plan can be compared: a number counts once all have it that are asked."""
    done = {(outcome.plan, outcome.replication) for outcome in outcomes}
    numbers = range(max(asked.values(), default=0))
    whole = [n for n in numbers if all((plan, n) in done for plan, count in asked.items() if n < count)]
    return {plan: sum(number < count for number in whole) for plan, count in asked.items()}
