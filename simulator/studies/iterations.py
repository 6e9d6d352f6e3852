"""The last iteration and this one: each a run that is kept or a scenario, simulated on the same random numbers."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulator.core.edition import EDITION
from simulator.core.errors import UserError
from simulator.core.units import write_duration
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.workload.request_stream import Source
from simulator.studies.comparison import Comparison, comparison_of
from simulator.studies.executor import Task, run_tasks
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.plan_pairs import PlanPairs
from simulator.studies.prices_needed import check_prices
from simulator.studies.sizing import Sizing, sized

__all__ = ["Iteration", "Iterations", "iteration_of", "of_plans", "read_iteration"]

Done = dict[tuple[str, int], Outcome]
"""By plan and replication."""


@dataclass(frozen=True)
class Iteration:
    """A scenario with its prices, and what is known of it already."""

    label: str
    """What the reader knows it by."""
    scenario: Scenario
    book: PriceBook
    kept: Comparison | None = None
    """What a run of it has shown."""
    edition: int = EDITION
    """Of its results."""


def read_iteration(
    path: Path, stated: Mapping[str, object] | None = None, changes: Mapping[str, object] | None = None
) -> Iteration:
    """Return what is at a path: the folder of a run, or the file of a scenario.

    Parameters
    ----------
    path
        Which.
    stated
        What both iterations are simulated with, by key path; a run that is not changed stays as it is.
    changes
        What is changed in this one; the scenario of a run is then simulated anew.

    Raises
    ------
    UserError
        If it is neither, or if anything is wrong with it.
    """
    label, overrides = f"{path}{', changed' if changes else ''}", {**(stated or {}), **(changes or {})}
    if not path.is_dir():
        scenario = load_scenario(path, overrides)
        book = load_book(scenario.prices, path.parent)
        check_prices(scenario, book, path)
        return Iteration(label, scenario, book)
    from simulator.studies.stored_run import read_run, scenario_of_run  # noqa: PLC0415  (pyarrow, which reads runs)

    run = read_run(path)
    if not changes:
        return Iteration(label, run.scenario, run.book, run.priced(run.book), run.edition)
    scenario = scenario_of_run(path, overrides)
    book = load_book(scenario.prices) if "prices" in overrides else run.book
    check_prices(scenario, book)
    return Iteration(label, scenario, book)


def iteration_of(comparison: Comparison, label: str) -> Iteration:
    """Return an iteration that has been simulated in this session."""
    return Iteration(label, comparison.scenario, comparison.book, comparison)


def of_plans(before: Iteration, after: Iteration, names: Sequence[str]) -> tuple[Iteration, Iteration]:
    """Return both iterations with some of their plans alone.

    Parameters
    ----------
    names
        Of plans that both have, as they are called now or were before.

    Raises
    ------
    UserError
        If both do not have one.
    """
    pairs = PlanPairs.of(before.scenario, after.scenario)
    try:
        now = [pairs.find(name) for name in names]
    except UserError as error:
        raise UserError(f"--plan: {error}") from None
    return _with_plans(before, {pairs.same[name] for name in now}), _with_plans(after, set(now))


def _with_plans(iteration: Iteration, names: Container[str]) -> Iteration:
    plans = {name: plan for name, plan in iteration.scenario.plans.items() if name in names}
    scenario, kept = iteration.scenario.model_copy(update={"plans": plans}), iteration.kept
    if kept is not None:
        kept = replace(
            kept, scenario=scenario, plans={name: plan for name, plan in kept.plans.items() if name in names}
        )
    return replace(iteration, scenario=scenario, kept=kept)


@dataclass
class Iterations:
    """Two iterations, of which what is not simulated yet is simulated on the random numbers of the other.

    Raises
    ------
    UserError
        If they cannot be compared; the message says all that keeps them from it.
    """

    before: Iteration
    after: Iteration
    workers: int | None = None
    store: OutcomeStore | None = None
    """Where outcomes are looked for, and stored as soon as they are there."""
    notes: tuple[str, ...] = field(default=(), init=False)
    """What was taken from one of them for the other."""
    pairs: PlanPairs = field(init=False)

    def __post_init__(self) -> None:
        self.pairs = PlanPairs.of(self.before.scenario, self.after.scenario)
        faults = list(_faults(self.before, self.after))
        if not self.pairs.same:
            names = (", ".join(each.scenario.plans) for each in (self.before, self.after))
            faults.append(f"plans: none is in both: {' | '.join(names)}; call those alike that are the same")
        if faults:
            raise UserError("\n".join(faults))
        if self.after.kept is None:
            self.after, self.notes = _like(self.after, self.before)
        elif self.before.kept is None:
            self.before, self.notes = _like(self.before, self.after)

    def run(
        self,
        on_outcome: Callable[[Outcome], None] | None = None,
        on_begin: Callable[[], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> tuple[Comparison, Comparison]:
        """Simulate what is to be simulated, and return the comparison of each.

        A plan that is the same in both is simulated once, and billed by the prices of each.

        Parameters
        ----------
        on_outcome, on_begin, on_progress
            See `simulator.studies.comparison.Study.run`.
        """
        sides = [_Side.of(each, self.workers, self.store) for each in (self.before, self.after)]
        giver, taker = sides if self.after.kept is None else reversed(sides)
        twins = _twins(taker, giver)
        tasks = [*giver.tasks(), *taker.tasks(without=twins)]
        for task, outcome in run_tasks(tasks, self.workers, on_begin, on_progress, kept=self.store):
            side = giver if task.scenario is giver.scenario else taker
            side.done[task.plan, task.replication] = outcome
            if on_outcome is not None:
                on_outcome(outcome)
        taker.take(giver, twins)
        before, after = (side.comparison for side in sides)
        return before, after


def _faults(before: Iteration, after: Iteration) -> Iterator[str]:
    """Yield all that keeps two iterations from being compared."""
    for each in (before, after):
        if each.kept is not None and not each.kept.complete:
            had, asked = each.kept.replications, each.scenario.replications
            yield f"{each.label} is not complete: {had} of {asked} replications were kept; run its scenario again"
    if before.edition != after.edition:
        older, newer = sorted((before, after), key=lambda each: each.edition)
        yield (
            f"{older.label} was kept by an earlier version of predcost than {newer.label} goes by, and results have "
            f"changed since (see 'Results changed' in the CHANGELOG); run its scenario again: predcost run "
            f"{Path(older.label) / 'scenario.yaml'}"
        )
    lengths_s = [each.scenario.horizon_s for each in (before, after)]
    if lengths_s[0] != lengths_s[1]:
        texts = [f"{each.label} counts {write_duration(each.scenario.horizon_s)}" for each in (before, after)]
        yield (
            f"horizon: {texts[0]} and {texts[1]}; counts, peaks and active users of horizons of different lengths say "
            "nothing of one another; give both the same with --horizon"
        )


def _like(one: Iteration, other: Iteration) -> tuple[Iteration, tuple[str, ...]]:
    """Return an iteration with the seed and the replications of another, and what that changes in it."""
    count = other.scenario.replications if other.kept is None else other.kept.replications
    taken = {"seed": other.scenario.seed, "replications": count}
    stated = {key: getattr(one.scenario, key) for key in taken}
    notes = tuple(
        f"{one.label} says {key} {stated[key]}; it is simulated with the {taken[key]} of {other.label}, on the same "
        "random numbers"
        for key in taken
        if taken[key] != stated[key]
    )
    return replace(one, scenario=one.scenario.model_copy(update=taken)), notes


@dataclass
class _Side:
    """One of the two in the making."""

    kept: Comparison | None
    scenario: Scenario
    book: PriceBook
    sizings: tuple[Sizing, ...]
    done: Done

    @classmethod
    def of(cls, iteration: Iteration, workers: int | None, store: OutcomeStore | None) -> "_Side":
        kept = iteration.kept
        if kept is None:
            scenario, sizings = sized(iteration.scenario, workers, kept=store)
            return cls(None, scenario, iteration.book, sizings, {})
        done = {(plan.name, each.replication): each for plan in kept.plans.values() for each in plan.outcomes}
        return cls(kept, kept.scenario, kept.book, kept.sizings, done)

    def tasks(self, without: Mapping[str, str] | None = None) -> list[Task]:
        """Return what is to be simulated, but for some plans."""
        if self.kept is not None:
            return []
        plans = [plan for plan in self.scenario.plans if plan not in (without or {})]
        return [Task(self.scenario, plan, number) for number in range(self.scenario.replications) for plan in plans]

    def take(self, giver: "_Side", twins: Mapping[str, str]) -> None:
        """Take the outcomes of the other side's plans that are the same."""
        for plan, twin in twins.items():
            for number in range(self.scenario.replications):
                self.done[plan, number] = _called(plan, giver.done[twin, number])

    @property
    def comparison(self) -> Comparison:
        return self.kept or comparison_of(self.scenario, self.book, list(self.done.values()), self.sizings)


def _called(plan: str, outcome: Outcome) -> Outcome:
    beside = tuple((weight, _called(plan, each)) for weight, each in outcome.beside)
    return replace(outcome, plan=plan, beside=beside)


def _twins(taker: _Side, giver: _Side) -> dict[str, str]:
    """Return those plans of one side whose simulations are those of a plan of the other, with that."""
    if taker.kept is not None or Source.of(taker.scenario) != Source.of(giver.scenario):
        return {}
    numbers = range(taker.scenario.replications)
    known = dict.fromkeys(
        name
        for name in giver.scenario.plans
        if giver.kept is None or all((name, number) in giver.done for number in numbers)
    )
    return {
        plan: twin
        for plan in taker.scenario.plans
        for twin in ([plan] if plan in known else known)
        if _simulated(taker.scenario, plan) == _simulated(giver.scenario, twin)
    }


def _simulated(scenario: Scenario, plan: str) -> Scenario:
    """Return what a plan's simulation follows from: two that are equal have the same outcomes."""
    used = {*scenario.online_names(scenario.plans[plan])}
    precompute = scenario.plans[plan].precompute
    used |= {precompute.backend} if precompute is not None else set()
    return scenario.model_copy(
        update={
            "name": "",
            "prices": "",
            "plans": {"": scenario.plans[plan]},
            "backends": {name: each for name, each in scenario.backends.items() if name in used},
        }
    )
