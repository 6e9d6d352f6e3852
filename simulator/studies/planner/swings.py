"""What the choice between two plans hangs on: each input a tenth lower and higher, by closed forms, or re-billed."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from simulator.core.selection import Standing
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST, Comparison, PlanResult
from simulator.studies.planner.activity import Axis
from simulator.studies.planner.alone import is_silent, metrics_alone, stated_as

STEP = 0.1
"""How much lower and higher."""
LEAST_SWING = 1e-4
"""Of the cost: inputs that move less are not told."""
MOST = 12

Change = Callable[[Scenario, float], Scenario]
"""Returns a scenario with an input so many times as large."""


@dataclass(frozen=True)
class Swing:
    """How an input moves what is looked at."""

    key: str
    lower_usd: float
    """What is looked at changes by so much where the input is a tenth lower. [USD per 30-day month]"""
    higher_usd: float
    is_rebilled: bool
    """Whether it is a price, for which a run is billed again, and exact; else it is by closed form."""

    @property
    def size_usd(self) -> float:
        """The larger of the two."""
        return max(abs(self.lower_usd), abs(self.higher_usd))


@dataclass(frozen=True)
class Swings:
    """All inputs, the largest first."""

    plan: str
    against: str | None
    """The next plan, whose cost less that of the plan is looked at; None where it is the plan's own cost."""
    swings: tuple[Swing, ...]


def swings_of(comparison: Comparison) -> Swings | None:
    """Return what moves the saving against the next plan, or the cost of the best; None where nothing is known."""
    if is_silent(comparison):
        return None
    plan = comparison.ranking[0]
    study = _Study(comparison, plan, _next(comparison))
    if study.against is not None and not math.isfinite(study.now_usd):
        study = _Study(comparison, plan, None)
    told = sorted(study.swings(), key=lambda swing: -swing.size_usd)[:MOST]
    return Swings(plan, study.against, tuple(told)) if told else None


def _next(comparison: Comparison) -> str | None:
    """Return the next plan that surely costs more; none where value decides, or where chance does."""
    if comparison.weighs_value or (comparison.replications > 1 and comparison.selection.undecided):
        return None
    sure = {Standing.WORSE, *([Standing.UNDECIDED] if comparison.replications == 1 else [])}
    return next((name for name in comparison.rivals if comparison.selection.standing(name) in sure), None)


@dataclass(frozen=True)
class _Study:
    comparison: Comparison
    plan: str
    against: str | None

    @cached_property
    def now_usd(self) -> float:
        """What is looked at by closed forms, as things are."""
        return self._usd(self.comparison.scenario)

    def _usd(self, scenario: Scenario) -> float:
        book = self.comparison.book
        costs = [metrics_alone(scenario, name, book, waits=False).get(COST, math.nan) for name in self._stated]
        return costs[0] if self.against is None else costs[1] - costs[0]

    @property
    def _names(self) -> tuple[str, ...]:
        return (self.plan,) if self.against is None else (self.plan, self.against)

    @property
    def _stated(self) -> tuple[str, ...]:
        """What the scenario calls them."""
        return tuple(stated_as(self.comparison, name) for name in self._names)

    def swings(self) -> Iterator[Swing]:
        """Yield those that move it."""
        least = LEAST_SWING * max(self.comparison.plans[name].cost_usd_per_month for name in self._names)
        for swing in (*self._prices(), *self._inputs()):
            if swing.size_usd > least:
                yield swing

    def _prices(self) -> Iterator[Swing]:
        spent = [spent_by_meter(self.comparison.plans[name]) for name in self._names]
        for meter in {meter: None for each in spent for meter in each}:
            usd = [each.get(meter, 0.0) for each in spent]
            moved = STEP * (usd[0] if self.against is None else usd[1] - usd[0])
            if math.isfinite(moved) and not self.comparison.book.commitments:
                yield Swing(f"price of {meter}", -moved, moved, is_rebilled=True)

    def _inputs(self) -> Iterator[Swing]:
        if not math.isfinite(self.now_usd):
            return
        for key, change in self._changes():
            stated = self.comparison.scenario
            moved = [self._usd(change(stated, times)) - self.now_usd for times in (1 - STEP, 1 + STEP)]
            if all(map(math.isfinite, moved)):
                yield Swing(key, moved[0], moved[1], is_rebilled=False)

    def _changes(self) -> Iterator[tuple[str, Change]]:
        """Yield the inputs that the two plans may hang on."""
        scenario, axis = self.comparison.scenario, Axis.of(self.comparison.scenario)
        if axis is not None:
            yield axis.key, lambda stated, times: Axis(stated).at(Axis(stated).now * times)
        paths = list(_OF_ALL)
        plans = [scenario.plans[name] for name in self._stated]
        paths += [f"plans.{name}.{path}" for name in self._stated for path in _OF_PLANS]
        used = {name for plan in plans for name in (plan.backend, plan.precompute and plan.precompute.backend) if name}
        paths += [f"backends.{name}.{path}" for name in sorted(used) for path in _OF_BACKENDS]
        for path in paths:
            if _is_number(_at(scenario, path)):
                yield _written(path), _times(path)
        for name in sorted(used):
            if hasattr(scenario.backends[name], "service_time"):
                yield f"backends.{name}.service_time", _slower(name)


_OF_ALL = ("population.users", "traffic.session.requests.mean", "model.prediction_size_gib", "model.feature_reads")
_OF_PLANS = (
    *("cache.ttl_s", "cache.stale_for_s", "precompute.every_s", "precompute.scope.window_s"),
    *("refresh.lag_s", "refresh.debounce_s"),
)
_OF_BACKENDS = (
    *("workers", "startup_s", "memory_gib", "output_tokens.mean", "input_tokens.mean"),
    *("capacity.target_fraction", "capacity.min", "capacity.replicas"),
)
_UNITS = ("_s", "_usd", "_gib", "_fraction", "_per_s")


def _written(path: str) -> str:
    """Return a path of attributes as the key that a scenario file has."""
    for unit in _UNITS:
        path = path.removesuffix(unit)
    return path


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _at(node: Any, path: str) -> Any:
    for step in _path_of(node, path):
        node = node.get(step) if isinstance(node, Mapping) else getattr(node, step, None)
    return node


def _path_of(scenario: Scenario, path: str) -> list[str]:
    """Return the steps of a path; names of plans and backends may have dots in them."""
    for family in ("plans", "backends"):
        for name in getattr(scenario, family):
            begin = f"{family}.{name}."
            if path.startswith(begin):
                return [family, name, *path.removeprefix(begin).split(".")]
    return path.split(".")


def _times(path: str) -> Change:
    def change(scenario: Scenario, times: float) -> Scenario:
        return _with(scenario, _path_of(scenario, path), lambda value: _as_large(value, times))

    return change


def _as_large(value: float, times: float) -> float:
    return round(value * times) if isinstance(value, int) else value * times


def _slower(backend: str) -> Change:
    """Return what makes a backend take so many times as long for the same predictions."""

    def change(scenario: Scenario, times: float) -> Scenario:
        return _with(scenario, ["backends", backend, "service_time"], lambda service: service.slowed(times))

    return change


def _with(scenario: Scenario, steps: list[str], change: Callable[[Any], Any]) -> Scenario:
    found = _replaced(scenario, steps, change)
    assert isinstance(found, Scenario)
    return found


def _replaced(node: Any, steps: list[str], change: Callable[[Any], Any]) -> Any:
    """Return a model with what is at the end of a path changed."""
    if not steps:
        return change(node)
    first, rest = steps[0], steps[1:]
    if isinstance(node, Mapping):
        return {**node, first: _replaced(node[first], rest, change)}
    assert isinstance(node, BaseModel)
    return node.model_copy(update={first: _replaced(getattr(node, first), rest, change)})


def spent_by_meter(result: PlanResult) -> dict[str, float]:
    """Return what a plan spends on each meter; NaN where its price is not the same for each unit. [USD per month]"""
    found = defaultdict[str, float](float)
    for line in result.bill.lines:
        found[line.meter] += math.nan if line.terms else line.usd_per_month
    return found
