"""Whether a fit is good enough to decide by: the end of the log, played against the scenario fitted to its beginning.

Both are simulated with the same plans on the same machines. With millions of rows every test finds a difference; what
matters is how large it is in what plans are judged by, and whether the recommendation is the same.
"""

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.input_files.wording import shown
from simulator.core.units import DAY_S, HOUR_S, WEEK_S
from simulator.demand.arrivals import request_blocks
from simulator.prices.loading import load_book
from simulator.scenario.schema import Scenario
from simulator.studies.calibration.events import US_PER_S, Events
from simulator.studies.calibration.fitted_scenario import scenario_with
from simulator.studies.calibration.fitting import UserFit, fit_users
from simulator.studies.calibration.measures import measured
from simulator.studies.calibration.parts import among, parts_of
from simulator.studies.calibration.playable import unplayable, without
from simulator.studies.calibration.rates import RateFit
from simulator.studies.comparison import Comparison
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.study import compare

LEAST_WEEKS: Final = 3
SHARE: Final = 0.25
"""Of a log shorter than three weeks, what is held out; of a longer one it is a week."""
MOST_WARMUP_S: Final = 7 * DAY_S
TTLS: Final = ("1 h", "6 h", "24 h", "7 d")
WINDOWS: Final = ("1 d", "7 d")
COUNTED_S: Final = (1.0, 60.0, HOUR_S)
"""Lengths of the pieces whose counts are compared."""
PLANS: Final[Mapping[str, Any]] = {
    "nightly": {"precompute": {"every": "24 h", "at": "02:00", "backend": "night"}, "on_miss": "default"},
    **{
        f"active within {window}": {
            "precompute": {"every": "24 h", "at": "02:00", "scope": window, "backend": "night"},
            "on_miss": "compute",
            "backend": "live",
        }
        for window in WINDOWS
    },
    "on demand": {"on_miss": "compute", "backend": "live"},
    **{f"cached {ttl}": {"on_miss": "compute", "backend": "live", "cache": ttl} for ttl in TTLS},
}
KEPT: Final[Mapping[str, Any]] = {"store.expiry": "7 d"}
"""Rows are served for no longer: of those from before the log nothing is known."""
METRICS: Final = (
    "daily_active_fraction",
    "weekly_active_fraction",
    "monthly_active_fraction",
    "requests_per_s_mean",
    "requests_per_s_peak",
)
OF_PLANS: Final = (
    "cache_hit_ratio",
    "wasted_fraction",
    "age_mean_s",
    "latency_p99_s",
    "replicas_peak",
    "cost_usd_per_month",
)
GOOD: Final[Mapping[str, float]] = {
    "daily_active_fraction": 0.05,
    "weekly_active_fraction": 0.05,
    "monthly_active_fraction": 0.05,
    "requests_per_s_mean": 0.1,
    "requests_per_s_peak": 0.2,
    "cache_hit_ratio": 0.05,
    "wasted_fraction": 0.05,
    "age_mean_s": 0.1,
    "cost_usd_per_month": 0.1,
}
"""How far off a fit may be, relative to the log, to be called good; of others nothing is asked."""


REPLICATIONS: Final = 5
FEW_REQUESTS: Final = 1_000_000
"""Of more in the held-out end the fit is simulated once."""
SMALL_FRACTION: Final = 0.01
"""Of the requests, or of the predictions that were made: so much more or fewer is near, however few they are."""
OF_ALL: Final = ("cache_hit_ratio", "wasted_fraction")
"""Shares of what is paid for: where a hundredth of the requests more hits, a hundredth of them less is computed, even
if the hits are twice as many. Half as many active users are half the visits, the rows that are read and the predictions
of a run for them, however few of all users they are: their shares must be near relative to themselves."""


@dataclass(frozen=True)
class Compared:
    """A metric on the held-out log and on the fit."""

    metric: str
    """By its name, with the plan's where it is of one."""
    log: float
    fit: float
    good_within: float | None
    """How far off it may be; None where nothing is asked of it."""
    by_chance: float = 0.0
    """How far apart chance alone has them in 19 of 20 such periods, as the fit's replications scatter; 0 if unknown."""

    @property
    def error(self) -> float:
        """How far the fit is off, relative to the log; infinite where the log has 0 and the fit has not."""
        if self.log == 0:
            return 0.0 if self.fit == 0 else float("inf")
        return self.fit / self.log - 1.0

    @property
    def may_be_chance(self) -> bool:
        """Whether chance alone may have them so far apart."""
        return abs(self.fit - self.log) <= self.by_chance

    @property
    def is_good(self) -> bool:
        """Whether it is as near as is asked for."""
        if self.good_within is None or abs(self.error) <= self.good_within:
            return True
        return self.metric.endswith(OF_ALL) and abs(self.fit - self.log) <= SMALL_FRACTION

    @property
    def is_off(self) -> bool:
        """Whether it is farther off than is asked for, and than chance explains."""
        return not self.is_good and not self.may_be_chance


@dataclass(frozen=True)
class HeldOut:
    """The verdict."""

    fit: UserFit | RateFit
    """Of what came before."""
    begins: datetime
    length_s: float
    compared: tuple[Compared, ...]
    on_log: str | None
    """What is recommended on the log."""
    on_fit: str | None
    loses_fraction: float
    """How much more the plan that is recommended on the fit costs on the log than the best there, over that."""
    unjudged: tuple[str, ...] = ()
    """Which plans no log can be played with, and why; a clause each."""

    @property
    def knows_users(self) -> bool:
        """Whether the log says who comes back, without which plans cannot be compared with one another."""
        return isinstance(self.fit, UserFit)

    @property
    def recommendation_changes(self) -> bool | None:
        """Whether another plan is recommended, and costs at least a percent more on the log; None where nothing is."""
        if not self.knows_users:
            return None
        return self.on_log != self.on_fit and self.loses_fraction > LEAST_LOSS

    @property
    def bad(self) -> tuple[Compared, ...]:
        """What is farther off than is asked for and than chance explains, the farthest first."""
        return _farthest_first([each for each in self.compared if each.is_off])

    @property
    def unsure(self) -> tuple[Compared, ...]:
        """What is farther off than is asked for, as chance alone may have it, the farthest first."""
        return _farthest_first([each for each in self.compared if not each.is_good and each.may_be_chance])


def _farthest_first(found: Sequence[Compared]) -> tuple[Compared, ...]:
    return tuple(sorted(found, key=lambda each: -abs(each.error)))


LEAST_LOSS: Final = 0.01


@dataclass(frozen=True)
class Window:
    """The end of a log that is held out."""

    begins_s: float
    """Since 1970 in UTC. [s]"""
    length_s: float
    before_s: float
    """How long the log is before. [s]"""

    @property
    def begins(self) -> datetime:
        """When it begins."""
        return datetime.fromtimestamp(self.begins_s, UTC)

    def as_scenario(self) -> dict[str, Any]:
        """Return it as a scenario states it."""
        warmup_s = min(MOST_WARMUP_S, self.before_s // HOUR_S * HOUR_S)
        when = {"start": self.begins.isoformat(), "horizon": f"{self.length_s / HOUR_S:g} h", "replications": 1}
        return {**when, "warmup": f"{warmup_s / HOUR_S:g} h", "seed": 1}


def window_of(first_s: float, last_s: float) -> Window:
    """Return which end of a log is held out: a week, or a quarter of a log shorter than three; from a whole hour on."""
    length_s = last_s - first_s
    held_s = WEEK_S if length_s >= LEAST_WEEKS * WEEK_S else SHARE * length_s
    held_s = max(held_s // DAY_S, 1.0) * DAY_S if held_s >= DAY_S else max(held_s // HOUR_S, 1.0) * HOUR_S
    begins_s = (last_s - held_s) // HOUR_S * HOUR_S
    return Window(begins_s, held_s, begins_s - first_s)


def held_out(
    events: Events,
    zone: str,
    population: float | None,
    session_gap_s: float | None,
    base: Scenario | Path | None = None,
    kept: OutcomeStore | None = None,
) -> HeldOut:
    """Return whether a fit to the beginning of a log says what its end does.

    Parameters
    ----------
    events
        The log.
    zone, population, session_gap_s
        As for the fit.
    base
        A scenario, or the path of its file, whose machines, plans and prices are taken; by default the starter's, with
        plans of all kinds.
    kept
        Where outcomes are stored.
    """
    unjudged = unplayable(base)
    window = window_of(events.first_us / US_PER_S, events.last_us / US_PER_S)
    held_s, split_us = window.length_s, round(window.begins_s * US_PER_S)
    fit = fit_users(measured(events.before(split_us), session_gap_s), zone, population)
    when = {**window.as_scenario(), **without(unjudged)}
    parts = parts_of(fit)
    if fit.lapsing is not None:  # all of the log's users are there on both sides, and those who have left do not come
        parts["population"] = among(parts["population"], events.users)
    parts["population"]["users"] = max(parts["population"]["users"], events.users)  # those who came later too
    with tempfile.TemporaryDirectory(prefix="predcost-") as folder:
        events.write(Path(folder) / "log.parquet")
        log = {"path": str(Path(folder) / "log.parquet"), "time": "time", "user": "user", "timezone": "UTC"}
        # played again and again, the end that is held out would be what came before the beginning
        replay: dict[str, Any] = {**log, "loop": False}
        fitted = judged_scenario(base, {**when, **parts})
        logged = judged_scenario(base, {**when, "population": parts["population"], "traffic": {"replay": replay}})
        fitted = fitted.model_copy(update={"replications": replications_of(fitted)})
        book = load_book(fitted.prices, base.parent if isinstance(base, Path) else Path())
        on_log, on_fit = (compare(each, book, kept=kept) for each in (logged, fitted))
        compared = (*_compared(on_log, on_fit), *scatter(logged, fitted, held_s))
    best, chosen = on_log.recommended, on_fit.recommended
    loss = _loss(on_log, best, chosen)
    told = tuple(f"plan {shown(name)} is not judged: it {why}" for name, why in unjudged.items())
    return HeldOut(fit, window.begins, held_s, compared, best, chosen, loss, told)


def replications_of(fitted: Scenario) -> int:
    """Return how often the fit is simulated, to know what chance does: beside millions of requests it does little."""
    return REPLICATIONS if fitted.demand.mean_requests_per_s * fitted.horizon_s <= FEW_REQUESTS else 1


def judged_scenario(base: Scenario | Path | None, overrides: Mapping[str, Any]) -> Scenario:
    """Return the scenario that is judged by: one that is given, or the starter's with plans of all kinds."""
    return scenario_with(base, overrides if base is not None else {**overrides, **KEPT, "plans": dict(PLANS)})


def _compared(on_log: Comparison, on_fit: Comparison) -> Iterator[Compared]:
    first = next(iter(on_log.plans))
    for metric in METRICS:
        yield from paired(metric, metric, first, on_log, on_fit)
    for plan in on_log.plans:
        for metric in OF_PLANS:
            yield from paired(f"{plan}: {metric}", metric, plan, on_log, on_fit)


def paired(name: str, metric: str, plan: str, on_log: Comparison, on_fit: Comparison) -> Iterator[Compared]:
    """Yield a metric of a plan on both, where both have it."""
    found = [each.plans[plan].metrics.get(metric) for each in (on_log, on_fit)]
    if found[0] is not None and found[1] is not None:
        number = len(on_fit.plans[plan].values)
        chance = found[1].half_width * math.sqrt(number + 1) if number > 1 else 0.0
        yield Compared(name, found[0].mean, found[1].mean, GOOD.get(metric), chance)


def scatter(logged: Scenario, fitted: Scenario, length_s: float, finest_s: float = 0.0) -> Iterator[Compared]:
    """Yield variance over mean of counts in pieces of time, about the mean of their hour (of their day for hours)."""
    counts = [_per_second(each, length_s) for each in (logged, fitted)]
    for piece_s in COUNTED_S:
        if length_s >= 24 * piece_s and piece_s >= finest_s:
            log, fit = (_dispersion(each, piece_s) for each in counts)
            yield Compared(f"variance over mean in {piece_s:g} s", log, fit, None)


def _per_second(scenario: Scenario, length_s: float) -> FloatArray:
    counts = np.zeros(int(length_s))
    for block in request_blocks(scenario.demand, scenario.seed, 0, 0.0, float(counts.size), HOUR_S):
        place = block.time_s.astype(np.int64)
        counts += np.bincount(place[(place >= 0) & (place < counts.size)], minlength=counts.size)
    return counts


def _dispersion(counts: FloatArray, piece_s: float) -> float:
    within = round(HOUR_S if piece_s < HOUR_S else DAY_S)
    pieces = counts[: counts.size // within * within].reshape(-1, round(within / piece_s), round(piece_s)).sum(axis=2)
    means = pieces.mean(axis=1)
    busy = means > 0
    return float(pieces[busy].var(axis=1, ddof=1).sum() / means[busy].sum()) if busy.any() else 0.0


def _loss(on_log: Comparison, best: str | None, chosen: str | None) -> float:
    if best is None or chosen is None or best == chosen:
        return 0.0 if best == chosen else float("inf")
    if not on_log.plans[chosen].meets_slo:
        return float("inf")
    least = on_log.plans[best].cost_usd_per_month
    return on_log.plans[chosen].cost_usd_per_month / least - 1.0 if least else 0.0
