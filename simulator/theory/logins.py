"""Who logs in, and when: Poisson logins at rates that are gamma distributed over users.

A user's login rate is Gamma(shape alpha, mean m) per day, beta = alpha/m; a shape of infinity makes everyone alike.
Every function takes (shape, mean) and broadcasts its arguments.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammaincc, gammainccinv, pdtrc

from simulator.core.arrays import FloatArray
from simulator.core.units import MONTH_DAYS
from simulator.theory.bounds import count, fraction, non_negative, open_fraction, positive, positive_or_infinite

_LEAST_LOG_BETA: Final = -600.0
_LARGEST_LOG_BETA: Final = 80.0


@dataclass(frozen=True)
class LoginRates:
    """Gamma distributed login rates."""

    shape: float
    """Gamma shape alpha; the smaller, the more unlike the users."""
    mean_per_day: float
    """Mean logins per user and day, alpha/beta."""


@dataclass(frozen=True)
class RecencyScope:
    """What a scope of recently active users holds, chosen once per refresh."""

    precomputed_fraction: FloatArray
    """Share of users in the scope."""
    user_coverage_fraction: FloatArray
    """Share of the users active before the next refresh who are in the scope."""
    login_coverage_fraction: FloatArray
    """Share of logins whose user is in the scope."""
    wasted_fraction: FloatArray
    """Share of the scope's users who do not log in before the next refresh."""
    lift: FloatArray
    """How many times likelier a user in the scope is to log in before the next refresh than any user."""


def mean_logins_per_day(dau_fraction: npt.ArrayLike, shape: npt.ArrayLike) -> FloatArray:
    """Return the mean logins per user-day that give a DAU share: alpha((1 - p)^(-1/alpha) - 1). [1/day].

    Parameters
    ----------
    dau_fraction
        Share p of users with at least one login on a day, strictly between 0 and 1.
    shape
        Gamma shape alpha; infinity: everyone alike, -ln(1 - p).

    Raises
    ------
    ValueError
        If a share or shape is outside its bounds.
    """
    exponent = -np.log1p(-open_fraction("dau_fraction", dau_fraction))
    alpha = positive_or_infinite("shape", shape)
    alike = np.isinf(alpha)
    finite = np.where(alike, 1.0, alpha)
    with np.errstate(over="ignore"):
        mean: FloatArray = np.where(alike, exponent, finite * np.expm1(exponent / finite))[()]
    return mean


def inactive_fraction(window_days: npt.ArrayLike, shape: npt.ArrayLike, mean_per_day: npt.ArrayLike) -> FloatArray:
    """Return the share of users without a login in a window: q(w) = (beta/(beta + w))^alpha.

    Parameters
    ----------
    window_days
        Window w, 0 or longer. [day]
    shape
        Gamma shape alpha; infinity: everyone alike, e^(-m w).
    mean_per_day
        Mean logins per user-day m. [1/day]

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    inactive: FloatArray = np.exp(-_hazard(window_days, shape, mean_per_day))
    return inactive


def active_fraction(window_days: npt.ArrayLike, shape: npt.ArrayLike, mean_per_day: npt.ArrayLike) -> FloatArray:
    """Return the share of users with at least one login in a window: 1 - q(w); the DAU share for one day.

    Parameters
    ----------
    window_days
        Window w, 0 or longer. [day]
    shape
        Gamma shape alpha; infinity: everyone alike.
    mean_per_day
        Mean logins per user-day m. [1/day]

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    active: FloatArray = -np.expm1(-_hazard(window_days, shape, mean_per_day))
    return active


def unread_fraction(reads_per_period: npt.ArrayLike, shape: npt.ArrayLike) -> FloatArray:
    """Return the share of refreshed predictions that nobody reads before the next refresh.

    Parameters
    ----------
    reads_per_period
        Mean reads (logins) per user in one refresh period, 0 or above.
    shape
        Gamma shape alpha: (1 + m/alpha)^(-alpha); infinity: everyone alike, e^(-m).

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    return inactive_fraction(reads_per_period, shape, 1.0)


def dau_mau_fraction(
    shape: npt.ArrayLike, mean_per_day: npt.ArrayLike, month_days: npt.ArrayLike = MONTH_DAYS
) -> FloatArray:
    """Return DAU/MAU, "stickiness": (1 - q(1))/(1 - q(30)).

    Parameters
    ----------
    shape
        Gamma shape alpha; infinity: everyone alike.
    mean_per_day
        Mean logins per user-day m, above 0. [1/day]
    month_days
        The window of "monthly" activity. [day]

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    mean = positive("mean_per_day", mean_per_day)
    month = positive("month_days", month_days)
    return active_fraction(1.0, shape, mean) / active_fraction(month, shape, mean)


def recency_scope(
    window_days: npt.ArrayLike,
    shape: npt.ArrayLike,
    mean_per_day: npt.ArrayLike,
    *,
    logins: npt.ArrayLike = 1,
    period_days: npt.ArrayLike = 1.0,
) -> RecencyScope:
    """Return what precomputing for the recently active covers and wastes.

    Parameters
    ----------
    window_days
        How far back activity counts, k. [day]
    shape
        Gamma shape alpha; infinity: everyone alike (coverage is the share: recency tells nothing).
    mean_per_day
        Mean logins per user-day m, above 0. [1/day]
    logins
        How many logins in the window make a user active.
    period_days
        Time to the next refresh, in which a prediction is served or wasted. [day]

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.

    Notes
    -----
    Logins in a window are negative binomial. A login's user is size-biased, Gamma(alpha + 1, beta), hence the login
    coverage, 1 - (beta/(beta + k))^(alpha + 1) for one login. The users in the scope who stay away have the rates
    Gamma(alpha, beta + period), hence the waste.
    """
    window = positive("window_days", window_days)
    period = positive("period_days", period_days)
    alpha = positive_or_infinite("shape", shape)
    mean = positive("mean_per_day", mean_per_day)
    least = count("logins", logins)
    share = _at_least(least, window, alpha, mean)
    absent_mean = mean / (1 + mean * period / alpha)
    absent = inactive_fraction(period, alpha, mean) * _at_least(least, window, alpha, absent_mean)
    active = active_fraction(period, alpha, mean)
    return RecencyScope(
        precomputed_fraction=share,
        user_coverage_fraction=(share - absent) / active,
        login_coverage_fraction=_at_least(least, window, alpha + 1, mean * (1 + 1 / alpha)),
        wasted_fraction=absent / share,
        lift=(share - absent) / share / active,
    )


def top_login_coverage_fraction(top_fraction: npt.ArrayLike, shape: npt.ArrayLike) -> FloatArray:
    """Return the share of logins made by the most active users: 1 minus the Lorenz curve from below.

    Parameters
    ----------
    top_fraction
        The most active share of users, from 0 to 1.
    shape
        Gamma shape alpha of the login rates; infinity: everyone alike, coverage is the share.

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    top = fraction("top_fraction", top_fraction)
    alpha = positive_or_infinite("shape", shape)
    alike = np.isinf(alpha)
    finite = np.where(alike, 1.0, alpha)
    coverage: FloatArray = np.where(alike, top, gammaincc(finite + 1, gammainccinv(finite, top)))[()]
    return coverage


def fit_login_rates(dau_fraction: float, mau_fraction: float, month_days: float = MONTH_DAYS) -> LoginRates:
    """Return the gamma login rates that have a given DAU and MAU share.

    Parameters
    ----------
    dau_fraction
        Share of all users active on a day, strictly between 0 and 1.
    mau_fraction
        Share of all users active in a month: above the DAU share, below what users all alike would have.
    month_days
        The window of "monthly" activity, above 1. [day]

    Raises
    ------
    ValueError
        If no gamma distribution has both shares.
    """
    from scipy.optimize import brentq  # noqa: PLC0415  (imported where it is needed: start-up time)

    daily = float(open_fraction("dau_fraction", dau_fraction))
    monthly = float(open_fraction("mau_fraction", mau_fraction))
    month = float(positive("month_days", month_days))
    alike = -np.expm1(month * np.log1p(-daily))
    if not daily < monthly < alike:
        raise ValueError(
            f"mau_fraction(={monthly}) must be above dau_fraction(={daily}) and below {alike:.6g}, the MAU share of "
            f"users who all log in at one rate."
        )
    ratio = min(np.log1p(-monthly) / np.log1p(-daily), month)  # rounding may lift it above its bound

    def excess(log_beta: float) -> float:
        return float(np.log1p(month * np.exp(-log_beta)) / np.log1p(np.exp(-log_beta)) - ratio)

    if excess(_LEAST_LOG_BETA) >= 0:
        raise ValueError(
            f"mau_fraction(={monthly}) is too near dau_fraction(={daily}): the few active users would log in more "
            f"often than numbers reach; it must be farther above."
        )
    beta = float(np.exp(brentq(excess, _LEAST_LOG_BETA, _LARGEST_LOG_BETA, xtol=1e-14, rtol=1e-14)))
    shape = float(-np.log1p(-daily) / np.log1p(1 / beta))
    return LoginRates(shape=shape, mean_per_day=shape / beta)


def _hazard(window_days: npt.ArrayLike, shape: npt.ArrayLike, mean_per_day: npt.ArrayLike) -> FloatArray:
    """Return -ln q(w) = alpha ln(1 + m w/alpha), with its limit m w."""
    alpha = positive_or_infinite("shape", shape)
    logins = non_negative("window_days", window_days) * non_negative("mean_per_day", mean_per_day)
    alike = np.isinf(alpha)
    finite = np.where(alike, 1.0, alpha)
    hazard: FloatArray = np.where(alike, logins, finite * np.log1p(logins / finite))[()]
    return hazard


def _at_least(logins: FloatArray, window_days: FloatArray, shape: FloatArray, mean_per_day: FloatArray) -> FloatArray:
    """Return the share of users with at least so many logins in the window."""
    expected = mean_per_day * window_days
    alike = np.isinf(shape)
    finite = np.where(alike, 1.0, shape)
    mixed = betainc(logins, finite, expected / (finite + expected))
    share: FloatArray = np.where(alike, pdtrc(logins - 1, expected), mixed)[()]
    return share
