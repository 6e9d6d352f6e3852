"""Counting answers, in compiled code."""

from simulator.core.histogram import bin_at
from simulator.core.jit import inlined
from simulator.simulation.state.bundles import Path, Tally
from simulator.simulation.state.clients import ask_again
from simulator.simulation.state.quality import add_default_quality, add_quality
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import BATCH, MAKER, ONLINE, SERVED, Int, time_of


@inlined
def count_answer(arrival_s: float, latency_s: float, path: Path) -> bool:
    """Count a request's answer, which has a client of a closed loop ask again; return whether it counts."""
    rules, tally = path.rules[0], path.tally
    if rules.closed_loop:
        ask_again(arrival_s + latency_s, path)
    if arrival_s < 0.0 or arrival_s >= rules.horizon_s:
        return False
    counts = tally.counts[0]
    counts.requests += 1
    counts.latency_s += latency_s
    tally.latency_bins[bin_at(latency_s)] += 1
    return True


@inlined
def count_wait(wait_s: float, tally: Tally) -> None:
    """Count how long a request waited; those that did not wait are the requests that are in no bin of waits."""
    if wait_s > 0.0:
        tally.counts[0].wait_s += wait_s
        tally.wait_bins[bin_at(wait_s)] += 1


@inlined
def count_age(age_s: float, made_s: float, arrival_s: float, latency_s: float, rules: Record, tally: Tally) -> None:
    """Count the age of a prediction served, and what it is worth by the model of the time at which it was made."""
    counts = tally.counts[0]
    counts.age_s += age_s
    tally.age_bins[bin_at(age_s)] += 1
    if rules.values:
        add_quality(arrival_s, latency_s, age_s, made_s, rules, counts)


@inlined
def count_default(latency_s: float, rules: Record, tally: Tally) -> None:
    """Count a default response."""
    counts = tally.counts[0]
    counts.defaulted += 1
    if rules.values:
        add_default_quality(latency_s, rules, counts)


@inlined
def count_stored(word: Int, asked_s: float, latency_s: float, rules: Record, tally: Tally) -> None:
    """Count a row of the store that answers a request."""
    lag_s = 0.0 if word & MAKER == BATCH else rules.lag_s
    if word & MAKER == ONLINE:
        tally.counts[0].cached += 1
    else:
        tally.counts[0].precomputed += 1
    made_s = time_of(word, rules.origin_s, rules.tick_s)
    count_age(asked_s + latency_s + lag_s - made_s, made_s, asked_s, latency_s, rules, tally)


@inlined
def serve_row(word: Int, t: float, path: Path) -> Int:
    """Answer a request with a row of the store; return the row's word, now served."""
    rules, tally = path.rules[0], path.tally
    if count_answer(t, rules.read_s, path):
        count_stored(word, t, rules.read_s, rules, tally)
        if not word & SERVED:
            tally.counts[0].first_served += 1
    return word | SERVED
