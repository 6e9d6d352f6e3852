"""Fleets whose size follows from the latency bound: the closed form's number, confirmed or corrected by simulation."""

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from simulator.backends.base import Backend, Resizable
from simulator.core.errors import UserError
from simulator.core.units import about_duration, write_duration
from simulator.plans.plan import Plan
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.closed_form_size import closed_form_replicas, fleet_to_size
from simulator.studies.executor import Task, run_tasks
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.saturation import Saturation, Verdict, saturation_of_backend

QUANTILE = 0.99
MOST_TIMES = 64
"""No more replicas than so many times the closed form's number are tried; beyond, waiting is not what takes long."""
LONGEST_NAME = 80


@dataclass(frozen=True)
class Sizing:
    """How a plan's fleet came by its size."""

    plan: str
    backend: str
    """Its name in the scenario that asked."""
    bound_s: float
    """What the p99 latency of the busiest hour must meet. [s]"""
    closed_form: int
    """Replicas that the closed form says, if every request is computed."""
    replicas: int
    """The fewest that the simulation says."""
    tried: tuple[tuple[int, float], ...]
    """Sizes that were simulated, ascending, and the p99 latency of the busiest hour with each. [s]"""
    overloaded: frozenset[int] = frozenset()
    """Of these, those with which the fleet was overloaded."""

    @property
    def text(self) -> str:
        """How it came about, in a sentence or two."""
        p99_s = dict(self.tried)
        fewer = self.replicas - 1
        with_fewer = f", and with {fewer:,} it was {about_duration(p99_s[fewer])}" if fewer in p99_s else ""
        too_few = ", and the fleet was overloaded" if fewer in self.overloaded else ""
        meet = "meets" if self.replicas == 1 else "meet"
        return (
            f"{self.plan}: {_replicas(self.replicas)} of '{self.backend}' {meet} {write_duration(self.bound_s)} at p99 "
            f"in the busiest hour. The closed form said {self.closed_form:,}; in the simulation p99 with "
            f"{self.replicas:,} was {about_duration(p99_s[self.replicas])}{with_fewer}{too_few}."
        )

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        tried = [
            {
                "replicas": replicas,
                "latency_p99_busiest_hour_s": p99_s,
                "overloaded": replicas in self.overloaded,
            }
            for replicas, p99_s in self.tried
        ]
        return {
            "plan": self.plan,
            "backend": self.backend,
            "latency_p99_s": self.bound_s,
            "closed_form": self.closed_form,
            "replicas": self.replicas,
            "tried": tried,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "Sizing":
        """Return what `as_dict` was made of."""
        tried = ((each["replicas"], each["latency_p99_busiest_hour_s"]) for each in kept["tried"])
        bound_s, closed_form = kept["latency_p99_s"], kept["closed_form"]
        overloaded = frozenset(each["replicas"] for each in kept["tried"] if each.get("overloaded"))
        return cls(kept["plan"], kept["backend"], bound_s, closed_form, kept["replicas"], tuple(tried), overloaded)


def sized(
    scenario: Scenario,
    workers: int | None = None,
    block_s: float | None = None,
    kept: OutcomeStore | None = None,
    cluster: str | None = None,
) -> tuple[Scenario, tuple[Sizing, ...]]:
    """Return the scenario with a fixed size for every fleet that is to be sized, and how each came about.

    A fleet that several plans use is sized for each on its own: each then has a backend named after fleet and plan.

    Parameters
    ----------
    workers
        Processes; by default one a core.
    block_s
        How much time is worked on at once. [s]
    kept, cluster
        See `run_tasks`.

    Raises
    ------
    UserError
        If no size meets the bound.
    """
    sizings = []
    for plan in scenario.plans:
        fleet = fleet_to_size(scenario, plan)
        if fleet is not None:
            simulate = partial(run_tasks, workers=workers, kept=kept, cluster=cluster)
            sizings.append(_Search(scenario, plan, fleet, simulate, block_s).run())
    return with_sizes(scenario, sizings), tuple(sizings)


@dataclass
class _Search:
    """Looks for the fewest replicas by simulating the plan with some."""

    scenario: Scenario
    plan: str
    fleet: Resizable
    simulate: Callable[[Sequence[Task]], Iterable[tuple[Task, Outcome]]]
    block_s: float | None
    p99_s: dict[int, float] = field(default_factory=dict)
    gave_up: dict[int, float] = field(default_factory=dict)
    load: dict[int, Saturation] = field(default_factory=dict)

    def run(self) -> Sizing:
        backend, bound_s = self._backend, self.scenario.slo.latency_p99_s
        assert bound_s is not None
        first = closed_form_replicas(self.scenario, self.plan, self.fleet)
        fewest = self._bisect(*self._bracket(first))
        overloaded = frozenset(replicas for replicas in self.load if self._is_overloaded(replicas))
        return Sizing(self.plan, backend, bound_s, first, fewest, tuple(sorted(self.p99_s.items())), overloaded)

    def _bracket(self, first: int) -> tuple[int, int]:
        """Return a number that is too small (or 0) and one that is enough, near where to begin."""
        step, most = max(1, round(math.sqrt(first) / 2)), min(self.fleet.most_replicas, MOST_TIMES * first)
        few, enough = 0, first
        if self._meets(first):
            while enough - step > 0 and self._meets(enough - step):
                enough, step = enough - step, 2 * step
            return max(enough - step, 0), enough
        while True:
            if enough >= most:
                self._fail(enough)
            few, enough, step = enough, min(enough + step, most), 2 * step
            if self._meets(enough):
                return few, enough

    def _bisect(self, few: int, enough: int) -> int:
        while enough - few > 1:
            middle = (few + enough) // 2
            few, enough = (few, middle) if self._meets(middle) else (middle, enough)
        return enough

    def _meets(self, replicas: int) -> bool:
        """Whether the fleet keeps up, the mean p99 meets the bound, and no more are gone at last than may be late.

        A fleet that refreshes too may answer in time and yet never be done with the events.
        """
        if replicas not in self.p99_s:
            outcomes = self._simulate(replicas)
            self.load[replicas] = saturation_of_backend(self.scenario, outcomes, self._backend)
            self.p99_s[replicas] = _mean([_p99_s(outcome) for outcome in outcomes])
            self.gave_up[replicas] = _mean([_gave_up(outcome) for outcome in outcomes])
        bound_s = self.scenario.slo.latency_p99_s
        assert bound_s is not None
        in_time = self.p99_s[replicas] <= bound_s and self.gave_up[replicas] <= 1 - QUANTILE
        return in_time and not self._falls_behind(replicas)

    def _falls_behind(self, replicas: int) -> bool:
        """Whether the fleet is overloaded, or, where nobody waits for a part of its work, has a backlog."""
        refresh = self.scenario.plans[self.plan].refresh
        refreshes = refresh is not None and refresh.backend == self._backend
        return self._is_overloaded(replicas) or (refreshes and self.load[replicas].verdict is Verdict.BACKLOGGED)

    def _is_overloaded(self, replicas: int) -> bool:
        return self.load[replicas].verdict is Verdict.OVERLOADED

    @property
    def _backend(self) -> str:
        return self.scenario.plans[self.plan].backend or ""

    def _simulate(self, replicas: int) -> list[Outcome]:
        tried = _with_size(self.scenario, self._backend, replicas)
        tasks = [Task(tried, self.plan, number, self.block_s) for number in range(self.scenario.replications)]
        outcomes = [outcome for _, outcome in self.simulate(tasks)]
        return sorted(outcomes, key=lambda outcome: outcome.replication)

    def _fail(self, replicas: int) -> None:
        bound_s = self.scenario.slo.latency_p99_s
        assert bound_s is not None
        late, gone = about_duration(self.p99_s[replicas]), f"{self.gave_up[replicas]:.1%} give up or are refused"
        most = self.fleet.most_replicas
        remedy = "raise 'capacity.max'" if replicas == most else "waiting is not what takes so long"
        if self._is_overloaded(replicas):
            gone = f"{gone}; the fleet is overloaded: {self.load[replicas].reason}"
        do = "does" if replicas == 1 else "do"
        raise UserError(
            f"plan '{self.plan}': {_replicas(replicas)} {do} not meet slo.latency_p99 ({write_duration(bound_s)}): in "
            f"the busiest hour p99 latency is {late}, and {gone}; {remedy}, or give a longer bound"
        )


def _replicas(number: int) -> str:
    return f"{number:,} replica{'s' if number > 1 else ''}"


def _p99_s(outcome: Outcome) -> float:
    latency = outcome.busiest_hour.latency
    return latency.quantile(QUANTILE) if latency.count else 0.0


def _gave_up(outcome: Outcome) -> float:
    busiest = outcome.busiest_hour
    return busiest.gave_up / busiest.latency.count if busiest.latency.count else 0.0


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _with_size(scenario: Scenario, backend: str, replicas: int) -> Scenario:
    return scenario.model_copy(
        update={"backends": {**scenario.backends, backend: _of_size(scenario, backend, replicas)}}
    )


def _of_size(scenario: Scenario, backend: str, replicas: int) -> Backend:
    fleet = scenario.online(backend).to_be_sized
    assert fleet is not None
    return fleet.with_replicas(replicas)


def with_sizes(scenario: Scenario, sizings: Sequence[Sizing]) -> Scenario:
    """Return the scenario with the sizes found; where plans that shared a fleet need it each, with a fleet for each."""
    backends, plans = dict(scenario.backends), dict(scenario.plans)
    for sizing in sizings:
        sharing = sum(other.backend == sizing.backend for other in sizings)
        name = sizing.backend if sharing == 1 else next(_names(sizing, backends))
        backends[name] = _of_size(scenario, sizing.backend, sizing.replicas)
        plans[sizing.plan] = _moved(plans[sizing.plan], sizing.backend, name)
    used = {name for plan in plans.values() for name in scenario.online_names(plan)}
    left = {sizing.backend for sizing in sizings} - used
    kept = {name: backend for name, backend in backends.items() if name not in left}
    return scenario.model_copy(update={"backends": kept, "plans": plans}) if sizings else scenario


def _names(sizing: Sizing, taken: Container[str]) -> Iterator[str]:
    """Yield names that no backend has yet."""
    name = f"{sizing.backend} of {sizing.plan}"[:LONGEST_NAME]
    number = 2
    while True:
        if name not in taken:
            yield name
        name = f"{name[: LONGEST_NAME - 4]} {number}"
        number += 1


def _moved(plan: Plan, backend: str, name: str) -> Plan:
    """Return the plan on a backend of another name."""
    changes: dict[str, object] = {"backend": name}
    if plan.refresh is not None and plan.refresh.backend == backend:
        changes["refresh"] = plan.refresh.model_copy(update={"backend": name})
    return plan.model_copy(update=changes)
