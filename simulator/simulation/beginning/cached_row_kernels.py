"""What the hot loops share that draw the rows of a cache in its long run: user by user, from exponentials alone.

The past is that of ``simulator.demand.past``: sums of weights, looking back from its end. Users are drawn in chunks,
each with random numbers that follow from one word. How many users of one rate in a row have no rows is geometric, so
that those who have none cost next to nothing.
"""

import math
from typing import NamedTuple

import numpy as np

from simulator.core.arrays import FloatArray, HashArray, IntArray, UserArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.demand.kernels import NUMBER
from simulator.demand.past import time_at, weight_at
from simulator.simulation.state.rows import MAKER, ONLINE, SERVED, TICK_SHIFT, Int, tick_of, time_of, word_of

UNIT = 2.0**-53


class Users(NamedTuple):
    """A chunk of users; they lie in runs of equal rates."""

    first: int
    """Number of the first."""
    size: int
    run: int
    """The run of the first."""
    end_user: IntArray
    """Where each run ends."""
    logins_per_s: FloatArray
    zone: IntArray
    chance: HashArray
    """State of the random numbers: one word, not 0."""


class PastWeights(NamedTuple):
    """The past; see ``simulator.demand.past.Past``."""

    edges_s: FloatArray
    passed: FloatArray
    guide: IntArray
    flat: FloatArray
    """The weight in each time zone where it does not change, 0 where it does."""


class Clusters(NamedTuple):
    """A sample of clusters of requests; see ``simulator.demand.request_clusters``."""

    first: IntArray
    offset_s: FloatArray
    longest_s: float
    """0 where every login makes one request."""


class Rows(NamedTuple):
    """Where rows are put."""

    shards: int
    shard_size: int
    origin_s: float
    tick_s: float
    slides: bool
    """Whether to write when a row was read last."""
    notes_use: bool
    """Whether to write when a row was used last."""
    table: WordArray
    reads: WordArray
    recent: WordArray


class Life(NamedTuple):
    """How long rows live. [s]"""

    fresh_s: float
    """The first request after this makes a row again."""
    kept_s: float
    """After this there is none any more."""
    expiry_s: float
    """Of rows that were computed ahead."""
    forgotten_s: float
    """A row that has not been used for so long has made room for others; infinity for no limit."""
    keeps_all: bool
    """Whether rows of any age are kept."""


class Run(NamedTuple):
    """Users of one rate in one time zone, and their past."""

    rate: float
    """Primary logins a second at a weight of 1."""
    edges_s: FloatArray
    passed: FloatArray
    guide: IntArray
    guides_per_s: float
    flat: float
    chance: HashArray


@inlined
def draw(chance: HashArray) -> float:
    """Return a random number between 0 and 1, neither included: two rounds of Marsaglia's xorshift (2003)."""
    state = chance[0]
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    chance[0] = state
    return float((float(state >> np.uint64(11)) + 0.5) * UNIT)


@inlined
def run_of(rate: float, zone: Int, past: PastWeights, chance: HashArray) -> Run:
    """Return what the users of a run share."""
    passed = past.passed[zone]
    weight = passed[past.edges_s.size - 1]
    guides_per_s = (past.guide.shape[1] - 1) / weight if weight > 0.0 else 0.0
    return Run(rate, past.edges_s, passed, past.guide[zone], guides_per_s, past.flat[zone], chance)


@inlined
def reached_s(reached: float, run: Run) -> float:
    """Return when a sum of weights is reached, looking back. [s]"""
    return time_at(reached, run.edges_s, run.passed, run.guide, run.guides_per_s, run.flat)


@inlined
def passed_since(time_s: float, run: Run) -> float:
    """Return the sum of weights from the end of the past back to a moment. [s]"""
    return weight_at(time_s, run.edges_s, run.passed, run.flat)


@inlined
def next_with_row(i: Int, until: Int, log_none: float, chance: HashArray) -> Int:
    """Return the next user from ``i`` on who has a row, or ``until``; ``log_none`` is of the chance to have none."""
    u = draw(chance)
    skipped = math.log(u) / log_none if log_none < 0.0 else math.inf
    return until if skipped >= until - i else i + int(skipped)


@inlined
def cluster_of(clusters: Clusters, chance: HashArray) -> Int:
    """Return a random cluster of the sample."""
    return min(int(draw(chance) * (clusters.first.size - 1)), clusters.first.size - 2)


@inlined
def put(user: Int, made_s: float, served: Int, last_s: float, rows: Rows) -> None:
    """Write a row, if there is none of another maker; it was made at the origin if it is older."""
    row = np.int64(user % rows.shards) * rows.shard_size + np.int64(user // rows.shards)
    if rows.table[row] == 0:
        word = word_of(max(made_s, rows.origin_s), ONLINE, rows.origin_s, rows.tick_s)
        rows.table[row] = np.uint32(word | SERVED) if served else np.uint32(word)
        used = np.uint32(tick_of(max(last_s, rows.origin_s), rows.origin_s, rows.tick_s))
        if rows.slides:
            rows.reads[row] = used
        if rows.notes_use:
            rows.recent[row] = used


@inlined
def _state_of(word: Int, row: Int, t: float, life: Life, rows: Rows) -> tuple[bool, bool]:
    """Return whether a row lives at a moment, and whether it is fresh."""
    fresh = lives = word != 0
    if word & MAKER == ONLINE:
        newest = max(word, np.int64(rows.reads[row]) << TICK_SHIFT) if rows.slides else word
        age_s = t - time_of(newest, rows.origin_s, rows.tick_s)
        lives, fresh = age_s <= life.kept_s, age_s <= life.fresh_s
    elif word != 0:
        lives = fresh = t - time_of(word, rows.origin_s, rows.tick_s) <= life.expiry_s
    if rows.notes_use:
        used_s = time_of(np.int64(rows.recent[row]) << TICK_SHIFT, rows.origin_s, rows.tick_s)
        lives = lives and (rows.recent[row] == 0 or t - used_s <= life.forgotten_s)
    return lives, fresh


@kernel
def visit(time_s: FloatArray, user: UserArray, life: Life, rows: Rows) -> None:
    """Let requests, in order of time, use rows and make them, as if every computation took no time."""
    for i in range(time_s.size):
        who, t = np.int64(user[i] & NUMBER), time_s[i]
        row = (who % rows.shards) * rows.shard_size + who // rows.shards
        word: Int = np.int64(rows.table[row])
        tick = np.uint32(tick_of(t, rows.origin_s, rows.tick_s))
        lives, fresh = _state_of(word, row, t, life, rows)
        if rows.notes_use:
            rows.recent[row] = tick
        if not lives:
            rows.table[row] = np.uint32(word_of(t, ONLINE, rows.origin_s, rows.tick_s) | SERVED)
        elif not fresh:
            rows.table[row] = np.uint32(word_of(t, ONLINE, rows.origin_s, rows.tick_s))
        else:
            rows.table[row] = np.uint32(word | SERVED)
        if rows.slides:
            rows.reads[row] = tick
