"""Uniform, exponential and normal numbers: those that NumPy draws, faster where there are many."""

from typing import Literal

import numpy as np

from simulator.core.arrays import FloatArray

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


def _filled(
    rng: np.random.Generator, kernel: Literal["fill_uniform", "fill_exponential", "fill_normal"], out: FloatArray
) -> bool:
    """Fill an array where compiled draws do it faster, and return whether they did."""
    if out.size < MANY or not isinstance(rng.bit_generator, np.random.SFC64):
        return False
    from simulator.core import ziggurat  # noqa: PLC0415  (Numba, which scenarios are read without)

    if not ziggurat.COMPILED:
        return False
    state = rng.bit_generator.state
    getattr(ziggurat, kernel)(state["state"]["state"], out)
    rng.bit_generator.state = state
    return True
