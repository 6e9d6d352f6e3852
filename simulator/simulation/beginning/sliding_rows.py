"""Drawing the rows of users whose row lives for as long as it is used often enough.

It was made when the chain of requests began in which none comes later than a gap after the one before. The chain is
followed back request by request; where it is long, what is left of it is exponential.
"""

import math
from typing import NamedTuple

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.beginning.cached_row_kernels import (
    Clusters,
    PastWeights,
    Rows,
    Run,
    Users,
    cluster_of,
    draw,
    next_with_row,
    passed_since,
    put,
    reached_s,
    run_of,
)
from simulator.simulation.state.rows import Int

LONG_CHAIN = 30.0
"""Where chains of readings last so many lifetimes on average, few of their steps are followed one by one."""
FEW_VISITS = 32
CHAIN_STEP_S = 1800.0
CHAIN_STEPS = 336
"""How often chains begin is averaged over a week, at so many moments."""


class Chains(NamedTuple):
    """How rows live by being used. [s]"""

    reach_s: float
    """Of clusters of requests, up to a gap."""
    read_s: float
    """How long ago a row may have been used last."""
    gap_s: float
    """How long it lives unused."""
    fresh_s: float
    """How long it lives at most; infinity where it slides. A row of a longer chain is then of any age up to this."""
    read_weight: FloatArray
    """In each zone, the sum of weights of the time in which a primary login may have a row used that lives still."""
    visits_s: FloatArray
    """Scratch: requests of a user, the latest first."""


@inlined
def _chain_s(run: Run, chains: Chains) -> float:
    """Return how much longer than a gap a chain of readings lasts on average, once it has lasted. [s]

    Chains without a gap T begin r w e^(-r (W_T + reach)) times a second, W_T being the weight of the last T.
    """
    rate, edges_s = run.rate, run.edges_s
    begun, met, length_s = 0.0, 0.0, edges_s[0] - edges_s[edges_s.size - 1]
    for k in range(CHAIN_STEPS):
        moment_s = edges_s[0] - k * CHAIN_STEP_S
        if k > 0 and moment_s - chains.gap_s - CHAIN_STEP_S < edges_s[0] - length_s:
            break
        here = passed_since(moment_s, run)
        came = passed_since(moment_s - CHAIN_STEP_S, run) - here
        gap = passed_since(moment_s - chains.gap_s, run) - here
        begun += rate * came * math.exp(-rate * (gap + chains.reach_s))
        met += CHAIN_STEP_S
    if begun <= 0.0:
        return math.inf
    mean_s = met / begun - chains.gap_s - met / (rate * passed_since(edges_s[0] - met, run))
    return max(mean_s, 0.0)


@inlined
def _note_cluster(
    came_s: float, count: Int, used: Int, most: Int, run: Run, clusters: Clusters, visits_s: FloatArray
) -> Int:
    """Put a primary login and what follows it among a user's visits; return how many these are."""
    begin: Int = -1
    end: Int = 0
    cluster: Int = 0
    if clusters.longest_s > 0.0:
        cluster = cluster_of(clusters, run.chance)
        begin, end = np.int64(clusters.first[cluster] - 1), np.int64(clusters.first[cluster + 1])
    for k in range(begin, end):
        at_s = came_s if k == begin else came_s + clusters.offset_s[k]
        if at_s < run.edges_s[0] and count < most:
            place = count
            while place > used and visits_s[place - 1] < at_s:
                visits_s[place] = visits_s[place - 1]
                place -= 1
            visits_s[place] = at_s
            count += 1
    return count


@inlined
def _follow(reached: float, chain_s: float, run: Run, clusters: Clusters, chains: Chains) -> tuple[Int, float, float]:
    """Follow a chain back from its end; return how many requests were met, when it began, and its last request. [s]"""
    visits_s, end_s = chains.visits_s, run.edges_s[0]
    most = visits_s.size if chain_s < LONG_CHAIN * chains.gap_s else min(FEW_VISITS, visits_s.size)
    came_s = reached_s(reached, run)
    count: Int = 0
    used = 0
    head_s, last_s, span_s = end_s, end_s, chains.read_s
    while used < most:
        while count < most and came_s > head_s - span_s - clusters.longest_s:
            count = _note_cluster(came_s, count, used, most, run, clusters, visits_s)
            reached -= math.log(draw(run.chance)) / run.rate
            came_s = reached_s(reached, run)
        if used >= count or head_s - visits_s[used] > span_s:
            break
        head_s = visits_s[used]
        if used == 0:
            last_s = head_s
            span_s = chains.gap_s
        used += 1
        if used == most:
            head_s += math.log(draw(run.chance)) * chain_s
    return used, head_s, last_s


@inlined
def _draw_row(
    user: Int, reached: float, chain_s: float, run: Run, clusters: Clusters, chains: Chains, rows: Rows
) -> None:
    """Put the row of a user, if its chain goes on until now."""
    used, head_s, last_s = _follow(reached, chain_s, run, clusters, chains)
    if used > 0:
        made_s = max(head_s, rows.origin_s)
        if run.edges_s[0] - made_s > chains.fresh_s:
            made_s = min(run.edges_s[0] - draw(run.chance) * chains.fresh_s, last_s)
        put(user, made_s, True, last_s, rows)


@kernel
def draw_sliding(users: Users, past: PastWeights, clusters: Clusters, chains: Chains, rows: Rows) -> None:
    """Put the rows of a chunk of users."""
    i: Int = 0
    number = users.run
    while i < users.size:
        until = min(users.size, users.end_user[number] - users.first)
        rate = users.logins_per_s[number]
        zone = users.zone[number]
        number += 1
        if rate > 0.0:
            run = run_of(rate, zone, past, users.chance)
            log_none = -rate * chains.read_weight[zone]
            none = math.exp(log_none)
            chain_s = -1.0
            while i < until:
                i = next_with_row(i, until, log_none, users.chance)
                if i < until:
                    u = none - math.expm1(log_none) * draw(users.chance)
                    if chain_s < 0.0:  # of a run that nobody of has a row it is not asked for
                        chain_s = _chain_s(run, chains)
                    _draw_row(users.first + i, -math.log(u) / rate, chain_s, run, clusters, chains, rows)
                    i += 1
        i = until
