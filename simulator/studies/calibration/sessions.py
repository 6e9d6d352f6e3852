"""Where one login ends and the next begins, and what a login does, from the times between events of a user.

Pauses within a login and absences between logins make two humps in the histogram of the logarithm of these times; the
valley between them is where they are cut.
"""

import math
from dataclasses import dataclass

import numpy as np

from simulator.core.arrays import FloatArray
from simulator.core.units import DAY_S, HOUR_S, MINUTE_S

PER_OCTAVE = 4
"""Bins of the histogram for each doubling of a time."""
SHORTEST_S, LONGEST_S = 30.0, 12 * HOUR_S
"""The valley is looked for between these."""
USUAL_S = 30 * MINUTE_S
"""Where there is no valley; what web analytics takes."""
DEPTH = 0.8
"""A valley is one whose floor is below so much of the lower hump."""


@dataclass(frozen=True)
class Gaps:
    """Times between two events of a user that follow one another."""

    count: FloatArray
    """By bin, shape (bins,): bin b begins at 2^(b/4) seconds; the first holds shorter ones too."""

    @property
    def begin_s(self) -> FloatArray:
        """Where bins begin. [s]"""
        return np.asarray(2.0 ** (np.arange(self.count.size) / PER_OCTAVE))


@dataclass(frozen=True)
class Valley:
    """Where logins are told apart."""

    gap_s: float
    """Events of a user that are farther apart belong to two logins. [s]"""
    depth: float
    """The valley's floor over the lower of its humps; 1 where there is none."""
    why: str


def valley_of(gaps: Gaps, resolution_s: float = 0.0) -> Valley:
    """Return the valley between pauses and absences, or the usual half hour where there is none.

    Parameters
    ----------
    gaps
        The histogram.
    resolution_s
        What all times are a multiple of; between its first multiples the histogram has holes. [s]
    """
    if resolution_s >= HOUR_S:
        return Valley(resolution_s / 2, 1.0, "the log's times are no finer: what comes at one of them is one login")
    smooth = np.convolve(gaps.count, np.array([1, 4, 6, 4, 1]) / 16, mode="same")
    begin = gaps.begin_s
    best = Valley(USUAL_S, 1.0, "no valley in the times between a user's events; half an hour is usual")
    for place in np.flatnonzero((begin >= max(SHORTEST_S, 4 * resolution_s)) & (begin <= LONGEST_S)):
        left, right = smooth[:place].max(initial=0.0), smooth[place + 1 :].max(initial=0.0)
        lower = min(left, right)
        if lower > 0 and smooth[place] / lower < min(best.depth, DEPTH):
            said = f"the valley between pauses and absences, {smooth[place] / lower:.0%} as high as the lower hump"
            best = Valley(float(begin[place] * 2 ** (0.5 / PER_OCTAVE)), float(smooth[place] / lower), said)
    return best


def histogram_lines(gaps: Gaps, valley: Valley, width: int = 40) -> list[str]:
    """Return the histogram as text, with the valley marked."""
    octaves = gaps.count[: gaps.count.size // PER_OCTAVE * PER_OCTAVE].reshape(-1, PER_OCTAVE).sum(axis=1)
    most = max(float(octaves.max(initial=0.0)), 1.0)
    lines = []
    for place, count in enumerate(octaves):
        begin, end = 2.0**place, 2.0 ** (place + 1)
        mark = "  <- logins are told apart here" if begin <= valley.gap_s < end else ""
        lines.append(f"{_about(begin):>7} {'#' * round(width * float(count) / most)}{mark}")
    return lines


def _about(seconds: float) -> str:
    for unit, name in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"


@dataclass(frozen=True)
class Requests:
    """How many requests a login makes."""

    kind: str
    """``fixed``, ``geometric`` or ``poisson``: of what is likeliest."""
    mean: float


def requests_of(count: FloatArray) -> Requests:
    """Return what logins do.

    Parameters
    ----------
    count
        How many logins made 0, 1, 2, ... requests; none made 0.
    """
    numbers = np.arange(count.size, dtype=np.float64)
    total = float(count.sum())
    mean = float(count @ numbers) / total
    if mean < 1.005:  # noqa: PLR2004
        return Requests("fixed", 1.0)
    more = numbers[1:] - 1
    follow = (mean - 1.0) / mean
    geometric = float(count[1:] @ (more * math.log(follow) + math.log1p(-follow)))
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(more[1:], 1.0)))])
    poisson = float(count[1:] @ (more * math.log(mean - 1.0) - (mean - 1.0) - logs))
    return Requests("geometric" if geometric >= poisson else "poisson", mean)
