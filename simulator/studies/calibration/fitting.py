"""From counts of a log to the numbers of a scenario, each with an interval.

Everything is fitted to all users, and again without each of some groups of them: how far the fits scatter says how far
chance may have moved them (a jackknife over users). What chance does to days it does not say.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S, HOURS_PER_DAY, HOURS_PER_WEEK, MINUTE_S
from simulator.studies.calibration.activity import Beginning, Gamma, Likelihood, Reach, Seen
from simulator.studies.calibration.events import GROUPS
from simulator.studies.calibration.lapsing import Lapsing, Pool, Window, fitted_lapsing
from simulator.studies.calibration.measures import FIRSTS, Measures
from simulator.studies.calibration.returns import Pairs, Returns, fitted_returns, shortly_after
from simulator.studies.calibration.sessions import Requests, requests_of
from simulator.studies.calibration.weekly import Weekly, fitted_weekly

SURE = 3.0
"""A parameter is there that is so many standard errors above 0."""
CONFIDENCE = 0.95
MERGING_ROUNDS = 2
MOST_MERGED = 0.5
LATE = 0.25
"""Of the log: how often those come who join is stated as of its end."""
LEAST_PAIRS = 200
"""With fewer pairs of a user's logins nothing can be said of return visits."""


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

    @property
    def awake_users(self) -> float:
        """Users who are not dormant: all, those who came where others join, or those who are still there."""
        if self.lapsing is not None:
            return min(self.lapsing.pool.users, self.users)
        return self.seen_users if self.beginning is Beginning.JOINING else self.users

    @property
    def grows(self) -> bool:
        """Whether the log surely grew or shrank."""
        growth = self.parameters.get(GROWTH)
        return growth is not None and not growth.low <= 0 <= growth.high


@dataclass
class _Fit:
    """Fits all but some users."""

    measures: Measures
    zone: str
    population: float | None
    whole: "UserFit | None" = None

    @cached_property
    def groups(self) -> int:
        """How many groups of users there are."""
        return GROUPS

    def kept(self, without: int | None) -> np.ndarray:
        """Return which groups are fitted."""
        kept = np.ones(self.groups, dtype=bool)
        if without is not None:
            kept[without] = False
        return kept

    def weekly(self, without: int | None = None) -> Weekly:
        """Return when people come."""
        of, counts = self.measures, self.measures.by_hour[self.kept(without)].sum(axis=0)
        if of.resolution_s >= DAY_S:  # what of a day is known is how much of it there was
            counts = np.repeat(np.add.reduceat(counts, range(0, counts.size, HOURS_PER_DAY)), HOURS_PER_DAY)[
                : counts.size
            ]
            counts = counts / HOURS_PER_DAY
        return fitted_weekly(counts, of.first_hour, self.zone, of.covered, finds_unusual=without is None)

    def returns(self, weekly: Weekly, without: int | None, start: Returns | None) -> tuple[Returns | None, float]:
        """Return return visits, and which share of all logins is taken for requests of the one before."""
        pairs = self.pairs(weekly)
        if pairs is None:
            return None, 0.0
        within_s = self.session_s
        found, merged = fitted_returns(pairs, without, start), 0.0
        for _ in range(MERGING_ROUNDS):
            merged = min(shortly_after(pairs, found, within_s, without), MOST_MERGED)
            if start is None and found is None:
                break
            found = fitted_returns(pairs.unmerged(merged), without, found or start)
        return found, merged

    def pairs(self, weekly: Weekly) -> Pairs | None:
        """Return the pairs of logins; None where there are too few."""
        of = self.measures
        if of.pairs.sum() < LEAST_PAIRS:
            return None
        return Pairs(of.lag_edge_s, of.pairs, of.pair_logins, by_chance(weekly.expected, of.lag_edge_s))

    @property
    def session_s(self) -> float:
        """How long after a login another one is taken for a request of it: a session's length, and the gap. [s]"""
        pauses, _, _ = self.measures.think_s.sum(axis=0)
        logins = float(self.measures.per_login.sum())
        return self.measures.valley.gap_s + float(pauses) / max(logins, 1.0)

    def likelihood(self, returns: Returns | None, beginning: Beginning, without: int | None) -> Likelihood:
        """Return the likelihood of how often users came."""
        rows = self.measures.per_user
        of = rows[rows[:, 0] != without] if without is not None else rows
        reach = self.reach(returns)
        waited = (of[:, 1] + 0.5) / FIRSTS * reach.days
        seen = Seen(waited, of[:, 2].astype(np.int64), of[:, 3])
        known = self.population is not None and beginning is Beginning.LASTING
        share = float(self.kept(without).mean())
        unseen = max((self.population or 0.0) - self.seen_users, 0.0) * share if known else None
        return Likelihood(seen, reach, beginning, unseen)

    @cached_property
    def seen_users(self) -> float:
        """How many users came."""
        return float(self.measures.per_user[:, 3].sum())

    def beginning(self, returns: Returns | None) -> tuple[Beginning, Lapsing | None]:
        """Return since when users are there, by what explains better what they did after they were first seen."""
        likelihoods = {each: self.likelihood(returns, each, None) for each in Beginning}
        gammas = {each: likelihood.fitted() for each, likelihood in likelihoods.items()}
        lapsing = self.lapsing(returns, gammas)
        if lapsing is not None:
            return Beginning.JOINING, lapsing
        return max(Beginning, key=lambda each: likelihoods[each].log_likelihood_of_later(gammas[each])), None

    def lapsing(self, returns: Returns | None, gammas: Mapping[Beginning, Gamma]) -> Lapsing | None:
        """Return how users drop out; None where nothing says that they do."""
        reach = self.reach(returns)
        window = Window(self.measures.length_s / DAY_S, reach.days, reach.per_cluster)
        return fitted_lapsing(self.measures.stays, window, gammas, self.seen_users)

    def reach(self, returns: Returns | None) -> Reach:
        """Return from how many days of primary logins the log is reached."""
        days = self.measures.length_s / DAY_S
        if returns is None:
            return Reach(days)
        q, gap = returns.probability, returns.gap_s / DAY_S
        reached = days + q / (1.0 - q) * gap * -math.expm1(-days / gap)
        return Reach(reached, max(days / ((1.0 - q) * reached), 1.0))


def by_chance(expected: FloatArray, edge_s: FloatArray) -> FloatArray:
    """Return how many pairs of logins the profile alone makes at each distance, up to a factor.

    Parameters
    ----------
    expected
        Logins of each hour of the log.
    edge_s
        Where bins of distance begin and end. [s]
    """
    lags = int(edge_s[-1] / HOUR_S) + 2
    padded = np.concatenate([expected, np.zeros(lags)])
    spectrum = np.fft.rfft(padded, 2 * padded.size)
    together = np.fft.irfft(spectrum * np.conj(spectrum))[: lags + 1]
    steps = np.arange(lags + 1) * HOUR_S
    # the pairs up to a distance: hours are taken as even within, so that what lies between lags is on a line
    summed = np.concatenate([[0.0], np.cumsum((together[1:] + together[:-1]) / 2 * HOUR_S)])
    return np.asarray(np.maximum(np.diff(np.interp(edge_s, steps, summed)), 1e-12))


def fit_users(measures: Measures, zone: str, population: float | None = None) -> UserFit:
    """Return what a log says of its users.

    Parameters
    ----------
    measures
        What was counted.
    zone
        The clock that people live by.
    population
        How many users there are, those who never came included; None where that is not known.
    """
    fit = _Fit(measures, zone, population)
    weekly = fit.weekly()
    returns, _ = fit.returns(weekly, None, None)
    found = Found(weekly, returns, *fit.beginning(returns))
    whole = _numbers(fit, found, None, None)
    jackknife = [_numbers(fit, found, number, whole) for number in range(fit.groups)]
    parameters = {key: _interval(value, [each[key] for each in jackknife]) for key, value in whole.items()}
    if returns is not None and parameters[PROBABILITY].value < SURE * _half(parameters[PROBABILITY]):
        return fit_users(_without_pairs(measures), zone, population)
    return UserFit(
        {key: found for key, found in parameters.items() if not key.startswith("_")},
        weekly,
        returns,
        requests_of(measures.per_login.sum(axis=0)),
        parameters[THINK].value if THINK in parameters else 0.0,
        round(fit.seen_users),
        found.beginning,
        parameters[USERS].value,
        parameters[SHAPE].value,
        zone,
        measures.valley.gap_s,
        measures.length_s,
        parameters[RATE].value / parameters["_own_rate"].value if found.beginning is Beginning.JOINING else 1.0,
        _think_cv(measures),
        _burstiness_cv(measures),
        found.lapsing,
    )


USERS, RATE, SHAPE = "population.users", "population.logins_per_day", "population.shape"
GROWTH = "traffic.growth_per_week"
PROBABILITY, GAP = "traffic.return_visits.probability", "traffic.return_visits.gap.mean"
REQUESTS, THINK = "traffic.session.requests.mean", "traffic.session.think_time.mean"


@dataclass(frozen=True)
class Found:
    """What is found of all users before it is fitted without some."""

    weekly: Weekly
    returns: Returns | None
    beginning: Beginning
    lapsing: Lapsing | None

    def pool(self, without: int | None) -> Pool | None:
        """Return who is still there at the log's end, where users drop out."""
        if self.lapsing is None:
            return None
        return self.lapsing.pool if without is None else self.lapsing.without[without]


def _numbers(fit: _Fit, of_all: Found, without: int | None, start: Mapping[str, float] | None) -> dict[str, float]:
    of, kept, returns = fit.measures, fit.kept(without), of_all.returns
    mine, merged = fit.returns(of_all.weekly, without, returns)
    if returns is None:
        mine = None
    likelihood = fit.likelihood(mine, of_all.beginning, without)
    begin = None if start is None else (start[SHAPE], start["_mean"])
    gamma = likelihood.fitted(begin)
    seen, share = float(likelihood.seen.users.sum()), float(kept.mean())
    users = fit.population * share if fit.population is not None else seen / (1.0 - gamma.unseen_fraction)
    per_primary = 1.0 / (1.0 - mine.probability) if mine is not None else 1.0
    found = {
        USERS: users / share,
        RATE: _rate(fit, of_all.beginning, likelihood, users, kept) / (1.0 - merged),
        SHAPE: gamma.shape,
        "_mean": gamma.mean_per_day,
        "_own_rate": gamma.mean_per_day * per_primary / (1.0 - merged) * min(seen / users, 1.0),
    }
    pool = of_all.pool(without)
    if pool is not None:
        found |= _of_pool(fit, pool, returns, merged)
    if of.by_hour.shape[1] >= 3 * HOURS_PER_WEEK:
        found[GROWTH] = fit.weekly(without).growth_per_week if without is not None else of_all.weekly.growth_per_week
    if mine is not None:
        found |= {PROBABILITY: mine.probability, GAP: mine.gap_s}
    requests = of.per_login[kept].sum(axis=0)
    logins = float(requests.sum()) / (1.0 - merged)
    found[REQUESTS] = float(requests @ np.arange(requests.size)) / logins
    pauses, _, number = of.think_s[kept].sum(axis=0)
    if number:  # without what is no pause, but the time to another login
        others = logins * merged
        own_s = pauses - others * of.valley.gap_s / 2 * of.valley.gap_s / fit.session_s
        found[THINK] = max(own_s, 0.0) / max(number - others, 1.0)
    return found


def _of_pool(fit: _Fit, pool: Pool, returns: Returns | None, merged: float) -> dict[str, float]:
    """Return the numbers of those who are still there at the log's end, over all users where these are given."""
    users = pool.users if fit.population is None else max(fit.population, pool.users)
    per_primary = 1.0 / (1.0 - returns.probability) if returns is not None else 1.0
    rate = pool.mean_per_day * per_primary / (1.0 - merged) * pool.users / users
    return {USERS: users, RATE: rate, SHAPE: pool.shape}


def _rate(fit: _Fit, beginning: Beginning, likelihood: Likelihood, users: float, kept: np.ndarray) -> float:
    """Return the logins per user and day: over all of the log, or of those who join in its last quarter."""
    of, days = fit.measures, fit.measures.length_s / DAY_S
    if beginning is Beginning.LASTING:
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


def _interval(value: float, others: Sequence[float]) -> Fitted:
    """Return the interval of a number from its fits without each group, of its logarithm where it is above 0."""
    number = len(others)
    each = np.asarray(others)
    up, down, centre = _scale(value, each)
    scatter = up(each)
    error = math.sqrt((number - 1) / number * float(np.sum((scatter - scatter.mean()) ** 2)))
    wide = float(stats.t.ppf((1 + CONFIDENCE) / 2, number - 1)) * error
    return Fitted(value, float(down(centre - wide)), float(down(centre + wide)))


def _scale(
    value: float, each: FloatArray
) -> tuple[Callable[[FloatArray], FloatArray], Callable[[float], float], float]:
    if value > 0 and (each > 0).all():
        return np.log, math.exp, math.log(value)
    return lambda found: found, lambda found: found, value


def _half(found: Fitted) -> float:
    return (found.high - found.low) / 2 / 2
