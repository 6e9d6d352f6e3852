import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.backends.online import slots
from simulator.core.arrays import FloatArray
from simulator.core.jit import kernel


@kernel
def _work_through(free_s: FloatArray, losers: slots.SlotArray, busy_s: FloatArray, begun: FloatArray) -> None:
    """Tell when each piece of work begins, each on the slot that is free first; kernels alone call ``replay``."""
    for k in range(busy_s.size):
        begun[k] = free_s[losers[0]]
        free_s[losers[0]] += busy_s[k]
        slots.replay(free_s, losers)


def tree_of(free_s: list[float]) -> tuple[FloatArray, slots.SlotArray]:
    leaves = slots.leaves_for(len(free_s))
    padded = np.full(leaves, np.inf)
    padded[: len(free_s)] = free_s
    losers = np.zeros(leaves, dtype=np.int32)
    slots.build(padded, losers, np.zeros(2 * leaves, dtype=np.int32))
    return padded, losers


times = st.lists(st.floats(0, 100), min_size=1, max_size=40)


@given(times, st.lists(st.floats(0, 50), max_size=200))
def test_the_slot_that_is_free_first_gets_the_work(free_s: list[float], busy_s: list[float]) -> None:
    padded, losers = tree_of(free_s)
    expected, heap = [], list(free_s)
    heapq.heapify(heap)
    for work_s in busy_s:
        expected.append(heapq.heappop(heap))
        heapq.heappush(heap, expected[-1] + work_s)
    begun = np.empty(len(busy_s))
    _work_through(padded, losers, np.array(busy_s), begun)
    assert begun.tolist() == expected
    assert sorted(padded[: len(free_s)].tolist()) == sorted(heap)
    assert np.all(np.isinf(padded[len(free_s) :]))


@given(times)
def test_a_new_tree_names_the_first_of_the_earliest(free_s: list[float]) -> None:
    _, losers = tree_of(free_s)
    assert losers[0] == free_s.index(min(free_s))


@pytest.mark.parametrize(("count", "leaves"), [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1025, 2048)])
def test_leaves_are_the_next_power_of_two(count: int, leaves: int) -> None:
    assert slots.leaves_for(count) == leaves
