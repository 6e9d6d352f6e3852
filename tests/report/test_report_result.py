import json
import sys
from html import escape
from pathlib import Path
from subprocess import run

import pytest

from simulator.core.errors import UserError
from simulator.report import format as form
from simulator.report.json_report import as_json
from simulator.report.notebook import NO_MATHS, TextTable
from simulator.report.result import Result
from simulator.studies.comparison import Comparison

KEYS = ["scenario", "version", "seed", "users", "horizon_s", "replications", "plans", "sizings", "differences",
        "ranking", "recommended", "selection", "recommendation", "turning_points", "warnings"]  # fmt: skip


def test_the_json_survives_a_round_trip(comparison: Comparison, single: Comparison, crowd: Comparison) -> None:
    for each in (comparison, single, crowd):
        content = as_json(each)
        assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_the_json_has_its_keys_in_order(comparison: Comparison) -> None:
    content = as_json(comparison)
    assert list(content) == KEYS
    assert list(content["plans"]) == list(comparison.plans)
    assert list(content["plans"]["cached"]) == ["metrics", "bill", "meets_slo", "violations", "saturation", "slo"]


def test_an_interval_that_is_not_known_is_null(single: Comparison) -> None:
    cost = as_json(single)["plans"]["nightly batch"]["metrics"]["cost_usd_per_month"]
    assert cost["mean"] > 0
    assert cost["low"] is None
    assert cost["high"] is None


def test_what_a_plan_breaks_is_in_the_json(crowd: Comparison) -> None:
    broken = as_json(crowd)["plans"]["five"]
    assert not broken["meets_slo"]
    assert broken["violations"][0]["metric"] == "latency_p99_s"
    assert broken["violations"][0]["value"] > broken["violations"][0]["bound"]


def test_a_result_knows_the_recommendation(comparison: Comparison) -> None:
    result = Result(comparison)
    assert result.recommended == comparison.recommended == result.ranking[0]
    assert result.recommendation.startswith(f"Choose {result.recommended}")
    assert str(result.recommended) in repr(result)
    assert len(repr(result)) < 120


def test_a_choice_of_charts_that_there_is_not_is_refused_before_anything_is_written(
    comparison: Comparison, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="must be one of none, deck, all"):
        Result(comparison).save(tmp_path / "run", charts="some")
    assert not list(tmp_path.iterdir())


def test_a_result_has_tables(comparison: Comparison) -> None:
    result = Result(comparison)
    assert result.table.shape[1] == len(comparison.plans)
    assert result.metrics("cached").loc["requests", "mean"] > 0
    assert "online compute" in result.bill("on demand").index
    assert set(result.differences["plan"]) == set(comparison.ranking[1:])
    assert result.numbers.shape[1] == 3 * len(comparison.plans)


def test_a_bill_shows_itself_formatted_with_its_total(comparison: Comparison) -> None:
    bill = Result(comparison).bill("on demand")
    total = form.usd(comparison.plans["on demand"].bill.total_usd_per_month)
    for shown in (repr(bill), bill._repr_html_()):
        assert total in shown
        assert "$0.526" in shown
    assert bill["usd_per_month"].sum() == pytest.approx(comparison.plans["on demand"].bill.total_usd_per_month)
    assert "total" not in repr(bill[["quantity"]])


def test_a_result_shows_what_decides_first_with_the_best_marked_and_one_picture(comparison: Comparison) -> None:
    result = Result(comparison)
    html = result._repr_html_()
    rows = ("rank", "cost per month", "spent on unread", "age mean", "latency p99")
    places = [html.index(f">{row}<") for row in rows]
    assert places == sorted(places)
    assert html.count("<img") == 1
    assert f'font-weight: bold; background: rgba(0, 158, 115, 0.15)">{result.recommended}</th>' in html
    assert list(result.table.index[:2]) == ["rank", "cost per month"]


def test_a_result_shows_the_answer_first(comparison: Comparison) -> None:
    result = Result(comparison)
    answer = f"<p><strong>{escape(result.recommendation.splitlines()[0])}</strong></p>"
    assert result._repr_html_().startswith(f'<div class="{NO_MATHS}">{answer}<table')


def test_two_amounts_of_money_are_no_formula_in_jupyterlab(comparison: Comparison) -> None:
    shown = (Result(comparison)._repr_html_(), Result(comparison).bill("cached")._repr_html_())
    told = TextTable({"a": ["$902 \N{PLUS-MINUS SIGN} <$1"]})
    for html in (*shown, told._repr_html_(), told.head(1)._repr_html_()):
        assert html.startswith(f'<div class="{NO_MATHS}">')
    assert "tex2jax_ignore" in NO_MATHS.split(), "what MathJax calls it"


def test_what_a_result_holds_is_short_when_it_is_printed(comparison: Comparison) -> None:
    assert len(repr(comparison)) < 100
    assert all(len(repr(plan)) < 100 for plan in comparison.plans.values())


def test_a_scenario_lists_its_own_parts_alone(comparison: Comparison) -> None:
    names = [name for name in dir(comparison.scenario) if not name.startswith("_")]
    assert {"population", "plans", "with_", "horizon_s"} <= set(names)
    assert not {name for name in names if name.startswith(("model_", "parse_")) or name in {"json", "dict", "copy"}}


def test_a_plan_that_is_not_there_is_the_users_error(comparison: Comparison) -> None:
    with pytest.raises(UserError, match="there is no plan 'cache'; did you mean 'cached'"):
        Result(comparison).bill("cache")


def test_a_result_shows_itself_as_escaped_html(crowd: Comparison) -> None:
    html = Result(crowd)._repr_html_()
    assert "<b>bold</b>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<table" in html


def test_a_result_draws(comparison: Comparison) -> None:
    plot = Result(comparison).plot
    for draw in (plot.cost, plot.read_and_unread, plot.age, plot.latency, plot.week):
        assert draw().axes


def test_tables_for_the_terminal_import_neither_matplotlib_nor_pandas() -> None:
    code = "import simulator.report.tables, sys; print({'matplotlib', 'pandas'} & set(sys.modules))"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
