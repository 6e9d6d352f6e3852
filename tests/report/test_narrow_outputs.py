"""What the commands beside run print, in terminals of few columns and of plans with awkward names."""

from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType
from small_comparisons import ON_DEMAND, SCENARIO

import simulator as sim
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report.breakeven_tables import breakeven_report
from simulator.report.breakeven_words import sentences
from simulator.report.estimate_tables import estimate_report
from simulator.report.price_tables import book_tables, books_table
from simulator.report.reprice_tables import repriced_report, verdict
from simulator.report.runs_tables import runs_table
from simulator.report.sweep_tables import sweep_report
from simulator.scenario.loading import load_scenario
from simulator.studies.breakeven import BreakEven
from simulator.studies.kept_runs import KeptRun
from simulator.studies.planner.estimating import estimates_of
from simulator.studies.reprice import Repriced
from simulator.studies.sweep import Sweep

LETTERS, WIDE = "abcdefghij" * 7 + "one", "每晚批量计算所有用户的推荐结果" * 3
LIKE = "[bold]=1+1[/bold] <b>hi</b> on demand that wends its way, number"
NAMES = (LETTERS, WIDE, f"{LIKE} one", f"{LIKE} two")
FEATURES = "backends.night.feature_pipeline.cost"
COLUMNS = (60, 80)


def shown(renderables: Iterable[RenderableType], columns: int) -> str:
    console = Console(width=columns, record=True, file=StringIO(), color_system=None, legacy_windows=False)
    for renderable in renderables:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in console.export_text().splitlines())


def assert_laid_out(text: str, columns: int) -> None:
    """Check that nothing is too wide, and that nothing of a name of one word stands alone but what begins it."""
    assert max(map(cell_len, text.splitlines())) <= columns
    for name in (LETTERS, WIDE):
        rests = {name[place:] for place in range(8, len(name))}
        assert not [word for word in text.split() if word in rests and len(word) > 3]


@pytest.fixture(scope="module")
def scenario() -> sim.Scenario:
    plans = {name: {**ON_DEMAND, "cache": f"{hours} h"} for hours, name in enumerate(NAMES, start=1)}
    few = {"population.users": "20k", "horizon": "6 h", "warmup": "0 s", "replications": 2, "plans": plans, "slo": None}
    return load_scenario(SCENARIO, few)


@pytest.fixture(scope="module")
def swept(scenario: sim.Scenario) -> Sweep:
    return sim.sweep(scenario, {"population.daily_active": ["1 %", "4 %"]}, workers=1).sweep


@pytest.fixture(scope="module")
def crossing(scenario: sim.Scenario) -> BreakEven:
    return sim.breakeven(scenario, "population.daily_active", (LETTERS, WIDE), ("1 %", "4 %"), workers=1).found


@pytest.mark.parametrize("columns", COLUMNS)
def test_estimates_fit_and_break_no_name(scenario: sim.Scenario, book: PriceBook, columns: int) -> None:
    text = shown(estimate_report(estimates_of(scenario, book), columns), columns)
    assert_laid_out(text, columns)
    assert text.count("cost per month") == (1 if columns == 80 else 2)


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_sweep_says_first_what_it_found_and_breaks_no_name(swept: Sweep, columns: int) -> None:
    text = shown(sweep_report(swept), columns)
    assert_laid_out(text, columns)
    assert text.index("is best") < text.index("Cost per month")


def test_a_sweep_of_a_handful_of_requests_does_not_speak_of_bounds(scenario: sim.Scenario) -> None:
    few = sim.sweep(scenario.with_(population__users=20), {"population.daily_active": ["1 %"]}, workers=1)
    assert few.finding.startswith("Too little is simulated")


@pytest.mark.parametrize("columns", COLUMNS)
def test_a_break_even_says_first_what_it_found_and_breaks_no_name(crossing: BreakEven, columns: int) -> None:
    text = shown(breakeven_report(crossing), columns)
    assert_laid_out(text, columns)
    first = next(iter(sentences(crossing))).split()[-3:]
    assert " ".join(first) in " ".join(text[: text.index("per month over")].split())


@pytest.mark.parametrize("columns", COLUMNS)
def test_re_pricing_says_first_what_is_best_and_breaks_no_name(swept: Sweep, columns: int) -> None:
    comparison = swept.points[0].comparison
    repriced = Repriced(comparison, comparison)
    text = shown(repriced_report(repriced, [WIDE]), columns)
    assert_laid_out(text, columns)
    assert text.split()[-3:] != verdict(repriced).split()[-3:]
    assert text.count("Bill:") == 1


def test_runs_with_long_names_are_told_of_in_two_lines_with_their_names_whole() -> None:
    runs = [
        KeptRun(Path("runs") / f"{'feed-' * 9}{number}", "run", "Feed", datetime.now(UTC), 61_200, True, {})
        for number in range(2)
    ]
    narrow, wide = (shown([runs_table(runs)], columns) for columns in (50, 120))
    for run in runs:
        assert f"{run.folder.name}\n" in narrow
        assert run.folder.name in wide
    assert max(map(len, narrow.splitlines())) <= 50
    assert len(wide.splitlines()) == 3


@pytest.mark.parametrize("columns", COLUMNS)
def test_price_books_fit(book: PriceBook, columns: int) -> None:
    text = shown([books_table([book]), *book_tables(load_book("llm-2025-09"), "llm/gpt-5*")], columns)
    assert max(map(cell_len, text.splitlines())) <= columns
    assert "llm/gpt-5-mini/cached_input" in text
