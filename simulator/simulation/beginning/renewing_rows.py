"""Drawing the rows of users whose first request after a time makes a new one, whenever the last was made.

The times at which a user's rows are made are a renewal process. It begins with the law that it has at a rate that does
not change, some lifetimes back, and is followed from there: from each row to the next, and not from login to login.
"""

import math
from typing import NamedTuple

from simulator.core.arrays import FloatArray
from simulator.core.jit import inlined, kernel
from simulator.simulation.beginning.cached_row_kernels import (
    Clusters,
    Life,
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


class Beginning(NamedTuple):
    """In each time zone, sums of weights back to where users begin to be followed, and beyond."""

    begun: FloatArray
    fresh: FloatArray
    """Back to a time to live before that."""
    kept: FloatArray
    """Back to where a last request leaves no row."""


class _Law(NamedTuple):
    """The law that the renewal process of a run begins with."""

    begun: float
    fresh: float
    absent: float
    """The probability that no row is fresh."""
    log_none: float
    """Of the probability that there is none at all."""
    none: float
    revived: float
    """The probability that a row is made by a request that found none at all."""


@inlined
def _law(rate: float, zone: Int, beginning: Beginning, life: Life) -> _Law:
    begun, fresh = beginning.begun[zone], beginning.fresh[zone]
    reads = rate * (fresh - begun)
    log_none = -math.inf
    if not life.keeps_all and life.kept_s < math.inf:
        log_none = -math.log1p(reads) - rate * beginning.kept[zone]
    revived = math.exp(-rate * (life.kept_s - life.fresh_s)) if life.kept_s < math.inf else 0.0
    return _Law(begun, fresh, 1.0 / (1.0 + reads), log_none, math.exp(log_none), revived)


@inlined
def _first_s(u: float, law: _Law, run: Run, life: Life) -> tuple[float, bool]:
    """Return when the row was made that the process begins with, and whether no login came since. [s]"""
    if u >= law.absent:
        part = (u - law.absent) / (1.0 - law.absent)
        return reached_s(law.begun + part * (law.fresh - law.begun), run), False
    reached = -math.log(u / law.absent) / run.rate
    if reached < law.begun:
        return reached_s(law.begun - reached, run), False
    return reached_s(reached, run) - life.fresh_s, True  # the login before came so much earlier


@inlined
def _follow_up_s(after_s: float, clusters: Clusters, run: Run) -> float:
    """Return the first request of a cluster that comes later than so long after its primary login. [s]"""
    cluster = cluster_of(clusters, run.chance)
    for k in range(clusters.first[cluster], clusters.first[cluster + 1]):
        if clusters.offset_s[k] > after_s:
            return float(clusters.offset_s[k])
    return math.inf


@inlined
def _last_follow_up_s(before_s: float, clusters: Clusters, run: Run) -> float:
    """Return the last request of a cluster that comes sooner than so long after its primary login. [s]"""
    cluster = cluster_of(clusters, run.chance)
    found_s = 0.0
    for k in range(clusters.first[cluster], clusters.first[cluster + 1]):
        if clusters.offset_s[k] < before_s:
            found_s = clusters.offset_s[k]
    return float(found_s)


@inlined
def _next_s(made_s: float, run: Run, clusters: Clusters, life: Life) -> float:
    """Return when the first request comes after a row has ceased to be fresh. [s]"""
    over_s = made_s + life.fresh_s
    over = passed_since(over_s, run)
    reached = over + math.log(draw(run.chance)) / run.rate
    next_s = reached_s(reached, run) if reached > 0.0 else math.inf
    if clusters.longest_s > 0.0:
        if life.fresh_s < clusters.longest_s:
            next_s = min(next_s, made_s + _follow_up_s(life.fresh_s, clusters, run))
        oldest = passed_since(max(over_s - clusters.longest_s, made_s), run)
        reached = over
        while True:  # primary logins whose requests go on until now
            reached -= math.log(draw(run.chance)) / run.rate
            if reached >= oldest:
                break
            came_s = reached_s(reached, run)
            next_s = min(next_s, came_s + _follow_up_s(over_s - came_s, clusters, run))
    return next_s


@inlined
def _last_use_s(made_s: float, run: Run, clusters: Clusters, life: Life) -> float:
    """Return when a row was used last. [s]"""
    read_until_s = min(made_s + life.fresh_s, run.edges_s[0])
    reached = passed_since(read_until_s, run) - math.log(draw(run.chance)) / run.rate
    last_s = max(made_s, reached_s(reached, run))
    if clusters.longest_s > 0.0:
        last_s += _last_follow_up_s(read_until_s - last_s, clusters, run)
    return last_s


@inlined
def _draw_row(user: Int, law: _Law, run: Run, clusters: Clusters, life: Life, rows: Rows) -> None:
    """Put the row of a user who has one, if it is not too old by now."""
    end_s = run.edges_s[0]
    u = law.none - math.expm1(law.log_none) * draw(run.chance)
    revives = draw(run.chance)
    by_request = life.kept_s <= life.fresh_s or revives < law.revived
    made_s, idle = _first_s(u, law, run, life)
    while not idle and made_s + life.fresh_s < end_s:
        next_s = _next_s(made_s, run, clusters, life)
        if next_s >= end_s:
            break
        by_request = next_s - made_s >= life.kept_s
        made_s = next_s
    if end_s - made_s > life.kept_s and not life.keeps_all:
        return
    last_s = made_s
    if rows.notes_use or not by_request:
        last_s = _last_use_s(made_s, run, clusters, life)
        if end_s - last_s > life.forgotten_s:
            return
    put(user, made_s, by_request or last_s > made_s, last_s, rows)


@kernel
def draw_renewing(
    users: Users, past: PastWeights, beginning: Beginning, clusters: Clusters, life: Life, rows: Rows
) -> None:
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
            law = _law(rate, zone, beginning, life)
            while i < until:
                i = next_with_row(i, until, law.log_none, users.chance)
                if i < until:
                    _draw_row(users.first + i, law, run, clusters, life, rows)
                    i += 1
        i = until
