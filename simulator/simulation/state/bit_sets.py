"""Sets of users as bits, in the order of the table's places (see ``rows.Layout``), the lowest bit of a word first."""

import math

import numpy as np
import numpy.typing as npt

from simulator.core.arrays import BitSet, IntArray, UserArray
from simulator.core.jit import inlined, kernel

WORD = 64
"""Bits of a word."""


def empty(places: int) -> BitSet:
    """Return a set without members."""
    return np.zeros(-(-places // WORD), dtype=np.uint64)


def count(members: BitSet) -> int:
    """Return how many members a set has."""
    return int(np.bitwise_count(members).sum(dtype=np.int64))


def from_flags(flags: npt.NDArray[np.bool_]) -> BitSet:
    """Return the set of the places with a true flag; there are as many flags as bits in some words."""
    return np.packbits(flags, bitorder="little").view(np.dtype("<u8")).astype(np.uint64, copy=False)


def parts(members: BitSet, size: int) -> IntArray:
    """Return where a set is cut into parts of about ``size`` members, equal within one, in the order of the places.

    Returns
    -------
    numpy.ndarray
        One place more than there are parts: each part ends where the next begins. A set without members has no parts.
    """
    passed = np.cumsum(np.bitwise_count(members), dtype=np.int64)
    total = int(passed[-1]) if passed.size else 0
    number = -(-total // size)
    if not number:
        return np.zeros(1, dtype=np.int64)
    wanted = np.arange(1, number, dtype=np.int64) * total // number
    word = np.searchsorted(passed, wanted, side="right")
    inner = [
        int(at) * WORD + _place_of_bit(int(members[at]), int(nth - passed[at] + int(members[at]).bit_count()))
        for at, nth in zip(word, wanted, strict=True)
    ]
    return np.array([0, *inner, members.size * WORD], dtype=np.int64)


def _place_of_bit(word: int, nth: int) -> int:
    """Return the place of a word's set bit of a number, from 0."""
    for _ in range(nth):
        word &= word - 1
    return (word & -word).bit_length() - 1


def some_of(members: BitSet, probability: float, rng: np.random.Generator) -> BitSet:
    """Return a set that holds each member with some probability, independently.

    The gaps between those that are taken are geometric, so that it costs no more than they are many.
    """
    total = count(members)
    if probability <= 0.0 or not total:
        return np.zeros_like(members)
    reached, taken = -1, list[IntArray]()
    expected = total * probability
    while reached < total:
        gaps = rng.geometric(probability, math.ceil(expected + 4.0 * math.sqrt(expected)) + 1)
        places = reached + np.cumsum(np.minimum(gaps, total + 1))
        taken.append(places)
        reached = int(places[-1])
    chosen = np.concatenate(taken)
    out = np.zeros_like(members)
    _pick(members, chosen[chosen < total], out)
    return out


@inlined
def ones(word: np.uint64) -> int:
    """Return how many bits of a word are set, by sums of ever wider fields."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    word = word + (word >> np.uint64(8))
    word = word + (word >> np.uint64(16))
    word = word + (word >> np.uint64(32))
    return int(word & np.uint64(127))


@inlined
def lowest(word: np.uint64) -> int:
    """Return the place of the lowest set bit of a word that has one; ``without_lowest`` leads to the next."""
    return ones((word & (~word + np.uint64(1))) - np.uint64(1))


@inlined
def without_lowest(word: np.uint64) -> np.uint64:
    """Return a word, which has a set bit, without the lowest."""
    return np.uint64(word & (word - np.uint64(1)))


@kernel
def _pick(members: BitSet, chosen: IntArray, out: BitSet) -> None:
    """Put the members of some numbers, counted from 0 and rising, into another set."""
    passed = 0
    k = 0
    for w in range(members.size):
        word = members[w]
        end = passed + ones(word)
        while k < chosen.size and chosen[k] < end:
            while passed < chosen[k]:
                word = without_lowest(word)
                passed += 1
            out[w] |= np.uint64(1) << np.uint64(lowest(word))
            k += 1
        passed = end


@kernel
def add_users(user: UserArray, shards: int, shard_size: int, members: BitSet) -> None:
    """Put users into a set."""
    for i in range(user.size):
        place = (user[i] % shards) * shard_size + user[i] // shards
        members[place >> 6] |= np.uint64(1) << np.uint64(place & 63)


@kernel
def add_range(first_user: int, end_user: int, shards: int, shard_size: int, members: BitSet) -> None:
    """Put the users from one number up to another into a set."""
    for shard in range(shards):
        first = shard * shard_size + max(first_user - shard + shards - 1, 0) // shards
        end = shard * shard_size + max(end_user - shard + shards - 1, 0) // shards
        place = first
        while place < end:
            if place & 63 == 0 and end - place >= WORD:
                members[place >> 6] = ~np.uint64(0)
                place += WORD
            else:
                members[place >> 6] |= np.uint64(1) << np.uint64(place & 63)
                place += 1
