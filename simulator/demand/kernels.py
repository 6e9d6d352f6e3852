"""The hot loops of demand: placing logins in time and on users, and putting requests in order."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.core.arrays import FloatArray, IntArray, SlotArray, UserArray
from simulator.core.jit import inlined, kernel
from simulator.core.searching import count_up_to
from simulator.demand.lorenz import KNOTS

FEW_COHORTS = 16
"""Up to so many, looking at all of them is faster than a search."""
LEAST_WIDTH = 1e-300
"""Of a cohort's share of logins, as rounding may lead to one that has none."""


class Cohorts(NamedTuple):
    """The users of each segment in each time zone."""

    first_user: IntArray
    awake_users: IntArray
    position: FloatArray
    """See ``lorenz.position_table``; shape (cohorts, KNOTS + 1)."""
    scratch: FloatArray
    """Shape (2, cohorts)."""


class Buckets(NamedTuple):
    """Scratch for putting requests in order."""

    end: SlotArray
    """One entry more than there are buckets."""
    of_request: SlotArray
    order: SlotArray
    """An entry a request, as the one before."""


class Slots(NamedTuple):
    """Places for return visits, in a list for each interval; interval k is entry k mod size."""

    time_s: FloatArray
    user: UserArray
    next: UserArray
    """The next place of the same list; -1 for none."""
    first: UserArray
    """First place of each interval's list."""
    waiting: IntArray
    """How many are in it."""


@kernel
def place_logins(
    spacing: FloatArray,
    draw: FloatArray,
    edges_s: FloatArray,
    expected: FloatArray,
    cohorts: Cohorts,
    time_s: FloatArray,
    user: UserArray,
) -> None:
    """Give each login of an interval its time and its user.

    Sums of exponential spacings, scaled, are sorted uniforms; the inverse of the cumulative rate turns them into
    times. One uniform chooses the cohort and, rescaled, the position on the cohort's Lorenz curve.

    Parameters
    ----------
    spacing
        Standard exponentials, one more than there are logins.
    draw
        Uniforms, one a login.
    edges_s, expected
        Pieces of constant rate: shapes (pieces + 1,) and (pieces, cohorts).
    time_s, user
        Filled with the result, one entry a login.
    """
    logins = draw.size
    total_spacing = 0.0
    for i in range(logins + 1):
        total_spacing += spacing[i]
    total_expected = 0.0
    for one in expected.flat:  # in this order with and without Numba, which np.sum is not
        total_expected += one
    scale = total_expected / total_spacing
    pieces = expected.shape[0]
    reached = spacing[0] * scale
    passed = 0.0
    i = 0
    for piece in range(pieces):
        in_piece = 0.0
        for one in expected[piece]:
            in_piece += one
        end = passed + in_piece if piece + 1 < pieces else math.inf
        first = i
        if in_piece > 0.0:
            s_per_login = (edges_s[piece + 1] - edges_s[piece]) / in_piece
            while i < logins and reached < end:
                time_s[i] = min(edges_s[piece] + (reached - passed) * s_per_login, edges_s[piece + 1])
                i += 1
                reached += spacing[i] * scale
            for k in range(cohorts.first_user.size):
                cohorts.scratch[0, k] = expected[piece, k] / in_piece
            _place_users(draw[first:i], cohorts, user[first:i])
        passed += in_piece


@inlined
def _place_users(
    draw: FloatArray,
    cohorts: Cohorts,
    user: UserArray,
) -> None:
    """Give logins of one piece, in which the cohorts' shares (``cohorts.scratch[0]``) do not change, their users."""
    share = cohorts.scratch[0]
    below = cohorts.scratch[1]  # share of the cohorts before
    count = share.size
    below[0] = 0.0
    for k in range(1, count):
        below[k] = below[k - 1] + share[k - 1]
    for i in range(draw.size):
        on_curve = draw[i]
        cohort = 0
        if count <= FEW_COHORTS:
            for k in range(1, count):  # without branches, as they could not be foreseen
                cohort += int(below[k] <= on_curve)
        else:
            cohort = count_up_to(below, on_curve) - 1
        at = np.uint64(cohort)  # an index that cannot be negative saves the question whether it counts from the end
        width = max(share[at], LEAST_WIDTH)
        cell = min((on_curve - below[at]) / width, 1.0) * KNOTS
        k = min(int(cell), KNOTS - 1)
        knot = np.uint64(k)
        lower = cohorts.position[at, knot]
        place = lower + (cell - k) * (cohorts.position[at, knot + np.uint64(1)] - lower)
        user[i] = cohorts.first_user[at] + min(int(place * cohorts.awake_users[at]), cohorts.awake_users[at] - 1)


@kernel
def draw_users(
    draw: FloatArray,
    cohorts: Cohorts,
    user: UserArray,
) -> None:
    """Give logins their users: one uniform each, and the cohorts' shares of all logins in ``cohorts.scratch[0]``."""
    _place_users(draw, cohorts, user)


@kernel
def number_ids(
    hashed: npt.NDArray[np.uint64], keys: npt.NDArray[np.uint64], numbers: UserArray, known: int, out: UserArray
) -> int:
    """Give ids numbers by first appearance, in a hash table whose size is a power of 2 and whose free places are 0.

    Returns
    -------
    int
        How many ids are known now, ``known`` of them before.
    """
    mask = np.uint64(keys.size - 1)
    for i in range(hashed.size):
        place = hashed[i] & mask
        while keys[place] != 0 and keys[place] != hashed[i]:
            place = (place + np.uint64(1)) & mask
        if keys[place] == 0:
            keys[place] = hashed[i]
            numbers[place] = known
            known += 1
        out[i] = numbers[place]
    return known


LAST = -(2**31)
"""The sign bit of a request's user, which marks the last request of a login."""
NUMBER = 2**31 - 1
"""The other bits: the user's number."""


@kernel
def append_follow_ups(
    time_s: FloatArray,
    user: UserArray,
    follow_ups: IntArray,
    think_s: FloatArray,
    mark: int,
    out_s: FloatArray,
    out_user: UserArray,
) -> None:
    """Write each login's requests, the first at the login and the others after think times, login by login.

    ``mark`` is set in the user of each login's last request: ``LAST``, or 0 for no mark.
    """
    k = 0
    thought = 0
    for i in range(time_s.size):
        t = time_s[i]
        out_s[k] = t
        out_user[k] = user[i]
        k += 1
        for _ in range(follow_ups[i]):
            t += think_s[thought]
            thought += 1
            out_s[k] = t
            out_user[k] = user[i]
            k += 1
        out_user[k - 1] |= np.int32(mark)


@kernel
def take_in_order(
    pool_s: FloatArray,
    pool_user: UserArray,
    count: int,
    begin_s: float,
    end_s: float,
    buckets: Buckets,
    out_s: FloatArray,
    out_user: UserArray,
) -> tuple[int, int]:
    """Take the requests before ``end_s`` out of a pool, in order of time; the others stay at the pool's head.

    Counting into fine time buckets brings each request near its place, and an insertion sort brings it there: linear
    time, where a comparison sort costs several times as much. What is moved about until then is a request's number, so
    that writes are few and near one another. Equal times are ordered by user, so that the order does not depend on how
    time is cut into blocks. Requests before ``begin_s`` are dropped.

    Parameters
    ----------
    pool_s, pool_user, count
        The pool, and how many requests are in it.
    begin_s, end_s
        From when to when. [s]
    out_s, out_user
        Filled with the requests taken; an entry for each in the pool.

    Returns
    -------
    tuple
        How many were taken, and how many stay.
    """
    bucket_end, bucket, order = buckets.end, buckets.of_request, buckets.order
    last_bucket = bucket_end.size - 2
    scale = (last_bucket + 1) / (end_s - begin_s)
    bucket_end[:] = 0
    for i in range(count):
        b = -1
        if begin_s <= pool_s[i] < end_s:
            b = min(int((pool_s[i] - begin_s) * scale), last_bucket)
            bucket_end[b + 1] += 1
        bucket[i] = b
    for b in range(last_bucket + 1):
        bucket_end[b + 1] += bucket_end[b]
    taken = bucket_end[last_bucket + 1]
    last = count - 1
    for i in range(count):
        b = bucket[i]
        if b >= 0:
            order[bucket_end[b]] = i
            bucket_end[b] += 1
        elif pool_s[i] >= end_s:
            order[last] = i
            last -= 1
    _in_order(pool_s, pool_user, order[:taken], out_s, out_user)
    stay = count - 1 - last
    for k in range(stay):
        i = order[count - 1 - k]
        pool_s[k] = pool_s[i]
        pool_user[k] = pool_user[i]
    return taken, stay


@inlined
def _in_order(
    pool_s: FloatArray, pool_user: UserArray, order: SlotArray, out_s: FloatArray, out_user: UserArray
) -> None:
    """Write requests in order of time and user, given almost in that order."""
    before_s = -math.inf
    for k in range(order.size):
        t = pool_s[order[k]]
        who = pool_user[order[k]]
        place = k
        if t <= before_s:
            while place > 0 and (
                out_s[place - 1] > t or (out_s[place - 1] == t and out_user[place - 1] & NUMBER > who & NUMBER)
            ):
                out_s[place] = out_s[place - 1]
                out_user[place] = out_user[place - 1]
                place -= 1
        out_s[place] = t
        out_user[place] = who
        before_s = out_s[k]


@kernel
def put_return_visits(
    time_s: FloatArray,
    user: UserArray,
    returns: IntArray,
    gap_s: FloatArray,
    step_s: float,
    earliest: int,
    latest: int,
    slots: Slots,
    free: int,
) -> int:
    """Put the return visits of an interval's primary logins into a list for each interval to come.

    Parameters
    ----------
    time_s, user
        The primary logins.
    returns, gap_s
        How many return visits each has, and the gaps, login by login.
    step_s
        Length of an interval.
    earliest, latest
        The intervals that are wanted; visits outside are left out.
    free
        First place of the list of free places, which is long enough.

    Returns
    -------
    int
        The first free place afterwards.
    """
    k = 0
    for i in range(time_s.size):
        t = time_s[i]
        for _ in range(returns[i]):
            t += gap_s[k]
            k += 1
            if t >= (latest + 1) * step_s:
                continue
            interval = math.floor(t / step_s)
            interval -= int(interval * step_s > t)
            if interval < earliest:
                continue
            entry = interval % slots.first.size
            taken = free
            free = slots.next[taken]
            slots.time_s[taken] = t
            slots.user[taken] = user[i]
            slots.next[taken] = slots.first[entry]
            slots.first[entry] = taken
            slots.waiting[entry] += 1
    return int(free)


@kernel
def take_return_visits(
    first: int,
    slots: Slots,
    free: int,
    out_s: FloatArray,
    out_user: UserArray,
) -> int:
    """Take a list of visits out of its places, the last put in first; return the first free place afterwards."""
    place = first
    for k in range(out_s.size):
        out_s[k] = slots.time_s[place]
        out_user[k] = slots.user[place]
        after = slots.next[place]
        slots.next[place] = free
        free = place
        place = after
    return int(free)


@kernel
def merge(
    one_s: FloatArray,
    one_user: UserArray,
    other_s: FloatArray,
    other_user: UserArray,
    out_s: FloatArray,
    out_user: UserArray,
) -> None:
    """Merge two lists in order of time; of equal times the first list's come first."""
    i = 0
    j = 0
    for k in range(out_s.size):
        if i < one_s.size and (j >= other_s.size or one_s[i] <= other_s[j]):
            out_s[k] = one_s[i]
            out_user[k] = one_user[i]
            i += 1
        else:
            out_s[k] = other_s[j]
            out_user[k] = other_user[j]
            j += 1


@kernel
def mark_active(user: UserArray, seen: npt.NDArray[np.uint8]) -> None:
    """Mark users in a bit set of bytes. Counting them on the way would take half as long again."""
    for i in range(user.size):
        who = np.uint32(user[i])
        seen[who >> np.uint32(3)] |= np.uint8(1 << (who & np.uint32(7)))
