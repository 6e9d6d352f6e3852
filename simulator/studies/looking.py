"""Short simulations of a few plans under changed circumstances, beside a comparison that is done.

Each costs little next to the comparison. Where the whole horizon would cost too much, a day or some hours of it are
simulated, and what they used is carried to the horizon by the closed forms' ratio of the two.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.estimate import Estimate
from simulator.core.units import DAY_S, HOUR_S
from simulator.core.usage import Usage
from simulator.prices.bill import Bill
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import begin_s
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import Outcome
from simulator.studies.comparison import COST, VALUE, Comparison
from simulator.studies.executor import Task, run_tasks
from simulator.studies.foresight import Foresight, requests_over_here
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.saturation import Verdict, saturation_of
from simulator.studies.verdict import violations
from simulator.studies.work import DECISIONS_PER_S

SHARE_OF_RUN = 0.06
"""Of the work of the comparison, what all looks together may cost."""
LEAST_WORK = 12e6
"""Work that is always allowed: about a second."""
TASK_WORK = 0.2e6
"""What a simulation costs that has nothing to do."""
USER_WORK = 0.15
"""What a user with a row costs before anything happens."""
LARGEST_PART = 0.35
"""Of the work that is left, what a look may cost that could do with fewer hours."""
WARMUP_S = HOUR_S
P99 = "latency_p99_s"
HOURS = (6, 2)
"""Windows shorter than a day."""
QUIETEST = 0.7
BUSIEST = 1.6
"""Over the mean load: hours that may stand for all have one in between."""
SURE_OF_PART = {24: 0.01, 6: 0.03, 2: 0.04}
"""By how much of the cost what is carried from so many hours to the horizon may be wrong."""
SURE_OF_ALL = 0.002
"""The same where the whole horizon is simulated: another seed rarely says more."""
SMALL_LINE = 0.05
"""Of a bill: a line below it need not be as closed forms say."""
MOST_APART = 1.25
"""Over what closed forms say; what is farther apart is not carried from some hours to all."""
HIGHEST_LOAD = 0.85
"""Of the most replicas that a fleet may have, in the busiest hour: one that is busier may not keep up."""


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
    is_doubtful: bool
    """Whether it may not keep up in hours that were not simulated."""
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
    kept: OutcomeStore | None = None
    spent: float = 0.0
    seen: dict[tuple[object, str], Seen] = field(default_factory=dict)

    @cached_property
    def foresight(self) -> Foresight:
        """What closed forms say."""
        return Foresight(self.comparison)

    @cached_property
    def allowed(self) -> float:
        """What all looks together may cost."""
        now = self.comparison.scenario
        whole = Window(slice(0, self._hourly.size), of_all=True)
        own = sum(self._work(now, plan, whole) for plan in now.plans) * self.comparison.replications
        return max(SHARE_OF_RUN * own, LEAST_WORK)

    def at(
        self, name: object, there: Scenario, plans: Sequence[str], most_fraction: float = 1.0
    ) -> Mapping[str, Seen] | None:
        """Return what plans do in a changed scenario that is known by a ``name``; None where that would cost too much.

        Plans that are looked at together, or were at the same name before, are simulated in the same hours. It costs at
        most ``most_fraction`` of what is left.
        """
        new = [plan for plan in plans if (name, plan) not in self.seen]
        if new:
            known = [self.seen[name, plan].window for plan in plans if (name, plan) in self.seen]
            window = self._affordable(there, new, known[:1], most_fraction * (self.allowed - self.spent))
            if window is None:
                return None
            self._simulate(name, there, new, window)
        return {plan: self.seen[name, plan] for plan in plans}

    def here(self, plan: str) -> Seen:
        """Return what a plan does in the comparison's first replication, which is the one that looks simulate."""
        result, whole = self.comparison.plans[plan], Window(slice(0, self._hourly.size), of_all=True)
        values = result.values[0]
        value_usd = values[VALUE] if self.comparison.weighs_value else 0.0
        return Seen(values[COST], value_usd, "", is_doubtful=False, p99_s=values.get(P99, math.nan), window=whole)

    def _affordable(
        self, there: Scenario, plans: Sequence[str], known: Sequence[Window], most_work: float
    ) -> Window | None:
        """Return the longest window that costs little, or a short one that costs what is left."""
        windows = known or self._windows(there, plans)
        for window in windows:
            work = sum(self._work(there, plan, window) for plan in plans)
            if work <= most_work * (1.0 if window is windows[-1] else LARGEST_PART):
                return window
        return None

    @cached_property
    def _hourly(self) -> FloatArray:
        """Today's requests, hour by hour."""
        return np.asarray(next(iter(self.comparison.plans.values())).outcomes[0].hours.requests)

    def _windows(self, there: Scenario, plans: Sequence[str]) -> Sequence[Window]:
        """Return the windows that may stand for the horizon, the longest first."""
        scenario, requests = self.comparison.scenario, self._hourly
        whole = Window(slice(0, requests.size), of_all=True)
        if _goes_by_a_timetable(scenario) or scenario.horizon_s < 2 * DAY_S or scenario.horizon_s % HOUR_S:
            return (whole,)
        if not all(self.foresight.knows(plan) for plan in plans):  # nothing says what the other hours are
            return (whole,)
        by_day = requests[: requests.size // 24 * 24].reshape(-1, 24).sum(axis=1)
        begins = int(np.argmin(np.abs(by_day - requests.mean() * 24))) * 24
        day = Window(slice(begins, begins + 24), of_all=False)
        return (whole, day, *(self._cheapest(there, plans, begins, hours) for hours in HOURS))

    def _cheapest(self, there: Scenario, plans: Sequence[str], day_begins: int, hours: int) -> Window:
        """Return the hours of a day that cost least to simulate, of those that are about as busy as the whole.

        What comes before them, until the plans are in their long-run state, costs most.
        """
        mean = self._hourly.mean()
        found = []
        for first in range(day_begins, day_begins + 25 - hours):
            window = Window(slice(first, first + hours), of_all=False)
            load = float(self._hourly[window.hours].mean() / mean) if mean else 1.0
            if QUIETEST <= load <= BUSIEST:
                found.append((sum(self._work(there, plan, window) for plan in plans), first, window))
        return min(found)[-1] if found else Window(slice(day_begins, day_begins + hours), of_all=False)

    def _work(self, there: Scenario, plan_name: str, window: Window) -> float:
        """Return about how much there is to do: requests, and what counts as so many."""
        part, plan = window.of(there), there.plans[plan_name]
        lead_h = -begin_s(part, plan_name) / HOUR_S
        times = requests_over_here(self.comparison, there)
        hours = np.arange(math.floor(window.hours.start - lead_h), window.hours.stop) % self._hourly.size
        users = USER_WORK * there.population.users if plan.has_store else 0.0
        decisions = DECISIONS_PER_S * HOUR_S * hours.size if there.online_names(plan) else 0.0
        return TASK_WORK + users + decisions + times * float(self._hourly[hours].sum())

    def _simulate(self, name: object, there: Scenario, plans: Sequence[str], window: Window) -> None:
        part = window.of(there)
        self.spent += sum(self._work(there, plan, window) for plan in plans)
        for _, outcome in run_tasks([Task(part, plan, 0) for plan in plans], self.workers, kept=self.kept):
            self.seen[name, outcome.plan] = self._found(there, part, window, outcome)
            if self.on_look is not None:
                self.on_look(f"{outcome.plan}, what would change it")

    def _found(self, there: Scenario, part: Scenario, window: Window, outcome: Outcome) -> Seen:
        values = metrics_of(part, outcome)
        usages = outcome.usage if window.of_all else self._carried(there, part, outcome)
        bill = Bill.of(usages, self.comparison.book, there.horizon_s)
        return Seen(
            bill.total_usd_per_month,
            values.get(VALUE, 0.0) if self.comparison.weighs_value else 0.0,
            _trouble(part, outcome, values),
            not window.of_all and (self._is_too_busy(there, outcome.plan) or not self._agrees(part, outcome, bill)),
            values.get(P99, math.nan),
            window,
        )

    def _agrees(self, part: Scenario, outcome: Outcome, bill: Bill) -> bool:
        """Return whether closed forms come near to what the window used, in all that makes a part of the bill."""
        expected, found = _by_line(self._expected(part, outcome.plan)), _by_line(outcome.usage)
        least_usd = SMALL_LINE * bill.total_usd_per_month
        large = [each for each, line in zip(bill.usages, bill.lines, strict=False) if line.usd_per_month > least_usd]
        return all(1 / MOST_APART < _factor(found, expected, usage) < MOST_APART for usage in large)

    def _is_too_busy(self, there: Scenario, plan: str) -> bool:
        """Return whether a fleet may have too few replicas in an hour that is not simulated."""
        return self.foresight.busiest_load(there, plan) > HIGHEST_LOAD

    def _carried(self, there: Scenario, part: Scenario, outcome: Outcome) -> list[Usage]:
        """Return what a plan uses over the horizon, by what it used in the window."""
        expected, found = _by_line(self._expected(part, outcome.plan)), _by_line(outcome.usage)
        whole = self._expected(there, outcome.plan)
        return [replace(usage, quantity=usage.quantity * _factor(found, expected, usage)) for usage in whole]

    def _expected(self, scenario: Scenario, plan: str) -> Sequence[Usage]:
        return self.foresight.usages(scenario, plan) or ()


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


def _goes_by_a_timetable(scenario: Scenario) -> bool:
    """Return whether a part of the horizon cannot stand for it: what has a time of its own, or is paid by the call."""
    traffic = scenario.traffic
    trained = any(scenario.training(plan) for plan in scenario.plans.values())
    return bool(
        traffic.replay
        or traffic.spikes
        or traffic.growth_per_week_fraction
        or trained
        or scenario.value
        or not all(backend.hours_are_alike for backend in scenario.backends.values())
    )


def _trouble(scenario: Scenario, outcome: Outcome, values: Mapping[str, float]) -> str:
    """Return which bound a plan breaks, or why it does not keep up; of some hours of a day, not how old answers are."""
    slo = scenario.slo
    if scenario.horizon_s < DAY_S:
        slo = slo.model_copy(update={"age_p95_s": None, "batch_deadline_s": None})
    broken = violations(slo, {metric: Estimate.of([value]) for metric, value in values.items()})
    if broken:
        return "; ".join(violation.text for violation in broken)
    load = saturation_of(scenario, (outcome,))
    return "it is overloaded" if load.verdict is Verdict.OVERLOADED else ""
