"""From counts of a log to the numbers of a scenario, each with an interval.

Everything is fitted to all users, and again without each of some groups of them: how far the fits scatter says how far
chance may have moved them (a jackknife over users). What chance does to days it does not say.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOURS_PER_WEEK, MINUTE_S
from simulator.studies.calibration.activity import Beginning, Likelihood
from simulator.studies.calibration.lapsing import Lapsing, Pool
from simulator.studies.calibration.measures import Measures
from simulator.studies.calibration.partial_fits import Found, PartialFits
from simulator.studies.calibration.returns import Returns
from simulator.studies.calibration.segments import Kinds, Part, unseen_fraction
from simulator.studies.calibration.sessions import Requests, requests_of
from simulator.studies.calibration.weekly import Weekly

SURE = 3.0
"""A parameter is there that is so many standard errors above 0."""
CONFIDENCE = 0.95
LATE = 0.25
"""Of the log: how often those come who join is stated as of its end."""


@dataclass(frozen=True)
class Fitted:
    """A number of the scenario with its interval of chance."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class UserFit:
    """What a log says of its users."""

    parameters: Mapping[str, Fitted]
    """By key of the scenario, in its SI unit."""
    weekly: Weekly
    returns: Returns | None
    requests: Requests
    think_s: float
    seen_users: int
    beginning: Beginning
    users: float
    """All users: those who are given, or those who came and about as many as did not."""
    shape: float
    zone: str
    """The clock that users live by where the log does not say it of each, and of times that state none."""
    session_gap_s: float
    length_s: float
    """Of the log. [s]"""
    late_times: float
    """How many times as often as their own rates say those who join come at the end of the log."""
    think_cv: float
    """How pauses within a login scatter; 0 where there are none."""
    burstiness_cv: float
    """How the rate of a minute scatters about that of its hour; 0 where chance explains the counts."""
    lapsing: Lapsing | None = None
    """How users drop out, where they do: the numbers are then of those who are still there when the log ends."""
    users_are_given: bool = False
    kinds: Kinds | None = None
    """Whether one gamma says how often users come; None where they drop out."""

    @property
    def homes(self) -> Mapping[str, Fitted]:
        """Share of the users by the zone that they live in, where the log says it of each; none with nobody."""
        stated = {key.removeprefix(f"{HOME}."): each for key, each in self.parameters.items() if key.startswith(HOME)}
        return {zone: each for zone, each in stated.items() if each.value > 0}

    @property
    def has_segments(self) -> bool:
        """Whether there are two kinds of users, whose numbers are in place of those of all."""
        return self.kinds is not None and self.kinds.mixture is not None

    @property
    def grows(self) -> bool:
        """Whether the log surely grew or shrank."""
        growth = self.parameters.get(GROWTH)
        return growth is not None and not growth.low <= 0 <= growth.high


def fit_users(measures: Measures, zone: str, population: float | None = None) -> UserFit:
    """Return what a log says of its users.

    Parameters
    ----------
    measures
        What was counted.
    zone
        The clock that people live by, where the log does not say it of each.
    population
        How many users there are, those who never came included; None where that is not known.
    """
    fit = PartialFits(measures, zone, population)
    found = fit.found()
    weekly, returns = found.weekly, found.returns
    whole = _numbers(fit, found, None, None)
    jackknife = [_numbers(fit, found, number, whole) for number in range(fit.groups)]
    parameters = {
        key: jackknifed(value, [each[key] for each in jackknife], NO_GROWTH if key == GROWTH else 0.0)
        for key, value in whole.items()
    }
    if returns is not None and parameters[PROBABILITY].value < SURE * _half(parameters[PROBABILITY]):
        return fit_users(_without_pairs(measures), zone, population)
    is_joining = found.beginning is Beginning.JOINING and found.lapsing is None
    late_times = parameters[RATE].value / parameters["_own_rate"].value if is_joining else 1.0
    has_segments = found.kinds is not None and found.kinds.mixture is not None
    left_out = {RATE, SHAPE} if has_segments else set()
    if THINK in parameters and not parameters[THINK].value > 0:  # times of whole days or hours tell no pauses
        left_out.add(THINK)
    told = {key: each for key, each in parameters.items() if not key.startswith("_") and key not in left_out}
    return UserFit(
        told,
        weekly,
        returns,
        requests_of(measures.per_login.sum(axis=0)),
        told[THINK].value if THINK in told else 0.0,
        round(fit.seen_users),
        found.beginning,
        parameters[USERS].value,
        parameters[SHAPE].value,
        zone,
        measures.valley.gap_s,
        measures.length_s,
        late_times,
        _think_cv(measures),
        _burstiness_cv(measures),
        found.lapsing,
        population is not None,
        found.kinds,
    )


NO_GROWTH = -1.0
"""The growth of what is gone within a week."""
USERS, RATE, SHAPE = "population.users", "population.logins_per_day", "population.shape"
DORMANT = "population.dormant"
SEGMENT, SEGMENTS = "population.segments", ("busy", "calm")
HOME = "traffic.timezones"
GROWTH = "traffic.growth_per_week"
PROBABILITY, GAP = "traffic.return_visits.probability", "traffic.return_visits.gap.mean"
GAP_CV = "traffic.return_visits.gap.cv"
REQUESTS, THINK = "traffic.session.requests.mean", "traffic.session.think_time.mean"


def _numbers(
    fit: PartialFits, of_all: Found, without: int | None, start: Mapping[str, float] | None
) -> dict[str, float]:
    of, kept, returns = fit.measures, fit.kept(without), of_all.returns
    mine, merged = fit.returns(of_all.weekly, without, returns)
    if returns is None:
        mine = None
    pool = of_all.pool(without)
    if pool is not None:
        found = _of_pool(fit, pool, returns, merged)
    else:
        likelihood = fit.likelihood(mine, of_all.beginning, without, has_dormant=of_all.has_dormant)
        found = _of_all(fit, likelihood, mine, merged, kept, start)
        if of_all.kinds is not None and of_all.kinds.mixture is not None:
            found |= _of_segments(fit, likelihood, of_all.kinds.mixture.of(without), found)
    if of.by_hour.shape[1] >= 3 * HOURS_PER_WEEK:
        found[GROWTH] = fit.weekly(without).growth_per_week if without is not None else of_all.weekly.growth_per_week
    if mine is not None:
        found |= {PROBABILITY: mine.probability, GAP: mine.gap_s}
        found |= {} if mine.cv is None else {GAP_CV: mine.cv}
    if of.zones:
        users = of.users_by_zone[kept].sum(axis=0)
        found |= {f"{HOME}.{name}": float(share) for name, share in zip(of.zones, users / users.sum(), strict=True)}
    requests = of.per_login[kept].sum(axis=0)
    logins = float(requests.sum()) / (1.0 - merged)
    found[REQUESTS] = float(requests @ np.arange(requests.size)) / logins
    pauses, _, number = of.think_s[kept].sum(axis=0)
    if number:  # without what is no pause, but the time to another login
        others = logins * merged
        own_s = pauses - others * of.valley.gap_s / 2 * of.valley.gap_s / fit.session_s
        found[THINK] = max(own_s, 0.0) / max(number - others, 1.0)
    return found


def _of_all(
    fit: PartialFits,
    likelihood: Likelihood,
    returns: Returns | None,
    merged: float,
    kept: np.ndarray,
    start: Mapping[str, float] | None,
) -> dict[str, float]:
    """Return the numbers of all users of a log of which none drops out."""
    gamma = likelihood.fitted(None if start is None else (start[SHAPE], start["_mean"]))
    seen, share = float(likelihood.seen.users.sum()), float(kept.mean())
    users = fit.population * share if fit.population is not None else seen / (1.0 - gamma.unseen_fraction)
    awake = seen / (1.0 - gamma.unseen_fraction)
    per_primary = 1.0 / (1.0 - returns.probability) if returns is not None else 1.0
    known = fit.population is not None and likelihood.unseen is None
    dormant = {DORMANT: max(1.0 - awake / users, 0.0)} if known else {}
    return dormant | {
        USERS: users / share,
        RATE: _rate(fit, likelihood, users, kept) / (1.0 - merged),
        SHAPE: gamma.shape,
        "_mean": gamma.mean_per_day,
        "_unseen": gamma.unseen_fraction,
        "_own_rate": gamma.mean_per_day * per_primary / (1.0 - merged) * min(seen / users, 1.0),
    }


def _of_segments(
    fit: PartialFits, likelihood: Likelihood, parts: Sequence[Part], one: Mapping[str, float]
) -> dict[str, float]:
    """Return the numbers of users of two kinds, beside those that all of them have together."""
    mean, unseen = sum(each.share_fraction * each.mean_per_day for each in parts), unseen_fraction(likelihood, parts)
    awake = (1.0 - one["_unseen"]) / (1.0 - unseen)  # over as many as there are by one gamma
    users = one[USERS] * (awake if fit.population is None else 1.0)
    found = {USERS: users, RATE: one[RATE] * one[USERS] / users}
    if DORMANT in one:
        found[DORMANT] = max(1.0 - awake * (1.0 - one[DORMANT]), 0.0)
    for name, each in zip(SEGMENTS, parts, strict=True):
        found |= {
            f"{SEGMENT}.{name}.share": each.share_fraction,
            f"{SEGMENT}.{name}.logins_per_day": found[RATE] * each.mean_per_day / mean,
            f"{SEGMENT}.{name}.shape": each.shape,
        }
    return found


def _of_pool(fit: PartialFits, pool: Pool, returns: Returns | None, merged: float) -> dict[str, float]:
    """Return the numbers of those who are still there at the log's end, over all users where these are given."""
    users = pool.users if fit.population is None else max(fit.population, pool.users)
    per_primary = 1.0 / (1.0 - returns.probability) if returns is not None else 1.0
    rate = pool.mean_per_day * per_primary / (1.0 - merged) * pool.users / users
    dormant = {} if fit.population is None else {DORMANT: 1.0 - pool.users / users}
    return dormant | {USERS: users, RATE: rate, SHAPE: pool.shape}


def _rate(fit: PartialFits, likelihood: Likelihood, users: float, kept: np.ndarray) -> float:
    """Return the logins per user and day: over all of the log, or of those who join in its last quarter."""
    of, days = fit.measures, fit.measures.length_s / DAY_S
    if likelihood.beginning is Beginning.LASTING:
        return float(likelihood.seen.users @ (likelihood.seen.again + 1)) / users / days
    late = of.by_hour.shape[1] - round(LATE * of.by_hour.shape[1])
    there = np.clip(1.0 - likelihood.seen.waited / likelihood.reach.days, 0.0, LATE)
    came = float(likelihood.seen.users.sum())
    return float(of.by_hour[kept, late:].sum()) / float(likelihood.seen.users @ there * days) * came / users


def _think_cv(measures: Measures) -> float:
    pauses, squares, number = measures.think_s.sum(axis=0)
    if not number or not pauses:
        return 0.0
    mean = pauses / number
    return float(math.sqrt(max(squares / number - mean**2, 0.0)) / mean)


def _burstiness_cv(measures: Measures) -> float:
    """Return how a minute's rate scatters: its counts have a variance of m + m^2 cv^2 at a mean of m."""
    mean, variance, square = measures.by_minute
    if measures.resolution_s >= MINUTE_S:
        return 0.0
    return math.sqrt(max(variance - mean, 0.0) / square) if square > 0 else 0.0


def _without_pairs(measures: Measures) -> Measures:
    from dataclasses import replace  # noqa: PLC0415

    return replace(measures, pairs=np.zeros_like(measures.pairs))


def jackknifed(value: float, others: Sequence[float], least: float = 0.0) -> Fitted:
    """Return the interval of a number from its fits without each group.

    It is one of the logarithm of how far the number is above the least that it can be, where it is above it: of a
    growth, which may be negative, that is -1, as an interval of its own logarithm could not hold 0.
    """
    number = len(others)
    each = np.asarray(others) - least
    up, down, centre = _scale(value - least, each)
    scatter = up(each)
    error = math.sqrt((number - 1) / number * float(np.sum((scatter - scatter.mean()) ** 2)))
    wide = float(stats.t.ppf((1 + CONFIDENCE) / 2, number - 1)) * error
    return Fitted(value, float(down(centre - wide)) + least, float(down(centre + wide)) + least)


def _scale(
    value: float, each: FloatArray
) -> tuple[Callable[[FloatArray], FloatArray], Callable[[float], float], float]:
    if value > 0 and (each > 0).all():
        return np.log, math.exp, math.log(value)
    return lambda found: found, lambda found: found, value


def _half(found: Fitted) -> float:
    return (found.high - found.low) / 2 / 2
