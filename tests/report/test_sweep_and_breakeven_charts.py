"""Sweeps and break-evens as Python has them: tidy tables, pictures that say what was found."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from small_comparisons import SCENARIO

import simulator as sim
from simulator.report.breakeven_words import sentences
from simulator.report.charts.look import HEIGHT_IN, WIDTH_IN, NoChartError
from simulator.report.charts.sweep import plan_looks
from simulator.report.notebook import NO_MATHS
from simulator.report.sweep_tables import plans_with_room
from simulator.report.sweep_words import finding
from simulator.scenario.loading import load_scenario

COST, ACTIVE = "backends.night.feature_pipeline.cost", "population.daily_active"


def words(figure: Figure) -> str:
    return " | ".join(text.get_text().replace("\n", " ") for text in figure.findobj() if hasattr(text, "get_text"))


@pytest.fixture(scope="module")
def scenario() -> sim.Scenario:
    plans = dict.fromkeys(("plans.hybrid", "plans.nearline", "plans.SWR"))
    few = {"population.users": "20k", "horizon": "6 h", "replications": 2, **plans}
    return load_scenario(SCENARIO, few)


@pytest.fixture(scope="module")
def along(scenario: sim.Scenario) -> sim.SweepResult:
    return sim.sweep(scenario, {COST: "0 USD..60 USD:5"}, workers=1)


@pytest.fixture(scope="module")
def grid(scenario: sim.Scenario) -> sim.SweepResult:
    return sim.sweep(scenario, {ACTIVE: ["1 %", "4 %"], COST: "0 USD..60 USD:4"}, workers=1)


@pytest.fixture(scope="module")
def crossing(scenario: sim.Scenario) -> sim.BreakEvenResult:
    return sim.breakeven(scenario, COST, ("nightly batch", "cached"), ("0 USD", "60 USD"), workers=1)


def test_a_sweep_s_table_is_tidy_and_in_si(along: sim.SweepResult) -> None:
    table = along.table
    assert list(table.columns) == [COST, "plan", "metric", "mean", "low", "high", "unit", "recommended"]
    assert sorted(table[COST].unique()) == [0.0, 15.0, 30.0, 45.0, 60.0]
    assert not table.duplicated([COST, "plan", "metric"]).any()
    cost = table[table.metric == "cost_usd_per_month"].pivot_table(index=COST, columns="plan", values="mean")
    assert np.diff(cost["nightly batch"]) == pytest.approx(15.0 * 30, rel=1e-9)


def test_the_recommended_plan_is_there_by_the_keys_values(along: sim.SweepResult, grid: sim.SweepResult) -> None:
    assert along.recommended[0.0] == "nightly batch"
    assert along.recommended[60.0] == "cached"
    assert grid.recommended.loc[0.01, 0.0] == "nightly batch"


def test_lines_are_the_means_at_the_values_and_the_title_says_where_the_winner_changes(along: sim.SweepResult) -> None:
    figure = along.plot.lines()
    assert tuple(figure.get_size_inches()) == (WIDTH_IN, HEIGHT_IN)
    assert "Nightly batch is best up to" in words(figure)
    assert "USD" in figure.axes[0].get_ylabel()
    colour = plan_looks(along.sweep)["nightly batch"].colour
    (line,) = [each for each in figure.axes[0].lines if each.get_color() == colour and len(each.get_xdata()) > 1]
    assert list(line.get_xdata()) == [0.0, 15.0, 30.0, 45.0, 60.0]
    means = [point.comparison.plans["nightly batch"].cost_usd_per_month for point in along.sweep.points]
    assert list(line.get_ydata()) == pytest.approx(means)


def test_the_map_has_a_cell_for_each_point_and_hatches_those_in_which_chance_may_decide(grid: sim.SweepResult) -> None:
    figure = grid.plot.map()
    (mesh,) = [each for each in figure.axes[0].collections if isinstance(each, QuadMesh)]
    assert np.asarray(mesh.get_array()).shape == (4, 2)
    hatched = {patch.get_xy() for patch in figure.axes[0].patches if isinstance(patch, Rectangle) and patch.get_hatch()}
    undecided = {point.place for point in grid.sweep.points if not point.is_decided}
    assert hatched == undecided
    assert ("hatched: chance may decide" in words(figure)) == bool(undecided)
    assert figure.axes[0].get_xlabel() == ACTIVE
    assert figure.axes[0].get_ylabel() == COST


def test_what_does_not_apply_says_which_picture_does(along: sim.SweepResult, grid: sim.SweepResult) -> None:
    with pytest.raises(NoChartError, match=r"plot\.lines"):
        along.plot.map()
    with pytest.raises(NoChartError, match=r"plot\.map"):
        grid.plot.lines()


def test_a_break_even_s_table_and_picture_have_the_crossing(crossing: sim.BreakEvenResult) -> None:
    (row,) = crossing.table.to_dict("records")
    assert row["low"] <= row["value"] <= row["high"]
    assert (row["cheaper_below"], row["cheaper_above"]) == ("nightly batch", "cached")
    figure = crossing.plot.lines()
    assert "Nightly batch is cheaper below" in words(figure)
    crossed = [line for line in figure.axes[0].lines if len({*line.get_xdata()}) == 1]
    assert [line.get_xdata()[0] for line in crossed] == [row["value"]]


def test_words_of_a_break_even_end_with_a_full_stop_and_name_both_plans(crossing: sim.BreakEvenResult) -> None:
    (said,) = sentences(crossing.found)
    assert said.endswith(".")
    assert "nightly batch" in said.lower()
    assert "cached" in said


def test_results_show_themselves_in_a_notebook(along: sim.SweepResult, crossing: sim.BreakEvenResult) -> None:
    for result in (along, crossing):
        html = result._repr_html_()
        assert html.startswith(f'<div class="{NO_MATHS}"><p><strong>')
        assert "data:image/png;base64," in html
        assert "<table" in html
        assert "atch is" in html
        assert "atch is" in repr(result)


def test_one_replication_draws_without_a_set_and_says_how_to_get_one(scenario: sim.Scenario) -> None:
    once = sim.breakeven(scenario, COST, ("nightly batch", "cached"), ("0 USD", "60 USD"), workers=1, replications=1)
    assert np.isnan(once.table.low[0])
    assert not once.plot.lines().axes[0].patches
    assert "One replication has no interval" in once.finding


def test_words_are_drawn_side_by_side(scenario: sim.Scenario) -> None:
    kinds = sim.sweep(scenario, {"plans.cached.cache.kind": ["ttl", "sliding"]}, workers=1, replications=1)
    labels = [label.get_text() for label in kinds.plot.lines().axes[0].get_xticklabels()]
    assert labels == ["ttl", "sliding"]
    assert "of 2 points" in finding(kinds.sweep)


def test_where_there_is_no_room_for_all_plans_those_that_win_somewhere_are_shown(along: sim.SweepResult) -> None:
    assert plans_with_room(along.sweep, 2) == ["nightly batch", "cached"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda _: sim.sweep(3, {COST: "1 USD"}), "takes a scenario or the path"),
        (lambda s: sim.sweep(s, [COST]), "takes values by key"),
        (lambda s: sim.sweep(s, {COST: []}), "has no values"),
        (lambda s: sim.breakeven(s, COST, "ab"), "takes two values or plans as between"),
        (lambda s: sim.breakeven(s, COST, ("cachd", "on demand")), "did you mean 'cached'?"),
    ],
)
def test_bad_input_from_python_is_said(scenario: sim.Scenario, call: Any, said: str) -> None:
    with pytest.raises(sim.UserError) as error:
        call(scenario)
    assert said in str(error.value)


def test_places_of_levels_are_ascending(along: sim.SweepResult) -> None:
    values = [point.levels[0].number for point in along.sweep.points]
    assert all(one < other for one, other in pairwise(values))
