"""The end of a log that names no users, played against the fit to its beginning: as far as rates alone say anything.

How many come, how they scatter, and what a plan without memory makes of them: one that computes each answer on demand.
Whatever depends on who comes back is left out, as no log of this kind says it.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from simulator.core.units import HOUR_S
from simulator.plans.plan import OnMiss, Plan
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.calibration.counting import counts_of_events
from simulator.studies.calibration.counts import LEAST_PIECES, Counts
from simulator.studies.calibration.events import US_PER_S, Events
from simulator.studies.calibration.held_out import (
    Compared,
    HeldOut,
    judged_scenario,
    paired,
    replications_of,
    scatter,
    window_of,
)
from simulator.studies.calibration.parts import parts_of_rates
from simulator.studies.calibration.playable import unplayable, without
from simulator.studies.calibration.rates import RateFit, fit_rates
from simulator.studies.comparison import Comparison
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.study import compare

METRICS: Final = ("requests_per_s_mean", "requests_per_s_peak")
OF_PLANS: Final = ("latency_p99_s", "replicas_peak", "cost_usd_per_month")
MOST_MISSING: Final = 0.1
"""Of the end of a log of which more is not known nothing is said."""


@dataclass(frozen=True)
class Recorded:
    """A log that names no users."""

    counts: Counts
    finest_s: float
    """How long pieces of time must be for their counts to be known. [s]"""
    write: Callable[[Path, RateFit], Mapping[str, Any]]
    """Writes it as a file, and returns how a scenario replays that; what is not known comes from the fit."""


def recorded_events(events: Events) -> Recorded:
    """Return a log of events."""

    def write(path: Path, fit: RateFit) -> Mapping[str, Any]:
        del fit  # an event is known or not there
        events.write(path)
        return {"path": str(path), "time": "time", "timezone": "UTC"}

    return Recorded(counts_of_events(events), events.resolution_s, write)


def recorded_counts(counts: Counts) -> Recorded:
    """Return counts of pieces of time."""

    def write(path: Path, fit: RateFit) -> Mapping[str, Any]:
        filled = _filled(counts, fit)
        times = pa.array(np.round(filled.begin_s * US_PER_S).astype(np.int64), pa.timestamp("us", tz="UTC"))
        whole = np.diff(np.round(np.cumsum(filled.count)), prepend=0.0).astype(np.int64)
        parquet.write_table(pa.table({"time": times, "count": whole}), path)
        return {"path": str(path), "time": "time", "value": "count"}

    return Recorded(counts, counts.step_s, write)


def _filled(counts: Counts, fit: RateFit) -> Counts:
    """Return counts with the fit's own in the gaps between them, so that those speak neither for nor against it."""
    whole = counts.without_gaps()
    known = np.isin(whole.begin_s, counts.begin_s)
    first, hours = int(whole.first_s // HOUR_S), math.ceil(whole.last_s / HOUR_S) - int(whole.first_s // HOUR_S)
    edges = (first + np.arange(hours + 1)) * HOUR_S
    until = np.concatenate([[0.0], np.cumsum(fit.usual_per_s(first, hours) * HOUR_S)])
    usual = np.interp(whole.end_s, edges, until) - np.interp(whole.begin_s, edges, until)
    return replace(whole, count=np.where(known, whole.count, usual))


def held_out_rates(
    recorded: Recorded,
    zone: str,
    population: float | None,
    base: Scenario | Path | None = None,
    kept: OutcomeStore | None = None,
) -> HeldOut | None:
    """Return whether a fit to the beginning of a log says what its end does; None where too little of either is known.

    Parameters
    ----------
    recorded
        The log.
    zone, population
        As for the fit.
    base
        A scenario whose machines and prices are taken, and the plans of which need no users; by default the starter's.
    kept
        Where outcomes are stored.
    """
    counts = recorded.counts
    window = window_of(counts.first_s, counts.last_s)
    early = counts.between(-math.inf, window.begins_s)
    late = counts.between(window.begins_s, math.inf)
    known_s = float((late.end_s - late.begin_s).sum())
    if early.count.size < LEAST_PIECES or not early.total or known_s < (1 - MOST_MISSING) * window.length_s:
        return None
    fit = fit_rates(early, zone, population)
    alike = {"population": _population(fit), **window.as_scenario(), **_left_out(base)}
    with tempfile.TemporaryDirectory(prefix="predcost-") as folder:
        replay = recorded.write(Path(folder) / "log.parquet", fit_rates(counts, zone, population))
        fitted, logged = (
            _without_memory(judged_scenario(base, {**alike, "traffic": traffic}))
            for traffic in (parts_of_rates(fit)["traffic"], {"replay": dict(replay)})
        )
        fitted = fitted.model_copy(update={"replications": replications_of(fitted)})
        book = load_book(fitted.prices, base.parent if isinstance(base, Path) else Path())
        on_log, on_fit = (compare(each, book, kept=kept) for each in (logged, fitted))
        compared = (*_compared(on_log, on_fit), *scatter(logged, fitted, window.length_s, recorded.finest_s))
    return HeldOut(fit, window.begins, window.length_s, compared, None, None, 0.0)


def _population(fit: RateFit) -> Mapping[str, Any]:
    """Return users who make the requests; where nobody knows how many they are, as many as come once a day."""
    users = fit.population or max(math.ceil(fit.end_per_day), 1)
    return {"users": round(users), "logins_per_day": f"{fit.end_per_day / round(users)!r}/day", "shape": "inf"}


def _left_out(base: Scenario | Path | None) -> Mapping[str, None]:
    """Return what deletes the plans of a file that have a memory: some of them cannot even be stated of requests."""
    scenario = load_scenario(base) if isinstance(base, Path) else base
    plans = scenario.plans if scenario else {}
    if not any(map(_forgets, plans.values())):
        return without(unplayable(base))
    return without({name: "remembers" for name, plan in plans.items() if not _forgets(plan)})


def _without_memory(scenario: Scenario) -> Scenario:
    """Return a scenario with those of its plans to which it is all the same who asks; all of it where there is none."""
    plans = {name: plan for name, plan in scenario.plans.items() if _forgets(plan)}
    return scenario.model_copy(update={"plans": plans}) if plans else scenario


def _forgets(plan: Plan) -> bool:
    return plan.on_miss is OnMiss.COMPUTE and not (plan.precompute or plan.cache or plan.refresh)


def _compared(on_log: Comparison, on_fit: Comparison) -> Iterator[Compared]:
    first = next(iter(on_log.plans))
    for metric in METRICS:
        yield from paired(metric, metric, first, on_log, on_fit)
    for name, plan in on_log.scenario.plans.items():
        for metric in OF_PLANS if _forgets(plan) else ():
            yield from paired(f"{name}: {metric}", metric, name, on_log, on_fit)
