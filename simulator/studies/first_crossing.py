"""Where along a key the first of several rivals overtakes, of functions that may bend and jump."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Gaps = Callable[[float], Mapping[str, float] | None]
"""By rival, how much worse it is at a value, below 0 where it is better; None where the value is not valid."""
MOST = 12
"""Values that are asked for between two ends."""
LEAST_PART = 0.02
"""Of what is left between two values, what is always taken off, so that a jump is found too."""


@dataclass(frozen=True)
class Crossing:
    """A rival overtakes."""

    rival: str
    value: float
    """About where; it is ahead there, or within the tolerance."""


def first_crossing(gaps: Gaps, now: float, end: float, tolerance: float, *, is_whole: bool = False) -> Crossing | None:
    """Return where the first rival overtakes between a value at which none is ahead and another one.

    Parameters
    ----------
    gaps
        The least of them is followed: by the rule of false position, with Illinois' correction.
    now, end
        The values; nothing is found where no rival is ahead at the end.
    tolerance
        A gap so small is none; values are as near to each other, over one of them.
    is_whole
        Whether values are whole numbers.
    """
    behind, ahead = _least(gaps(now)), _least(gaps(end))
    if behind is None or ahead is None or ahead[1] >= 0:
        return None
    near, far = now, end
    near_gap, far_gap, was_ahead = max(behind[1], tolerance), ahead[1], False
    for number in range(MOST):
        if abs(far - near) <= (1 if is_whole else tolerance * abs(near)):
            break
        middle = _between(near, far, near_gap / (near_gap - far_gap), is_whole=is_whole)
        found = _least(gaps(middle))
        if found is None:
            return None
        if abs(found[1]) <= tolerance and not is_whole:
            return Crossing(found[0], middle)
        is_ahead = found[1] < 0
        again = number > 0 and is_ahead == was_ahead  # the end that stays is then taken for half as far off
        if is_ahead:
            far, far_gap, ahead, near_gap = middle, found[1], found, near_gap / (2 if again else 1)
        else:
            near, near_gap, far_gap = middle, found[1], far_gap / (2 if again else 1)
        was_ahead = is_ahead
    return Crossing(ahead[0], far)


def _least(found: Mapping[str, float] | None) -> tuple[str, float] | None:
    """Return who is nearest to being ahead, or is so by most; rivals whose gap is not known are none."""
    known = {name: gap for name, gap in (found or {}).items() if gap == gap}  # noqa: PLR0124  (not a NaN)
    return min(known.items(), key=lambda each: each[1]) if known else None


def _between(near: float, far: float, share: float, *, is_whole: bool) -> float:
    middle = near + min(max(share, LEAST_PART), 1 - LEAST_PART) * (far - near)
    if not is_whole:
        return middle
    low, high = sorted((near, far))
    return float(min(max(round(middle), low + 1), high - 1))
