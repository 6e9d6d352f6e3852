"""The inputs that are worth moving: of all numbers of a scenario and its prices, those that move its figures most."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.core.component import Part
from simulator.core.errors import UserError, did_you_mean
from simulator.core.input_files.reading import Keys
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S
from simulator.prices.book import PriceBook
from simulator.scenario.changing import value_at, with_values
from simulator.scenario.key_kinds import KeyKind, kind_of_key
from simulator.scenario.schema import Scenario
from simulator.studies.breakeven_range import farthest, written_scale
from simulator.studies.consumption import COST
from simulator.studies.exploring.own_prices import PRICES, price_knob_keys
from simulator.studies.factors import Level, Reader, Scale, is_wide, spaced
from simulator.studies.planner.estimating import PlanEstimate, World

KNOBS = 10
PRICE_KNOBS = 2
"""Of these, so many are for the prices that most is paid at."""
PLACES = 24
"""Values of a knob on either side of what the scenario has."""
STEP = 1.25
"""How many times as large a number is made to see what it moves."""
DIGITS = 3
MILLION = 1_000_000
LEAST_OF = {"d": 4 * DAY_S, "h": HOUR_S, "min": MINUTE_S, "s": 1.0}
"""From when on times are written in a unit. [s]"""
TINY = 1e-12
BY = "explore"
SEEN = {COST: 1.0, "age_mean_s": 0.5}
"""What a knob moves, and how much of it counts: money first."""
STUDY = frozenset({"horizon", "warmup", "seed", "replications", "start", "slo", "prices", "value"})
"""How much is looked at, and how it is judged: none of it is an input of the world."""
INNER = frozenset(
    {"behavior", "noise", "timezones", "profile", "replay", "retries", "groups", "at", "tick", "stabilisation"}
    | {"shard", "timeout", "max", "shape", "think_time", "feature_lag", "limit_window", "rows_per_object"}
)
"""Parts of mechanisms, bounds, and shares that must add up: not what people turn; who wants one asks for its key."""
MOST_OF_A_NAME = 3
"""So many knobs may have the same last name, such as ``ttl``."""
OLD_S = MINUTE_S
"""Ages below are those of what is computed when it is asked for, which nothing much moves. [s]"""


@dataclass(frozen=True)
class Knob:
    """A number that can be moved."""

    key: str
    """As after ``--set``; of a price, ``prices.`` and its meter."""
    kind: KeyKind
    levels: tuple[Level, ...]
    """Its values, ascending; what the scenario has is among them."""
    start: int
    """The place of what the scenario has."""
    plans: tuple[str, ...]
    """Whom it concerns: the others do and cost the same wherever it stands."""

    @property
    def is_price(self) -> bool:
        """Whether it is a price of the book, and not a key of the scenario."""
        return self.key.startswith(PRICES)

    @property
    def is_physical(self) -> bool:
        """Whether something else happens where it stands elsewhere."""
        return self.kind is KeyKind.PHYSICAL

    @property
    def texts(self) -> tuple[str, ...]:
        """Its values as people write them."""
        return tuple(level.text for level in self.levels)

    def place_of(self, text: str) -> int:
        """Return the place of the value nearest to a text's.

        Raises
        ------
        UserError
            If it is none of its values; the message says between which it can be.
        """
        if text in self.texts:
            return self.texts.index(text)
        raise UserError(f"{self.key}(={text}) is not one of its values: {', '.join(self.texts)}")


def knobs_of(scenario: Scenario, book: PriceBook, keys: Sequence[str] | None = None) -> tuple[Knob, ...]:
    """Return the numbers that matter most, in the order of the scenario; or those of some keys.

    What matters is found by closed forms: each number is made a quarter larger, and what becomes of each plan's cost,
    and less so of its ages, tells.

    Parameters
    ----------
    scenario, book
        What it is about.
    keys
        Key paths as after ``--set``, or ``prices.`` and a meter; by default ten that matter.

    Raises
    ------
    UserError
        If a key is none, or has no number; the message holds all faults.
    """
    if keys is not None:
        return _asked(scenario, book, keys)
    prices = price_knob_keys(scenario, book)[:PRICE_KNOBS]
    found, ranked = dict[str, Knob](), _by_effect(scenario, book)
    for most in range(1, MOST_OF_A_NAME + 1):  # ten lifetimes are no ten inputs: first one of each name
        for key in ranked:
            if len(found) < KNOBS - len(prices) and key not in found and _of_its_name(key, found) < most:
                knob = _knob(scenario, key)
                found |= {} if knob is None else {key: knob}
    ordered = [found[key] for key in numbers_of(scenario) if key in found]
    return (*ordered, *(_price_knob(scenario, book, key) for key in prices))


def _of_its_name(key: str, found: Iterable[str]) -> int:
    """Return how many keys have the last name of another."""
    return sum(key.rpartition(".")[2] == each.rpartition(".")[2] for each in found)


def _asked(scenario: Scenario, book: PriceBook, keys: Sequence[str]) -> tuple[Knob, ...]:
    faults, found = list[str](), list[Knob]()
    known = price_knob_keys(scenario, book)
    for key in dict.fromkeys(keys):
        if key.startswith(PRICES):
            found += [_price_knob(scenario, book, key)] if key in known else []
            faults += [] if key in known else [f"{BY} {key}: no plan uses that meter; {did_you_mean(key, known)}"]
            continue
        try:
            knob = _knob(scenario, key)
        except UserError as error:
            faults.append(str(error))
            continue
        found += [] if knob is None else [knob]
        faults += [f"{BY} {key}: has no number above 0 that could be moved"] if knob is None else []
    if faults:
        raise UserError("\n".join(faults))
    return tuple(found)


def _knob(scenario: Scenario, key: str) -> Knob | None:
    """Return the knob of a key: up to ten times what the scenario has, and down to a tenth; None where that is none."""
    kind, now = kind_of_key(scenario, key, BY), value_at(scenario, key, BY)
    if isinstance(now, bool) or not isinstance(now, (int, float)) or not 0 < now < math.inf:
        return None
    scale = written_scale(scenario, key, float(now), is_whole=isinstance(now, int))
    if scale is None:
        return None
    try:
        low, high = (farthest(scenario, scale, float(now), BY, power=power) for power in (-1, 1))
    except UserError:
        return None
    stated = _as_written(Level(_plain(str(value_at(scenario, key, BY, written=True))), now), scale, digits=12)
    levels = _levels(scale, low.number, stated, high.number)
    return Knob(key, kind, levels, levels.index(stated), plans_of(scenario, key)) if len(levels) > 1 else None


def _plain(text: str) -> str:
    return text.removesuffix(".0")


def _levels(scale: Scale, low: float, now: Level, high: float) -> tuple[Level, ...]:
    in_ratios = is_wide(low, high)
    below = spaced(low, now.number, PLACES + 1, in_ratios=in_ratios)[:-1] if low < now.number else []
    above = spaced(now.number, high, PLACES + 1, in_ratios=in_ratios)[1:] if high > now.number else []
    rounded = {now.number: now}
    for value in (*below, *above):
        level = _as_written(scale.level(value, DIGITS), scale)
        rounded.setdefault(level.number, level)
    return tuple(rounded[number] for number in sorted(rounded))


def _as_written(level: Level, scale: Scale, digits: int = DIGITS) -> Level:
    """Return a level as people write it: a day and a half is 36 h, and millions are no row of digits."""
    if scale.is_whole:
        count = int(level.number)
        short = f"{count / MILLION:.12g}M" if count >= MILLION else f"{count:_}"
        return Level(short, count)
    size_s = {"ms": 1e-3, "s": 1.0, "min": MINUTE_S, "h": HOUR_S, "d": DAY_S}
    if scale.unit not in size_s:
        return level
    unit = next((unit for unit in ("d", "h", "min", "s") if level.number >= LEAST_OF[unit]), "ms")
    number = float(f"{level.number / size_s[unit]:.{digits}g}")
    return Level(f"{number:.12g} {unit}", float(f"{number * size_s[unit]:.12g}"))


def _price_knob(scenario: Scenario, book: PriceBook, key: str) -> Knob:
    """Return the knob of a price: percents of what the book says, as what is negotiated is a share off."""
    levels = tuple(Level(f"{percent} %", percent / 100) for percent in range(10, 301, 5))
    used = {name for name in scenario.plans if key in price_knob_keys(scenario, book, (name,))}
    plans = tuple(name for name in scenario.plans if name in used)
    return Knob(key, KeyKind.PRICE, levels, [level.value for level in levels].index(1.0), plans)


def plans_of(scenario: Scenario, key: str) -> tuple[str, ...]:
    """Return which plans a key concerns."""
    family, _, rest = key.partition(".")
    if family == "plans":
        return tuple(name for name in scenario.plans if _is_below(rest, name))
    found = tuple(scenario.plans)
    if family == "backends":
        return tuple(name for name in found if any(_is_below(rest, backend) for backend in _backends(scenario, name)))
    if family == "store":
        return tuple(name for name in found if scenario.plans[name].has_store and scenario.plans[name].store is None)
    return found


def _is_below(rest: str, name: str) -> bool:
    return any(rest.startswith(each) and rest[len(each) :][:1] in (".", "[") for each in (_quoted(name), name))


def _backends(scenario: Scenario, plan_name: str) -> tuple[str, ...]:
    plan = scenario.plans[plan_name]
    return (*scenario.online_names(plan), *([plan.precompute.backend] if plan.precompute else []))


def numbers_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the keys of all numbers that are inputs of the world, above 0."""
    return tuple(key_path(keys) for keys, _ in _numbers(scenario, ()) if keys[0] not in STUDY)


def key_path(keys: Keys) -> str:
    """Return keys as ``--set`` reads them, whole however long they are."""
    parts = [f"[{key}]" if isinstance(key, int) else f".{_quoted(key)}" for key in keys]
    return "".join(parts).removeprefix(".")


def _quoted(key: str) -> str:
    return f'"{key}"' if any(mark in key for mark in ".[=") else key


def _numbers(part: object, keys: Keys) -> Iterator[tuple[Keys, float]]:
    if keys and keys[-1] in INNER:
        return
    if isinstance(part, Part):
        for name, field in type(part).model_fields.items():
            yield from _numbers(getattr(part, name), (*keys, field.alias or name))
    elif isinstance(part, Mapping):
        for name, each in part.items():
            yield from _numbers(each, (*keys, str(name)))
    elif isinstance(part, (list, tuple)):
        for place, each in enumerate(part):
            yield from _numbers(each, (*keys, place))
    elif isinstance(part, (int, float)) and not isinstance(part, bool) and 0 < part < math.inf:
        yield keys, float(part)


def _by_effect(scenario: Scenario, book: PriceBook) -> list[str]:
    """Return the keys that move anything, what moves more first; a day tells as much of that as a week."""
    day = scenario.model_copy(update={"horizon_s": min(scenario.horizon_s, DAY_S)})
    world = World.of(day)
    now = {name: world.estimate(name, book, waits=False) for name in day.plans}
    effects = {key: _effect(day, key, book, now) for key in numbers_of(scenario)}
    return [key for key, effect in sorted(effects.items(), key=lambda pair: -pair[1]) if effect > TINY]


def _effect(scenario: Scenario, key: str, book: PriceBook, now: Mapping[str, PlanEstimate]) -> float:
    """Return what a step of a number moves: an elasticity, of the plan that it moves most."""
    touched = plans_of(scenario, key)
    stepped = _stepped(scenario, key) if touched else None
    if stepped is None:
        return 0.0
    there, ratio = stepped
    world = World.of(there.model_copy(update={"plans": {name: there.plans[name] for name in touched}}))
    moved = (_moved(now[name], world.estimate(name, book, waits=False)) for name in touched)
    return max(moved) / abs(math.log(ratio))


def _stepped(scenario: Scenario, key: str) -> tuple[Scenario, float] | None:
    """Return the scenario with a number a step larger, or smaller where it cannot be, and how many times as large."""
    now = value_at(scenario, key, BY)
    scale = written_scale(scenario, key, float(now), is_whole=isinstance(now, int))
    for value in (now * STEP, now / STEP) if scale else ():
        number = (math.ceil if value > now else math.floor)(value) if isinstance(now, int) else value
        reader = Reader(scenario, key, BY)
        level = scale.level(number) if scale and number > 0 else None
        if level is not None and reader.level(level.text) is not None and level.number != now:
            return with_values(scenario, {key: level.stated}, BY), level.number / now
    return None


def _moved(one: PlanEstimate, other: PlanEstimate) -> float:
    moved = 0.0
    for metric, weight in SEEN.items():
        if metric in one.metrics and metric in other.metrics:
            both = one.metrics[metric].value, other.metrics[metric].value
            if min(both) > (OLD_S if metric.startswith("age") else 0):
                moved += weight * abs(math.log(both[1] / both[0]))
    return moved
