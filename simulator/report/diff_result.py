"""Two iterations for Python and Jupyter: the differences as tables and pictures, what changed, and gates."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from simulator.core.errors import UserError
from simulator.report import format as form
from simulator.report.diff_markdown import diff_markdown
from simulator.report.diff_rows import HEADS, rows_of
from simulator.report.diff_words import finding_said, headline, sentences
from simulator.report.notebook import html_table, paragraphs, shown
from simulator.report.result import Result
from simulator.report.running import as_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST
from simulator.studies.difference import Diff
from simulator.studies.gates import Gate, check_gates, judged
from simulator.studies.iterations import Iteration, Iterations, iteration_of, read_iteration
from simulator.studies.outcome_store import default_store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Comparable = Scenario | Result | str | Path


def diff(before: Comparable, after: Comparable, *, workers: int | None = None, **changes: Any) -> "DiffResult":
    """Compare the last iteration with this one, on the same random numbers.

    Parameters
    ----------
    before, after
        Results of `run` or `load_run`; folders of runs; scenarios or their files, which are simulated.
    workers
        Processes; by default one a core.
    changes
        Changes to those that are scenarios, as `Scenario.with_` takes them: ``replications=5``.

    Raises
    ------
    UserError
        If they cannot be compared; the message says all that keeps them from it.
    """
    one, other = _iteration(before, "before", changes), _iteration(after, "now", changes)
    iterations = Iterations(one, other, workers, default_store())
    return DiffResult(Diff.of(iterations, iterations.run()))


def _iteration(given: Comparable, label: str, changes: dict[str, Any]) -> Iteration:
    if isinstance(given, Result):
        return iteration_of(given.comparison, label)
    if isinstance(given, (str, Path)) and Path(given).is_dir():
        return read_iteration(Path(given))
    if not isinstance(given, (Scenario, str, Path)):
        raise UserError(f"diff() takes results, scenarios and paths, not a {type(given).__name__}")
    scenario, book = as_scenario(given, changes)
    return Iteration(str(given) if not isinstance(given, Scenario) else label, scenario, book)


@dataclass(frozen=True)
class DiffPlots:
    """The pictures of a difference; each is a matplotlib Figure of a slide's size."""

    diff: Diff

    def waterfall(self, plan: str | None = None) -> "Figure":
        """Draw what each line of a plan's bill adds to the difference of its cost."""
        from simulator.report.charts.waterfall import waterfall  # noqa: PLC0415  (matplotlib)

        return waterfall(self.diff, None if plan is None else self.diff.pairs.find(plan))

    def paired(self, plan: str, metric: str = COST) -> "Figure":
        """Draw the difference of a metric with its paired interval, and with that of requests that were others."""
        from simulator.report.charts.paired import paired  # noqa: PLC0415

        return paired(self.diff, self.diff.pairs.find(plan), metric)


@dataclass(frozen=True, repr=False)
class DiffResult:
    """What is different between two iterations; in Jupyter it shows itself."""

    diff: Diff

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Every difference as numbers, in the units of the metrics' names: a row for each plan and metric."""
        import pandas as pd  # noqa: PLC0415

        rows = [change.as_dict() for plan in self.diff.plans for change in self.diff.changes(plan)]
        columns = ["plan", "metric", "before", "after", "mean", "low", "high"]
        table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], float))
        return table.set_index(["plan", "metric"])

    @cached_property
    def bill(self) -> "pd.DataFrame":
        """What each line of the bill adds: a row for each plan and line. [USD per 30-day month]"""
        import pandas as pd  # noqa: PLC0415

        rows = [{"plan": plan, **item.as_dict()} for plan in self.diff.plans for item in self.diff.items(plan)]
        return pd.DataFrame(rows).set_index(["plan", "item"]).astype(float)

    @cached_property
    def changed(self) -> "pd.DataFrame":
        """What the scenarios say else, and the prices of what is used, as people write it."""
        import pandas as pd  # noqa: PLC0415

        rows = [(change.key, change.before_text, change.after_text) for change in self.diff.changed]
        return pd.DataFrame(rows, columns=["key", "before", "now"]).set_index("key")

    @property
    def markdown(self) -> str:
        """The difference for a pull request."""
        return diff_markdown(self.diff)

    @property
    def headline(self) -> str:
        """What has changed most for whoever decides."""
        return headline(self.diff)

    @property
    def plot(self) -> DiffPlots:
        """The pictures: ``difference.plot.waterfall()``."""
        return DiffPlots(self.diff)

    def gate(self, *texts: str) -> tuple[str, ...]:
        """Return what has become of gates such as ``plans.cached.cost_usd_per_month > +5%``: kept, broken, not decided.

        Raises
        ------
        UserError
            If a gate cannot be read, or is about a plan or metric that both do not have.
        """
        gates = tuple(map(Gate.read, texts))
        check_gates(gates, self.diff.pairs)
        return tuple(map(finding_said, judged(self.diff, gates)))

    @override
    def __repr__(self) -> str:
        return f"<DiffResult of {len(self.diff.plans)} plans; {self.headline}>"

    def _repr_html_(self) -> str:
        return shown(*self._html())

    def _html(self) -> Iterator[str]:
        yield f"<p><strong>{escape(self.headline)}.</strong></p>"
        changed = [(change.key, change.before_text, change.after_text) for change in self.diff.changed]
        if changed:
            yield html_table(("changed key", "before", "now"), changed)
        for plan in self.diff.plans:
            if not self.diff.is_same(plan):
                rows = [row.cells for row in rows_of(self.diff, plan)]
                yield f"<p><strong>{escape(form.one_line(plan))}</strong></p>{html_table(HEADS, rows)}"
        yield paragraphs(sentences(self.diff))
