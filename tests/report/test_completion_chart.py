"""The chart of when batch runs are through: its curves, its deadline, and what its title says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from small_comparisons import without

from simulator.backends.answers.runs import Purchase
from simulator.report.charts.completion import completion_cdf, completion_title
from simulator.report.charts.look import NoChartError
from simulator.studies.comparison import Comparison
from simulator.studies.completion import completion_times

PLAN = "nightly batch"
NIGHT: dict[str, Any] = {
    "workers": 4,
    "shard": 250,
    "batch_size": 1,
    "service_time": {"kind": "affine", "per_item": "1 s"},
    "reclaim": {"mean": "30 min", "reprovision": "3 min"},
}


def with_night(comparison: Comparison, deadline: str | None = "06:00", **changes: Any) -> Comparison:
    """Return the comparison of a scenario whose 40 shards take 4 workers 2500 s, after 44 min."""
    given = {f"backends__night__{key}": value for key, value in {**NIGHT, **changes}.items()}
    return replace(comparison, scenario=comparison.scenario.with_(slo__batch_deadline=deadline, **given))


def words(figure: Figure) -> str:
    found = [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]
    return " | ".join(text.replace("\n", " ") for text in found)


def test_a_curve_for_each_way_to_buy_rises_to_1_through_the_runs(comparison: Comparison) -> None:
    bought = with_night(comparison, on_demand_workers=1)
    (axes,) = completion_cdf(bought).axes
    runs = completion_times(bought.scenario, PLAN, 375)
    curves = {str(line.get_label()): line for line in axes.lines if line.get_label() != "deadline"}
    assert list(curves) == [f"{PLAN}, {runs[purchase].bought}" for purchase in Purchase]
    for line, each in zip(curves.values(), runs.values(), strict=True):
        assert np.asarray(line.get_ydata())[[0, -1]].tolist() == [0, 1]
        assert np.asarray(line.get_xdata())[1:-1].tolist() == sorted(each.makespans_s.tolist())


def test_the_deadline_is_marked_where_there_is_one(comparison: Comparison) -> None:
    figure = completion_cdf(with_night(comparison))
    (axes,) = figure.axes
    marked = [line for line in axes.lines if line.get_label() == "deadline"]
    assert [np.asarray(line.get_xdata())[0] for line in marked] == [4 * 3600.0]
    assert "06:00" in words(figure)
    assert "4 h after the start" in words(figure)
    (axes,) = completion_cdf(with_night(comparison, deadline=None)).axes
    assert "deadline" not in {line.get_label() for line in axes.lines}


def test_axes_carry_units(comparison: Comparison) -> None:
    (axes,) = completion_cdf(with_night(comparison)).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "Time from a run's start to its last publication",
        "Runs, % published by then",
    )
    assert "1 h 20 min" in [label.get_text() for label in axes.get_xticklabels()]


def test_the_title_says_who_is_late_and_who_is_not(comparison: Comparison) -> None:
    title = completion_title(with_night(comparison, deadline="03:30"))
    assert title.startswith("Nightly batch misses 03:30 in ")
    assert title.endswith(" % of its runs, and in no run with all workers on demand")
    all_late = completion_title(with_night(comparison, deadline="03:10", reclaim=None))
    assert all_late == "Nightly batch misses 03:10 in every run"
    in_time = completion_title(with_night(comparison))
    assert in_time.startswith("Every run of nightly batch on spot is through by 06:00, with ")
    alike = completion_title(with_night(comparison, reclaim=None))
    assert alike == "Every run of nightly batch is through by 06:00, with 2 h 34 min to spare"
    mixed = completion_title(with_night(comparison, deadline="03:30", on_demand_workers=4))
    assert mixed.startswith("Nightly batch keeps 03:30 as configured; all spot it misses it in ")


def test_the_title_says_how_long_runs_take_where_there_is_no_deadline(comparison: Comparison) -> None:
    alike = completion_title(with_night(comparison, deadline=None, reclaim=None))
    assert alike == "Nightly batch takes 1 h 26 min from a run's start to its end"
    assert " (median) to " in completion_title(with_night(comparison, deadline=None))


def test_a_crowd_is_drawn_as_configured_only(crowd: Comparison) -> None:
    (axes,) = completion_cdf(with_night(crowd)).axes
    names = [str(line.get_label()) for line in axes.lines if line.get_label() != "deadline"]
    assert len(names) > 5
    assert all(name.endswith(", spot") for name in names)


def test_it_needs_a_plan_that_computes_ahead(comparison: Comparison) -> None:
    with pytest.raises(NoChartError, match="no plan computes anything ahead"):
        completion_cdf(without(comparison, PLAN))


def test_it_is_drawn_alike_each_time(comparison: Comparison) -> None:
    lines = [completion_cdf(with_night(comparison)).axes[0].lines[0] for _ in range(2)]
    first, again = (np.asarray(line.get_xdata()).tolist() for line in lines)
    assert first == again
