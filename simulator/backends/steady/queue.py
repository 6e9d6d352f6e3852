"""A fleet's queue in the long run of each hour: how long requests wait."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.core.arrays import BoolArray, FloatArray
from simulator.theory.queueing import erlang_c

NEARLY_FULL = 0.999
"""Of what a fleet can do; beyond it the queue is not in any long run."""


@dataclass(frozen=True)
class Queue:
    """What waits for a fleet, hour by hour: shape (hours,) each."""

    per_s: FloatArray
    """Computations, or batches of them, asked for. [1/s]"""
    service_s: FloatArray
    """Mean time of each. [s]"""
    servers: FloatArray
    """Whole numbers."""
    cv_squared: float
    timeout_s: float
    """Infinity without. [s]"""
    hold_s: FloatArray
    """How long a batch is held open on average, which all in it wait for, more or less. [s]"""

    @property
    def load(self) -> FloatArray:
        """Servers that would be busy. [Erlang]"""
        return self.per_s * self.service_s

    @cached_property
    def is_full(self) -> BoolArray:
        """Whether more is asked for than can be done."""
        return np.asarray(self.load >= NEARLY_FULL * self.servers, dtype=np.bool_)

    @property
    def given_up(self) -> FloatArray:
        """Share of what is asked for that leaves at the time-out: of a full queue what cannot be done."""
        if math.isinf(self.timeout_s):
            return np.zeros(self.per_s.size)
        beyond = 1.0 - self.servers / np.maximum(self.load, 1e-300)
        return np.where(self.is_full, np.maximum(beyond, 0.0), self._stable_waits(np.array([[self.timeout_s]]))[:, 0])

    def waited(self, times_s: FloatArray) -> FloatArray:
        """Return the share of all that wait longer than some times, shape (hours, times). [s]"""
        longer = self._stable_waits(times_s)
        if self.is_full.any():
            longer = np.where(self.is_full[:, None], 1.0, longer)
        if self.hold_s.any():
            held = np.maximum(self.hold_s, 1e-300)[:, None]
            longer = np.maximum(longer, np.clip(1.0 - times_s / (2 * held), 0.0, 1.0))
        return np.asarray(np.where(times_s < self.timeout_s, longer, 0.0)) if np.isfinite(self.timeout_s) else longer

    def _stable_waits(self, times_s: FloatArray) -> FloatArray:
        """Return it where the queue is in its long run: M/M/c with waits (1 + cv^2)/2 times as long."""
        waiting, per_s = self._long_run
        return np.asarray(waiting[:, None] * np.exp(-per_s[:, None] * times_s))

    @cached_property
    def _long_run(self) -> tuple[FloatArray, FloatArray]:
        """Return how likely a wait is, and how fast it is worked off; nobody comes to a full queue. [1/s]"""
        load, servers = np.where(self.is_full, 0.0, self.load), np.where(self.is_full, 1.0, self.servers)
        stretch = (1 + self.cv_squared) / 2
        return erlang_c(load, servers), np.asarray((servers - load) / (self.service_s * stretch))

    def answered(self, nodes: "Nodes") -> Callable[[FloatArray], FloatArray]:
        """Return the law of wait and service together, the service's mean times random factors."""

        def longer(times_s: FloatArray) -> FloatArray:
            found = np.zeros((self.per_s.size, times_s.size))
            for factor, weight in zip(nodes.factor.tolist(), nodes.weight.tolist(), strict=True):
                left_s = times_s - self.service_s[:, None] * factor
                found += weight * np.where(left_s < 0, 1.0, self.waited(np.maximum(left_s, 0.0)))
            return found

        return longer


@dataclass(frozen=True)
class Nodes:
    """Random factors that stand for all, more of them where they are large."""

    factor: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, factors: FloatArray) -> "Nodes":
        """Return those of equally likely factors."""
        if factors.size == 1:
            return cls(factors, np.ones(1))
        levels = np.concatenate([np.linspace(0, 0.9, 13), np.linspace(0.9, 0.99, 10)[1:], [0.9925, 0.995, 0.999, 1.0]])
        return cls(np.quantile(factors, (levels[1:] + levels[:-1]) / 2), np.diff(levels))
