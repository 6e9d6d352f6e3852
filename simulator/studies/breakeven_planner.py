"""Where closed forms expect plans to cross, so that a break-even is looked for there with few simulations."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.prices.book import PriceBook
from simulator.studies.breakeven_range import Range
from simulator.studies.comparison import COST, NET_VALUE
from simulator.studies.factors import is_wide, spaced
from simulator.studies.planner.along import estimates_along
from simulator.studies.together import Task

VALUES = 200
"""At so many values of the range closed forms are asked; they lie on lines between fewer."""
COARSE = 5
"""Values that are simulated first whatever closed forms say, the ends among them."""
NEAR = 0.05
"""Of the range, or of its logarithm: so far on both sides of where they expect a crossing it is simulated first."""
WORTH_WORK = 30e6
"""What a value takes to simulate, from which on it is worth to ask closed forms, which takes about a second."""


def is_worth_planning(asked: Range) -> bool:
    """Return whether simulating a value takes longer than to ask closed forms of all."""
    scenario = asked.scenario
    return scenario.replications * sum(Task(scenario, plan, 0).work for plan in scenario.plans) > WORTH_WORK


def planned_looks(asked: Range, foreseen: list[float]) -> list[float]:
    """Return where to look first: on both sides of what is foreseen, and at a few values of the whole range."""
    low, high = (level.number for level in asked.ends)
    in_ratios = is_wide(low, high)
    looks = spaced(low, high, COARSE, in_ratios=in_ratios)
    for value in foreseen:
        step = NEAR * (np.log(high / low) if in_ratios else high - low)
        looks += [value * np.exp(side * step) if in_ratios else value + side * step for side in (-1, 1)]
    return sorted({float(value) for value in looks if low <= value <= high})


def foreseen_crossings(asked: Range, book: PriceBook) -> list[float]:
    """Return where closed forms expect another plan to become the better one, of all plans or of two.

    Bounds are not looked at; nothing is expected where closed forms do not know a plan.

    Raises
    ------
    UserError
        If the scenario is not valid at a value of the range.
    """
    low, high = (level.number for level in asked.ends)
    values = spaced(low, high, VALUES, in_ratios=is_wide(low, high))
    if asked.scale.is_whole:
        values = sorted({float(round(value)) for value in values})
    along = estimates_along(
        asked.scenario,
        asked.scale.key,
        values,
        book,
        written=lambda value: asked.scale.level(value).stated,
        waits=False,
    )
    return list(_changes(along.values, _losses(asked, along.metrics)))


def _losses(asked: Range, metrics: Mapping[str, Mapping[str, FloatArray]]) -> FloatArray:
    """Return what decides against each plan, a row for each; NaN where it is not known. [USD per month]"""
    metric, sign = (COST, 1.0) if asked.scenario.value is None else (NET_VALUE, -1.0)
    return np.array([sign * found[metric] for found in metrics.values() if metric in found])


def _changes(values: FloatArray, losses: FloatArray) -> Iterator[float]:
    """Yield where another row becomes the least."""
    if len(losses) < 2 or np.isnan(losses).any():  # noqa: PLR2004  (there is nothing to choose from)
        return
    best = losses.argmin(axis=0)
    for place, following in pairwise(range(values.size)):
        one, other = best[place], best[following]
        if one != other:
            before, after = (losses[one, at] - losses[other, at] for at in (place, following))
            share = before / (before - after) if before != after else 0.5
            yield float(values[place] + share * (values[following] - values[place]))
