"""Compiled draws from an SFC64 stream: bit for bit what NumPy draws from it, in about half the time.

NumPy asks its generator for every number through a pointer, and takes a normal number's sign by a branch that nobody
can foresee. Here the generator is part of the loop.

References
----------
.. [1] G. Marsaglia, W. W. Tsang, "The ziggurat method for generating random variables", J. Stat. Softw. 5 (8), 2000;
   as in NumPy's ``random/src/distributions/distributions.c``, with its tables, which Numba holds too.
.. [2] C. Doty-Humphrey, PractRand, 2014: the generator SFC64.
"""

import math

import numpy as np
from numba.np.random._constants import (
    fe_double,
    fi_double,
    ke_double,
    ki_double,
    we_double,
    wi_double,
    ziggurat_exp_r,
    ziggurat_nor_inv_r,
    ziggurat_nor_r,
)

from simulator.core.arrays import FloatArray, HashArray
from simulator.core.jit import COMPILED, inlined, kernel

__all__ = ["COMPILED", "fill_exponential", "fill_lognormal", "fill_normal", "fill_uniform"]

BITS_OF_FRACTION = np.uint64(2**52 - 1)
PER_BIT = 2.0**-53


@inlined
def _next(
    a: np.uint64, b: np.uint64, c: np.uint64, counter: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, np.uint64]:
    """Return 64 random bits, and the state after them."""
    drawn = a + b + counter
    turned = (c << np.uint64(24)) | (c >> np.uint64(40))
    return drawn, b ^ (b >> np.uint64(11)), c + (c << np.uint64(3)), turned + drawn, counter + np.uint64(1)


@inlined
def _fraction(bits: np.uint64) -> float:
    """Return a uniform number from 0 and below 1."""
    return np.int64(bits >> np.uint64(11)) * PER_BIT


@kernel
def fill_uniform(state: HashArray, out: FloatArray) -> None:
    """Draw uniform numbers from 0 and below 1; ``state`` is the generator's, which goes on."""
    a, b, c, counter = state[0], state[1], state[2], state[3]
    for i in range(out.size):
        bits, a, b, c, counter = _next(a, b, c, counter)
        out[i] = _fraction(bits)
    state[0], state[1], state[2], state[3] = a, b, c, counter


@kernel
def fill_exponential(state: HashArray, out: FloatArray) -> None:
    """Draw standard exponentials; ``state`` is the generator's, which goes on."""
    a, b, c, counter = state[0], state[1], state[2], state[3]
    for i in range(out.size):
        while True:
            bits, a, b, c, counter = _next(a, b, c, counter)
            layer = (bits >> np.uint64(3)) & np.uint64(255)
            place = bits >> np.uint64(11)
            x = np.int64(place) * we_double[layer]
            if place < ke_double[layer]:
                break
            bits, a, b, c, counter = _next(a, b, c, counter)
            if layer == 0:
                x = ziggurat_exp_r - math.log1p(-_fraction(bits))
                break
            above = fe_double[layer - np.uint64(1)] - fe_double[layer]
            if above * _fraction(bits) + fe_double[layer] < math.exp(-x):
                break
        out[i] = x
    state[0], state[1], state[2], state[3] = a, b, c, counter


@kernel
def fill_normal(state: HashArray, out: FloatArray) -> None:
    """Draw standard normal numbers; ``state`` is the generator's, which goes on."""
    a, b, c, counter = state[0], state[1], state[2], state[3]
    for i in range(out.size):
        while True:
            bits, a, b, c, counter = _next(a, b, c, counter)
            layer = bits & np.uint64(255)
            place = (bits >> np.uint64(9)) & BITS_OF_FRACTION
            x = np.int64(place) * wi_double[layer]
            x = -x if bits & np.uint64(256) else x
            if place < ki_double[layer]:
                break
            bits, a, b, c, counter = _next(a, b, c, counter)
            if layer == 0:
                beyond = -ziggurat_nor_inv_r * math.log1p(-_fraction(bits))
                bits, a, b, c, counter = _next(a, b, c, counter)
                drop = -math.log1p(-_fraction(bits))
                while drop + drop <= beyond * beyond:
                    bits, a, b, c, counter = _next(a, b, c, counter)
                    beyond = -ziggurat_nor_inv_r * math.log1p(-_fraction(bits))
                    bits, a, b, c, counter = _next(a, b, c, counter)
                    drop = -math.log1p(-_fraction(bits))
                x = ziggurat_nor_r + beyond
                x = -x if place & np.uint64(256) else x
                break
            above = fi_double[layer - np.uint64(1)] - fi_double[layer]
            if above * _fraction(bits) + fi_double[layer] < math.exp(-0.5 * x * x):
                break
        out[i] = x
    state[0], state[1], state[2], state[3] = a, b, c, counter


@kernel
def fill_lognormal(state: HashArray, mean: float, sigma: float, out: FloatArray) -> None:
    """Draw numbers whose logarithms are normal; ``state`` is the generator's, which goes on."""
    fill_normal(state, out)
    for i in range(out.size):
        out[i] = math.exp(mean + sigma * out[i])
