"""What a fleet does in the long run of each hour: its batches, its replicas, its queue."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.backends.answers.steady import AskedHours, SteadyHours, thinned
from simulator.backends.capacity.base import Capacity, SteadyLoad
from simulator.backends.steady.queue import Nodes, Queue
from simulator.core.arrays import FloatArray
from simulator.theory.batching import batcher_mean_hold_s, batcher_mean_size

MOST_STEPS = 24
"""Service times at which laws of latency are asked for."""
COMFORTABLE = 0.8
"""How busy slots are, at most, before batches grow."""


@dataclass(frozen=True)
class Shape:
    """What a fleet is like, its capacity apart."""

    slots: int
    service_times_s: Sequence[float]
    """Mean time of so many requests together, from 0 on. [s]"""
    hold_s: float
    timeout_s: float
    factors: FloatArray
    """Random factors of the service time, equally likely."""
    reserved_replicas: int
    unmodelled: Sequence[str]
    """What befalls it that closed forms leave out."""

    @property
    def cv_squared(self) -> float:
        """Variance of the factors; their mean is 1."""
        return float(self.factors.var()) if self.factors.size > 1 else 0.0

    @property
    def together(self) -> int:
        """Requests of a full batch."""
        return len(self.service_times_s) - 1


def steady_fleet(shape: Shape, capacity: Capacity, asked: AskedHours) -> SteadyHours:
    """Return what a fleet does; a full queue does what it can."""
    per_s = np.maximum(asked.per_s, 1e-12)
    size, batch_s = _batches(shape, capacity, per_s, asked.hour)
    batches_per_s = per_s / size
    offered = batches_per_s * batch_s / shape.slots
    noise = np.sqrt((1 + shape.cv_squared) / batches_per_s)
    serving, billed_s = capacity.steady_replicas(SteadyLoad(asked.length_s, offered, noise, per_s, asked.hour))
    held_s = np.zeros(per_s.size)
    if shape.hold_s > 0:
        held_s = np.asarray(batcher_mean_hold_s(per_s, shape.hold_s, shape.together))
    servers = np.maximum(np.floor(serving + 1e-9) * shape.slots, 1.0)
    queue = Queue(batches_per_s, batch_s, servers, shape.cv_squared, shape.timeout_s, held_s)
    given_up, nodes = queue.given_up, Nodes.of(shape.factors)
    busy_s = np.minimum(offered * asked.length_s * (1 - given_up), np.maximum(billed_s, 0.0))
    done = asked.computations * (1 - given_up)
    return SteadyHours(
        busy_replica_s=busy_s,
        provisioned_replica_s=billed_s,
        replicas_peak=float(serving.max(initial=0.0)),
        given_up=given_up,
        refused=np.zeros(per_s.size),
        waited=queue.waited,
        answered=queue.answered(nodes),
        service_s=thinned(shape.factors) * float(np.average(batch_s, weights=per_s)),
        steps_s=np.unique(np.outer(np.unique(batch_s)[:MOST_STEPS], nodes.factor)),
        counts={
            "calls": float(done.sum()),
            "batched": float(done.sum()) if shape.together > 1 else 0.0,
            "batches": float((done / size).sum()) if shape.together > 1 else 0.0,
        },
        beyond_reserved_s=float(np.maximum(billed_s - shape.reserved_replicas * asked.length_s, 0.0).sum()),
        leaves_out=_replicas_leave_out(shape, capacity),
        waits_leave_out=_waits_leave_out(shape),
        no_waits=_no_waits(queue),
    )


def _batches(
    shape: Shape, capacity: Capacity, per_s: FloatArray, hours: tuple[int, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return how many requests are computed together, more where slots are busy, and how long that takes. [s]"""
    times_s = np.asarray(shape.service_times_s)
    if shape.together == 1:
        return np.ones(per_s.size), np.full(per_s.size, times_s[1])
    sizes = np.arange(1, shape.together + 1)
    size = np.asarray(batcher_mean_size(per_s, shape.hold_s, shape.together))
    fixed = not capacity.follows_load
    replicas = [capacity.replicas_for(0.0, hour) if fixed else capacity.most_replicas for hour in hours]
    most = COMFORTABLE * shape.slots * np.array(replicas, dtype=np.float64)
    # the smallest batch with which the slots are not too busy
    load = per_s[:, None] * (times_s[1:] / sizes)
    fits = load <= most[:, None]
    needed = np.where(fits.any(axis=1), fits.argmax(axis=1) + 1.0, float(shape.together))
    size = np.maximum(size, needed)
    return size, np.interp(size, sizes, times_s[1:])


def _replicas_leave_out(shape: Shape, capacity: Capacity) -> tuple[str, ...]:
    found = list(shape.unmodelled)
    if capacity.follows_load:
        found.append("the autoscaler between its steady states, and chance in what it measures beyond its mean effect")
    if shape.together > 1:
        found.append("batches other than of the mean size")
    if not math.isinf(shape.timeout_s):
        found.append("what time-outs spare")
    return tuple(found)


def _waits_leave_out(shape: Shape) -> tuple[str, ...]:
    del shape
    return ("the queue while replicas start, and bursts within a quarter of an hour",)


def _no_waits(queue: Queue) -> str:
    if queue.is_full.any() and math.isinf(queue.timeout_s):
        return "the queue grows without end in some hours, and its waits are those of no long run"
    return ""
