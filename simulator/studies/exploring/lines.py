"""Lines along a knob: what all its places are like, found ahead in another process where that takes long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.studies.exploring.knobs import Knob
from simulator.studies.planner.along import Along, estimates_along

MOST = 9
"""So many places are estimated: what is shown is exact again as soon as nobody moves."""


@dataclass(frozen=True)
class LineAsked:
    """A knob, and what the scenario is like otherwise."""

    scenario: Scenario
    book: PriceBook
    knob: Knob
    others: tuple[int, ...]
    """Where the knobs stand, this one left at where it began."""


@dataclass(frozen=True)
class LineFound:
    """What all places of a knob are like."""

    key: str
    others: tuple[int, ...]
    along: Along

    def at(self, place: int) -> Mapping[str, Mapping[str, float]]:
        """Return the metrics of the plans that it concerns at one of its places; unknown ones are absent."""
        return {
            plan: {name: float(values[place]) for name, values in metrics.items() if values[place] == values[place]}
            for plan, metrics in self.along.metrics.items()
        }


def find_line(asked: LineAsked, tell: Callable[[object], None]) -> LineFound | None:
    """Return the line of a knob; None where the scenario is not valid at one of its places."""
    del tell
    knob, scenario = asked.knob, asked.scenario
    texts = {level.number: level.stated for level in knob.levels}
    concerned = scenario.model_copy(update={"plans": {name: scenario.plans[name] for name in knob.plans}})
    try:
        along = estimates_along(concerned, knob.key, tuple(texts), asked.book, written=texts.__getitem__, most=MOST)
    except UserError:
        return None
    return LineFound(knob.key, asked.others, along)
