"""The search of compiled code finds what NumPy's finds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.jit import kernel
from simulator.core.searching import count_up_to


@kernel
def _found(values: FloatArray, wanted: FloatArray, out: IntArray) -> None:
    for k in range(wanted.size):
        out[k] = count_up_to(values, wanted[k])


@given(st.lists(st.integers(0, 9), max_size=40), st.lists(st.integers(-1, 10), min_size=1, max_size=20))
def test_as_many_are_found_as_numpy_finds(values: list[int], wanted: list[int]) -> None:
    sorted_values, asked, out = np.sort(np.array(values, float)), np.array(wanted, float), np.zeros(len(wanted), int)
    _found(sorted_values, asked, out)
    assert out.tolist() == np.searchsorted(sorted_values, asked, side="right").tolist()
