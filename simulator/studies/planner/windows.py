"""For whom a run computes: coverage, waste and cost by how recent a login must be, by closed forms."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.core.units import DAY_S
from simulator.plans.plan import Plan
from simulator.plans.scope.active_within import ActiveWithin
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.alone import is_silent, keeps_bounds, metrics_alone, plan_alone, stated_as

WINDOWS_D = (1, 2, 3, 5, 7, 14, 28, 60)


@dataclass(frozen=True)
class Window:
    """A plan whose runs are for the users with a login so recent."""

    window_s: float
    coverage: float
    """Share of the requests that precomputed rows answer."""
    wasted_fraction: float
    """Share of what is computed that nobody reads."""
    cost_usd: float
    """[USD per 30-day month]"""
    keeps: bool
    """Whether it keeps every bound."""


@dataclass(frozen=True)
class Windows:
    """One plan with many windows."""

    plan: str
    now_s: float | None
    """The window that it has; None where its runs are for everyone."""
    windows: tuple[Window, ...]
    """In ascending order."""

    @property
    def cheapest(self) -> Window | None:
        """The cheapest of those that keep every bound; None where none does."""
        return min((each for each in self.windows if each.keeps), key=lambda each: each.cost_usd, default=None)

    @property
    def now(self) -> Window | None:
        """The window that the plan has."""
        return next((each for each in self.windows if each.window_s == self.now_s), None)


def windows_of(comparison: Comparison) -> Windows | None:
    """Return them for the best ranked plan that has such a window, or else runs for everyone; None where none has."""
    name = None if is_silent(comparison) else _told(comparison)
    if name is None:
        return None
    scope = _scope(_plan(comparison, name))
    now_s = scope.window_s if isinstance(scope, ActiveWithin) else None
    lengths = sorted({*(days * DAY_S for days in WINDOWS_D), *([] if now_s is None else [now_s])})
    found = tuple(each for window_s in lengths for each in _window(comparison, name, window_s))
    return Windows(name, now_s, found) if found else None


def _told(comparison: Comparison) -> str | None:
    runs = {name: _plan(comparison, name).precompute for name in comparison.ranking}
    recent = (name for name, each in runs.items() if each and isinstance(each.scope, ActiveWithin))
    everyone = (name for name, each in runs.items() if each and each.is_for_all)
    return next(recent, None) or next(everyone, None)


def _plan(comparison: Comparison, name: str) -> Plan:
    return comparison.scenario.plans[stated_as(comparison, name)]


def _scope(plan: Plan) -> object:
    return plan.precompute.scope if plan.precompute else None


def _window(comparison: Comparison, name: str, window_s: float) -> Iterator[Window]:
    stated, plan = stated_as(comparison, name), _plan(comparison, name)
    assert plan.precompute is not None
    runs = plan.precompute.model_copy(update={"scope": ActiveWithin.model_validate({"window": f"{window_s:.12g} s"})})
    scenario = plan_alone(comparison.scenario, stated, plan.model_copy(update={"precompute": runs}))
    metrics = metrics_alone(scenario, stated, comparison.book)
    coverage, wasted, cost_usd = (metrics.get(metric, math.nan) for metric in ("coverage", "wasted_fraction", COST))
    if math.isfinite(coverage + wasted + cost_usd):
        yield Window(window_s, coverage, wasted, cost_usd, keeps_bounds(scenario, metrics))
