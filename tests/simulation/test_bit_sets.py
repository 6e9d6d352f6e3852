"""Sets of users as bits, against Python's sets."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.simulation.state import bit_sets
from simulator.simulation.state.rows import Layout

STANDARD_ERRORS = 4


def places_of(members: np.ndarray) -> list[int]:
    return [64 * word + bit for word, bits in enumerate(members.tolist()) for bit in range(64) if bits >> bit & 1]


def set_of(places: set[int], size: int) -> np.ndarray:
    flags = np.zeros(-(-size // 64) * 64, dtype=np.bool_)
    flags[list(places)] = True
    return bit_sets.from_flags(flags)


@given(st.sets(st.integers(0, 999)), st.integers(1, 300))
def test_parts_are_equal_within_one_and_in_the_order_of_places(places: set[int], size: int) -> None:
    members = set_of(places, 1000)
    assert places_of(members) == sorted(places)
    assert bit_sets.count(members) == len(places)
    edges = bit_sets.parts(members, size)
    sizes = [sum(first <= place < end for place in places) for first, end in itertools.pairwise(edges)]
    assert sum(sizes) == len(places)
    assert len(sizes) == -(-len(places) // size)
    assert all(0 < each <= size for each in sizes)
    assert max(sizes, default=0) - min(sizes, default=0) <= 1


@given(st.integers(1, 400), st.integers(1, 9), st.data())
def test_a_range_of_users_and_the_users_one_by_one_are_the_same_set(
    users: int, shards: int, data: st.DataObject
) -> None:
    layout = Layout(users, shards, 0.0, 1.0)
    first = data.draw(st.integers(0, users))
    end = data.draw(st.integers(first, users))
    ranged, single = (bit_sets.empty(layout.shards * layout.shard_size) for _ in range(2))
    bit_sets.add_range(first, end, layout.shards, layout.shard_size, ranged)
    bit_sets.add_users(np.arange(first, end, dtype=np.int32), layout.shards, layout.shard_size, single)
    assert np.array_equal(ranged, single)
    assert bit_sets.count(ranged) == end - first


@pytest.mark.parametrize("probability", [1e-4, 0.03, 0.5, 0.99])
def test_some_are_taken_with_the_probability_stated_wherever_they_are(probability: float) -> None:
    size = 400_000
    members = set_of(set(range(0, size, 2)), size)
    taken = bit_sets.some_of(members, probability, np.random.default_rng(1))
    places = np.array(places_of(taken))
    assert not np.any(places % 2)
    for half in (places < size / 2, places >= size / 2):
        error = (probability * (1 - probability) * size / 4) ** 0.5
        assert abs(half.sum() - probability * size / 4) < STANDARD_ERRORS * error + 1


def test_none_or_all_are_taken_with_probability_zero_or_one() -> None:
    members = set_of({0, 5, 63, 64, 700}, 1000)
    assert places_of(bit_sets.some_of(members, 0.0, np.random.default_rng(1))) == []
    assert np.array_equal(bit_sets.some_of(members, 1.0, np.random.default_rng(1)), members)
