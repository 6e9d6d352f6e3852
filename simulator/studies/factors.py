"""The keys that a study varies, and the values that each takes: lists, ranges and log ranges, as people write them.

``1%,2%,5%`` is a list; ``5%..40%:8`` eight values evenly apart; ``1h..48h:log9`` nine in equal ratios; and in
``1%,2%,5%..40%`` the range goes on in the step of the two values before its end, to its end. Values are written as in a
scenario file.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.core.errors import InputFileError, UserError, did_you_mean
from simulator.core.input_files.reading import parse_value
from simulator.core.input_files.wording import one_line, shortened
from simulator.scenario.changing import value_at, with_values
from simulator.scenario.key_kinds import KeyKind, kind_of_key
from simulator.scenario.overrides import split_assignment
from simulator.scenario.schema import Scenario

Stated = str | int | float
"""A value as a scenario file or Python states it."""
MOST_LEVELS = 1_000
WIDE = 8.0
"""Positive values of which the largest is so many times the smallest are set out in equal ratios."""
_DIGITS = 4
"""Significant digits of values between the ends of a range, so that what is printed is what was simulated."""
_NUMBER = re.compile(r"\s*([+-]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?)\s*([^0-9]*?)\s*\Z")
_COUNT = re.compile(r"(.*):\s*(log)?\s*([0-9]{1,6})\s*\Z", re.DOTALL)
_UNIT = re.compile(r"(?![kMGBT]\Z)[A-Za-z%\xb5]")
_OUTSIDE = re.compile(r",(?![^\[{(]*[\]})])")
"""A comma that stands in no brackets."""


@dataclass(frozen=True)
class Level:
    """A value that a key takes."""

    text: str
    """As a scenario file states it."""
    value: Stated
    """In s, USD, GiB, as a fraction or a count; text where it is no number."""

    @property
    def stated(self) -> Stated:
        """What to set the key to; a path is the one that was found."""
        return self.value if isinstance(self.value, str) else self.text

    @property
    def number(self) -> float:
        """The value of a key of numbers."""
        assert not isinstance(self.value, str)
        return float(self.value)


@dataclass(frozen=True)
class Scale:
    """How the numbers of a key are written: in a unit that the user chose."""

    key: str
    unit: str
    per_unit: float
    """What one unit is, in s, USD, GiB, ..."""
    is_whole: bool
    """Whether the key takes whole numbers alone."""

    def level(self, value: float, digits: int = 12) -> Level:
        """Return the level of a value; one that is rounded is what its text says."""
        if self.is_whole:
            count = round(float(f"{value:.{digits}g}"))
            return Level(str(count), count)
        number = float(f"{value / self.per_unit:.{digits}g}")
        return Level(f"{number:.12g} {self.unit}".strip(), float(f"{number * self.per_unit:.12g}"))


@dataclass(frozen=True)
class Factor:
    """A key, and the values that it takes: numbers in ascending order."""

    key: str
    levels: tuple[Level, ...]

    @property
    def is_number(self) -> bool:
        """Whether all values are numbers."""
        return not any(isinstance(level.value, str) for level in self.levels)

    @property
    def is_wide(self) -> bool:
        """Whether the values are better set out in equal ratios."""
        return self.is_number and is_wide(self.levels[0].number, self.levels[-1].number)


def is_wide(low: float, high: float) -> bool:
    """Return whether a range is better looked at in equal ratios."""
    return low > 0 and high / low >= WIDE


def read_factors(
    scenario: Scenario, stated: Mapping[str, str | Sequence[Stated]], by: str, folder: Path = Path()
) -> tuple[Factor, ...]:
    """Return the keys with their values.

    Parameters
    ----------
    scenario
        What they are keys of.
    stated
        By key path, a text such as ``1%,2%,5%..40%``, or values.
    by
        What they are called in messages.
    folder
        Where relative paths among the values start.

    Raises
    ------
    UserError
        If anything is wrong with a key or a value; the message holds all faults.
    """
    faults: list[str] = []
    found: list[Factor] = []
    for key, values in stated.items():
        reader = Reader(scenario, key, by, folder)
        levels = reader.levels(values)
        faults += reader.faults
        if not reader.faults:
            found.append(Factor(key, tuple(levels)))
    raise_all(faults)
    return tuple(found)


def read_over(texts: Sequence[str], by: str) -> dict[str, str]:
    """Return the values of each key, from arguments such as ``plans.cached.cache.ttl=1h..48h:log9``.

    Raises
    ------
    UserError
        If an argument has no ``=`` or no key, or if a key is there twice; the message holds all faults.
    """
    found: dict[str, str] = {}
    faults: list[str] = []
    for text in texts:
        try:
            key, values = split_assignment(text, by, f"write e.g. {by} population.daily_active=1%,2%,5%")
        except UserError as error:
            faults.append(str(error))
            continue
        if key in found:
            faults.append(f"{by} {key}: is there twice; give all its values at once, with commas")
        found[key] = values
    raise_all(faults)
    return found


def raise_all(faults: Sequence[str]) -> None:
    """Raise what is wrong, all at once, if anything is."""
    if faults:
        raise UserError("\n".join(dict.fromkeys(faults)))


class Reader:
    """Reads the values of one key, and notes all that is wrong with them."""

    def __init__(self, scenario: Scenario, key: str, by: str, folder: Path = Path()) -> None:
        self.faults: list[str] = []
        self._scenario, self._key, self._by, self._folder = scenario, key, by, folder
        self.label = f"{by} {shortened(one_line(key), 80)}"
        self._check_names()

    def _check_names(self) -> None:
        """Note a plan or backend that is not there: what is set below it would make one, and half of it be missing."""
        for family, names in (("plans", self._scenario.plans), ("backends", self._scenario.backends)):
            rest = self._key.strip().removeprefix(f"{family}.")
            named = any(re.match(rf'"?{re.escape(name)}"?(?:[.\[]|\Z)', rest) for name in names)
            if rest != self._key.strip() and not named:
                name = rest.partition(".")[0]
                self._fault(f"there is no '{name}' in '{family}'; {did_you_mean(name, names)}")

    def _fault(self, message: str) -> None:
        self.faults.append(f"{self.label}: {message}")

    def levels(self, stated: str | Sequence[Stated]) -> list[Level]:
        """Return the values that a text or a list states, numbers in ascending order and each once."""
        if isinstance(stated, str):
            parts = [part.strip() for part in _OUTSIDE.split(stated)] if stated.strip() else []
        else:
            parts = [each if isinstance(each, str) else repr(each) for each in _plain(stated)]
        if not parts:
            self._fault("has no values; write e.g. 1%,2%,5% or 5%..40%:8")
        found: list[Level] = []
        for part in parts if not self.faults else ():
            found += self._range(part, found) if ".." in part else self._one(part)
        if len(found) > MOST_LEVELS:
            self._fault(f"takes {len(found):,} values; at most {MOST_LEVELS:,} can be")
        if not self.faults and kind_of_key(self._scenario, self._key, self._by) is KeyKind.STUDY:
            self._fault("changes nothing that is simulated, billed or judged")
        return _in_order(found)

    def _one(self, text: str) -> list[Level]:
        level = self.level(text)
        return [] if level is None else [level]

    def level(self, text: str) -> Level | None:
        """Return the level of a text that the scenario takes as the key's value; None where it does not."""
        if not text:
            self._fault("has an empty value")
            return None
        try:
            there = with_values(self._scenario, {self._key: parse_value(text, self.label)}, self._by, self._folder)
            value = value_at(there, self._key, self._by)
        except InputFileError as error:
            said = map(str, error.faults)
            self.faults += [each if self.label in each else f"{self.label}={text}: {each}" for each in said]
            return None
        except UserError as error:
            self.faults.append(str(error))
            return None
        if isinstance(value, (dict, list, tuple)) or value is None:
            value = text
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return Level(_tidy(text), value if is_number else str(value))

    def scale(self, low: Level, high: Level) -> Scale | None:
        """Return how the numbers between two levels are written; None where they are none."""
        ends = [_NUMBER.match(level.text) for level in (low, high)]
        for level, end in zip((low, high), ends, strict=True):
            if end is None or isinstance(level.value, str) or not math.isfinite(level.number):
                self._fault(f"a range needs two numbers, each with one unit, and '{level.text}' is none")
                return None
        # the unit of the larger end, unless that is 0
        for level, end in ((high, ends[1]), (low, ends[0])):
            assert end is not None
            number = float(end[1].replace("_", ""))
            if number and level.number:
                is_whole = isinstance(low.value, int) and isinstance(high.value, int)
                return Scale(self._key, end[2], level.number / number, is_whole)
        self._fault("a range from 0 to 0 is empty")
        return None

    def ends(self, low_text: str, high_text: str) -> tuple[Level, Level, Scale] | None:
        """Return the ends of a range and how what lies between is written; None where something is wrong."""
        low, high = self.level(_with_unit_of(low_text.strip(), high_text)), self.level(high_text.strip())
        if low is None or high is None:
            return None
        scale = self.scale(low, high)
        if scale is None:
            return None
        if low.number >= high.number:
            what = "is empty" if low.number == high.number else f"runs backwards; write {high.text}..{low.text}"
            self._fault(f"the range {low.text}..{high.text} {what}")
            return None
        return low, high, scale

    def _range(self, part: str, before: Sequence[Level]) -> list[Level]:
        counted = _COUNT.match(part)
        low_text, _, high_text = (counted[1] if counted else part).partition("..")
        ends = self.ends(low_text, high_text)
        if ends is None:
            return []
        low, high, scale = ends
        if counted:
            return list(self._evenly(low, high, scale, int(counted[3]), in_ratios=bool(counted[2])))
        step = low.number - before[-1].number if before and not isinstance(before[-1].value, str) else 0.0
        if step <= 0:
            how = f"write {part}:8 for eight values, {part}:log8 for eight in equal ratios"
            self._fault(f"the range {part} has no step; {how}, or a smaller value before it")
            return []
        count = math.floor((high.number - low.number) / step * (1 + 1e-9))
        if count > MOST_LEVELS:
            self._fault(f"takes {count:,} values; at most {MOST_LEVELS:,} can be")
            return []
        return [low, *(scale.level(low.number + place * step, 10) for place in range(1, count + 1)), high]

    def _evenly(self, low: Level, high: Level, scale: Scale, count: int, *, in_ratios: bool) -> Iterator[Level]:
        least = 2
        if not least <= count <= MOST_LEVELS:
            self._fault(f"a range takes from {least} to {MOST_LEVELS:,} values, and not {count:,}")
        elif in_ratios and low.number <= 0:
            self._fault(f"a log range begins above 0, and not at {low.text}")
        else:
            yield low
            for value in spaced(low.number, high.number, count, in_ratios=in_ratios)[1:-1]:
                yield scale.level(value, _DIGITS)
            yield high


def spaced(low: float, high: float, count: int, *, in_ratios: bool) -> list[float]:
    """Return values from one end to the other, evenly apart or in equal ratios."""
    make = np.geomspace if in_ratios else np.linspace
    return [float(value) for value in make(low, high, count)]


def _with_unit_of(text: str, other: str) -> str:
    """Return a bare number with the unit of another one, as in ``1..48h``."""
    number, quantity = _NUMBER.match(text), _NUMBER.match(other)
    if number is None or quantity is None or number[2] or not _UNIT.match(quantity[2]):
        return text
    return f"{text} {quantity[2]}"


def _tidy(text: str) -> str:
    """Return a quantity with a space before its unit; that of a count is none."""
    match = _NUMBER.match(text)
    return f"{match[1]} {match[2]}" if match and _UNIT.match(match[2]) else text


def _plain(stated: Sequence[Stated]) -> list[Stated]:
    """Return values without numpy's types, of an array and of a list of them."""
    return [each.item() if hasattr(each, "item") else each for each in stated]


def _in_order(levels: Sequence[Level]) -> list[Level]:
    """Return each value once; numbers in ascending order, all else in its own."""
    once = list({level.value: level for level in reversed(levels)}.values())[::-1]
    if any(isinstance(level.value, str) for level in once):
        return once
    ascending = sorted(once, key=lambda level: level.number)
    return [level for place, level in enumerate(ascending) if not place or not _same(ascending[place - 1], level)]


def _same(one: Level, other: Level) -> bool:
    return math.isclose(one.number, other.number, rel_tol=1e-9)
