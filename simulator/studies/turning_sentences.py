"""What would change a recommendation, in sentences: nothing is said but what was simulated, billed or judged."""

from collections.abc import Iterator

from simulator.core.units import about_duration
from simulator.studies.turns import Floor, Proof, Side, Turn, TurningPoints
from simulator.studies.words import about_usd, usd

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SHOWN = 5
"""Turns that are told, the nearest."""
PERCENT = 100.0
TENTH = 0.1
"""Shares above it are told in whole percents."""
LEAST_OFF = 0.1
"""In percent: closed forms are not said to be nearer."""


def floor_sentence(floor: Floor) -> str:
    """Say how much of a bill is there whoever comes."""
    amount, bill = usd(floor.usd_per_month), usd(floor.bill_usd_per_month)
    fleet = f"the {'fixed size' if floor.is_fixed else 'minimum'} of its fleet, {_replicas(floor.replicas)}"
    said = f"{amount} of its {bill} is {fleet}, {_percent(floor.busy_fraction)} % busy"
    if not floor.fewer:
        return f"{said}."
    kept = f"and keep every bound, at a p99 of about {about_duration(floor.p99_s)}"
    saved = f"{_number(floor.fewer)} would save about {about_usd(floor.saves_usd_per_month)} a month"
    return f"{said}; {saved} {kept}, as simulated."


def turning_sentences(found: TurningPoints, *, weighs_value: bool) -> Iterator[str]:
    """Say what would change the recommendation, the nearest first, a sentence each."""
    for turn in found.nearest[:SHOWN]:
        said = f"{_setting(turn)}: {_what(turn, found.against, weighs_value=weighs_value)}"
        yield f"{said} ({turn.proof}{_by_closed_form(turn)})."
    for plan, setting, what in found.troubles[:1]:
        yield f"{setting}: {plan} fails, as {what} (simulated)."
    if found.unexamined:
        yield f"Not examined, as simulating it takes too long: {found.unexamined[0]}, where closed forms expect a turn."
    if found.why_not:
        yield f"Of keys that take a simulation nothing was examined, as {found.why_not}."
    elif found.examined:
        off = f"{max(found.off_fraction * PERCENT, LEAST_OFF):.1g} %"
        nothing = "" if found.turns or found.troubles or found.unexamined else "Nothing was found. "
        yield (
            f"{nothing}Looked at, from a tenth to ten times: prices, bounds and what else the scenario states, by "
            f"closed forms (here within {off} of the simulation)."
        )


def _setting(turn: Turn) -> str:
    """Return what is other, as it is written after ``--set`` where it is a key."""
    there = turn.setting or f"{turn.key} at {turn.far.text}"
    return f"{there} (today {turn.now_text})" if turn.now_text else there


def _what(turn: Turn, best: str, *, weighs_value: bool) -> str:
    """Return what is so there, and what is so on the nearer side."""
    if turn.why:
        return f"{turn.plan} is then the best plan, as {turn.why}, for {_apart(turn.far, weighs_value=weighs_value)}"
    if turn.proof is Proof.REBILLED:
        than = "brings in more" if weighs_value else "is cheaper"
        return f"{turn.plan} {than} than {best}{'' if turn.from_now else f', at {turn.near.text} not yet'}"
    verb = "brings in" if weighs_value else "costs"
    near, far = (_apart(side, weighs_value=weighs_value) for side in (turn.near, turn.far))
    before = "" if turn.from_now else f", and at {turn.near.text} {near}"
    return f"{turn.plan} {verb} about {far} than {best}{before}"


def _by_closed_form(turn: Turn) -> str:
    return f"; by closed form from {turn.closed_form_text} on" if turn.closed_form_text else ""


def _apart(side: Side, *, weighs_value: bool) -> str:
    more = (side.more_usd_per_month > 0) != weighs_value
    return f"{about_usd(abs(side.more_usd_per_month))} a month {'more' if more else 'less'}"


def _percent(fraction: float) -> str:
    return f"{fraction * PERCENT:.0f}" if fraction >= TENTH else f"{fraction * PERCENT:.2g}"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def _replicas(count: int) -> str:
    return f"{_number(count)} replica{'s' if count > 1 else ''}"
