"""What a log says of all its users, and of all but a group of them."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S, HOURS_PER_DAY
from simulator.studies.calibration.activity import Beginning, Likelihood, Reach, Seen
from simulator.studies.calibration.events import GROUPS
from simulator.studies.calibration.lapsing import Lapsing, Pool, Window, fitted_lapsing
from simulator.studies.calibration.measures import FIRSTS, Measures
from simulator.studies.calibration.returns import Pairs, Returns, fitted_returns, shortly_after
from simulator.studies.calibration.segments import Kinds, fitted_kinds
from simulator.studies.calibration.weekly import Weekly, fitted_weekly

MERGING_ROUNDS = 2
MOST_MERGED = 0.5
LAPSING_ROUNDS = 3
LEAST_PAIRS = 200
"""With fewer pairs of a user's logins nothing can be said of return visits."""


@dataclass(frozen=True)
class Found:
    """What is found of all users before it is fitted without some."""

    weekly: Weekly
    returns: Returns | None
    beginning: Beginning
    lapsing: Lapsing | None
    has_dormant: bool
    """Whether of the users that are given some never come, more than a gamma makes."""
    kinds: Kinds | None
    """Whether one gamma says how often they come; None where they drop out."""

    def pool(self, without: int | None) -> Pool | None:
        """Return who is still there at the log's end, where users drop out."""
        if self.lapsing is None:
            return None
        return self.lapsing.pool if without is None else self.lapsing.without[without]


@dataclass
class PartialFits:
    """Fits to all users of a log but those of a group."""

    measures: Measures
    zone: str
    """The clock that people live by, where the log does not say it of each."""
    population: float | None
    lapsing: Lapsing | None = None
    """How users drop out, once that is known."""

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
        of, counts = self.measures, self.measures.by_zone[self.kept(without)].sum(axis=0)
        if of.resolution_s >= DAY_S:  # what of a day is known is how much of it there was
            hours = counts.shape[1]
            by_day = np.add.reduceat(counts, range(0, hours, HOURS_PER_DAY), axis=1)
            counts = np.repeat(by_day, HOURS_PER_DAY, axis=1)[:, :hours] / HOURS_PER_DAY
        return fitted_weekly(counts, of.first_hour, of.zones or (self.zone,), of.covered, finds_unusual=without is None)

    def returns(self, weekly: Weekly, without: int | None, start: Returns | None) -> tuple[Returns | None, float]:
        """Return return visits, and which share of all logins is taken for requests of the one before."""
        pairs = self.pairs(weekly)
        if pairs is None:
            return None, 0.0
        within_s = self.session_s
        found, merged = fitted_returns(pairs, without, start), 0.0
        if self.lapsing is not None and start is None and found is not None and found.lag_s > pairs.edge_s[-1]:
            found = None  # what is so slow is users who leave at other times than the fit says
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
        chance = by_chance(weekly.by_zone, of.lag_edge_s)
        if self.lapsing is not None:
            middle_s = np.sqrt(of.lag_edge_s[:-1] * of.lag_edge_s[1:])
            chance = chance * self.lapsing.still_coming(middle_s / DAY_S)
        return Pairs(of.lag_edge_s, of.pairs, of.pair_logins, chance)

    @property
    def session_s(self) -> float:
        """How long after a login another one is taken for a request of it: a session's length, and the gap. [s]"""
        pauses, _, _ = self.measures.think_s.sum(axis=0)
        logins = float(self.measures.per_login.sum())
        return self.measures.valley.gap_s + float(pauses) / max(logins, 1.0)

    def likelihood(
        self,
        returns: Returns | None,
        beginning: Beginning,
        without: int | None,
        *,
        has_dormant: bool = False,
        only: int | None = None,
    ) -> Likelihood:
        """Return the likelihood of how often users came; where some are dormant, of those who came alone."""
        rows, kept = self.measures.per_user, self.kept(without) if only is None else np.arange(self.groups) == only
        of = rows[kept[rows[:, 0].astype(np.int64)]]
        reach = self.reach(returns)
        waited = self.waited_share[of[:, 1].astype(np.int64)] * reach.days
        seen = Seen(waited, of[:, 2].astype(np.int64), of[:, 3])
        known = self.population is not None and beginning is Beginning.LASTING and not has_dormant
        share = float(kept.mean())
        unseen = max((self.population or 0.0) - self.seen_users, 0.0) * share if known else None
        return Likelihood(seen, reach, beginning, unseen)

    @cached_property
    def waited_share(self) -> FloatArray:
        """Of what came in the log, the share that had come when users were first seen, shape (FIRSTS,).

        Whoever is first seen in the morning has waited for less than half of a day's logins: told by the clock alone,
        users who are there all the time look like users who join.
        """
        of, expected = self.measures, self.weekly().expected
        came = np.concatenate([[0.0], np.cumsum(expected)]) / max(float(expected.sum()), 1e-300)
        begin = 1.0 - of.covered[0]  # hours from the first hour's beginning to the log's, all in it but the last
        edges = begin + np.arange(FIRSTS + 1) / FIRSTS * of.length_s / HOUR_S
        share = np.interp(edges, np.arange(came.size), came)
        return np.asarray((share[1:] + share[:-1]) / 2)

    @cached_property
    def seen_users(self) -> float:
        """How many users came."""
        return float(self.measures.per_user[:, 3].sum())

    def found(self) -> "Found":
        """Return what all users say; it is kept in mind how they drop out, if they do."""
        weekly = self.weekly()
        returns, _ = self.returns(weekly, None, None)
        beginning, self.lapsing = self.beginning(returns)
        for _ in range(LAPSING_ROUNDS):  # return visits look like users who drop out, and the other way round
            if self.lapsing is None:
                break
            before = returns
            returns, _ = self.returns(weekly, None, None)
            if returns is before is None:
                break
            beginning, self.lapsing = self.beginning(returns)
            if self.lapsing is None:
                returns, _ = self.returns(weekly, None, None)
        has_dormant, kinds = False, None
        if self.lapsing is None:
            has_dormant, kinds = self.dormant_and_kinds(returns, beginning)
        return Found(weekly, returns, beginning, self.lapsing, has_dormant, kinds)

    def dormant_and_kinds(self, returns: Returns | None, beginning: Beginning) -> tuple[bool, Kinds]:
        """Return whether some of the users who are given never come, by BIC, and of which kinds the others are."""
        plain = self.kinds(returns, beginning, has_dormant=False)
        if self.population is None or beginning is Beginning.JOINING or self.population <= self.seen_users:
            return False, plain
        of_seen = self.kinds(returns, beginning, has_dormant=True)
        if self.seen_users / (1.0 - of_seen.unseen_fraction) >= self.population:
            return False, plain
        came = self.seen_users / self.population
        seen = self.seen_users * math.log(came) + (self.population - self.seen_users) * math.log1p(-came)
        gain = of_seen.log_likelihood + seen - plain.log_likelihood
        more = 1 + of_seen.parameters - plain.parameters
        has_dormant = 2.0 * gain > more * math.log(self.population)
        return has_dormant, of_seen if has_dormant else plain

    def kinds(self, returns: Returns | None, beginning: Beginning, *, has_dormant: bool) -> Kinds:
        """Return whether one gamma says how often users come, and two if it does not."""
        of_all = self.likelihood(returns, beginning, None, has_dormant=has_dormant)
        each = [
            self.likelihood(returns, beginning, None, has_dormant=has_dormant, only=group)
            for group in range(self.groups)
        ]
        return fitted_kinds(of_all, [part for part in each if part.seen.users.size], of_all.fitted())

    def beginning(self, returns: Returns | None) -> tuple[Beginning, Lapsing | None]:
        """Return since when users are there, by what explains better what they did after they were first seen."""
        likelihoods = {each: self.likelihood(returns, each, None) for each in Beginning}
        gammas = {each: likelihood.fitted() for each, likelihood in likelihoods.items()}
        reach = self.reach(returns)
        window = Window(self.measures.length_s / DAY_S, reach.days, reach.per_cluster)
        lapsing = fitted_lapsing(self.measures.stays, window, gammas, self.seen_users, self.lapsing)
        if lapsing is not None:
            return Beginning.JOINING, lapsing
        return max(Beginning, key=lambda each: likelihoods[each].log_likelihood_of_later(gammas[each])), None

    def reach(self, returns: Returns | None) -> Reach:
        """Return from how many days of primary logins the log is reached."""
        days = self.measures.length_s / DAY_S
        if returns is None:
            return Reach(days)
        q = returns.probability
        reached = days + q / (1.0 - q) * returns.gap.mean_up_to_s(self.measures.length_s) / DAY_S
        return Reach(reached, max(days / ((1.0 - q) * reached), 1.0))


def by_chance(expected: FloatArray, edge_s: FloatArray) -> FloatArray:
    """Return how many pairs of logins the profile alone makes at each distance, up to a factor.

    Parameters
    ----------
    expected
        Logins of users of each zone in each hour of the log, shape (zones, hours). Users of a zone are taken to come as
        often as those of others.
    edge_s
        Where bins of distance begin and end. [s]
    """
    lags = int(edge_s[-1] / HOUR_S) + 2
    share = np.maximum(expected.sum(axis=1) / max(float(expected.sum()), 1e-300), 1e-300)
    spectrum = np.fft.rfft(expected, 2 * (expected.shape[1] + lags))
    power = (spectrum * np.conj(spectrum) / share[:, None]).sum(axis=0)
    together = np.fft.irfft(power)[: lags + 1]
    steps = np.arange(lags + 1) * HOUR_S
    # the pairs up to a distance: hours are taken as even within, so that what lies between lags is on a line
    summed = np.concatenate([[0.0], np.cumsum((together[1:] + together[:-1]) / 2 * HOUR_S)])
    return np.asarray(np.maximum(np.diff(np.interp(edge_s, steps, summed)), 1e-12))
