"""What the plans of a sweep used and did at its points, on disk: all that it takes to price and judge them anew."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.consumption import PRICED
from simulator.studies.kept_outcomes import plain, whole
from simulator.studies.plan_result import priced_plan
from simulator.studies.sizing import Sizing, with_sizes
from simulator.studies.sweep import Point

SEEN = "seen.json.gz"


def write_points(points: Sequence[Point], folder: Path) -> None:
    """Write what was seen at the points of a sweep into its folder; what is the same at several is written once."""
    numbers: dict[str, int] = {}
    written = [
        {
            "place": list(point.place),
            "complete": point.comparison.complete,
            "sizings": [sizing.as_dict() for sizing in point.comparison.sizings],
            "plans": {
                name: numbers.setdefault(_seen(plan), len(numbers)) for name, plan in point.comparison.plans.items()
            },
        }
        for point in points
    ]
    text = f'{{"points": {json.dumps(written)}, "seen": [{", ".join(numbers)}]}}'
    (folder / SEEN).write_bytes(gzip.compress(text.encode(), mtime=0))


def _seen(plan: PlanResult) -> str:
    """Return what a plan did and used in its replications, as JSON, without what prices make of it."""
    values = [{name: value for name, value in each.items() if name not in PRICED} for each in plan.values]
    return json.dumps([values, plain(plan.consumptions), plain(plan.saturation)], separators=(",", ":"))


class SeenPoints:
    """What was seen at the points of a kept sweep.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError
        If the folder has it not, or something else.
    """

    def __init__(self, folder: Path) -> None:
        found = json.loads(gzip.decompress((folder / SEEN).read_bytes()))
        self._points: list[dict[str, Any]] = found["points"]
        self._seen: list[Any] = found["seen"]

    @property
    def places(self) -> list[tuple[int, ...]]:
        """Which value each key has, point by point."""
        return [tuple(map(int, point["place"])) for point in self._points]

    def comparisons(self, scenarios: Sequence[Scenario], books: Sequence[PriceBook]) -> Iterator[Comparison]:
        """Yield the comparison at each point, given its scenario and its prices."""
        for point, scenario, book in zip(self._points, scenarios, books, strict=True):
            sizings = tuple(map(Sizing.from_dict, point["sizings"]))
            there = with_sizes(scenario, sizings)
            plans = {name: self._plan(there, book, name, point["plans"]) for name in there.plans}
            yield Comparison(there, book, plans, bool(point["complete"]), sizings)

    def _plan(self, scenario: Scenario, book: PriceBook, name: str, numbers: Mapping[str, int]) -> PlanResult:
        values, consumptions, saturation = self._seen[numbers[name]]
        return priced_plan(scenario, book, name, values, whole(consumptions), whole(saturation))
