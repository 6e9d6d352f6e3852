"""A comparison for Python and Jupyter: tables, pictures, the recommendation."""

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from simulator.core.errors import UserError, did_you_mean
from simulator.core.estimate import Estimate
from simulator.report import format as form
from simulator.report import frames, notebook
from simulator.report.chart_choice import ChartChoice
from simulator.report.documented import Documented
from simulator.report.plots import Plots
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.recommendation import in_words, recommendation
from simulator.studies.selection import Selection
from simulator.studies.warnings import warnings_of

if TYPE_CHECKING:
    import pandas as pd

    from simulator.report.brief import Brief


@dataclass(frozen=True, repr=False)
class Result(Documented):
    """All plans of a scenario side by side; in Jupyter it shows itself."""

    comparison: Comparison
    """What was simulated, with everything that was counted."""
    command: tuple[str, ...] = ()
    """The command line that made it; empty where a program did."""

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Every metric's mean as people read it: a row for each metric, a column for each plan."""
        return frames.metrics_table(self.comparison)

    @cached_property
    def numbers(self) -> "pd.DataFrame":
        """Every metric's mean, low and high as numbers, in the units of their names; columns (plan, estimate)."""
        return frames.numbers_table(self.comparison)

    @cached_property
    def differences(self) -> "pd.DataFrame":
        """Every plan's metrics less those of the first of the ranking, paired by replication."""
        return frames.differences_table(self.comparison)

    def save(self, folder: str | Path, *, force: bool = False, charts: str = "deck") -> Path:
        """Keep it in a folder as ``predcost run`` does, for `load_run`, ``predcost show`` and ``predcost reprice``.

        Parameters
        ----------
        folder
            Where to; a run of the same scenario that is there is replaced.
        force
            Whether another scenario's run may be replaced too.
        charts
            Which are drawn too: ``deck`` for the four that every comparison needs, ``all`` or ``none``.

        Raises
        ------
        UserError
            If something else is there, if it cannot be written, or if there is no such choice of charts.
        """
        from simulator.report.keeping import chosen, keep_charts, keep_run  # noqa: PLC0415  (pyarrow is imported to write)
        from simulator.studies.run_folder import digest  # noqa: PLC0415
        from simulator.studies.run_place import claimed  # noqa: PLC0415

        comparison, place, choice = in_words(self.comparison), Path(folder), ChartChoice.named(charts)
        with claimed(place, digest(comparison.scenario), force=force) as claim:
            if not keep_run(claim, comparison, []):
                raise UserError(f"{place} holds the whole run, and this one was cut off; give another folder")
            keep_charts(claim, comparison, chosen(comparison, choice), 1)
        return place

    def report(self, path: str | Path, *, force: bool = False) -> Path:
        """Write it as one HTML page, as ``predcost report`` does, in which prices can be set and bill it anew.

        Parameters
        ----------
        path
            Where to; it ends in ``.html``.
        force
            Whether a file that is there may be replaced.

        Raises
        ------
        UserError
            If something else is there, or it cannot be written.
        """
        from simulator.report.html.report import write_report  # noqa: PLC0415  (jinja2 is imported to write)

        write_report(self.comparison, self.command, Path(path), replaces=force)
        return Path(path)

    @override
    def _told(self) -> "Brief":
        from simulator.report.brief import Brief  # noqa: PLC0415

        return Brief(self.comparison, self.command)

    def metrics(self, plan: str) -> "pd.DataFrame":
        """Return one plan's metrics: mean, low and high, in the units of their names."""
        return frames.metrics_of(self._plan(plan))

    def bill(self, plan: str) -> "pd.DataFrame":
        """Return one plan's bill: every line's quantity and price as numbers, shown formatted and with the total."""
        return notebook.bill_table(self._plan(plan))

    def wait_exceeds(self, plan: str, longer_than_s: float = 0.0) -> Estimate:
        """Return the share of a plan's requests that waited longer than so many seconds, with its interval.

        All requests count, as in ``wait_mean_s``: those that asked no backend did not wait. [s]

        Raises
        ------
        UserError
            If there is no such plan, or if the time is not a number from 0.
        """
        if not longer_than_s >= 0 or math.isinf(longer_than_s):
            raise UserError(f"longer_than_s(={longer_than_s}) must be a number of seconds from 0 on, such as 0.1")
        waits = [outcome.counted.wait for outcome in self._plan(plan).outcomes]
        return Estimate.of([wait.share_above(longer_than_s) if wait.count else math.nan for wait in waits])

    @property
    def plot(self) -> Plots:
        """The pictures: ``result.plot.cost()``; ``result.plot`` lists them."""
        return Plots(self.comparison)

    @property
    def ranking(self) -> tuple[str, ...]:
        """The plans, those that meet every bound first, then by net value where value is given, else by cost."""
        return self.comparison.ranking

    @property
    def recommended(self) -> str | None:
        """The best ranked plan, if it meets every bound; None where none does."""
        return self.comparison.recommended

    @property
    def selection(self) -> Selection:
        """The choice: the best, what is as good, what is not decided, and how sure that is."""
        return self.comparison.selection

    @cached_property
    def recommendation(self) -> str:
        """What to do, and what would change it; a sentence or two a line."""
        return "\n".join(recommendation(self.comparison))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before trusting it."""
        return warnings_of(self.comparison)

    @override
    def __repr__(self) -> str:
        best = self.recommended
        nothing = "too little to recommend anything" if self.comparison.is_too_little else "no plan meets every bound"
        said = nothing if best is None else f"recommended: {best}"
        cost = "" if best is None else f", {form.usd(self.comparison.plans[best].cost_usd_per_month)} a month"
        return f"<Result of {len(self.comparison.plans)} plans; {said}{cost}>"

    def _repr_html_(self) -> str:
        return notebook.result_html(self.comparison, self.table)

    def _plan(self, name: str) -> PlanResult:
        if name not in self.comparison.plans:
            raise UserError(f"there is no plan '{name}'; {did_you_mean(name, self.comparison.plans)}")
        return self.comparison.plans[name]
