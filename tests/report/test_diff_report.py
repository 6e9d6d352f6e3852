"""A difference in words, tables, Markdown, JSON, pictures and Jupyter: what is said holds for the numbers."""

import json
import math
import re
from dataclasses import replace
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from small_comparisons import HYBRID, LONG, ON_DEMAND, SCENARIO

import simulator as sim
from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.report import format as form
from simulator.report.charts.look import NoChartError
from simulator.report.charts.paired import paired
from simulator.report.charts.saving import write_figure
from simulator.report.charts.waterfall import waterfall
from simulator.report.diff_markdown import diff_markdown
from simulator.report.diff_result import DiffResult
from simulator.report.diff_rows import rows_of
from simulator.report.diff_tables import diff_json, diff_report
from simulator.report.diff_words import finding_said, headline, sentences
from simulator.report.notebook import NO_MATHS
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST, NET_VALUE
from simulator.studies.difference import Diff
from simulator.studies.gates import judged, read_gates
from simulator.studies.iterations import Iteration, Iterations
from simulator.studies.verdict import BoundVerdict

WIDTH = 80
AWKWARD = "a[red]b[/red] |$1| `x` *y* <b>"


def scenario(**changes: Any) -> Scenario:
    few = {
        "population.users": "10k",
        "horizon": "1 d",
        "replications": 3,
        "plans": {"on demand": ON_DEMAND, "hybrid": HYBRID, AWKWARD: {**ON_DEMAND, "cache": "1 h"}},
    }
    return load_scenario(SCENARIO, {**few, **changes})


def different(before: Scenario, after: Scenario, book: PriceBook, other: PriceBook | None = None) -> Diff:
    iterations = Iterations(Iteration("last.yaml", before, book), Iteration("this.yaml", after, other or book), 1)
    return Diff.of(iterations, iterations.run())


@pytest.fixture(scope="module")
def diff(book: PriceBook) -> Diff:
    """Twice as many runs, dearer instances, a cache that keeps for longer, a plan more."""
    plans = {
        "on demand": ON_DEMAND,
        "hybrid": {**HYBRID, "precompute": {**HYBRID["precompute"], "every": "12 h"}},  # type: ignore[dict-item]
        AWKWARD: {**ON_DEMAND, "cache": "3 h"},
        LONG: HYBRID,
    }
    return different(scenario(), scenario(plans=plans, **{"backends.live.instance": "g5.xlarge"}), book)


@pytest.fixture(scope="module")
def same(book: PriceBook) -> Diff:
    return different(scenario(), scenario(), book)


def printed(diff: Diff, *gates: str, is_all: bool = False, width: int = WIDTH) -> str:
    console = Console(width=width, record=True, file=StringIO())
    for renderable in diff_report(diff, judged(diff, read_gates(gates)), is_all=is_all):
        console.print(renderable)
    return console.export_text()


def words(figure: Any) -> str:
    return " | ".join(text.get_text().replace("\n", " ") for text in [*figure.texts, *figure.axes[0].texts])


def test_the_headline_says_what_the_best_plan_costs_more(diff: Diff) -> None:
    best = diff.after.recommended
    assert best is not None
    change = diff.change(best)
    assert headline(diff).startswith(
        form.capital(f"{form.one_line(best)} costs {form.usd(change.estimate.mean)} a month more")
    )
    assert form.relative_change(change.before, change.after) in headline(diff)


def test_where_the_cost_is_about_the_same_the_headline_says_what_else_is_sure(book: PriceBook) -> None:
    found = different(scenario(), scenario(**{"model.feature_lag": "2 min"}), book)
    plan = "on demand"
    change = found.change(plan, "age_p95_s")
    assert change.is_decided
    assert found.change(plan).estimate.mean == 0
    said = re.match(
        r"On demand costs about the same; (.+): (.+) before, (.+) now, (.+) \(95 % interval", headline(found)
    )
    assert said is not None
    assert said[1] == form.metric_label("stale_fraction")
    stale = found.change(plan, "stale_fraction")
    assert said.groups()[1:] == (form.share(stale.before), form.share(stale.after), f"+{said[4][1:]}")


def test_of_what_is_the_same_twice_no_difference_is_said(same: Diff) -> None:
    assert headline(same) == "No difference: all 3 plans do and cost the same, to the last digit"
    assert not any("chance" in said for said in sentences(same))
    assert "chance?" not in printed(same)
    with pytest.raises(NoChartError, match="every plan costs the same"):
        waterfall(same)


def test_with_one_replication_chance_is_said_not_to_be_told(book: PriceBook) -> None:
    one = different(scenario(replications=1), scenario(replications=1, **{"backends.live.instance": "g5.xlarge"}), book)
    assert "with one replication nobody knows what of it is chance" in headline(one)
    (found,) = judged(one, read_gates(["plans.on demand.cost_usd_per_month > +5%"]))
    assert "one replication gives no interval" in finding_said(found)
    assert "no interval" in printed(one)


def test_where_value_is_given_the_headline_is_about_net_value(book: PriceBook) -> None:
    value = {"value": {"per_request": "0.5 USD"}, "model.accuracy": {"initial": "95.8 %"}}
    worse = different(scenario(**value), scenario(**value, **{"backends.live.instance": "g5.xlarge"}), book)
    best = worse.after.recommended
    assert best is not None
    lost = form.usd(-worse.change(best, NET_VALUE).estimate.mean)
    assert f"brings in {lost} a month less than before" in headline(worse)
    assert "its answers are worth the same, and it costs" in headline(worse)


def test_the_words_at_a_difference_follow_its_interval(diff: Diff) -> None:
    for plan in diff.plans:
        metrics = [change for change in diff.changes(plan) if change.estimate.mean]
        said = {row.cells[0]: row.cells[-1] for row in rows_of(diff, plan, is_all=True) if not row.is_item}
        for change in metrics:
            word = said[form.metric_label(change.metric)]
            assert (word == "chance?") == change.estimate.includes_zero
    assert dict(zip(["cost"], [row.cells[-1] for row in rows_of(diff, "on demand")], strict=False)) == {"cost": "worse"}


def test_the_tables_fit_80_columns_and_names_are_no_markup(diff: Diff) -> None:
    text = printed(diff, "plans.*.cost_usd_per_month > +5%", is_all=True)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= WIDTH
    assert form.one_line(AWKWARD) in text


def test_plans_that_are_the_same_are_named_and_not_listed(book: PriceBook) -> None:
    plans = {**scenario().model_dump(mode="json", exclude_none=True)["plans"], AWKWARD: {**ON_DEMAND, "cache": "5 h"}}
    text = printed(different(scenario(), scenario(plans=plans), book))
    assert "The same to the last digit: on demand and hybrid." in text
    assert "latency p99" not in text.split("hybrid")[-1]


def test_a_gate_that_all_plans_keep_is_said_once(diff: Diff) -> None:
    text = printed(diff, "plans.*.latency_p99_s > +1 s", "plans.*.cost_usd_per_month > +5%")
    assert "kept: plans.*.latency_p99_s > +1 s: by all 3 plans" in " ".join(text.split())
    assert text.count("broken: plans.*.cost_usd_per_month") == 3


def test_markdown_has_whole_tables_and_shows_names_as_they_are(diff: Diff) -> None:
    text = diff_markdown(diff, judged(diff, read_gates(["plans.on demand.cost_usd_per_month > +5%"])))
    assert ":x: broken" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(columns) == 1, block
    assert "\\|$1\\|" in text
    assert "<b>" not in re.sub(r"``.*?``", "", text).replace("\\<b", "")
    assert text.count("<details>") == text.count("</details>") > 0


def test_json_keeps_the_contract_and_its_numbers_are_those_of_the_runs(diff: Diff) -> None:
    content = json.loads(json.dumps(diff_json(diff), allow_nan=False))
    assert {"plan", "metric", "mean", "low", "high"} <= set(content["differences"][0])
    assert {"key", "before", "after"} == set(content["changed"][0])
    for each in content["differences"]:
        ones, others = diff.samples(each["plan"], each["metric"])
        assert each["mean"] == pytest.approx(np.mean(others) - np.mean(ones), abs=1e-9 * max(1.0, abs(np.mean(ones))))
    assert content["plans"] == {"added": [LONG], "removed": [], "renamed": {}}
    every = {change["key"]: change for change in content["changed"]}["plans.hybrid.precompute.every"]
    assert (every["before"], every["after"]) == (86_400.0, 43_200.0)


def test_the_waterfall_goes_from_0_to_the_whole_difference_line_by_line(diff: Diff) -> None:
    (axes,) = waterfall(diff, "hybrid").axes
    bars = [patch for container in axes.containers for patch in getattr(container, "patches", ())]
    *lines, total = bars
    end = 0.0
    for bar in lines:
        assert bar.get_x() + (min(0, bar.get_width())) == pytest.approx(min(end, end + bar.get_width()))
        end += bar.get_width()
    assert total.get_width() == pytest.approx(end) == pytest.approx(diff.change("hybrid").estimate.mean)


def test_the_waterfall_says_the_finding_and_stays_on_its_slide(diff: Diff) -> None:
    for figure in (waterfall(diff, "hybrid"), waterfall(diff, AWKWARD)):
        figure.canvas.draw()
        assert "costs $" in words(figure)
        box = figure.bbox
        for text in [*figure.texts, *figure.axes[0].texts, *figure.axes[0].get_yticklabels()]:
            extent = text.get_window_extent()
            assert box.x0 <= extent.x0
            assert extent.x1 <= box.x1, text.get_text()


def test_many_lines_are_summed_and_still_add_up(diff: Diff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.report.charts.waterfall.MOST_LINES", 1)
    (axes,) = waterfall(diff, "hybrid").axes
    widths = [patch.get_width() for container in axes.containers for patch in getattr(container, "patches", ())]
    assert len(widths) == 3
    assert sum(widths[:2]) == pytest.approx(widths[2])
    assert "other lines" in axes.get_yticklabels()[1].get_text()


def test_the_paired_chart_shows_both_intervals_and_its_title_holds(diff: Diff) -> None:
    figure = paired(diff, AWKWARD, "cache_hit_ratio")
    change, unpaired = diff.change(AWKWARD, "cache_hit_ratio"), diff.unpaired(AWKWARD, "cache_hit_ratio")
    said = words(figure)
    for each in (change.estimate, unpaired):
        assert form.signed_interval("cache_hit_ratio", each.low, each.high) in said
    assert ("chance alone may have made that" in said) == change.estimate.includes_zero
    assert ("and not on others" in said) == (change.is_decided and unpaired.includes_zero)


def test_a_figure_that_cannot_be_written_leaves_what_was_there(diff: Diff, tmp_path: Path) -> None:
    path = tmp_path / "chart.svg"
    write_figure(waterfall(diff), path)
    assert path.read_text(encoding="utf-8").startswith("<?xml")
    with pytest.raises(UserError, match="cannot write"):
        write_figure(waterfall(diff), tmp_path / "none" / "chart.png")
    assert [each.name for each in tmp_path.iterdir()] == ["chart.svg"]


def test_in_python_the_same_is_a_tidy_table_and_draws_itself(diff: Diff) -> None:
    shown = DiffResult(diff)
    change = diff.change("hybrid", COST)
    row = shown.table.loc[("hybrid", COST)]
    assert (row["mean"], row["low"], row["high"]) == (change.estimate.mean, change.estimate.low, change.estimate.high)
    assert shown.bill.loc["hybrid"]["mean"].sum() == pytest.approx(change.estimate.mean)
    assert shown.changed.loc["backends.live.instance", "now"] == "g5.xlarge"
    html = shown._repr_html_()
    assert "<b>" not in html
    assert escape(headline(diff)) in html
    assert html.startswith(f'<div class="{NO_MATHS}"><p><strong>')
    assert shown.plot.waterfall("hybrid").axes
    assert shown.gate("plans.hybrid.cost_usd_per_month > +5%")[0].startswith("broken")
    with pytest.raises(UserError, match="did you mean 'hybrid'"):
        shown.plot.waterfall("hybird")


def test_diff_takes_results_scenarios_files_and_folders(tmp_path: Path) -> None:
    first = scenario(replications=2)
    result = sim.run(first, workers=1)
    folder = result.save(tmp_path / "run", charts="none")
    for before in (result, folder, first):
        found = sim.diff(before, first.with_(plans__on_demand__cache="1 h"), workers=1)
        assert found.diff.pairing == "requests"
        assert [plan for plan in found.diff.plans if not found.diff.is_same(plan)] == ["on demand"]
    with pytest.raises(UserError, match="diff\\(\\) takes results, scenarios and paths, not a int"):
        sim.diff(1, first)  # type: ignore[arg-type]


def test_a_plan_that_begins_to_break_a_bound_is_told_and_whether_that_is_sure(diff: Diff) -> None:
    broken = replace(_violation(), text="latency p99 is 9 s, above 200 ms")
    for told, chance in ((BoundVerdict.BROKEN, ""), (BoundVerdict.UNDECIDED, "; chance alone may have made that")):
        result = replace(diff.after.plans["on demand"], violations=(broken,), slo={broken.metric: told})
        after = replace(diff.after, plans={**diff.after.plans, "on demand": result})
        said = f"on demand broke no bound before, and now: latency p99 is 9 s, above 200 ms{chance}."
        assert said in sentences(replace(diff, after=after))


def _violation() -> Any:
    from simulator.studies.verdict import Violation

    return Violation("latency_p99_s", 9.0, 0.2, "")


@pytest.mark.parametrize(
    ("metric", "difference", "text"),
    [
        (COST, 12.3, "+$12.30"),
        (COST, -1e-6, "about 0"),
        ("cache_hit_ratio", 0.00187, "+0.19 pp"),
        ("cache_hit_ratio", -0.2083, "-20.8 pp"),
        ("latency_p99_s", -0.0012, "-1.2 ms"),
        ("requests", 0.0, "0"),
        ("requests", math.nan, "-"),
    ],
)
def test_differences_are_written_with_sign_and_unit(metric: str, difference: float, text: str) -> None:
    assert form.signed_metric(metric, difference) == text


def test_intervals_name_a_unit_once() -> None:
    assert form.signed_interval("latency_p99_s", -0.0012, 0.002) == "-1.2 to +2.0 ms"
    assert form.signed_interval("age_p95_s", -4_000.0, 120.0) == "-1.1 h to +2.0 min"
    assert form.signed_interval(COST, -14.0, -10.0) == "-$14.00 to -$10.00"
