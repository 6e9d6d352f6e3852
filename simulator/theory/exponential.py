"""Exponential functions that naive formulas lose digits on: remainders of the series, the scaled integral."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import exprel

from simulator.core.arrays import FloatArray
from simulator.theory.bounds import positive

_SERIES_TERMS: Final = 20  # of x^j/(j+k)! with |x| <= 1: the 20th is below 1e-18
_NODE_STEP: Final = 3 / 16  # exact in binary, so nodes are evenly spaced; the error exp(-pi^2/step) is lost
_LARGEST_EXPONENT: Final = 40.0  # exp(-40) is lost beside 1


def exponential_remainder(order: int, x: npt.ArrayLike) -> FloatArray:
    """Return ``phi_k(x) = (e^x - sum of x^j/j! over j < k) / x^k``, to full precision near 0 also.

    Parameters
    ----------
    order
        The k, from 1: how many terms of the series are taken away.
    x
        Arguments of any shape; where e^x overflows the result is infinite.

    References
    ----------
    .. [1] N. J. Higham, "Functions of Matrices", SIAM 2008, section 10.7.4 (the phi functions).
    """
    values = np.asarray(x, dtype=np.float64)
    near = np.where(np.abs(values) <= 1, values, 0.0)
    series = np.zeros_like(near)
    for j in reversed(range(_SERIES_TERMS)):
        series = series * near + 1 / math.factorial(j + order)
    far = np.where(np.abs(values) <= 1, 1.0, values)
    with np.errstate(over="ignore"):
        recurred = exprel(far)
        for k in range(1, order):
            recurred = (recurred - 1 / math.factorial(k)) / far
    result: FloatArray = np.where(np.abs(values) <= 1, series, recurred)[()]
    return result


def scaled_exponential_integral(order: npt.ArrayLike, z: npt.ArrayLike) -> FloatArray:
    """Return ``e^z E_nu(z)``, the integral of ``e^(-z t) (1 + t)^(-nu)`` over all t from 0 on.

    Parameters
    ----------
    order
        The orders, any real number above 0; broadcast with ``z``.
    z
        Arguments above 0. Nothing overflows for large ones, where the result tends to 1/(z + order).

    Raises
    ------
    ValueError
        If an order or an argument is not above 0.

    Notes
    -----
    With t = e^v/(z+order) the integrand is analytic and dies out on both sides, so the trapezoidal rule converges
    geometrically, for every order and argument, by a sum without subtractions: the relative error is below 1e-14.
    The recurrence over the orders and the continued fraction each lose digits somewhere.

    References
    ----------
    .. [1] NIST Digital Library of Mathematical Functions, section 8.19.
    .. [2] L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal rule", SIAM Review 56, 2014.
    """
    orders, arguments = np.broadcast_arrays(positive("order", order), positive("z", z))
    scale = arguments + orders
    upper = math.log(_LARGEST_EXPONENT) + float(np.max(np.log1p(orders / arguments), initial=0.0))
    nodes = np.arange(-_LARGEST_EXPONENT, upper + _NODE_STEP, _NODE_STEP)
    total = np.zeros(scale.shape)
    for node in nodes:
        t = np.exp(node) / scale
        total += np.exp(node - arguments * t - orders * np.log1p(t))
    integral: FloatArray = (_NODE_STEP * total / scale)[()]
    return integral
