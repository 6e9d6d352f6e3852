"""Estimates by closed forms from Python: in Jupyter they show themselves."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from typing_extensions import override

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report.estimate_tables import WIDTH, estimate_report
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.planner.estimating import Estimates, estimates_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class EstimateResult:
    """All plans of a scenario by closed forms; in Jupyter it shows itself."""

    estimates: Estimates
    """What was found, with what each value leaves out."""

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Every value in the unit of its name: a row for each plan and metric, with its kind and what it leaves out."""
        import pandas as pd  # noqa: PLC0415  (imported when a table is asked for)

        rows = [
            (plan.name, metric, value.value, str(value.kind), "; ".join(value.leaves_out))
            for plan in self.estimates.plans.values()
            for metric, value in plan.metrics.items()
        ]
        columns = ["plan", "metric", "value", "kind", "leaves_out"]
        return pd.DataFrame(rows, columns=columns).set_index(["plan", "metric"])

    @override
    def __repr__(self) -> str:
        console = Console(file=io.StringIO(), width=WIDTH, record=True, color_system=None, force_jupyter=False)
        for renderable in estimate_report(self.estimates):
            console.print(renderable)
        return console.export_text()

    def _repr_html_(self) -> str:
        from simulator.report.estimate_html import estimate_html  # noqa: PLC0415  (pandas is imported with it)

        return estimate_html(self.estimates)


def estimate(
    scenario: Scenario | str | Path,
    *,
    prices: PriceBook | str | Path | Sequence[str | Path] | None = None,
    **changes: Any,
) -> EstimateResult:
    """Estimate every plan of a scenario by closed forms, in milliseconds; nothing is simulated.

    Parameters
    ----------
    scenario, prices, changes
        As `run` takes them.

    Raises
    ------
    UserError
        If a change is not valid, or if the book lacks a price.
    """
    if not isinstance(scenario, (Scenario, str, Path)):
        raise UserError(f"estimate() takes a scenario or the path of its file, not a {type(scenario).__name__}")
    stated = scenario if isinstance(scenario, Scenario) else load_scenario(Path(scenario))
    changed = stated.with_(**changes) if changes else stated
    book = prices if isinstance(prices, PriceBook) else load_book(prices or changed.prices)
    return EstimateResult(estimates_of(changed, book))
