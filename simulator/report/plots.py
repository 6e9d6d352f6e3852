"""The pictures of a comparison, by name, for Python and Jupyter."""

from dataclasses import dataclass, replace
from inspect import getdoc
from typing import TYPE_CHECKING

from typing_extensions import override

from simulator.studies.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = (
    *("cost", "net_value", "age", "latency", "week", "pareto", "read_and_unread", "completion"),
    *("scoring_and_writing", "store_mediums", "publication"),
    *("cost_by_activity", "tornado", "coverage_and_waste", "age_by_run_hour", "latency_by_fleet"),
)
"""All pictures, those of closed forms last."""


@dataclass(frozen=True, repr=False)
class Plots:
    """The pictures of a comparison; each is a matplotlib Figure of a slide's size, or a NoChartError that says why."""

    comparison: Comparison
    is_dark: bool = False

    @property
    def dark(self) -> "Plots":
        """The same for a dark background: ``result.plot.dark.cost()``."""
        return replace(self, is_dark=True)

    def cost(self) -> "Figure":
        """Draw the cost per month of every plan, item by item."""
        return self._draw("cost")

    def net_value(self) -> "Figure":
        """Draw what every plan brings in less than the best one: its value and its cost apart."""
        return self._draw("net_value")

    def age(self) -> "Figure":
        """Draw how old predictions are when they are served."""
        return self._draw("age_cdf")

    def latency(self) -> "Figure":
        """Draw how long users wait."""
        return self._draw("latency_cdf")

    def week(self) -> "Figure":
        """Draw traffic, batch runs and replicas, hour by hour."""
        return self._draw("week")

    def pareto(self) -> "Figure":
        """Draw cost against freshness against latency, and which plans no other beats."""
        return self._draw("pareto")

    def read_and_unread(self) -> "Figure":
        """Draw how many predictions each plan computes, and how many are ever read."""
        return self._draw("read_and_unread")

    def completion(self) -> "Figure":
        """Draw when batch runs are through, and their deadline."""
        return self._draw("completion_cdf")

    def scoring_and_writing(self) -> "Figure":
        """Draw what computing predictions ahead costs, against writing them into the store."""
        return self._draw("scoring_and_writing")

    def store_mediums(self) -> "Figure":
        """Draw what each plan's store would cost on every medium of the price book."""
        return self._draw("store_mediums")

    def publication(self) -> "Figure":
        """Draw when a run's rows become visible, and its makespan by write capacity."""
        return self._draw("publication")

    def cost_by_activity(self) -> "Figure":
        """Draw what plans would cost if people came more or less often; by closed form."""
        return self._draw("cost_by_activity")

    def tornado(self) -> "Figure":
        """Draw how far each input, a tenth off, moves the saving; by closed form, prices re-billed."""
        return self._draw("tornado")

    def coverage_and_waste(self) -> "Figure":
        """Draw coverage against waste by how recent a login must be, the cheapest starred; by closed form."""
        return self._draw("coverage_and_waste")

    def age_by_run_hour(self) -> "Figure":
        """Draw the mean age by the hour of runs and their number a day; by closed form."""
        return self._draw("age_by_run_hour")

    def latency_by_fleet(self) -> "Figure":
        """Draw p99 latency by the size of a fleet, and its load in a day; by closed form."""
        return self._draw("latency_by_fleet")

    @override
    def __repr__(self) -> str:
        said = ((name, (getdoc(getattr(self, name)) or "").removeprefix("Draw ")) for name in NAMES)
        return "\n".join(("Pictures, as result.plot.cost():", *(f"  {name:<20}{text}" for name, text in said)))

    def _draw(self, name: str) -> "Figure":
        from simulator.report.charts.catalogue import drawn  # noqa: PLC0415  (matplotlib is imported to draw)

        return drawn(self.comparison, name, is_dark=self.is_dark)
