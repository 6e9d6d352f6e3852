"""When precomputing for everyone, for some, or for nobody is cheapest.

Costs are linear: so much per prediction, write, read and day. Money is in USD, days are the unit of demand.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincc, gammaincinv

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import fraction, non_negative, positive
from simulator.theory.logins import active_fraction


@dataclass(frozen=True)
class BatchCosts:
    """What precomputing for every user costs."""

    compute_usd: float
    """One batch prediction, c_b."""
    write_usd: float = 0.0
    """Writing one row to the store, w."""
    storage_usd_per_day: float = 0.0
    """Keeping one row for a day, sigma."""
    read_usd: float = 0.0
    """Reading one row for a request, x_r."""
    fixed_usd_per_day: float = 0.0
    """Whatever does not depend on users or requests, F_b."""
    runs_per_day: float = 1.0
    """Refreshes per day, k."""

    @property
    def usd_per_user_day(self) -> float:
        """Cost of one user's stored prediction, k(c_b + w) + sigma: the c_pre of the ideal hybrid. [USD/day]."""
        return self.runs_per_day * (self.compute_usd + self.write_usd) + self.storage_usd_per_day


@dataclass(frozen=True)
class OnlineCosts:
    """What computing at every request costs."""

    compute_usd: float
    """One online prediction on a machine that is always busy, c_o."""
    features_usd: float = 0.0
    """Reading one prediction's features, x_f."""
    fixed_usd_per_day: float = 0.0
    """Whatever does not depend on requests, F_o."""
    provisioning_factor: float = 1.0
    """Machine time paid over machine time used, phi; see `provisioning_factor`."""

    @property
    def usd_per_request(self) -> float:
        """Cost of one request, c_o phi + x_f: the c_on of the ideal hybrid. [USD]."""
        return self.compute_usd * self.provisioning_factor + self.features_usd


@dataclass(frozen=True)
class Hybrid:
    """Precomputing for some users and computing for the others on request."""

    precomputed_fraction: FloatArray
    """Share of users with a stored prediction."""
    login_coverage_fraction: FloatArray
    """Share of requests answered by a stored prediction."""
    usd_per_user_day: FloatArray
    """Cost per user, stored or not. [USD/day]"""


def provisioning_factor(target_utilisation_fraction: npt.ArrayLike, peak_to_mean: npt.ArrayLike = 1.0) -> FloatArray:
    """Return machine time paid over machine time used: phi = (peak/mean)/u*.

    Parameters
    ----------
    target_utilisation_fraction
        Utilisation u* that the fleet is sized for, above 0 and at most 1; broadcast.
    peak_to_mean
        Peak over mean request rate, from 1, for a fleet sized for the peak; 1 for an ideally autoscaled one.

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    target = fraction(
        "target_utilisation_fraction", positive("target_utilisation_fraction", target_utilisation_fraction)
    )
    ratio = positive("peak_to_mean", peak_to_mean)
    if np.any(ratio < 1):
        raise ValueError(f"peak_to_mean(={float(ratio.min())}) must be >= 1.")
    return ratio / target


def batch_usd_per_day(costs: BatchCosts, users: npt.ArrayLike, requests_per_day: npt.ArrayLike) -> FloatArray:
    """Return the daily cost of precomputing for everyone: kN(c_b + w) + N sigma + F_b + L x_r. [USD/day].

    Parameters
    ----------
    costs
        Unit costs of the batch plan.
    users
        Number of users N, above 0; broadcast with the requests.
    requests_per_day
        Requests of all users per day L, 0 or above. [1/day]

    Raises
    ------
    ValueError
        If users or requests are outside their bounds.
    """
    reads = non_negative("requests_per_day", requests_per_day) * costs.read_usd
    return positive("users", users) * costs.usd_per_user_day + costs.fixed_usd_per_day + reads


def online_usd_per_day(costs: OnlineCosts, requests_per_day: npt.ArrayLike) -> FloatArray:
    """Return the daily cost of computing at every request: L(c_o phi + x_f) + F_o. [USD/day].

    Parameters
    ----------
    costs
        Unit costs of the online plan.
    requests_per_day
        Requests of all users per day L, 0 or above. [1/day]

    Raises
    ------
    ValueError
        If requests are negative.
    """
    return non_negative("requests_per_day", requests_per_day) * costs.usd_per_request + costs.fixed_usd_per_day


def break_even_requests_per_user_day(batch: BatchCosts, online: OnlineCosts, users: float) -> float:
    """Return the break-even rate l*: below it computing online is cheaper, above it precomputing is. [1/day].

    Parameters
    ----------
    batch
        Unit costs of the batch plan.
    online
        Unit costs of the online plan.
    users
        Number of users N, above 0, over whom fixed costs are spread.

    Returns
    -------
    float
        Requests per user-day; infinite if an online request costs no more than reading a row, for then precomputing
        never pays; 0 or below if precomputing is the cheaper one even without a request.

    Raises
    ------
    ValueError
        If the number of users is not above 0.
    """
    saved_usd = online.usd_per_request - batch.read_usd
    fixed_usd = (batch.fixed_usd_per_day - online.fixed_usd_per_day) / float(positive("users", users))
    return (batch.usd_per_user_day + fixed_usd) / saved_usd if saved_usd > 0 else math.inf


def dau_equivalent_fraction(requests_per_user_day: npt.ArrayLike, shape: npt.ArrayLike = math.inf) -> FloatArray:
    """Return the DAU share that goes with a mean rate: 1 - (1 + l/alpha)^(-alpha).

    Parameters
    ----------
    requests_per_user_day
        Mean requests (of one request a login) per user-day, such as l*; 0 or above. [1/day]
    shape
        Gamma shape alpha of the users' rates, broadcast; infinity: everyone alike, 1 - e^(-l).

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    return active_fraction(1.0, shape, requests_per_user_day)


def hybrid_threshold_per_day(
    precompute_usd_per_user_day: npt.ArrayLike, online_usd: npt.ArrayLike, read_usd: npt.ArrayLike = 0.0
) -> FloatArray:
    """Return the rate r* = c_pre/(c_on - x_r) above which precomputing for a user is the cheaper way. [1/day].

    Parameters
    ----------
    precompute_usd_per_user_day
        Cost of one user's stored prediction, c_pre, 0 or above; all parameters broadcast. [USD/day]
    online_usd
        Cost of one online request, c_on. [USD]
    read_usd
        Cost of reading a stored prediction, x_r; below ``online_usd``. [USD]

    Raises
    ------
    ValueError
        If a cost is negative, or an online request costs no more than reading a row.
    """
    cost = non_negative("precompute_usd_per_user_day", precompute_usd_per_user_day)
    online, read = np.broadcast_arrays(non_negative("online_usd", online_usd), non_negative("read_usd", read_usd))
    if np.any(read >= online):
        first, reading = float(online[read >= online].flat[0]), float(read[read >= online].flat[0])
        raise ValueError(f"online_usd(={first}) must be > read_usd(={reading}); else precomputing never pays.")
    threshold: FloatArray = cost / (online - read)
    return threshold


def ideal_hybrid(batch: BatchCosts, online: OnlineCosts, shape: npt.ArrayLike, mean_per_day: npt.ArrayLike) -> Hybrid:
    """Return the hybrid that knows every user's rate: the floor that no plan can beat under Poisson requests.

    Parameters
    ----------
    batch
        Unit costs of precomputing; fixed costs are left out.
    online
        Unit costs of computing on request; fixed costs are left out.
    shape
        Gamma shape alpha of the users' request rates, finite; broadcast.
    mean_per_day
        Mean requests per user-day, above 0. [1/day]

    Raises
    ------
    ValueError
        If a parameter is outside its bounds, or an online request costs no more than reading a row.
    """
    alpha, mean = positive("shape", shape), positive("mean_per_day", mean_per_day)
    threshold = hybrid_threshold_per_day(batch.usd_per_user_day, online.usd_per_request, batch.read_usd)
    scaled = threshold * alpha / mean
    return hybrid(batch, online, gammaincc(alpha, scaled), gammaincc(alpha + 1, scaled), mean)


def hybrid(
    batch: BatchCosts,
    online: OnlineCosts,
    precomputed_fraction: npt.ArrayLike,
    login_coverage_fraction: npt.ArrayLike,
    mean_per_day: npt.ArrayLike,
) -> Hybrid:
    """Return what a hybrid with a given scope costs, such as the scope of `logins.recency_scope`.

    Parameters
    ----------
    batch
        Unit costs of precomputing; fixed costs are left out.
    online
        Unit costs of computing on request; fixed costs are left out.
    precomputed_fraction
        Share of users in the scope; all following broadcast.
    login_coverage_fraction
        Share of requests whose user is in the scope.
    mean_per_day
        Mean requests per user-day, 0 or above. [1/day]

    Raises
    ------
    ValueError
        If a parameter is outside its bounds.
    """
    share = fraction("precomputed_fraction", precomputed_fraction)
    coverage = fraction("login_coverage_fraction", login_coverage_fraction)
    request_usd = coverage * batch.read_usd + (1 - coverage) * online.usd_per_request
    cost = share * batch.usd_per_user_day + non_negative("mean_per_day", mean_per_day) * request_usd
    return Hybrid(precomputed_fraction=share, login_coverage_fraction=coverage, usd_per_user_day=cost)


def best_refresh_period_s(
    refresh_usd: npt.ArrayLike, fresh_value_usd_per_s: npt.ArrayLike, change_per_s: npt.ArrayLike
) -> FloatArray:
    """Return the period I that minimises refresh cost plus the value lost to staleness, c/I + V(1 - F(I)). [s].

    Parameters
    ----------
    refresh_usd
        Cost of one refresh c, above 0; all parameters broadcast. [USD]
    fresh_value_usd_per_s
        Value V of a prediction that is always fresh over one that never is. [USD/s]
    change_per_s
        Rate g of taste changes, above 0. [1/s]

    Returns
    -------
    FloatArray
        The best period; infinite where refreshing never pays, that is from c g = V on.

    Raises
    ------
    ValueError
        If a parameter is not above 0.

    Notes
    -----
    The root of 1 - (1 + g I) e^(-g I) = c g/V. For small c it nears sqrt(2c/(V g)).
    """
    rate = positive("change_per_s", change_per_s)
    value = positive("fresh_value_usd_per_s", fresh_value_usd_per_s)
    share = np.minimum(positive("refresh_usd", refresh_usd) * rate / value, 1.0)
    period: FloatArray = gammaincinv(2.0, share) / rate
    return period
