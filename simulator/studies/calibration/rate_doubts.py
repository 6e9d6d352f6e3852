"""What a log that names no users cannot say, and what speaks against what it does say; a sentence each."""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from simulator.core.errors import UserError
from simulator.core.units import DAY_S, HOUR_S, HOURS_PER_DAY, WEEK_S, about_duration
from simulator.demand.population import MOST_LOGINS_PER_DAY, MOST_USERS
from simulator.studies.calibration.counts import Counts
from simulator.studies.calibration.doubts import FLAT, WIDE, of_misses, of_unusual
from simulator.studies.calibration.fitting import GROWTH
from simulator.studies.calibration.held_out import HeldOut
from simulator.studies.calibration.parts import MOST_BURSTINESS
from simulator.studies.calibration.rates import BURSTS, RateFit

LEAST_WHOLE: Final = 100.0
"""Requests a day are told to the whole from here on."""
MISSED_FRACTION: Final = 0.001
"""Of the time; if less is not known, nobody needs to hear of it."""


def check_population(fit: RateFit) -> None:
    """Refuse a number of users that a scenario cannot have at the log's rate.

    Raises
    ------
    UserError
        If there are too few of them, or too many.
    """
    users, per_day = fit.population, fit.end_per_day
    if users is None:
        return
    least = max(per_day / MOST_LOGINS_PER_DAY, 1.0)
    if not least <= users <= MOST_USERS:
        raise UserError(
            f"--population: {users:,.3g} users for {per_day:,.0f} requests a day; a scenario takes from "
            f"{math.ceil(least):,}, each of whom logs in once a second, to {MOST_USERS:,}"
        )


def rate_doubts(counts: Counts, fit: RateFit, verdict: HeldOut | None, *, judged: bool) -> Iterator[str]:
    """Yield what the log cannot say, and what speaks against the fit.

    Parameters
    ----------
    counts, fit
        The log, and the fit to it.
    verdict
        How the fit to its beginning does on its end, where that could be said.
    judged
        Whether it was asked for.
    """
    yield (
        "the log does not say who comes: return visits, cache hit ratios, answers that nobody reads and active users "
        "cannot be known from it, and whether a recommendation changes neither; bring events with a user each"
    )
    yield from _of_users(fit)
    if counts.missing_s > MISSED_FRACTION * counts.length_s:
        missing = f"{about_duration(counts.missing_s)} of {about_duration(counts.length_s)} have no count"
        yield f"{missing}, which is not taken for 0; if nothing came then, say --gaps-are-zero"
    if counts.length_s < 2 * WEEK_S:
        yield "the log is shorter than two weeks: what differs between weeks is not in it; bring four weeks"
    if judged and verdict is None:
        yield "nothing was held out: too little is known of the log's end, or of what comes before"
    yield from _of_times(fit)
    for key, found in fit.parameters.items():
        if key != GROWTH and found.value > 0 and (found.high - found.value) > WIDE * found.value:
            interval = f"{found.value:.3g}, from {found.low:.3g} to {found.high:.3g}"
            yield f"{key} is hardly known: {interval}; bring a longer log"
    yield from of_misses(verdict)


def _of_users(fit: RateFit) -> Iterator[str]:
    per_day = f"{fit.end_per_day:,.0f}" if fit.end_per_day >= LEAST_WHOLE else f"{fit.end_per_day:.3g}"
    if fit.population is None:
        yield (
            f"users cannot be counted in it: with --population N the parts have a population that makes {per_day} "
            "requests a day; without it they have traffic alone"
        )
        return
    yield (
        "nothing says how unlike the users are: 'shape: inf' has them all alike, which is the same for a plan that "
        "computes on demand, and too good or too bad for caches and nightly runs; put your own there"
    )
    yield "each request is taken for a login of its own; where a login makes several, state 'session' and fewer logins"


def _of_times(fit: RateFit) -> Iterator[str]:
    if fit.step_s > HOUR_S:
        yield f"counts are of {about_duration(fit.step_s)}: no profile within that, and no bursts, are fitted from them"
    elif not fit.burst_s:
        yield f"counts are of {about_duration(fit.step_s)}: how they scatter within an hour is not fitted from them"
    elif BURSTS in fit.parameters and fit.parameters[BURSTS].value > MOST_BURSTINESS:
        yield f"bursts are stated as a cv of {MOST_BURSTINESS:g}, the most that a scenario takes; the log has more"
    weights = np.asarray(fit.weekly.weights)
    if fit.step_s < DAY_S and weights.size >= HOURS_PER_DAY and float(weights.std()) < FLAT:
        yield "the log has neither day nor week: people sleep, so these may be requests of machines"
    yield from of_unusual(fit.weekly)
