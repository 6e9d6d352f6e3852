"""Users who drop out: whether a log has them, and who is still there at its end, for a scenario has no others.

BG/NBD or MBG/NBD, whichever is likelier, is fitted to how often and until when users came. Of those who are still
there each has a gamma of rates that follows from what it did; all of them together are given one gamma, of the same
mean and with as many of them active within a window. Who joins at the end of the log takes the place of those who will
have left: as many as join in a month are users of the scenario, who come when they join.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincinv, gammaincinv, gammaln

from simulator.core.arrays import FloatArray
from simulator.core.units import MONTHLY_ACTIVE_DAYS
from simulator.demand.monthly import Known, shape_for
from simulator.studies.calibration.activity import Beginning, Gamma
from simulator.studies.calibration.newton import left_out
from simulator.studies.calibration.stays import Stays
from simulator.theory.lifetimes import Likelihood, Purchases, alive_fraction, bg_nbd, fitted, mbg_nbd

MODELS: Final[Mapping[str, Likelihood]] = {"BG/NBD": bg_nbd, "MBG/NBD": mbg_nbd}
LEAST_LAPSED: Final = 0.05
"""Fewer are not worth a scenario of its own."""
MOST_LATE: Final = 0.9
"""Nobody is said to lapse where the second half of users' own time has more of their logins than that, over the first:
whoever comes in bursts, or on weekdays, is taken for one who left by the likelihood alone."""
LEAST_LOGINS: Final = 200
"""In both halves; of fewer nothing can be said."""
LATE: Final = 0.25
"""Of the log, at most, from which it is told how many join."""
MOST_SHAPE: Final = 1e3
QUANTILES: Final = 40
"""Rates and probabilities to be lost are taken at so many."""


@dataclass(frozen=True)
class Pool:
    """The users of a scenario that begins at the log's end."""

    alive: float
    """Users of the log who are still there."""
    joining_per_day: float
    mean_per_day: float
    """Primary logins per day of a user, over those who are still there and those who join within a month."""
    shape: float

    @property
    def users(self) -> float:
        """Those who are still there, and those who join within a month."""
        return self.alive + self.joining_per_day * MONTHLY_ACTIVE_DAYS


@dataclass(frozen=True)
class Window:
    """How long a log is."""

    days: float
    reach_days: float
    """From how many days of primary logins it is reached."""
    per_cluster: float


@dataclass(frozen=True)
class Lapsing:
    """How users of a log drop out, and what is left of them."""

    model: str
    r: float
    alpha_days: float
    """Shape and rate of the gamma of primary logins per day, while a user is there."""
    a: float
    b: float
    """Of the beta distributed probability to be lost after a login."""
    seen_users: float
    pool: Pool
    without: tuple[Pool, ...]
    """The same without each group of users."""
    late_times: float
    """Logins in the second half of users' own time, over those in the first half."""
    window: Window

    def still_coming(self, later_days: FloatArray) -> FloatArray:
        """Return how often a user comes some time after a login, over how often right after it, on average.

        Logins of users who drop out lie nearer together than those of others by chance, and are no return visits.

        Parameters
        ----------
        later_days
            How long after it. [day]
        """
        middle = (np.arange(QUANTILES) + 0.5) / QUANTILES
        rate = gammaincinv(self.r, middle)[:, None] / self.alpha_days
        lost = betaincinv(self.a, self.b, middle)[None, :]
        # whoever has many logins is in many pairs; users are watched for half of the log on average
        logins = -np.expm1(-rate * lost * self.window.reach_days / 2) / lost
        weight = (logins * rate * (1.0 - lost)).ravel()
        left = np.exp(-np.multiply.outer(later_days, (rate * lost).ravel()))
        return np.asarray(left @ weight / weight.sum())

    @property
    def lapsed_fraction(self) -> float:
        """Share of the users of the log who have left."""
        return 1.0 - self.pool.alive / self.seen_users


def fitted_lapsing(
    of: Stays, window: Window, others: Mapping[Beginning, Gamma], seen_users: float, before: Lapsing | None = None
) -> Lapsing | None:
    """Return how users drop out; None where the log does not ask for it.

    Parameters
    ----------
    of
        How long users were seen to come.
    window
        The log's length.
    others
        The gammas of users who do not drop out.
    seen_users
        How many came.
    before
        What was found with other return visits, to begin at; its model is kept.
    """
    halves = _halves(of, window)
    if halves.sum() < LEAST_LOGINS or halves[1] > MOST_LATE * halves[0]:
        return None
    seen, users = of.seen(window.reach_days, window.per_cluster), of.users.sum(axis=1)
    without = max(float(users @ _lasting(of, seen, window, *each)) for each in others.items())
    joining, models = others[Beginning.JOINING], dict(MODELS)
    start = (joining.shape, joining.shape / joining.mean_per_day, 0.7, 2.0)
    if before is not None:
        start, models = (before.r, before.alpha_days, before.a, before.b), {before.model: MODELS[before.model]}
    found = {name: fitted(each, seen, weight=users, starts=[start]) for name, each in models.items()}
    explained = {name: float(users @ models[name](seen, each)) for name, each in found.items()}
    name = max(explained, key=lambda each: explained[each])
    if explained[name] - without <= math.log(users.sum()):  # BIC: two parameters more
        return None
    r, alpha, a, b = found[name]
    fit = _Fit(of, seen, window, MODELS[name], np.log(found[name]), seen_users / float(users.sum()))
    lapsing = Lapsing(
        name, r, alpha, a, b, seen_users, fit.pool(), tuple(fit.left_out()), float(halves[1] / halves[0]), window
    )
    return lapsing if lapsing.lapsed_fraction >= LEAST_LAPSED else None


def _halves(of: Stays, window: Window) -> FloatArray:
    """Return the logins in both halves of users' own time, the first without the return visits of the first login."""
    users, early, late = of.by_half
    return np.array([max(early - users * (window.per_cluster - 1.0), 1.0), late])


def _lasting(of: Stays, seen: Purchases, window: Window, beginning: Beginning, gamma: Gamma) -> FloatArray:
    """Return the log-likelihood of what users did after they were first seen if none of them drops out."""
    waited = of.first * window.reach_days
    is_lasting = beginning is Beginning.LASTING
    shape = gamma.shape + is_lasting
    rate = gamma.shape / gamma.mean_per_day + is_lasting * waited
    came = gammaln(shape + seen.again) - gammaln(shape) + shape * np.log(rate)
    return np.asarray(came - (shape + seen.again) * np.log(rate + seen.until))


@dataclass(frozen=True)
class _Fit:
    """A fit to all users, and what becomes of it without some."""

    of: Stays
    seen: Purchases
    window: Window
    likelihood: Likelihood
    logs: FloatArray
    """Logarithms of its parameters."""
    per_seen: float
    """Users of the log for each that was counted."""

    def pool(self, logs: FloatArray | None = None, without: int | None = None) -> Pool:
        """Return who is there at the log's end."""
        parameters = np.exp(self.logs if logs is None else logs).tolist()
        groups = self.of.users.shape[1]
        kept = np.arange(groups) != without
        users = self.of.users[:, kept].sum(axis=1) * self.per_seen * groups / kept.sum()
        here = users * alive_fraction(self.likelihood, self.seen, parameters)
        shape, rate = parameters[0] + self.seen.again, parameters[1] + self.seen.until
        late = min(LATE, MONTHLY_ACTIVE_DAYS / self.window.days)
        joining = float(users[self.of.first >= 1.0 - late].sum()) / (late * self.window.days)
        alive, logins = float(here.sum()), float(here @ (shape / rate)) + joining
        count = alive + joining * MONTHLY_ACTIVE_DAYS
        days = min(max(count / logins, 1.0), float(MONTHLY_ACTIVE_DAYS))  # in which a user comes about once
        active = float(here @ -np.expm1(shape * (np.log(rate) - np.log(rate + days)))) + joining * days
        alike = shape_for(Known(None, logins / count, 1.0, days), active / count)
        return Pool(alive, joining, logins / count, min(alike, MOST_SHAPE))

    def left_out(self) -> list[Pool]:
        """Return who is there by the users without each group."""
        moved = left_out(lambda logs: self.likelihood(self.seen, np.exp(logs).tolist()) @ self.of.users, self.logs)
        return [self.pool(moved[:, group], group) for group in range(moved.shape[1])]
