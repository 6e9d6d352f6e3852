"""How often people come again, and whether they still do: BG/NBD and Pareto/NBD, of customers who may drop out.

Rates are gamma distributed as everywhere here; beside that each customer is lost at some time that nobody sees: after
any purchase with a probability that is beta distributed (after any but the first, BG/NBD [1]_; after the first one too,
MBG/NBD [3]_), or at a gamma distributed rate (Pareto/NBD [2]_).
Fitted to repeat purchases they say whether a log's users lapse, which a simulation of lasting users does not have.

References
----------
.. [1] P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting your customers" the easy way, Marketing Science 24(2), 2005.
.. [2] D. C. Schmittlein, D. G. Morrison, R. Colombo, Counting your customers, Management Science 33(1), 1987; as in
   P. S. Fader, B. G. S. Hardie, A note on deriving the Pareto/NBD model, 2005.
.. [3] E. P. Batislam, M. Denizel, A. Filiztekin, Empirical validation and comparison of models for customer base
   analysis, International Journal of Research in Marketing 24(3), 2007.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from simulator.core.arrays import FloatArray

STARTS = (0.0, 1.0, -1.0)
"""Logarithms that all parameters begin at; the likelihood may have a flat part."""
TOLERANCE, NEAR = 1e-10, 1e-5
"""Of the mean log-likelihood, and of the parameters' logarithms."""


@dataclass(frozen=True)
class Purchases:
    """Customers by what they did after their first purchase, each of shape (customers,)."""

    again: FloatArray
    """Purchases after the first."""
    last: FloatArray
    """When the last of them was, counted from the first; 0 where there is none."""
    until: FloatArray
    """How long the customer was watched, counted from the first."""


Likelihood = Callable[[Purchases, Sequence[float]], FloatArray]


def bg_nbd(seen: Purchases, parameters: Sequence[float]) -> FloatArray:
    """Return the log-likelihood of each customer.

    Parameters
    ----------
    seen
        The customers.
    parameters
        r and alpha of the purchase rate (a gamma of shape r and rate alpha), a and b of the probability of being lost.
    """
    return np.logaddexp(*_bg_parts(seen, parameters))


def mbg_nbd(seen: Purchases, parameters: Sequence[float]) -> FloatArray:
    """Return the log-likelihood of each customer, who may be lost after the first purchase too.

    Parameters
    ----------
    seen
        The customers.
    parameters
        As of `bg_nbd`.
    """
    return np.logaddexp(*_mbg_parts(seen, parameters))


def alive_fraction(likelihood: Likelihood, seen: Purchases, parameters: Sequence[float]) -> FloatArray:
    """Return how likely each customer is not lost yet, when no longer watched.

    Given that, the rate is a gamma of shape r + x and rate alpha + T, as if nobody were ever lost.

    Parameters
    ----------
    likelihood
        `bg_nbd` or `mbg_nbd`.
    seen
        The customers.
    parameters
        Its own.
    """
    alive, lost = (_mbg_parts if likelihood is mbg_nbd else _bg_parts)(seen, parameters)
    return np.asarray(np.exp(alive - np.logaddexp(alive, lost)))


def _bg_parts(seen: Purchases, parameters: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Return the logarithms of the likelihoods of what was seen and of being alive, or of being lost, thereafter."""
    _, _, a, b = parameters
    x = seen.again
    stayed = np.asarray(betaln(a, b + x) - betaln(a, b), dtype=np.float64)
    went = np.where(x > 0, betaln(a + 1.0, b + np.maximum(x, 1.0) - 1.0) - betaln(a, b), -np.inf)
    return _with_rates(seen, parameters, stayed, went)


def _mbg_parts(seen: Purchases, parameters: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    _, _, a, b = parameters
    x = seen.again
    stayed = np.asarray(betaln(a, b + x + 1.0) - betaln(a, b), dtype=np.float64)
    went = np.asarray(betaln(a + 1.0, b + x) - betaln(a, b), dtype=np.float64)
    return _with_rates(seen, parameters, stayed, went)


def _with_rates(
    seen: Purchases, parameters: Sequence[float], stayed: FloatArray, went: FloatArray
) -> tuple[FloatArray, FloatArray]:
    r, alpha, _, _ = parameters
    bought = gammaln(r + seen.again) - gammaln(r) + r * np.log(alpha)
    alive = stayed - (r + seen.again) * np.log(alpha + seen.until)
    lost = went - (r + seen.again) * np.log(alpha + seen.last)
    return np.asarray(bought + alive), np.asarray(bought + lost)


def pareto_nbd(seen: Purchases, parameters: Sequence[float]) -> FloatArray:
    """Return the log-likelihood of each customer.

    Parameters
    ----------
    seen
        The customers.
    parameters
        r and alpha of the purchase rate, s and beta of the rate of being lost: both gammas, of that shape and rate.
    """
    r, alpha, s, beta = parameters
    x = seen.again
    total, least = r + s + x, min(alpha, beta)
    second = s + 1.0 if alpha >= beta else r + x
    largest = max(alpha, beta)

    def log_part(time: FloatArray) -> FloatArray:
        ratio = (largest - least) / (largest + time)
        return np.asarray(np.log(hyp2f1(total, second, total + 1.0, ratio)) - total * np.log(largest + time))

    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = -(r + x) * np.log(alpha + seen.until) - s * np.log(beta + seen.until)
    early, late = log_part(seen.last), log_part(seen.until)
    with np.errstate(divide="ignore"):  # whoever is watched no longer than to the last purchase has no time to be lost
        gone = early + np.log(-np.expm1(np.minimum(late - early, 0.0)))
    return np.asarray(bought + np.logaddexp(alive, np.log(s) - np.log(total) + gone))


def fitted(
    likelihood: Likelihood,
    seen: Purchases,
    count: int = 4,
    weight: FloatArray | None = None,
    starts: Sequence[Sequence[float]] | None = None,
) -> tuple[float, ...]:
    """Return the parameters of the largest likelihood.

    Parameters
    ----------
    likelihood
        `bg_nbd`, `mbg_nbd` or `pareto_nbd`.
    seen
        The customers.
    count
        How many parameters it has, all above 0.
    weight
        How many customers are alike, shape (customers,); by default each is one.
    starts
        Parameters to begin at; by default some that suit times of about 1 to 100.
    """

    def loss(logs: FloatArray) -> float:
        with np.errstate(all="ignore"):
            found = -float(np.average(likelihood(seen, np.exp(logs).tolist()), weights=weight))
        return found if np.isfinite(found) else 1e10

    best = None
    for start in [np.full(count, each) for each in STARTS] if starts is None else np.log(starts):
        found = minimize(
            loss,
            start,
            method="Nelder-Mead",
            options={"xatol": NEAR, "fatol": TOLERANCE, "maxiter": 8_000},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    return tuple(float(value) for value in np.exp(best.x))
