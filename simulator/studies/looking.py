"""Short simulations of a few plans under changed circumstances, beside a comparison that is done.

Each costs little next to the comparison. Where the whole horizon would cost too much, a day or some hours of it are
simulated, and what they used is carried to the horizon by the closed forms' ratio of the two.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np

from simulator.backends.fleet import Fleet
from simulator.core.estimate import Estimate
from simulator.core.units import DAY_S, HOUR_S
from simulator.core.usage import Usage, mean_usage
from simulator.prices.bill import Bill
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import FloatArray, Outcome
from simulator.simulation.timing import begin_s
from simulator.studies.comparison import VALUE, Comparison
from simulator.studies.executor import Task, run_tasks
from simulator.studies.prediction import predicted_usage
from simulator.studies.saturation import Verdict, saturation_of
from simulator.studies.verdict import violations

SHARE_OF_RUN = 0.15
"""Of the work of the comparison, what all looks together may cost."""
LEAST_WORK = 10e6
"""Work that is always allowed: about a second."""
TASK_WORK = 0.2e6
"""What a simulation costs that has nothing to do."""
USER_WORK = 0.1
"""What a user with a row costs before anything happens."""
DECISIONS_PER_S = 10.0
"""What a second costs in which decisions are made."""
LARGEST_PART = 0.5
"""Of the work that is left, what a look may cost that could do with fewer hours."""
WARMUP_S = HOUR_S
HOURS = (24, 6, 2)
"""Windows shorter than the horizon."""
SURE_OF_PART = {24: 0.01, 6: 0.03, 2: 0.04}
"""By how much of the cost what is carried from these hours to the horizon may be wrong."""
SURE_OF_ALL = 0.002
"""The same where the whole horizon is simulated: another seed rarely says more."""


@dataclass(frozen=True)
class Window:
    """Which hours of the horizon are simulated."""

    hours: slice
    of_all: bool

    @property
    def unsure_fraction(self) -> float:
        """By how much of the cost what is carried to the horizon may be wrong."""
        return SURE_OF_ALL if self.of_all else SURE_OF_PART[self.hours.stop - self.hours.start]

    def of(self, scenario: Scenario) -> Scenario:
        """Return the scenario with these hours as its horizon."""
        if self.of_all:
            return scenario
        begin_h, length_h = self.hours.start, self.hours.stop - self.hours.start
        changes = {
            "start": scenario.start + timedelta(hours=begin_h),
            "horizon_s": length_h * HOUR_S,
            "warmup_s": min(scenario.warmup_s, WARMUP_S),
        }
        return scenario.model_copy(update=changes)


@dataclass(frozen=True)
class Seen:
    """What a plan was seen to do."""

    cost_usd_per_month: float
    value_usd_per_month: float
    """0 where no value is given."""
    trouble: str
    """Which bound it breaks, or that it does not keep up; else empty."""
    p99_s: float
    window: Window

    @property
    def loss_usd_per_month(self) -> float:
        """What decides: cost, less value where it is given."""
        return self.cost_usd_per_month - self.value_usd_per_month


@dataclass
class Looks:
    """Simulates plans of a comparison elsewhere, as long as that costs little."""

    comparison: Comparison
    workers: int | None = None
    on_look: Callable[[str], None] | None = None
    spent: float = 0.0
    seen: dict[tuple[object, str], Seen] = field(default_factory=dict)

    @property
    def _left(self) -> float:
        now = self.comparison.scenario
        own = sum(_work(now, plan) for plan in now.plans) * self.comparison.replications
        return max(SHARE_OF_RUN * own, LEAST_WORK) - self.spent

    def at(
        self, name: object, there: Scenario, plans: Sequence[str], like: Window | None = None
    ) -> Mapping[str, Seen] | None:
        """Return what plans do in a changed scenario that is known by a ``name``; None where that would cost too much.

        Plans that are looked at together, or were at the same name before, are simulated in the same hours; ``like``
        says which, where that must be the same under two names.
        """
        new = [plan for plan in plans if (name, plan) not in self.seen]
        if new:
            known = [self.seen[name, plan].window for plan in plans if (name, plan) in self.seen]
            window = self._affordable(there, new, [like] if like else known[:1] or self._windows())
            if window is None:
                return None
            self._simulate(name, there, new, window)
        return {plan: self.seen[name, plan] for plan in plans}

    def _affordable(self, there: Scenario, new: Sequence[str], windows: Sequence[Window]) -> Window | None:
        if there is self.comparison.scenario and windows[0].of_all:
            return windows[0]
        for window in windows:
            cost = sum(_work(window.of(there), plan) for plan in new)
            least = window is windows[-1]
            if cost <= (self._left if least else LARGEST_PART * self._left):
                return window
        return None

    def _windows(self) -> Sequence[Window]:
        """Return the windows that may stand for the horizon, the longest first."""
        scenario = self.comparison.scenario
        requests = np.asarray(next(iter(self.comparison.plans.values())).outcomes[0].hours.requests)
        whole = Window(slice(0, requests.size), of_all=True)
        if _goes_by_a_timetable(scenario) or scenario.horizon_s < 2 * DAY_S or scenario.horizon_s % HOUR_S:
            return (whole,)
        by_day = requests[: requests.size // 24 * 24].reshape(-1, 24)
        typical = int(np.argmin(np.abs(by_day.sum(axis=1) - requests.mean() * 24)))
        return (whole, *(_busiest(by_day[typical], typical * 24, hours) for hours in HOURS))

    def _simulate(self, name: object, there: Scenario, plans: Sequence[str], window: Window) -> None:
        part = window.of(there)
        if part is self.comparison.scenario:  # that is known already
            for plan in plans:
                outcome = self.comparison.plans[plan].outcomes[0]
                self.seen[name, plan] = self._found(there, part, window, outcome)
            return
        tasks = [Task(part, plan, 0) for plan in plans]
        self.spent += sum(_work(part, plan) for plan in plans)
        for outcome in run_tasks(tasks, self.workers):
            self.seen[name, outcome.plan] = self._found(there, part, window, outcome)
            if self.on_look is not None:
                self.on_look(f"{outcome.plan}, what would change it")

    def _found(self, there: Scenario, part: Scenario, window: Window, outcome: Outcome) -> Seen:
        values = metrics_of(part, outcome)
        usages = outcome.usage if window.of_all else self._carried(there, part, window, outcome)
        bill = Bill.of(usages, self.comparison.book, there.horizon_s)
        value_usd = values.get(VALUE, 0.0) if self.comparison.weighs_value else 0.0
        trouble = _trouble(part, outcome, values, window)
        return Seen(bill.total_usd_per_month, value_usd, trouble, values.get("latency_p99_s", math.nan), window)

    def _carried(self, there: Scenario, part: Scenario, window: Window, outcome: Outcome) -> list[Usage]:
        """Return what a plan uses over the horizon, by what it used in the window."""
        now, of_today = self.comparison.scenario, self.comparison.plans[outcome.plan].outcomes
        whole = mean_usage([predicted_usage(now, there, each) for each in of_today])
        expected = _by_line(predicted_usage(now, part, of_today[0], window.hours))
        found = _by_line(outcome.usage)
        return [replace(usage, quantity=usage.quantity * _factor(found, expected, usage)) for usage in whole]

    def predicted_loss_usd(self, there: Scenario, plan: str) -> float:
        """Return about what decides against a plan elsewhere, without a simulation. [USD per month]"""
        now, result = self.comparison.scenario, self.comparison.plans[plan]
        usages = mean_usage([predicted_usage(now, there, each) for each in result.outcomes])
        cost_usd = Bill.of(usages, self.comparison.book, there.horizon_s).total_usd_per_month
        if not self.comparison.weighs_value:
            return cost_usd
        times = there.demand.mean_logins_per_user_day / now.demand.mean_logins_per_user_day
        return cost_usd - times * result.metrics[VALUE].mean


def _busiest(day: FloatArray, begins: int, hours: int) -> Window:
    sums = np.convolve(day, np.ones(hours), mode="valid")
    first = begins + int(np.argmax(sums))
    return Window(slice(first, first + hours), of_all=False)


def _by_line(usages: Sequence[Usage]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for usage in usages:
        key = usage.item, usage.meter
        found[key] = found.get(key, 0.0) + usage.quantity
    return found


def _factor(found: Mapping[tuple[str, str], float], expected: Mapping[tuple[str, str], float], usage: Usage) -> float:
    key = usage.item, usage.meter
    both = found.get(key, 0.0), expected.get(key, 0.0)
    return both[0] / both[1] if min(both) > 0 else 1.0


def _work(scenario: Scenario, plan_name: str) -> float:
    """Return about how much there is to do: requests, and what counts as so many."""
    plan = scenario.plans[plan_name]
    simulated_s = scenario.horizon_s - begin_s(scenario, plan_name)
    users = USER_WORK * scenario.population.users if plan.has_store else 0.0
    return TASK_WORK + users + simulated_s * (scenario.demand.mean_requests_per_s + DECISIONS_PER_S)


def _goes_by_a_timetable(scenario: Scenario) -> bool:
    """Return whether something happens at a time of its own, so that no part of the horizon is like the others."""
    traffic = scenario.traffic
    fleets = [backend for backend in scenario.backends.values() if isinstance(backend, Fleet)]
    trained = any(scenario.training(plan) for plan in scenario.plans.values())
    return bool(
        traffic.replay
        or traffic.spikes
        or traffic.growth_per_week_fraction
        or trained
        or scenario.value
        or any(fleet.outages for fleet in fleets)
    )


def _trouble(scenario: Scenario, outcome: Outcome, values: Mapping[str, float], window: Window) -> str:
    """Return which bound a plan breaks, or why it does not keep up; of some hours of a day, not how old answers are."""
    slo = scenario.slo
    if not window.of_all and scenario.horizon_s < DAY_S:
        slo = slo.model_copy(update={"age_p95_s": None, "batch_deadline_s": None})
    broken = violations(slo, {metric: Estimate.of([value]) for metric, value in values.items()})
    if broken:
        return "; ".join(violation.text for violation in broken)
    load = saturation_of(scenario, (outcome,))
    return "it is overloaded" if load.verdict is Verdict.OVERLOADED else ""
