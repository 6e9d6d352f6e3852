"""What a break-even is asked about: two plans or all, and from where to where a key is searched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.core.errors import UserError, did_you_mean
from simulator.scenario.changing import value_at
from simulator.scenario.key_kinds import kind_of_key
from simulator.scenario.schema import Scenario
from simulator.studies.factors import Level, Reader, Scale, Stated, raise_all
from simulator.studies.sweep import with_plans

PAIR = 2
AROUND = (10.0, 5.0, 2.0, 1.25)
"""Without a range, so many times today's value, and as small a part of it: the most at which the scenario is valid."""
_VALUE = re.compile(r"\s*[$+.\d-]")


@dataclass(frozen=True)
class Range:
    """A question about a break-even."""

    scenario: Scenario
    """With the plans that are compared."""
    scale: Scale
    ends: tuple[Level, Level]
    pair: tuple[str, str] | None
    """The plans, in the scenario's order, where there are two; None where the best of all is followed."""
    between: tuple[Stated, Stated]
    """What was asked for: the names of two plans, or the ends of a range."""


def read_range(
    scenario: Scenario, key: str, between: Sequence[str], within: Sequence[str] | None, by: str = "--over"
) -> Range:
    """Return what is asked.

    Parameters
    ----------
    scenario
        Its plans are compared.
    key
        The key that is varied.
    between
        Two plans; or the two ends of the range, and all plans are compared.
    within
        The ends of the range. Where ``between`` has them too, what both have in common is searched; without either, it
        is up to ten times today's value and down to a tenth of it.
    by
        What the key is called in messages.

    Raises
    ------
    UserError
        If anything is wrong; the message holds all faults.
    """
    faults: list[str] = []
    pair = _pair(scenario, between, faults)
    reader = Reader(scenario, key, by)
    if not reader.faults:
        ranges = [each for each in (None if pair else between, within) if each]
        found = _in_common(reader, ranges) if ranges else _around_now(scenario, reader, key, by)
    raise_all([*faults, *reader.faults])
    assert found is not None
    low, high, scale = found
    compared = with_plans(scenario, pair) if pair else scenario
    both = tuple(compared.plans)
    two = (both[0], both[1]) if len(both) == PAIR else None
    return Range(compared, scale, (low, high), two, pair or _values(reader, between))


def _pair(scenario: Scenario, between: Sequence[str], faults: list[str]) -> tuple[str, str] | None:
    """Return the plans that are named; None where they are values, or where something is wrong."""
    if len(scenario.plans) < PAIR:
        faults.append(f"a break-even is between two plans, and there is one alone: {', '.join(scenario.plans)}")
    one, other = between
    if one not in scenario.plans and other not in scenario.plans and any(map(_VALUE.match, between)):
        return None
    missing = [name for name in dict.fromkeys(between) if name not in scenario.plans]
    faults += [f"--between: there is no plan '{name}'; {did_you_mean(name, scenario.plans)}" for name in missing]
    if one == other:
        faults.append(f"--between: names '{one}' twice; give two plans, or two values")
    return one, other


def _values(reader: Reader, between: Sequence[str]) -> tuple[Stated, Stated]:
    low, high, _ = reader.ends(*between) or (None, None, None)
    assert low is not None
    assert high is not None
    return low.value, high.value


def _in_common(reader: Reader, ranges: Sequence[Sequence[str]]) -> tuple[Level, Level, Scale] | None:
    """Return what ranges have in common, in the units of the first."""
    found = [reader.ends(*each) for each in ranges]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return None
    low = max((each[0] for each in known), key=lambda level: level.number)
    high = min((each[1] for each in known), key=lambda level: level.number)
    if low.number >= high.number:
        reader.faults.append(f"{reader.label}: --between and --within have no range in common")
        return None
    return low, high, known[0][2]


def _around_now(scenario: Scenario, reader: Reader, key: str, by: str) -> tuple[Level, Level, Scale] | None:
    """Return a wide range around what the scenario has."""
    now = value_at(scenario, key, by)
    give = "give the range with --within LOW HIGH"
    if now is None:
        try:
            kind_of_key(scenario, key, by)
        except UserError as error:  # there is no such key
            reader.faults.append(str(error))
            return None
    if not isinstance(now, (int, float)) or isinstance(now, bool):
        wrong = "is not stated" if now is None else f"is '{now}', which is no number"
        reader.faults.append(f"{reader.label}: {wrong}; {give}")
        return None
    scale = written_scale(scenario, key, float(now), is_whole=isinstance(now, int))
    if now <= 0 or scale is None:
        reader.faults.append(f"{reader.label}: what is around {now} is not known; {give}")
        return None
    low, high = (farthest(scenario, scale, float(now), by, power=power) for power in (-1, 1))
    return low, high, scale


def written_scale(scenario: Scenario, key: str, now: float, *, is_whole: bool) -> Scale | None:
    """Return how a scenario would write the numbers of a key itself."""
    if is_whole:
        return Scale(key, "", 1.0, is_whole=True)
    level = Level(str(value_at(scenario, key, "", written=True)), now)
    return Reader(scenario, key, "").scale(level, level)


def farthest(scenario: Scenario, scale: Scale, now: float, by: str, power: int) -> Level:
    """Return the value farthest above today's, or below it with a power of -1, at which the scenario is valid.

    Raises
    ------
    UserError
        If none is.
    """
    for times in AROUND:
        level = scale.level(now * times**power, 4)
        reader = Reader(scenario, scale.key, by)
        if reader.level(level.text) is not None:
            return level
    raise UserError(f"{by} {scale.key}: nothing around today's value is valid; give the range with --within LOW HIGH")
