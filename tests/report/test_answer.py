"""What a run prints: the answer first, on one screen of any width."""

import re
from collections.abc import Iterable
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType
from small_comparisons import without

from simulator.report import format as form
from simulator.report.answer import ALL, BRIEF, Wanted, answer_report, changes_report
from simulator.report.bill_tables import bill_panel
from simulator.report.names import one_line
from simulator.report.terminal import comparison_text
from simulator.studies.comparison import NET_VALUE, VALUE, Comparison
from simulator.studies.headline import verdict_lines
from simulator.studies.recommendation import recommendation

SCREEN = 40
"""Lines."""


def shown(renderables: Iterable[RenderableType], columns: int = 80) -> str:
    console = Console(width=columns, record=True, file=StringIO(), color_system=None, legacy_windows=False)
    for renderable in renderables:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in console.export_text().splitlines())


def printed(comparison: Comparison, wanted: Wanted = BRIEF, columns: int = 80) -> str:
    return shown((*answer_report(comparison, wanted), *changes_report(comparison, wanted)), columns)


def unwrapped(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(params=["comparison", "single", "crowd", "valued", "free"])
def any_of(request: pytest.FixtureRequest) -> Comparison:
    found: Comparison = request.getfixturevalue(request.param)
    return found


def test_the_verdict_comes_first(comparison: Comparison) -> None:
    assert printed(comparison).splitlines()[:2] == list(verdict_lines(comparison))


def test_verdict_plans_and_what_speaks_against_them_have_room_on_one_screen(comparison: Comparison) -> None:
    assert len(shown(answer_report(comparison)).splitlines()) <= SCREEN - 10, "ten are for what would change it"


@pytest.mark.parametrize("columns", [30, 40, 60, 80, 120])
@pytest.mark.parametrize("wanted", [BRIEF, ALL])
def test_nothing_is_wider_than_the_terminal(any_of: Comparison, wanted: Wanted, columns: int) -> None:
    assert max(map(cell_len, printed(any_of, wanted, columns).splitlines())) <= columns


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_no_word_of_a_plans_name_is_broken(crowd: Comparison, columns: int) -> None:
    text = printed(crowd, BRIEF, columns)
    parts = {part for name in crowd.plans for word in one_line(name).split() for part in _broken(word)}
    assert not [line for line in text.splitlines() if line.strip() in parts]


def _broken(word: str) -> set[str]:
    """Return what a fold leaves of a word at the beginning of a line."""
    return {word[place:] for place in range(8, len(word) - 3)}


def test_a_wide_terminal_shows_names_whole_that_a_narrow_one_shortens(crowd: Comparison) -> None:
    name = "a[red]b[/red] $1 and $2"
    assert name in shown(answer_report(crowd, BRIEF), 400)
    assert "everything that the recommendations team has tried since spring, number one" in unwrapped(
        shown(answer_report(crowd, ALL), 1200)
    )


def test_plan_names_are_not_read_as_markup(crowd: Comparison) -> None:
    assert "a[red]b[/red] $1 and $2" in printed(crowd)


def test_the_best_plan_stands_in_the_first_column(comparison: Comparison) -> None:
    lines = printed(comparison).splitlines()
    rule = next(place for place, line in enumerate(lines) if line.startswith("─"))
    words = [word for line in lines[rule - 2 : rule] for word in line.split()]
    assert words.index(comparison.ranking[0].split()[0]) <= 1
    assert lines[rule - 1].split()[-1] == comparison.ranking[-1].split()[-1]


def test_cost_age_and_latency_of_every_plan_are_on_the_screen(comparison: Comparison) -> None:
    text = printed(comparison)
    for plan in comparison.plans.values():
        for metric in ("cost_usd_per_month", "age_mean_s", "latency_p99_s"):
            assert form.metric_text(metric, plan.metrics[metric].mean) in text


def test_no_number_of_the_table_is_folded(comparison: Comparison) -> None:
    text = shown(answer_report(comparison, ALL), 40)
    for plan in comparison.plans.values():
        assert re.search(rf"cost per month .*{re.escape(form.usd(plan.cost_usd_per_month))}", text)


def test_a_row_that_applies_to_no_plan_is_left_out(single: Comparison) -> None:
    assert "replicas" not in printed(single, ALL)


def test_a_single_replication_shows_no_interval(single: Comparison) -> None:
    assert "±" not in printed(single, ALL)


def test_bills_are_printed_to_whoever_asks_and_only_of_plans_that_are_asked_for(comparison: Comparison) -> None:
    assert "Bill:" not in printed(comparison)
    one = printed(comparison, Wanted(bills=("cached",)))
    assert re.findall(r"Bill: (.*), per", one) == ["cached"]
    assert "feature pipeline" not in one[one.index("Prices") :], "sources are of the bills that are shown"
    assert re.findall(r"Bill: (.*), per", printed(comparison, ALL)) == list(comparison.ranking)


def test_the_bill_of_the_terminal_has_every_line(comparison: Comparison) -> None:
    plan = comparison.plans["nightly batch"]
    for columns in (40, 80):
        text = unwrapped(shown([bill_panel(plan)], columns))
        for line in plan.bill.lines:
            assert line.item in text
        assert form.usd(plan.bill.total_usd_per_month) in text


def test_in_full_every_sentence_of_the_recommendation_is_there(comparison: Comparison) -> None:
    text = unwrapped(printed(comparison, ALL))
    for sentence in recommendation(comparison):
        assert unwrapped(sentence) in text


def test_the_kept_summary_is_all_that_there_is_to_print(comparison: Comparison) -> None:
    assert comparison_text(comparison) == printed(comparison, ALL)


def test_where_no_plan_meets_every_bound_each_says_what_it_breaks(crowd: Comparison) -> None:
    breaking = without(crowd, "on demand")
    text = printed(breaking)
    assert text.startswith("No plan meets every bound")
    assert "What each one breaks" in text
    assert unwrapped(text).count("latency p99 is") >= len(breaking.plans)


def test_net_value_and_its_parts_are_shown_where_value_is_given(comparison: Comparison, valued: Comparison) -> None:
    text = printed(valued, ALL)
    for plan in valued.plans.values():
        for metric in ("quality_mean", VALUE, NET_VALUE):
            assert form.metric_text(metric, plan.metrics[metric].mean) in text
    gap = valued.difference("nightly batch", "better", NET_VALUE)
    assert form.signed_usd(gap.mean) in text
    assert "against rank 1" in text
    assert "above rank 1" not in text
    assert "net of cost" not in printed(comparison, ALL)
    assert "against rank 1" not in printed(comparison, ALL)
