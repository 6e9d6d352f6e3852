"""Hit ratio and prediction age of cached online predictions, users reading as Poisson processes.

The age of a prediction computed for the request itself is 0, and mean ages are over all serves, those included.
"""

import numpy as np
import numpy.typing as npt

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import fraction, non_negative, positive, positive_or_infinite
from simulator.theory.exponential import exponential_remainder, scaled_exponential_integral


def fixed_ttl_hit_fraction(read_per_s: npt.ArrayLike, ttl_s: npt.ArrayLike) -> FloatArray:
    """Return the cache hit ratio of a fixed TTL, which runs from the computation: rT/(1 + rT).

    Parameters
    ----------
    read_per_s
        One user's request rate r; broadcast with the TTL. [1/s]
    ttl_s
        Time T that a prediction may be served again. [s]

    Raises
    ------
    ValueError
        If a rate or TTL is negative.
    """
    reads = non_negative("read_per_s", read_per_s) * non_negative("ttl_s", ttl_s)
    hit: FloatArray = reads / (1 + reads)
    return hit


def fixed_ttl_mean_age_s(hit_fraction: npt.ArrayLike, ttl_s: npt.ArrayLike) -> FloatArray:
    """Return the mean prediction age over all serves under a fixed TTL: hit ratio x T/2. [s].

    Parameters
    ----------
    hit_fraction
        The cache hit ratio: of `fixed_ttl_hit_fraction` for users alike, of `gamma_fixed_ttl_hit_fraction` else. The
        age of a hit is uniform on [0, T] whatever the user's rate, so the same form serves both.
    ttl_s
        Time T that a prediction may be served again. [s]

    Raises
    ------
    ValueError
        If a hit ratio is not from 0 to 1 or a TTL is negative.
    """
    age: FloatArray = fraction("hit_fraction", hit_fraction) * non_negative("ttl_s", ttl_s) / 2
    return age


def fixed_ttl_freshness(hit_fraction: npt.ArrayLike, ttl_s: npt.ArrayLike, change_per_s: npt.ArrayLike) -> FloatArray:
    """Return the freshness F at serving under a fixed TTL.

    Parameters
    ----------
    hit_fraction
        The cache hit ratio, for users alike or of different habits; all parameters broadcast.
    ttl_s
        Time T that a prediction may be served again. [s]
    change_per_s
        Rate of taste changes. [1/s]

    Raises
    ------
    ValueError
        If a hit ratio is not from 0 to 1, or a TTL or rate is negative.
    """
    changes = non_negative("change_per_s", change_per_s) * non_negative("ttl_s", ttl_s)
    lost = changes * exponential_remainder(2, -changes)
    fresh: FloatArray = 1 - fraction("hit_fraction", hit_fraction) * lost
    return fresh


def sliding_ttl_hit_fraction(read_per_s: npt.ArrayLike, ttl_s: npt.ArrayLike) -> FloatArray:
    """Return the cache hit ratio of a sliding TTL, which every read starts anew: 1 - e^(-rT).

    Parameters
    ----------
    read_per_s
        One user's request rate r; broadcast with the TTL. [1/s]
    ttl_s
        Time T without a read after which the prediction is dropped. [s]

    Raises
    ------
    ValueError
        If a rate or TTL is negative.
    """
    hit: FloatArray = -np.expm1(-non_negative("read_per_s", read_per_s) * non_negative("ttl_s", ttl_s))
    return hit


def sliding_ttl_mean_age_s(read_per_s: npt.ArrayLike, ttl_s: npt.ArrayLike) -> FloatArray:
    """Return the mean prediction age over all serves under a sliding TTL: (e^(rT) - 1)/r - T. [s].

    Parameters
    ----------
    read_per_s
        One user's request rate r; broadcast with the TTL. [1/s]
    ttl_s
        Time T without a read after which the prediction is dropped. [s]

    Raises
    ------
    ValueError
        If a rate or TTL is negative.

    Notes
    -----
    It is the mean of an endless run: the age grows without bound for users who read much, infinite from rT = 710 on.
    """
    rate = non_negative("read_per_s", read_per_s)
    ttl = non_negative("ttl_s", ttl_s)
    age: FloatArray = rate * ttl**2 * exponential_remainder(2, rate * ttl)
    return age


def revalidating_mean_age_s(read_per_s: npt.ArrayLike, ttl_s: npt.ArrayLike) -> FloatArray:
    """Return the mean prediction age over all serves under stale-while-revalidate. [s].

    Parameters
    ----------
    read_per_s
        One user's request rate r, above 0; broadcast with the TTL. [1/s]
    ttl_s
        Time T after which a read is still served the old prediction and starts a computation, done at once. [s]

    Raises
    ------
    ValueError
        If a rate is not above 0 or a TTL is negative.

    Notes
    -----
    (rT^2/2 + T + 1/r)/(1 + rT): a cycle holds rT young serves and the one that finds the prediction expired. Every
    request but a user's first is a hit.
    """
    rate = positive("read_per_s", read_per_s)
    ttl = non_negative("ttl_s", ttl_s)
    age: FloatArray = (rate * ttl**2 / 2 + ttl + 1 / rate) / (1 + rate * ttl)
    return age


def gamma_fixed_ttl_hit_fraction(
    shape: npt.ArrayLike, mean_read_per_s: npt.ArrayLike, ttl_s: npt.ArrayLike
) -> FloatArray:
    """Return the cache hit ratio of a fixed TTL over all requests of users whose rates are gamma distributed.

    Parameters
    ----------
    shape
        Gamma shape alpha of the users' request rates; infinity: everyone alike. All parameters broadcast.
    mean_read_per_s
        Mean request rate over users, alpha/beta. [1/s]
    ttl_s
        Time T that a prediction may be served again. [s]

    Raises
    ------
    ValueError
        If a shape, rate or TTL is not above 0.

    Notes
    -----
    A request's user has a size-biased rate, Gamma(alpha + 1), so the ratio is 1 - z e^z E_(alpha+1)(z) with
    z = beta/T. It is evaluated as (alpha + 1) e^z E_(alpha+2)(z): the same by the integral's recurrence, and without
    the subtraction. Rounding above 1 is cut off.

    References
    ----------
    .. [1] NIST Digital Library of Mathematical Functions, 8.19.12.
    """
    alpha = positive_or_infinite("shape", shape)
    reads = positive("mean_read_per_s", mean_read_per_s) * positive("ttl_s", ttl_s)
    alike = np.isinf(alpha)
    finite = np.where(alike, 1.0, alpha)
    mixed = (finite + 1) * scaled_exponential_integral(finite + 2, finite / reads)
    hit: FloatArray = np.minimum(np.where(alike, reads / (1 + reads), mixed), 1.0)
    return hit


def gamma_fixed_ttl_mean_age_s(
    shape: npt.ArrayLike, mean_read_per_s: npt.ArrayLike, ttl_s: npt.ArrayLike
) -> FloatArray:
    """Return the mean prediction age over all serves of a fixed TTL, for users of gamma distributed rates. [s].

    Parameters
    ----------
    shape
        Gamma shape alpha of the users' request rates; infinity: everyone alike. All parameters broadcast.
    mean_read_per_s
        Mean request rate over users. [1/s]
    ttl_s
        Time T that a prediction may be served again. [s]

    Raises
    ------
    ValueError
        If a shape, rate or TTL is not above 0.
    """
    return fixed_ttl_mean_age_s(gamma_fixed_ttl_hit_fraction(shape, mean_read_per_s, ttl_s), ttl_s)
