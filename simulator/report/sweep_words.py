"""What a sweep found, in a sentence."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from simulator.report import format as form
from simulator.studies.sweep import Point, Sweep

LONGEST_NAME = 34
MOST_STRETCHES = 3
"""So many stretches of a key with one winner each are told one by one."""
NONE = "no plan meets every bound"
TOO_LITTLE = "Too little is simulated at any point to recommend anything"


def finding(sweep: Sweep, called: Mapping[str, str] | None = None) -> str:
    """Return which plan is best where, of what was simulated.

    Parameters
    ----------
    sweep
        What was simulated.
    called
        What plans are called; by default their names, shortened where they are long.
    """
    if all(point.comparison.is_too_little for point in sweep.points):
        return TOO_LITTLE
    names = called or {plan: form.shortened(plan, LONGEST_NAME) for plan in sweep.plans}
    said = _along(sweep, names) if len(sweep.factors) == 1 and sweep.factors[0].is_number else None
    doubt = f"; at {_of(sweep.undecided, sweep)} chance may decide" if sweep.undecided else ""
    return form.capital(f"{said or _counted(sweep, names)}{doubt}")


def _along(sweep: Sweep, names: Mapping[str, str]) -> str | None:
    """Return the stretches of a key, each with its winner; None where there are too many."""
    stretches = [
        (winner, list(points)) for winner, points in groupby(sweep.points, key=lambda point: point.recommended)
    ]
    if len(stretches) > MOST_STRETCHES:
        return None
    if len(stretches) == 1:
        first, last = (_value(sweep.points[end]) for end in (0, -1))
        return f"{_is_best(stretches[0][0], names)} at all values simulated, from {first} to {last}"
    parts = [f"{_is_best(winner, names)} {_from_to(points, sweep.points)}" for winner, points in stretches]
    return ", ".join(parts)


def _from_to(points: Sequence[Point], of_all: Sequence[Point]) -> str:
    first, last = _value(points[0]), _value(points[-1])
    if points[0] is of_all[0]:
        return f"up to {last}"
    if points[-1] is of_all[-1]:
        return f"from {first} on"
    return f"at {first}" if len(points) == 1 else f"from {first} to {last}"


def _value(point: Point) -> str:
    return point.levels[0].text


def _is_best(winner: str | None, names: Mapping[str, str]) -> str:
    return NONE if winner is None else f"{names[winner]} is best"


def _counted(sweep: Sweep, names: Mapping[str, str]) -> str:
    if len(sweep.winners) == 1:
        return f"{_is_best(next(iter(sweep.winners)), names)} at all of {len(sweep.points)} points"
    parts = [f"{_is_best(winner, names)} at {count}" for winner, count in sweep.winners.items()]
    first = f"{_is_best(next(iter(sweep.winners)), names)} at {_of(next(iter(sweep.winners.values())), sweep)}"
    return ", ".join([first, *(part.replace(" is best at", " at") for part in parts[1:])])


def _of(count: int, sweep: Sweep) -> str:
    return f"{count} of {len(sweep.points)} points"


def newly_best(before: Sweep, after: Sweep, book: str) -> str:
    """Return at how many points another plan is best at the prices of a book."""
    pairs = zip(before.points, after.points, strict=True)
    other = sum(was.recommended != now.recommended for was, now in pairs)
    return (
        f"By {form.one_line(book)} another plan is best at {_of(other, after)}."
        if other
        else (f"By {form.one_line(book)} the same plan is best at every point.")
    )
