"""The numbers of a scenario, each as an axis along which the scenario can be moved."""

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.core.errors import UserError
from simulator.core.key_kind import KeyKind
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.prices.price import Price
from simulator.scenario.changing import with_values
from simulator.scenario.schema import Scenario
from simulator.scenario.stated_numbers import StatedNumber, stated_numbers
from simulator.studies.turns import Proof, Side, Turn

SETUP = frozenset({"horizon", "warmup", "start", "seed"})
"""Keys that say what is simulated of a world, and not how that is."""
DIGITS = 2
"""Significant digits of a value, so that what is printed is what was looked at."""
TIMES_S = {"ms": 1e-3, "s": 1.0, "min": MINUTE_S, "h": HOUR_S, "d": DAY_S}


@dataclass(frozen=True)
class Axis:
    """The values that one number of a scenario can have, all else as it is."""

    scenario: Scenario
    number: StatedNumber
    plans: tuple[str, ...]
    """Those that it can have anything to do with."""

    @property
    def key(self) -> str:
        """Its key path."""
        return self.number.key

    @property
    def part(self) -> str:
        """The plan, the backend or the other part of the scenario that it is a number of."""
        keys = self.number.keys
        return ".".join(map(str, keys[:2] if keys[0] in ("plans", "backends") else keys[:1]))

    @property
    def kind(self) -> KeyKind:
        """What has to be done again when it changes."""
        return self.number.kind

    @property
    def now(self) -> float:
        """Where the scenario stands."""
        return self.number.value

    @property
    def is_whole(self) -> bool:
        """Whether it takes whole numbers alone."""
        return self.number.is_whole

    def distance(self, value: float) -> float:
        """Return how far a value is from today's, by the logarithm of their ratio."""
        return abs(math.log(value / self.now))

    def rounded(self, value: float, *, up: bool, digits: int = DIGITS) -> float:
        """Return the next value above or below that can be written in few digits; in none that is not whole."""
        per_unit, _ = self._unit(value)
        return _rounded(value / per_unit, digits, up=up, least_step=1.0 if self.is_whole else 0.0) * per_unit

    def _unit(self, value: float) -> tuple[float, str]:
        """Return the unit that a value is written in: the scenario's own; of times, the largest that it has one of."""
        unit = self.number.unit
        if unit not in TIMES_S:
            return self.number.per_unit, unit
        fitting = [(per_unit, name) for name, per_unit in TIMES_S.items() if abs(value) >= per_unit]
        return max(fitting, default=(self.number.per_unit, unit))

    def text(self, value: float) -> str:
        """Return a value as a scenario states it."""
        per_unit, unit = self._unit(value)
        if self.is_whole:
            return str(round(value / per_unit))
        return f"{float(f'{value / per_unit:.12g}'):.12g}{unit}"

    def assignment(self, value: float) -> str:
        """Return what to write after ``--set`` in a shell."""
        return shlex.quote(f"{self.key}={self.text(value)}")

    def at(self, value: float) -> Scenario | None:
        """Return the scenario at a value, as ``--set`` would make it; None where it is not valid."""
        try:
            return with_values(self.scenario, {self.key: self.text(value)}, "--set")
        except UserError:
            return None


@dataclass(frozen=True)
class MeterAxis:
    """How many times its price a meter of the book may cost."""

    price: Price
    now = 1.0
    is_whole = False

    @property
    def key(self) -> str:
        """The meter."""
        return self.price.meter

    @property
    def part(self) -> str:
        """The meter too: each has a price of its own."""
        return self.price.meter

    @property
    def _now_usd(self) -> float:
        """What it costs; where that is not one price, times today's are spoken of."""
        return self.price.usd or 1.0

    def rounded(self, value: float, *, up: bool, digits: int = DIGITS) -> float:
        """Return the next price of few digits above or below, over today's."""
        return _rounded(value * self._now_usd, digits, up=up) / self._now_usd

    def text(self, value: float) -> str:
        """Return the price, if it is one."""
        if not self.price.usd:
            return f"{value:.3g} times its price"
        per = "" if self.price.per == 1 else f"{self.price.per:,.0f} "
        return f"${value * self._now_usd:.12g} per {per}{self.price.unit}"

    def assignment(self, value: float) -> str:
        """Return nothing: it is no key of the scenario."""
        del value
        return ""


def _rounded(number: float, digits: int, *, up: bool, least_step: float = 0.0) -> float:
    """Return the next number of few digits above or below; one that has no more stays."""
    step = max(10.0 ** (math.floor(math.log10(abs(number))) - digits + 1), least_step)
    times = round(number / step, 6)
    return float(f"{(math.ceil(times) if up else math.floor(times)) * step:.12g}")


def turn_along(
    axis: Axis | MeterAxis, plan: str, near: tuple[float, float], far: tuple[float, float], proof: Proof
) -> Turn:
    """Return the turn to a plan between two values, each with by how much more it costs there. [USD per month]"""
    sides = [Side(value, axis.text(value), more_usd) for value, more_usd in (near, far)]
    return Turn(
        plan,
        sides[0],
        sides[1],
        from_now=near[0] == axis.now,
        key=axis.key,
        part=axis.part,
        setting=axis.assignment(far[0]),
        proof=proof,
        now=axis.now,
        now_text=axis.text(axis.now),
    )


def axes_of(scenario: Scenario) -> Iterator[Axis]:
    """Yield the numbers that a scenario states and that have to do with what plans do, cost or are judged by.

    One of a list of numbers, such as a weight of a profile, is a part of a curve, and has no meaning of its own.
    """
    for number in stated_numbers(scenario):
        is_of_curve = isinstance(number.keys[-1], int)
        if number.keys[0] not in SETUP and number.kind is not KeyKind.STUDY and not is_of_curve:
            yield Axis(scenario, number, tuple(_plans_of(scenario, number)))


def _plans_of(scenario: Scenario, number: StatedNumber) -> Iterator[str]:
    """Yield the plans that a number can have to do with: its own, those that use its backend, or all."""
    family, name = (*number.keys, "")[:2]
    for plan_name, plan in scenario.plans.items():
        used = {*scenario.online_names(plan), *([plan.precompute.backend] if plan.precompute else [])}
        if (family != "plans" or plan_name == name) and (family != "backends" or name in used):
            yield plan_name
