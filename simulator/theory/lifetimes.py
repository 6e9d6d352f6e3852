"""How often people come again, and whether they still do: BG/NBD and Pareto/NBD, of customers who may drop out.

Rates are gamma distributed as everywhere here; beside that each customer is lost at some time that nobody sees: after
any purchase with a probability that is beta distributed (BG/NBD [1]_), or at a gamma distributed rate (Pareto/NBD
[2]_).
Fitted to repeat purchases they say whether a log's users lapse, which a simulation of lasting users does not have.

References
----------
.. [1] P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting your customers" the easy way, Marketing Science 24(2), 2005.
.. [2] D. C. Schmittlein, D. G. Morrison, R. Colombo, Counting your customers, Management Science 33(1), 1987; as in
   P. S. Fader, B. G. S. Hardie, A note on deriving the Pareto/NBD model, 2005.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from simulator.core.arrays import FloatArray

STARTS = (0.0, 1.0, -1.0)
"""Logarithms that all parameters begin at; the likelihood may have a flat part."""
TOLERANCE = 1e-10


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
    r, alpha, a, b = parameters
    x = seen.again
    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + seen.until)
    lost = np.log(a) - np.log(b + np.maximum(x, 1.0) - 1.0) - (r + x) * np.log(alpha + seen.last)
    return np.asarray(bought + stayed + np.where(x > 0, np.logaddexp(alive, lost), alive))


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


def fitted(likelihood: Likelihood, seen: Purchases, count: int = 4) -> tuple[float, ...]:
    """Return the parameters of the largest likelihood.

    Parameters
    ----------
    likelihood
        `bg_nbd` or `pareto_nbd`.
    seen
        The customers.
    count
        How many parameters it has, all above 0.
    """

    def loss(logs: FloatArray) -> float:
        with np.errstate(all="ignore"):
            found = -float(np.mean(likelihood(seen, np.exp(logs).tolist())))
        return found if np.isfinite(found) else 1e10

    best = None
    for start in STARTS:
        found = minimize(
            loss,
            np.full(count, start),
            method="Nelder-Mead",
            options={"xatol": 1e-7, "fatol": TOLERANCE, "maxiter": 8_000},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    return tuple(float(value) for value in np.exp(best.x))
