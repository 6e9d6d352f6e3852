"""How fast an autoscaler may change the number of replicas: `behavior` of Kubernetes' HorizontalPodAutoscaler (v2)."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from simulator.core.component import Part
from simulator.core.units import Count, Fraction, PositiveSeconds, Seconds, read_fraction, write_share

MOST_PERCENT = 10.0
"""A step of more than 1,000 % is taken for a slip, such as 100 where 100 % is meant."""
NEAR_WHOLE = 1e-9
"""Shares of whole numbers are off by so much at most."""
SAME_MOMENT_S = 1e-6
"""Sums of times are rounded: what is so little short of a period ago is a period ago."""


def _check_percent(share: float) -> float:
    if not 0 < share <= MOST_PERCENT:
        raise ValueError(f"{share * 100:g} % must be above 0 % and at most {MOST_PERCENT * 100:,.0f} %, e.g. '100 %'")
    return share


Percent = Annotated[
    float,
    BeforeValidator(read_fraction),
    AfterValidator(_check_percent),
    WithJsonSchema({"type": ["string", "number"], "description": "a share above 0", "examples": ["100 %"]}),
    PlainSerializer(write_share, return_type=str, when_used="json"),
]


class Policy(Part):
    """So many replicas, or so large a share of them, within a period."""

    pods: Count | None = None
    """How many replicas may be added or removed within the period."""
    percent_fraction: Percent | None = None
    """Which share of the replicas that were there when the period began; instead of `pods`."""
    period_s: Annotated[PositiveSeconds, Field(examples=["15 s"])]
    """The stretch of time up to now in which changes count."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.pods is None) == (self.percent_fraction is None):
            raise ValueError("needs either 'pods', e.g. 4, or 'percent', e.g. '100 %', and not both")
        return self

    def most_after(self, before: int) -> int:
        """Return how many replicas there may be at most, of those that were there when the period began."""
        if self.pods is not None:
            return before + self.pods
        assert self.percent_fraction is not None
        return math.ceil(before * (1.0 + self.percent_fraction) - NEAR_WHOLE)

    def fewest_after(self, before: int) -> int:
        """Return how few replicas there may be, of those that were there when the period began."""
        if self.pods is not None:
            return before - self.pods
        assert self.percent_fraction is not None
        return math.floor(before * max(1.0 - self.percent_fraction, 0.0) + NEAR_WHOLE)


def _check_policies(policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    if not policies:
        raise ValueError("has no policy; leave the key out for Kubernetes' own, or write select: disabled")
    return policies


Policies = Annotated[tuple[Policy, ...], Field(max_length=100), AfterValidator(_check_policies)]


def _policies(*stated: dict[str, object]) -> tuple[Policy, ...]:
    return tuple(Policy.model_validate(each) for each in stated)


class Rules(Part):
    """How fast the number of replicas may change in one direction."""

    policies: Policies
    """What a change may be at most."""
    select: Literal["max", "min", "disabled"] = "max"
    """Which policy holds where there are several: that of the largest change, or of the smallest; or none, and nothing
    changes in this direction."""
    tolerance_fraction: Fraction = 0.1
    """No change as long as utilisation is so near to its target in this direction, relative to it."""


class ScaleUp(Rules):
    """How fast replicas may be added."""

    policies: Policies = _policies({"pods": 4, "period": "15 s"}, {"percent": "100 %", "period": "15 s"})
    """How many may be added at most; Kubernetes' own are 4 replicas or 100 % in 15 s, whichever is more."""
    stabilisation_s: Seconds = 0.0
    """How far back the smallest desire keeps replicas from being added."""


class ScaleDown(Rules):
    """How fast replicas may be removed."""

    policies: Policies = _policies({"percent": "100 %", "period": "15 s"})
    """How many may be removed at most; with Kubernetes' own, 100 % in 15 s, all at once."""
    stabilisation_s: Seconds | None = None
    """How far back the largest desire still keeps replicas: the same as the capacity's `stabilisation`."""


class Behavior(Part):
    """How fast replicas may be added and removed; what is not given is as Kubernetes has it."""

    scale_up: ScaleUp = ScaleUp()
    """For more replicas."""
    scale_down: ScaleDown = ScaleDown()
    """For fewer."""


@dataclass
class Window:
    """The largest (or smallest) of some numbers of the last stretch of time. [s]"""

    length_s: float
    largest: bool
    _kept: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, now_s: float, number: int) -> int:
        """Take a number down, and return the largest (or smallest) since the window began. [s]"""
        kept = self._kept
        while kept and now_s - kept[0][0] >= self.length_s - SAME_MOMENT_S:
            kept.popleft()
        while kept and (kept[-1][1] <= number if self.largest else kept[-1][1] >= number):
            kept.pop()
        kept.append((now_s, number))
        return kept[0][1]


@dataclass
class Pace:
    """What an autoscaler has wanted and changed lately, and so what it may change now."""

    behavior: Behavior
    _largest: Window
    _smallest: Window
    _changes: deque[tuple[float, int]] = field(default_factory=deque)

    @classmethod
    def of(cls, behavior: Behavior, keeps_s: float, now_s: float, total: int) -> "Pace":
        """Return the pace of an autoscaler that begins with some replicas.

        Parameters
        ----------
        keeps_s
            How far back the largest desire still keeps replicas. [s]
        """
        largest, smallest = Window(keeps_s, largest=True), Window(behavior.scale_up.stabilisation_s, largest=False)
        largest.add(now_s, total)
        smallest.add(now_s, total)
        return cls(behavior, largest, smallest)

    def idle(self, now_s: float, fewest: int) -> None:
        """Take down that the fewest replicas have been wanted, which is what there are. [s]"""
        self._smallest.add(now_s, fewest)

    def wake(self, now_s: float) -> None:
        """Take down that the first replica has been ordered, whatever the policies say. [s]"""
        self._largest.add(now_s, 1)
        self._note(now_s, 1)

    def next(self, now_s: float, total: int, desired: int, fewest: int) -> int:
        """Return how many replicas there are to be, and take that down. [s]

        Parameters
        ----------
        total
            How many there are.
        fewest
            So many there are to be at once.
        """
        up_to, down_to = self._smallest.add(now_s, desired), self._largest.add(now_s, desired)
        wanted = min(max(total, up_to), down_to)
        allowed = max(self._allowed(now_s, total, wanted), min(fewest, wanted))
        if allowed != total:
            self._note(now_s, allowed - total)
        return allowed

    def _allowed(self, now_s: float, total: int, wanted: int) -> int:
        """Return the number of replicas next to the one that is wanted that the policies allow. [s]"""
        rules = self.behavior.scale_up if wanted > total else self.behavior.scale_down
        if wanted == total or rules.select == "disabled":
            return total
        before = [(policy, total - self._changed(now_s, policy.period_s)) for policy in rules.policies]
        largest = rules.select == "max"
        if wanted > total:
            limits = [policy.most_after(count) for policy, count in before]
            return min(wanted, max(total, max(limits) if largest else min(limits)))
        limits = [policy.fewest_after(count) for policy, count in before]
        return max(wanted, min(total, min(limits) if largest else max(limits)))

    def _note(self, now_s: float, change: int) -> None:
        longest_s = max(policy.period_s for policy in _all_policies(self.behavior))
        while self._changes and self._changes[0][0] <= now_s - longest_s:
            self._changes.popleft()
        self._changes.append((now_s, change))

    def _changed(self, now_s: float, period_s: float) -> int:
        """Return by how much the replicas have grown since a period began; a change at its beginning is before it."""
        return sum(change for at_s, change in self._changes if now_s - at_s < period_s - SAME_MOMENT_S)


def _all_policies(behavior: Behavior) -> Iterator[Policy]:
    sides: Sequence[Rules] = (behavior.scale_up, behavior.scale_down)
    return (policy for rules in sides for policy in rules.policies)
