"""The hot loops of drawing the rows of a cache in its long run: user by user, from exponentials alone.

The past is that of ``simulator.demand.past``: sums of weights, looking back from its end. Users are drawn in chunks,
each with random numbers that follow from one word. How many users of one rate in a row have no rows is geometric, so
that those who have none cost next to nothing.
"""

import math

import numpy as np

from simulator.core.arrays import FloatArray, IntArray, UserArray, WordArray
from simulator.core.jit import inlined, kernel
from simulator.demand.kernels import NUMBER
from simulator.demand.past import time_at, weight_at
from simulator.simulation.state.rows import MAKER, ONLINE, SERVED, TICK_SHIFT, Int, tick_of, time_of, word_of

UNIT = 2.0**-53
LONG_CHAIN = 30.0
"""Where chains of readings last so many lifetimes on average, few of their steps are followed one by one."""
FEW_VISITS = 32
CHAIN_STEP_S = 1800.0
CHAIN_STEPS = 336
"""How often chains begin is averaged over a week, at so many moments."""


@inlined
def _stirred(state: np.uint64) -> np.uint64:
    """Return the next state of the random numbers: two rounds of Marsaglia's xorshift (2003) of 64 bits."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state


@inlined
def _uniform(state: np.uint64) -> float:
    """Return a number between 0 and 1, neither included."""
    return float((float(state >> np.uint64(11)) + 0.5) * UNIT)


@inlined
def _put(
    user: Int,
    made_s: float,
    served: Int,
    last_s: float,
    slides: Int,
    notes_use: Int,
    shards: int,
    shard_size: int,
    origin_s: float,
    tick_s: float,
    table: WordArray,
    reads: WordArray,
    recent: WordArray,
) -> None:
    """Write a row, if there is none of another maker; it was made at the origin if it is older."""
    spot = np.int64(user % shards) * shard_size + np.int64(user // shards)
    if table[spot] == 0:
        word = word_of(max(made_s, origin_s), ONLINE, origin_s, tick_s)
        table[spot] = np.uint32(word | SERVED) if served else np.uint32(word)
        if slides:
            reads[spot] = np.uint32(tick_of(max(last_s, origin_s), origin_s, tick_s))
        if notes_use:
            recent[spot] = np.uint32(tick_of(max(last_s, origin_s), origin_s, tick_s))


@inlined
def _follow_up_s(state: np.uint64, after_s: float, first: IntArray, offset_s: FloatArray) -> float:
    """Return the first request of a cluster that comes later than so long after its primary login. [s]"""
    cluster = min(int(_uniform(state) * (first.size - 1)), first.size - 2)
    for k in range(first[cluster], first[cluster + 1]):
        if offset_s[k] > after_s:
            return float(offset_s[k])
    return math.inf


@inlined
def _last_follow_up_s(state: np.uint64, before_s: float, first: IntArray, offset_s: FloatArray) -> float:
    """Return the last request of a cluster that comes sooner than so long after its primary login. [s]"""
    cluster = min(int(_uniform(state) * (first.size - 1)), first.size - 2)
    found_s = 0.0
    for k in range(first[cluster], first[cluster + 1]):
        if offset_s[k] < before_s:
            found_s = offset_s[k]
    return float(found_s)


@kernel
def draw_renewing(
    first_user: int,
    size: int,
    state: np.uint64,
    run: int,
    end_user: IntArray,
    logins_per_s: FloatArray,
    zone: IntArray,
    edges_s: FloatArray,
    passed: FloatArray,
    guide: IntArray,
    flat: FloatArray,
    drawn_weight: FloatArray,
    fresh_weight: FloatArray,
    kept_weight: FloatArray,
    first: IntArray,
    offset_s: FloatArray,
    longest_s: float,
    fresh_s: float,
    kept_s: float,
    forgotten_s: float,
    keeps_all: Int,
    notes_use: Int,
    shards: int,
    shard_size: int,
    origin_s: float,
    tick_s: float,
    table: WordArray,
    recent: WordArray,
) -> None:
    """Put the rows of users whose first request after a time makes a new one, whenever the last was made.

    The times at which a user's rows are made are a renewal process. It begins with the law that it has at a rate that
    does not change, some lifetimes back, and is followed from there: from each row to the next, and not from login to
    login.

    Parameters
    ----------
    first_user, size, state
        Number of the first user, how many there are, and a random word.
    run, end_user, logins_per_s, zone
        The runs of equal rates, and the one of the first user.
    edges_s, passed, guide, flat
        The past, and the weight in each time zone where it does not change (0 where it does).
    drawn_weight, fresh_weight, kept_weight
        In each time zone, sums of weights back to where users begin, back to a time to live before that, and back to
        where a last request leaves no row.
    first, offset_s, longest_s
        The sample of clusters of requests.
    fresh_s, kept_s
        The first request after ``fresh_s`` makes a row again; after ``kept_s`` there is none any more. [s]
    forgotten_s
        A row that has not been used for so long has made room for others; infinity for no limit. [s]
    keeps_all
        Whether rows of any age are kept.
    notes_use
        Whether to write when a row was used last.
    """
    end_s = edges_s[0]
    i = 0
    while i < size:
        until = min(size, end_user[run] - first_user)
        rate = logins_per_s[run]
        here = zone[run]
        run += 1
        if rate <= 0.0:
            i = until
            continue
        row = passed[here]
        guided = guide[here]
        steady = flat[here]
        weight = row[edges_s.size - 1]
        per_s = (guide.shape[1] - 1) / weight if weight > 0.0 else 0.0
        begun = drawn_weight[here]
        reads = rate * (fresh_weight[here] - begun)
        absent = 1.0 / (1.0 + reads)
        log_none = -math.inf
        if not keeps_all and kept_s < math.inf:
            log_none = -math.log1p(reads) - rate * kept_weight[here]
        none = math.exp(log_none)
        revived = math.exp(-rate * (kept_s - fresh_s)) if kept_s < math.inf else 0.0
        while i < until:
            state = _stirred(state)
            skipped = math.log(_uniform(state)) / log_none if log_none < 0.0 else math.inf
            if skipped >= until - i:
                i = until
                break
            user = first_user + i + int(skipped)
            i += int(skipped) + 1
            state = _stirred(state)
            u = none - math.expm1(log_none) * _uniform(state)
            state = _stirred(state)
            by_request = bool(kept_s <= fresh_s or _uniform(state) < revived)
            if u < absent:
                reached = -math.log(u / absent) / rate
                if reached < begun:
                    made_s = time_at(begun - reached, edges_s, row, guided, per_s, steady)
                else:  # no login since: the one before came so much earlier
                    made_s = time_at(reached, edges_s, row, guided, per_s, steady) - fresh_s
            else:
                part = (u - absent) / (1.0 - absent)
                reached = begun + part * (fresh_weight[here] - begun)
                made_s = time_at(reached, edges_s, row, guided, per_s, steady)
            idle = u < absent and reached >= begun
            while not idle and made_s + fresh_s < end_s:
                over_s = made_s + fresh_s
                over = weight_at(over_s, edges_s, row, steady)
                state = _stirred(state)
                reached = over + math.log(_uniform(state)) / rate
                next_s = time_at(reached, edges_s, row, guided, per_s, steady) if reached > 0.0 else math.inf
                if longest_s > 0.0:
                    if fresh_s < longest_s:
                        state = _stirred(state)
                        next_s = min(next_s, made_s + _follow_up_s(state, fresh_s, first, offset_s))
                    oldest = weight_at(max(over_s - longest_s, made_s), edges_s, row, steady)
                    reached = over
                    while True:  # primary logins whose requests go on until now
                        state = _stirred(state)
                        reached -= math.log(_uniform(state)) / rate
                        if reached >= oldest:
                            break
                        came_s = time_at(reached, edges_s, row, guided, per_s, steady)
                        state = _stirred(state)
                        next_s = min(next_s, came_s + _follow_up_s(state, over_s - came_s, first, offset_s))
                if next_s >= end_s:
                    break
                by_request = next_s - made_s >= kept_s
                made_s = next_s
            if end_s - made_s > kept_s and not keeps_all:
                continue
            last_s = made_s
            if notes_use or not by_request:
                read_until_s = min(made_s + fresh_s, end_s)
                state = _stirred(state)
                reached = weight_at(read_until_s, edges_s, row, steady) - math.log(_uniform(state)) / rate
                last_s = max(last_s, time_at(reached, edges_s, row, guided, per_s, steady))
                if longest_s > 0.0:
                    state = _stirred(state)
                    last_s += _last_follow_up_s(state, read_until_s - last_s, first, offset_s)
                if end_s - last_s > forgotten_s:
                    continue
            served = bool(by_request or last_s > made_s)
            _put(
                user,
                made_s,
                served,
                last_s,
                False,
                notes_use,
                shards,
                shard_size,
                origin_s,
                tick_s,
                table,
                recent,
                recent,
            )


@inlined
def _chain_s(
    rate: float,
    gap_s: float,
    reach_s: float,
    edges_s: FloatArray,
    passed: FloatArray,
    steady: float,
) -> float:
    """Return how much longer than a gap a chain of readings lasts on average, once it has lasted. [s]

    Chains without a gap T begin r w e^(-r (W_T + reach)) times a second, W_T being the weight of the last T.
    """
    begun, met, length_s = 0.0, 0.0, edges_s[0] - edges_s[edges_s.size - 1]
    for k in range(CHAIN_STEPS):
        moment_s = edges_s[0] - k * CHAIN_STEP_S
        if k > 0 and moment_s - gap_s - CHAIN_STEP_S < edges_s[0] - length_s:
            break
        here = weight_at(moment_s, edges_s, passed, steady)
        came = weight_at(moment_s - CHAIN_STEP_S, edges_s, passed, steady) - here
        gap = weight_at(moment_s - gap_s, edges_s, passed, steady) - here
        begun += rate * came * math.exp(-rate * (gap + reach_s))
        met += CHAIN_STEP_S
    if begun <= 0.0:
        return math.inf
    mean_s = met / begun - gap_s - met / (rate * weight_at(edges_s[0] - met, edges_s, passed, steady))
    return max(mean_s, 0.0)


@kernel
def draw_sliding(
    first_user: int,
    size: int,
    state: np.uint64,
    run: int,
    end_user: IntArray,
    logins_per_s: FloatArray,
    zone: IntArray,
    edges_s: FloatArray,
    passed: FloatArray,
    guide: IntArray,
    flat: FloatArray,
    read_weight: FloatArray,
    first: IntArray,
    offset_s: FloatArray,
    longest_s: float,
    reach_s: float,
    read_s: float,
    gap_s: float,
    fresh_s: float,
    slides: Int,
    notes_use: Int,
    shards: int,
    shard_size: int,
    origin_s: float,
    tick_s: float,
    visits_s: FloatArray,
    table: WordArray,
    reads: WordArray,
    recent: WordArray,
) -> None:
    """Put the rows of users whose row lives for as long as it is used often enough.

    It was made when the chain of requests began in which none comes later than a gap after the one before. The chain
    is followed back request by request; where it is long, what is left of it is exponential.

    Parameters
    ----------
    first_user, size, state, run, end_user, logins_per_s, zone, edges_s, passed, guide, flat, first, offset_s, longest_s
        As in `draw_renewing`.
    read_weight
        In each time zone, the sum of weights of the time in which a primary login may have a row used that lives still.
    reach_s
        Of clusters of requests, up to a gap. [s]
    read_s
        How long ago a row may have been used last. [s]
    gap_s
        How long it lives unused. [s]
    fresh_s
        How long it lives at most; infinity where it slides. A row of a longer chain is then of any age up to this. [s]
    slides, notes_use
        Whether to write when a row was read last, or used.
    visits_s
        Scratch: requests of a user, the latest first.
    """
    end_s = edges_s[0]
    i = 0
    while i < size:
        until = min(size, end_user[run] - first_user)
        rate = logins_per_s[run]
        here = zone[run]
        run += 1
        if rate <= 0.0:
            i = until
            continue
        row = passed[here]
        guided = guide[here]
        steady = flat[here]
        weight = row[edges_s.size - 1]
        per_s = (guide.shape[1] - 1) / weight if weight > 0.0 else 0.0
        log_none = -rate * read_weight[here]
        none = math.exp(log_none)
        chain_s = -1.0
        while i < until:
            state = _stirred(state)
            skipped = math.log(_uniform(state)) / log_none if log_none < 0.0 else math.inf
            if skipped >= until - i:
                i = until
                break
            user = first_user + i + int(skipped)
            i += int(skipped) + 1
            state = _stirred(state)
            u = none - math.expm1(log_none) * _uniform(state)
            if chain_s < 0.0:
                chain_s = _chain_s(rate, gap_s, reach_s, edges_s, row, steady)
            most = visits_s.size if chain_s < LONG_CHAIN * gap_s else min(FEW_VISITS, visits_s.size)
            reached = -math.log(u) / rate
            came_s = time_at(reached, edges_s, row, guided, per_s, steady)
            count, used = 0, 0
            head_s, last_s, span_s = end_s, end_s, read_s
            ended = False
            while not ended:
                while count < most and came_s > head_s - span_s - longest_s:
                    cluster = 0
                    begin, end = np.int64(-1), np.int64(0)
                    if longest_s > 0.0:
                        state = _stirred(state)
                        cluster = min(int(_uniform(state) * (first.size - 1)), first.size - 2)
                        begin, end = first[cluster] - 1, first[cluster + 1]
                    for k in range(begin, end):
                        at_s = came_s if k == begin else came_s + offset_s[k]
                        if at_s < end_s and count < most:
                            place = count
                            while place > used and visits_s[place - 1] < at_s:
                                visits_s[place] = visits_s[place - 1]
                                place -= 1
                            visits_s[place] = at_s
                            count += 1
                    state = _stirred(state)
                    reached -= math.log(_uniform(state)) / rate
                    came_s = time_at(reached, edges_s, row, guided, per_s, steady)
                if used < count and head_s - visits_s[used] <= span_s:
                    head_s = visits_s[used]
                    if used == 0:
                        last_s = head_s
                        span_s = gap_s
                    used += 1
                    if used == most:
                        state = _stirred(state)
                        head_s += math.log(_uniform(state)) * chain_s
                        ended = True
                else:
                    ended = True
            if used == 0:
                continue
            made_s = max(head_s, origin_s)
            if end_s - made_s > fresh_s:
                state = _stirred(state)
                made_s = min(end_s - _uniform(state) * fresh_s, last_s)
            _put(
                user,
                made_s,
                True,
                last_s,
                slides,
                notes_use,
                shards,
                shard_size,
                origin_s,
                tick_s,
                table,
                reads,
                recent,
            )


@kernel
def visit(
    time_s: FloatArray,
    user: UserArray,
    fresh_s: float,
    kept_s: float,
    expiry_s: float,
    forgotten_s: float,
    slides: Int,
    notes_use: Int,
    shards: int,
    shard_size: int,
    origin_s: float,
    tick_s: float,
    table: WordArray,
    reads: WordArray,
    recent: WordArray,
) -> None:
    """Let requests use rows and make them, as if every computation took no time.

    Parameters
    ----------
    time_s, user
        The requests, in order of time.
    fresh_s, kept_s, forgotten_s
        As in `draw_renewing`. [s]
    expiry_s
        How long rows live that were computed ahead. [s]
    slides, notes_use
        Whether to write when a row was read last, or used.
    """
    for i in range(time_s.size):
        who = np.int64(user[i] & NUMBER)
        spot = (who % shards) * shard_size + who // shards
        word: Int = np.int64(table[spot])
        t = time_s[i]
        tick = np.uint32(tick_of(t, origin_s, tick_s))
        fresh = lives = word != 0
        if word & MAKER == ONLINE:
            newest = max(word, np.int64(reads[spot]) << TICK_SHIFT) if slides else word
            age_s = t - time_of(newest, origin_s, tick_s)
            lives, fresh = age_s <= kept_s, age_s <= fresh_s
        elif word != 0:
            lives = fresh = t - time_of(word, origin_s, tick_s) <= expiry_s
        if notes_use:
            used_s = time_of(np.int64(recent[spot]) << TICK_SHIFT, origin_s, tick_s)
            lives = lives and (recent[spot] == 0 or t - used_s <= forgotten_s)
            recent[spot] = tick
        if not lives:
            table[spot] = np.uint32(word_of(t, ONLINE, origin_s, tick_s) | SERVED)
        elif not fresh:
            table[spot] = np.uint32(word_of(t, ONLINE, origin_s, tick_s))
        else:
            table[spot] = np.uint32(word | SERVED)
        if slides:
            reads[spot] = tick
