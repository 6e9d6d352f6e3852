"""Sweeps and break-evens for Python and Jupyter: a tidy table, pictures, what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report import breakeven_tables, breakeven_words, sweep_words
from simulator.report.documented import Documented
from simulator.report.notebook import folded, html_table, paragraphs, picture_html, shown
from simulator.report.sweep_tables import sweep_cells, sweep_table
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.breakeven import BreakEven, break_even
from simulator.studies.breakeven_range import read_range
from simulator.studies.factors import Stated, read_factors
from simulator.studies.outcome_store import default_store
from simulator.studies.sweep import Sweep, SweepStudy
from simulator.studies.variants import Books, Variants

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FEW_ROWS = 12
"""Tables with more are folded away in a notebook."""
Prices = PriceBook | str | Path | Sequence[str | Path] | None


@dataclass(frozen=True)
class SweepPlots:
    """The pictures of a sweep; each is a matplotlib Figure of a slide's size."""

    sweep: Sweep

    def lines(self) -> "Figure":
        """Draw what each plan costs along one key."""
        from simulator.report.charts.sweep import lines  # noqa: PLC0415  (matplotlib is imported to draw)

        return lines(self.sweep)

    def map(self) -> "Figure":
        """Draw which plan is best over two keys."""
        from simulator.report.charts.sweep import winner_map  # noqa: PLC0415

        return winner_map(self.sweep)


@dataclass(frozen=True, repr=False)
class SweepResult(Documented):
    """All plans at many values of one key or two; in Jupyter it shows itself."""

    sweep: Sweep
    """What was found, with everything that was counted."""
    command: tuple[str, ...] = ()
    """The command line that made it; empty where a program did."""

    @cached_property
    def table(self) -> "pd.DataFrame":
        """A row for every point, plan and metric: the keys' values (s, USD, GiB, shares), mean, low and high."""
        return sweep_table(self.sweep)

    @property
    def plot(self) -> SweepPlots:
        """The pictures: ``result.plot.lines()`` of one key, ``result.plot.map()`` of two."""
        return SweepPlots(self.sweep)

    def report(self, path: str | Path, *, force: bool = False) -> Path:
        """Write it as one HTML page, as ``predcost report`` does.

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

        write_report(self.sweep, self.command, Path(path), replaces=force)
        return Path(path)

    @property
    def recommended(self) -> "pd.Series[Any]":
        """The best plan at each point, by the values of the keys; None where none meets every bound."""
        import pandas as pd  # noqa: PLC0415

        points, factors = self.sweep.points, self.sweep.factors
        names = [factor.key for factor in factors]
        index = pd.MultiIndex.from_tuples(
            [tuple(level.value for level in point.levels) for point in points], names=names
        )
        found = index if len(names) > 1 else index.get_level_values(0)
        return pd.Series([point.recommended for point in points], index=found, name="recommended", dtype=object)

    @property
    def finding(self) -> str:
        """Which plan is best where."""
        return f"{sweep_words.finding(self.sweep)}."

    @override
    def _told(self) -> Sweep:
        return self.sweep

    @override
    def __repr__(self) -> str:
        return f"<SweepResult of {len(self.sweep.points)} points; {self.finding}>"

    def _repr_html_(self) -> str:
        figure = self.plot.lines() if len(self.sweep.factors) == 1 else self.plot.map()
        table = html_table(*sweep_cells(self.sweep))
        few = len(self.sweep.points) <= FEW_ROWS
        said = f"<p><strong>{escape(self.finding)}</strong></p>"
        return shown(said, picture_html(figure, self.finding), table if few else folded("every point", table))


@dataclass(frozen=True)
class BreakEvenPlots:
    """The pictures of a break-even; each is a matplotlib Figure of a slide's size."""

    found: BreakEven

    def lines(self) -> "Figure":
        """Draw what each plan costs along the key, and where they cross."""
        from simulator.report.charts.breakeven import cost_lines  # noqa: PLC0415  (matplotlib is imported to draw)

        return cost_lines(self.found)


@dataclass(frozen=True, repr=False)
class BreakEvenResult:
    """Where another plan becomes the better one; in Jupyter it shows itself."""

    found: BreakEven
    """What was found, with what was seen at every value that was looked at."""

    @cached_property
    def table(self) -> "pd.DataFrame":
        """A row for every crossing: value, low and high (s, USD, GiB, shares), and who is better on each side."""
        import pandas as pd  # noqa: PLC0415

        columns = ["value", "low", "high", "cheaper_below", "cheaper_above", "step"]
        return pd.DataFrame(breakeven_tables.breakeven_rows(self.found), columns=columns)

    @property
    def plot(self) -> BreakEvenPlots:
        """The pictures: ``result.plot.lines()``."""
        return BreakEvenPlots(self.found)

    @property
    def finding(self) -> str:
        """What was found; a sentence a line."""
        return "\n".join(breakeven_words.sentences(self.found))

    @override
    def __repr__(self) -> str:
        return f"<BreakEvenResult over {self.found.key}; {breakeven_words.finding(self.found)}>"

    def _repr_html_(self) -> str:
        first, *others = self.finding.splitlines()
        seen = folded("the values that were looked at", html_table(*breakeven_tables.breakeven_cells(self.found)))
        picture = picture_html(self.plot.lines(), self.finding)
        return shown(f"<p><strong>{escape(first)}</strong></p>", picture, paragraphs(others), seen)


def load_sweep(folder: str | Path) -> SweepResult:
    """Read a sweep back from its folder; nothing is simulated.

    Parameters
    ----------
    folder
        What ``predcost sweep`` says that it keeps the sweep in.

    Raises
    ------
    UserError
        If the folder holds no sweep, or one that an earlier version kept, which kept less.
    """
    from simulator.studies.kept_study import command_of  # noqa: PLC0415
    from simulator.studies.stored_sweep import manifest_of_sweep, read_sweep  # noqa: PLC0415

    about = manifest_of_sweep(Path(folder))
    if about is None:
        raise UserError(f"{folder} holds no sweep; give the folder that 'predcost sweep' says it keeps one in")
    return SweepResult(read_sweep(Path(folder), about), command_of(Path(folder)))


def sweep(
    scenario: Scenario | str | Path,
    over: Mapping[str, str | Sequence[Stated]],
    *,
    adaptive: bool = False,
    prices: Prices = None,
    workers: int | None = None,
    cluster: str | None = None,
    **changes: Any,
) -> SweepResult:
    """Simulate every plan at many values of one key or two, on the same users and requests wherever these can be.

    Parameters
    ----------
    scenario
        What to vary: a scenario, or the path of its file.
    over
        By key path, its values: a list such as ``[0.01, 0.02]`` or ``["1 h", "6 h"]``, or a text as after ``--over``:
        ``"1%,2%,5%..40%"``, ``"1h..48h:log9"``.
    adaptive
        Whether to simulate only some of the points: a net, and both sides of the borders between winners.
    prices
        A price book, its name or path, or several; by default what the scenario names.
    workers
        Processes; by default one a core.
    cluster
        Address of a Dask scheduler whose workers simulate; by default this machine.
    changes
        Changes to the scenario before, as `Scenario.with_` takes them.

    Raises
    ------
    UserError
        If a key, a value or a change is not valid, or if a book lacks a price; the message holds all faults.
    """
    stated = _stated(scenario, changes, "sweep")
    if not isinstance(over, Mapping):
        raise UserError(
            f"sweep() takes values by key, e.g. {{'population.daily_active': [0.01, 0.02]}}, not {over!r:.80}"
        )
    study = SweepStudy(
        stated, read_factors(stated, over, "over"), _variants(prices, workers, cluster), "over", adaptive=adaptive
    )
    study.run()
    found = study.sweep
    assert found is not None
    return SweepResult(found)


def breakeven(
    scenario: Scenario | str | Path,
    over: str,
    between: Sequence[Stated],
    within: Sequence[Stated] | None = None,
    *,
    prices: Prices = None,
    workers: int | None = None,
    cluster: str | None = None,
    **changes: Any,
) -> BreakEvenResult:
    """Find all values of a key at which another plan becomes the better one, each with a confidence set.

    Parameters
    ----------
    scenario
        Its plans are compared: a scenario, or the path of its file.
    over
        The key's path, such as ``population.daily_active``.
    between
        Two plans by name, or the two ends of the range, and the best of all plans is followed.
    within
        The ends of the range, if they are not in ``between``; by default around what the scenario has.
    prices, workers, cluster, changes
        As for `sweep`.

    Raises
    ------
    UserError
        If anything is not valid; the message holds all faults.
    """
    stated = _stated(scenario, changes, "breakeven")
    for name, two in (("between", between), ("within", within)):
        if two is not None and (isinstance(two, str) or len(two) != 2):  # noqa: PLR2004  (both ends)
            raise UserError(f"breakeven() takes two values or plans as {name}, and not {two!r:.80}")
    texts = [None if two is None else [_text(each) for each in two] for two in (between, within)]
    asked = read_range(stated, over, texts[0] or [], texts[1], "over")
    variants = _variants(prices, workers, cluster)
    return BreakEvenResult(break_even(asked, variants, "over"))


def _text(stated: Stated) -> str:
    return stated if isinstance(stated, str) else repr(getattr(stated, "item", lambda: stated)())


def _stated(scenario: Scenario | str | Path, changes: Mapping[str, Any], by: str) -> Scenario:
    if not isinstance(scenario, (Scenario, str, Path)):
        raise UserError(f"{by}() takes a scenario or the path of its file, not a {type(scenario).__name__}")
    found = scenario if isinstance(scenario, Scenario) else load_scenario(Path(scenario))
    return found.with_(**changes) if changes else found


def _variants(prices: Prices, workers: int | None, cluster: str | None) -> Variants:
    book = prices if isinstance(prices, PriceBook) else load_book(prices) if prices else None
    return Variants(Books(book=book), workers, kept=default_store(), cluster=cluster)
