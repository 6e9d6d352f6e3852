"""What a benchmark measured, whatever tool wrote it."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from scipy.special import ndtri

from simulator.core.arrays import FloatArray
from simulator.core.errors import UserError, did_you_mean
from simulator.core.input_files.wording import one_line, shortened, shown

SECONDS: Final[Mapping[str, float]] = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "usec", "micros", "microsecond", "microseconds", "µs"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nanos", "nanosecond", "nanoseconds"), 1e-9),
}
"""What units of time are called, and how long they are. [s]"""
MOST_CLIENTS: Final = 100_000
MOST_BATCH: Final = 10_000_000
LARGEST: Final = 1e12
MOST_CV: Final = 100.0
"""As noise of a scenario has at most."""
_SHOWN: Final = 12
_CONTAINED: Final = 3
"""A part of a value stands for it if it has so many letters."""


@dataclass(frozen=True)
class Told:
    """What a user says of one file."""

    batch: int | None = None
    """Predictions in a request, where the file does not say it."""
    clients: int | None = None
    """How many wait for answers, where the file does not say it."""
    where: tuple[tuple[str, str], ...] = ()
    """Columns and what must stand in them."""
    time: str | None = None
    """The column with the times, of a table that has several."""
    unit: str | None = None
    """The unit of that column, where its name has none."""


@dataclass(frozen=True)
class Row:
    """One measurement: so many clients that each send a request of so many predictions and wait for the answer."""

    batch: int
    latency_s: float
    """Mean time from a request to its answer, queue and network included. [s]"""
    clients: int | None = None
    """None where nobody said it, or where requests come whether or not others have been answered (an open loop)."""
    requests_per_s: float | None = None
    quantiles_s: Mapping[float, float] = field(default_factory=dict)
    """Of the latency. [s]"""
    cv: float | None = None
    """Of the latency, where the file has its standard deviation or every single one."""
    count: int | None = None
    """Requests that were answered."""
    service_s: float | None = None
    """Mean time of computing a request, where the tool asks the server. [s]"""
    overhead_s: float = 0.0
    """Of the latency, what clients and network take, which keeps no server busy. [s]"""

    @property
    def scatter(self) -> float | None:
        """Standard deviation of the latency over its mean, from all of it or from its quantiles."""
        return self.cv if self.cv is not None else cv_of(self.quantiles_s)


@dataclass(frozen=True)
class Measurement:
    """What was read of files of one kind."""

    recognised: str
    rows: tuple[Row, ...]
    read: int
    """Rows of the files, those left out too."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    facts: tuple[str, ...] = ()
    """What else the files say."""
    doubts: tuple[str, ...] = ()
    """What speaks against them."""
    pauses: bool = False
    """Whether clients may pause between an answer and the next request."""

    @classmethod
    def together(cls, parts: "Iterable[Measurement]") -> "Measurement":
        """Return what several files say."""
        every = list(parts)
        skipped: Counter[str] = Counter()
        for each in every:
            skipped.update(each.skipped)
        return cls(
            "; ".join(dict.fromkeys(each.recognised for each in every)),
            tuple(row for each in every for row in each.rows),
            sum(each.read for each in every),
            dict(skipped),
            tuple(dict.fromkeys(fact for each in every for fact in each.facts)),
            tuple(dict.fromkeys(doubt for each in every for doubt in each.doubts)),
            any(each.pauses for each in every),
        )


def number(value: Any) -> float | None:
    """Return a finite number, also one that is written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def above_zero(value: Any) -> float | None:
    """Return a number from 1e-12 to 1e12, as times and rates are in any unit; None for anything else."""
    found = number(value)
    return found if found is not None and 1 / LARGEST <= found <= LARGEST else None


def over_mean(deviation: Any, mean: float) -> float | None:
    """Return a standard deviation over the mean in its unit; None where it is none."""
    found = number(deviation)
    return found / mean if found is not None and 0 <= found <= MOST_CV * mean else None


def whole(value: Any, most: int) -> int | None:
    """Return a whole number from 1 to the most; None for anything else."""
    found = number(value)
    return int(found) if found is not None and 1 <= found <= most and found == int(found) else None


def cv_of(quantiles_s: Mapping[float, float]) -> float | None:
    """Return the coefficient of variation of the lognormal that comes nearest to quantiles; None of fewer than two."""
    found = _lognormal(quantiles_s)
    return None if found is None else math.sqrt(math.expm1(found[1] ** 2))


def mean_of(quantiles_s: Mapping[float, float]) -> float | None:
    """Return the mean of the lognormal that comes nearest to quantiles; of one, which is the median, that itself."""
    found = _lognormal(quantiles_s)
    if found is not None:
        return math.exp(found[0] + found[1] ** 2 / 2)
    return quantiles_s.get(0.5)


def _lognormal(quantiles_s: Mapping[float, float]) -> tuple[float, float] | None:
    pairs = [(share, value) for share, value in quantiles_s.items() if 0 < share < 1 and value > 0]
    if len(pairs) < 2:  # noqa: PLR2004  (a line)
        return None
    normal = ndtri(np.array([share for share, _ in pairs]))
    slope, middle = np.polyfit(normal, np.log([value for _, value in pairs]), 1)
    return float(middle), min(max(float(slope), 0.0), MOST_SIGMA)


MOST_SIGMA: Final = 3.0
"""Of the logarithm; beyond it no mean can be told from quantiles."""
QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)


def of_samples(sample_s: FloatArray, **others: Any) -> Row:
    """Return the row of single latencies, at least one. [s]"""
    mean = float(sample_s.mean())
    quantiles = {share: float(np.quantile(sample_s, share)) for share in QUANTILES} if sample_s.size > 1 else {}
    cv = float(sample_s.std(ddof=1)) / mean if sample_s.size > 1 else None
    return Row(latency_s=mean, quantiles_s=quantiles, cv=cv, count=int(sample_s.size), **others)


def chosen(
    rows: Iterable[Mapping[str, str]], where: Iterable[tuple[str, str]], columns: Iterable[str]
) -> list[Mapping[str, str]]:
    """Return the rows that have what was asked for: the value itself, or where none has it a part of it.

    Raises
    ------
    UserError
        If there is no such column, or nothing in it that fits.
    """
    found, names = list(rows), {each.casefold(): each for each in columns}
    for column, wanted in where:
        name = names.get(column.casefold())
        if name is None:
            raise UserError(f"--where: there is no column {shown(column)}; {did_you_mean(column, names.values())}")
        values = {row[name] for row in found}
        fitting = {each for each in values if _same(each, wanted)}
        if not fitting and len(wanted) >= _CONTAINED:
            fitting = {each for each in values if wanted.casefold() in each.casefold()}
        if not fitting:
            raise UserError(f"--where: {shown(wanted)} stands nowhere in '{name}', which has {listed(values)}")
        found = [row for row in found if row[name] in fitting]
    return found


def _same(value: str, wanted: str) -> bool:
    if value.casefold() == wanted.casefold():
        return True
    one, other = number(value), number(wanted)
    return one is not None and one == other


def listed(values: Iterable[str]) -> str:
    """Return values as a message lists them."""
    told = sorted(dict.fromkeys(values), key=lambda each: (number(each) is None, number(each) or 0.0, each))
    some = ", ".join(one_line(shortened(each)) or "nothing" for each in told[:_SHOWN])
    return some + (f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else "")


def quantile_of(name: str) -> float | None:
    """Return the share that a name such as ``p99``, ``p(95)`` or ``99%`` states; None for any other name."""
    digits = name.casefold().strip().removesuffix("%").removeprefix("p").strip("() _")
    share = number(digits) if digits and digits[0].isdigit() else None
    return share / 100 if share is not None and 0 < share < 100 else None  # noqa: PLR2004


def walk(tree: Any, key: str) -> Iterator[Any]:
    """Yield what stands at a key, wherever it is in mappings and lists."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if key in node:
                yield node[key]
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
