"""Counting answers, in compiled code: rules ``r`` and tally ``a`` are records of ``records.py``."""

from simulator.core.arrays import IntArray
from simulator.core.histogram import BINS, bin_of
from simulator.core.jit import inlined
from simulator.simulation.state.quality import add_default_quality, add_quality
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import BATCH, MAKER, ONLINE, SERVED, Int, time_of


@inlined
def count_answer(arrival_s: float, latency_s: float, r: Record, a: Record, latency_bins: IntArray) -> bool:
    """Count a request's answer; return whether it counts."""
    if arrival_s < 0.0 or arrival_s >= r.horizon_s:
        return False
    a.requests += 1
    a.latency_s += latency_s
    latency_bins[bin_of(latency_s)] += 1
    return True


@inlined
def count_wait(wait_s: float, a: Record, latency_bins: IntArray) -> None:
    """Count how long a request waited; those that did not wait are the requests that are in no bin of waits."""
    if wait_s > 0.0:
        a.wait_s += wait_s
        latency_bins[BINS + bin_of(wait_s)] += 1


@inlined
def count_age(
    age_s: float, made_s: float, arrival_s: float, latency_s: float, r: Record, a: Record, age_bins: IntArray
) -> None:
    """Count the age of a prediction served, and what it is worth by the model of the time at which it was made."""
    a.age_s += age_s
    age_bins[bin_of(age_s)] += 1
    if r.values:
        add_quality(arrival_s, latency_s, age_s, made_s, r, a)


@inlined
def count_default(latency_s: float, r: Record, a: Record) -> None:
    """Count a default response."""
    a.defaulted += 1
    if r.values:
        add_default_quality(latency_s, r, a)


@inlined
def serve_row(word: Int, t: float, r: Record, a: Record, latency_bins: IntArray, age_bins: IntArray) -> Int:
    """Answer a request with a row of the store; return the row's word, now served."""
    if count_answer(t, r.read_s, r, a, latency_bins):
        lag_s = 0.0 if word & MAKER == BATCH else r.lag_s
        if word & MAKER == ONLINE:
            a.cached += 1
        else:
            a.precomputed += 1
        made_s = time_of(word, r.origin_s, r.tick_s)
        count_age(t + r.read_s + lag_s - made_s, made_s, t, r.read_s, r, a, age_bins)
        if not word & SERVED:
            a.first_served += 1
    return word | SERVED


@inlined
def count_fallback(word: Int, asked_s: float, latency_s: float, r: Record, a: Record, age_bins: IntArray) -> None:
    """Count a row of the store that answers in place of a computation."""
    lag_s = 0.0 if word & MAKER == BATCH else r.lag_s
    if word & MAKER == ONLINE:
        a.cached += 1
    else:
        a.precomputed += 1
    made_s = time_of(word, r.origin_s, r.tick_s)
    count_age(asked_s + latency_s + lag_s - made_s, made_s, asked_s, latency_s, r, a, age_bins)
