"""What would change a recommendation, in sentences: of an activity nothing is said but what was simulated there."""

from collections.abc import Iterator

from simulator.core.units import about_duration
from simulator.studies.turns import Floor, Side, TurningPoints
from simulator.studies.words import about_usd, listed, usd

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NEARLY = 0.995
"""Of a bill: from here on its minimum is called all of it."""


def floor_sentence(floor: Floor) -> str:
    """Say how much of a bill is there whoever comes."""
    amount, bill = usd(floor.usd_per_month), usd(floor.bill_usd_per_month)
    fleet = f"the {'fixed size' if floor.is_fixed else 'minimum'} of its fleet, {_replicas(floor.replicas)}"
    said = f"{amount} of its {bill} is {fleet}, {floor.busy_fraction * 100:.2g} % busy"
    if not floor.fewer:
        return f"{said}."
    kept = f"and keep every bound, at a p99 of about {about_duration(floor.p99_s)}"
    saved = f"{_number(floor.fewer)} would save about {about_usd(floor.saves_usd_per_month)} a month"
    return f"{said}; {saved} {kept}, as simulated."


def turning_sentences(found: TurningPoints, *, weighs_value: bool) -> Iterator[str]:
    """Say where the ranking turns."""
    best = found.against
    if found.why_not:
        yield f"At which activity the ranking would turn was not examined, as {found.why_not}."
        return
    for turn in found.turns:
        now = "today's " if turn.from_now else ""
        verb = "brings in" if weighs_value else "costs"
        near, far = (_apart(side, weighs_value=weighs_value) for side in (turn.near, turn.far))
        yield (
            f"{turn.plan} {verb} about {near} than {best} at {now}{turn.near.text}, and about {far} at "
            f"{turn.far.text}: the ranking turns in between."
        )
    still: dict[tuple[str, ...], list[str]] = {}
    for each in found.still:
        still.setdefault(each.plans, []).append(each.text)
    for plans, texts in still.items():
        if plans:
            better = "brings in more" if weighs_value else "is cheaper"
            who = f"none of {listed(plans)} {better}"
            if len(plans) == 1:
                who = f"{plans[0]} does not bring in more" if weighs_value else f"{plans[0]} is not cheaper"
            yield f"Simulated at {listed(texts)} as well, {who} than {best} by a percent or more."
    for plan, text, what in found.troubles:
        yield f"At {text}, {plan} fails: {what}."
    if found.unexamined:
        would = "would bring in more" if weighs_value else "would be cheaper"
        yield f"At which activity {listed(found.unexamined)} {would} was not examined: simulating it takes too long."


def _apart(side: Side, *, weighs_value: bool) -> str:
    more = (side.more_usd_per_month > 0) != weighs_value
    return f"{about_usd(abs(side.more_usd_per_month))} a month {'more' if more else 'less'}"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"


def _replicas(count: int) -> str:
    return f"{_number(count)} replica{'s' if count > 1 else ''}"
