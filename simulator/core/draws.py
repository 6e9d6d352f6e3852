"""Uniform, exponential, normal and lognormal numbers: those that NumPy draws, faster where there are many."""

from typing import Literal, TypeAlias

import numpy as np

from simulator.core.arrays import FloatArray

Fill: TypeAlias = Literal["fill_uniform", "fill_exponential", "fill_normal", "fill_lognormal"]
MANY = 4096
"""From so many numbers on, compiled draws are worth calling."""


def uniform(rng: np.random.Generator, out: FloatArray) -> FloatArray:
    """Fill an array with uniform numbers from 0 and below 1, and return it."""
    return out if _filled(rng, "fill_uniform", out) else rng.random(out=out)


def exponential(rng: np.random.Generator, out: FloatArray) -> FloatArray:
    """Fill an array with exponentials of mean 1, and return it."""
    return out if _filled(rng, "fill_exponential", out) else rng.standard_exponential(out=out)


def normal(rng: np.random.Generator, out: FloatArray) -> FloatArray:
    """Fill an array with standard normal numbers, and return it."""
    return out if _filled(rng, "fill_normal", out) else rng.standard_normal(out=out)


def lognormal(rng: np.random.Generator, mean: float, sigma: float, out: FloatArray) -> FloatArray:
    """Fill an array with numbers whose logarithms have a mean and a standard deviation, and return it."""
    if not _filled(rng, "fill_lognormal", out, mean, sigma):
        out[:] = rng.lognormal(mean, sigma, out.size)
    return out


def _filled(rng: np.random.Generator, kernel: Fill, out: FloatArray, *parameters: float) -> bool:
    """Fill an array where compiled draws do it faster, and return whether they did."""
    if out.size < MANY or not isinstance(rng.bit_generator, np.random.SFC64):
        return False
    from simulator.core import ziggurat  # noqa: PLC0415  (Numba, which scenarios are read without)

    if not ziggurat.COMPILED:
        return False
    state = rng.bit_generator.state
    getattr(ziggurat, kernel)(state["state"]["state"], *parameters, out)
    rng.bit_generator.state = state
    return True
