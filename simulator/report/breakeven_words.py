"""What a break-even found, in sentences."""

import math
from collections.abc import Iterator

from simulator.report import format as form
from simulator.studies.breakeven import BreakEven, Turn

LEAST_DIGITS, MOST_DIGITS = 3, 8
FINE = 10.0
"""A value is written so finely that rounding moves it by no more of its set than one over this."""


def finding(found: BreakEven) -> str:
    """Return what was found, in one sentence."""
    if len(found.turns) == 1:
        return form.capital(turn_sentence(found, found.turns[0]))
    if found.turns:
        places = [value_text(found, turn) for turn in found.turns]
        return form.capital(f"the better plan changes {len(places)} times, at {form.listed(places)}")
    return form.capital(no_crossing(found))


def sentences(found: BreakEven) -> Iterator[str]:
    """Yield what was found, a sentence each."""
    for turn in found.turns:
        yield f"{form.capital(turn_sentence(found, turn))}."
    if not found.turns:
        yield f"{form.capital(no_crossing(found))}."
    for low, high in found.undecided:
        first, last = text_at(found, low), text_at(found, high)
        where = f"At {first}" if low == high else f"From {first} to {last}"
        yield f"{where} chance may decide between plans: their difference there is within its error."
    for bound in found.bounds:
        first, last = text_at(found, bound.low), text_at(found, bound.high)
        fails, keeps = ("above", "below") if bound.is_above else ("below", "above")
        yield f"{bound.plan} fails {fails} some value from {first} to {last}, and not {keeps}: {bound.trouble}."
    if found.foreseen is not None and found.turns:
        yield _foreseen(found)
    for plan in found.plans:
        troubles = [standing.troubles.get(plan) for standing in found.seen.values()]
        if all(troubles):
            first = text_at(found, next(iter(found.seen)))
            yield f"{plan} fails at all values looked at: {troubles[0]} at {first}."
    if found.replications == 1:
        yield "One replication has no interval: with --replications 5 each crossing gets a confidence set."


def _foreseen(found: BreakEven) -> str:
    """Say how far off closed forms were that said where to look."""
    told = []
    for turn in found.turns:
        near = min(found.foreseen or [], key=lambda value: abs(value - turn.crossing.value), default=None)
        if near is not None:
            told.append(f"{text_at(found, near)} ({near / turn.crossing.value - 1:+.1%})".replace("%)", " %)"))
    if not told:
        return "Closed forms expected no crossing."
    return f"Closed forms, which said where to look, expected {form.listed(told)}."


def turn_sentence(found: BreakEven, turn: Turn) -> str:
    """Say at which value which plan becomes the better one."""
    better = "brings in more" if found.weighs_value else "is cheaper"
    below, above = form.one_line(turn.below), form.one_line(turn.above)
    if turn.crossing.is_step and found.scale.is_whole:
        return f"{below} {better} up to {text_at(found, turn.crossing.low)}, {above} from {value_text(found, turn)} on"
    return f"{below} {better} below {value_text(found, turn)}{set_text(found, turn)}, {above} above"


def set_text(found: BreakEven, turn: Turn) -> str:
    """Return the confidence set of a crossing, in brackets."""
    crossing = turn.crossing
    if crossing.is_step:
        return f" (a jump, between {_text(found, crossing.low, turn)} and {_text(found, crossing.high, turn)})"
    if math.isnan(crossing.low):
        return ""
    first, last = (_text(found, value, turn) for value in (crossing.low, crossing.high))
    less = " or less" if crossing.low <= found.low.number else ""
    more = " or more" if crossing.high >= found.high.number else ""
    return "" if first == last else f" (95 %: {first}{less} to {last}{more})"


def no_crossing(found: BreakEven) -> str:
    """Say that no crossing was seen, and which plan is the better one all along."""
    where = f"from {found.low.text} to {found.high.text}"
    best = found.throughout
    if best is None:
        return f"no crossing {where}: the best plan changes there only because plans begin to fail"
    better = "brings in the most" if found.weighs_value else "is the cheapest"
    better = f"{better} of the plans that meet every bound and keep up,"
    if found.pair is not None:
        better = "brings in more" if found.weighs_value else "is cheaper"
    others = [name for name in found.plans if name != best]
    least, most = _apart(found, best, others)
    first, last = form.usd(least), form.usd(most)
    by = f"by {first} a month" if first == last else f"by {first} to {last} a month"
    return f"no crossing {where}: {form.one_line(best)} {better} at all {len(found.seen)} values simulated, {by}"


def _apart(found: BreakEven, best: str, others: list[str]) -> tuple[float, float]:
    """Return by how much a plan is better than the next one, at least and at most. [USD per month]"""
    gaps = []
    for standing in found.seen.values():
        fit = [name for name in others if found.pair or name not in standing.troubles]
        gaps += [min(standing.mean_usd(name) - standing.mean_usd(best) for name in fit)] if fit else []
    return (min(gaps), max(gaps)) if gaps else (0.0, 0.0)


def value_text(found: BreakEven, turn: Turn) -> str:
    """Return the value of a crossing as a scenario would state it, as finely as it is known."""
    return _text(found, turn.crossing.value, turn)


def _text(found: BreakEven, value: float, turn: Turn) -> str:
    low, high = turn.crossing.low, turn.crossing.high
    width = 0.0 if math.isnan(low) else high - low
    least = max(width / FINE, abs(turn.crossing.value) * 10.0**-MOST_DIGITS)
    if math.isnan(low):
        least = abs(turn.crossing.value) * 10.0**-LEAST_DIGITS
    for digits in range(LEAST_DIGITS, MOST_DIGITS + 1):
        level = found.scale.level(value, digits)
        if abs(level.number - value) <= least:
            return level.text
    return found.scale.level(value, MOST_DIGITS).text


def text_at(found: BreakEven, value: float) -> str:
    """Return a value that was looked at."""
    return found.scale.level(value, 4).text
