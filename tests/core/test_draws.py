"""Compiled draws are NumPy's, and cost about half the time."""

from collections.abc import Callable

import numpy as np
import pytest

from simulator.core import draws, ziggurat
from simulator.core.arrays import FloatArray
from simulator.core.streams import stream

SEVERAL = 400_000 if ziggurat.COMPILED else 20_000
"""So many that the rare ways through the ziggurat are taken: its tail has 1 of 4,000 normal numbers."""
NUMPYS: dict[str, Callable[[np.random.Generator, int], FloatArray]] = {
    "uniform": lambda rng, size: rng.random(size),
    "exponential": lambda rng, size: rng.standard_exponential(size),
    "normal": lambda rng, size: rng.standard_normal(size),
    "lognormal": lambda rng, size: rng.lognormal(-0.5, 1.1, size),
}
Fill = Callable[[np.random.Generator, FloatArray], FloatArray]


@pytest.mark.parametrize("kind", ["uniform", "exponential", "normal"])
def test_a_kernel_draws_the_numbers_that_numpy_draws(kind: str) -> None:
    rng = stream(1, 0, kind)
    state, drawn = rng.bit_generator.state["state"]["state"], np.empty(SEVERAL)
    with np.errstate(over="ignore"):  # as plain Python, where whole numbers that wrap around are worth a warning
        getattr(ziggurat, f"fill_{kind}")(state, drawn)
    assert np.array_equal(drawn, NUMPYS[kind](rng, SEVERAL))
    assert np.array_equal(state, rng.bit_generator.state["state"]["state"])


def lognormal(rng: np.random.Generator, out: FloatArray) -> FloatArray:
    return draws.lognormal(rng, -0.5, 1.1, out)


@pytest.mark.parametrize("fill", [draws.uniform, draws.exponential, draws.normal, lognormal])
@pytest.mark.parametrize("generator", [np.random.SFC64, np.random.PCG64])
def test_a_stream_goes_on_as_after_numpys_draws(fill: Fill, generator: type[np.random.BitGenerator]) -> None:
    ours, numpys = (np.random.Generator(generator(7)) for _ in range(2))
    for size in (0, 3, draws.MANY - 1, draws.MANY, 3 * draws.MANY):
        drawn = np.empty(size)
        assert fill(ours, drawn) is drawn
        assert np.array_equal(drawn, NUMPYS[fill.__name__](numpys, size))
    assert ours.integers(2**31, dtype=np.int32) == numpys.integers(2**31, dtype=np.int32)
