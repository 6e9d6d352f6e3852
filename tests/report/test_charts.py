import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from small_comparisons import LONG, again, with_metric, without

from simulator.core.estimate import Estimate
from simulator.prices.book import PriceBook
from simulator.report import format as form
from simulator.report.charts import CHARTS, NoChartError, fonts, save_charts
from simulator.report.charts.completion import completion_cdf
from simulator.report.charts.cost import cost, cost_title
from simulator.report.charts.distributions import age_cdf, age_title, latency_cdf, latency_title
from simulator.report.charts.lettering import wrapped
from simulator.report.charts.look import (
    HEIGHT_IN,
    NAME_LETTERS,
    WIDTH_IN,
    colours,
    overlap,
    ticks_that_fit,
)
from simulator.report.charts.net_value import net_value, net_value_title
from simulator.report.charts.reads import read_and_unread, read_title
from simulator.report.charts.week import week, week_title
from simulator.report.plan_styles import MOST_PLANS, PALETTE, drawn_plans
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison
from simulator.studies.saturation import Saturation, Verdict

LINE_SPACING_PX = 3
"""Lines of text may reach so far into each other's boxes, which are higher than their letters."""


def texts(figure: Figure) -> list[Text]:
    """Return all texts that are drawn; labels of ticks beyond an axis' ends are not."""
    axises = [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    drawn = {id(tick.label1) for axis in axises for tick in axis._update_ticks()}  # type: ignore[attr-defined]
    ticks = {id(label) for axis in axises for label in (*axis.get_majorticklabels(), *axis.get_minorticklabels())}
    found = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_visible() and text.get_text()]
    return [text for text in found if id(text) not in ticks or id(text) in drawn]


def words(figure: Figure) -> str:
    return " | ".join(text.get_text().replace("\n", " ") for text in texts(figure))


def widths(axes: Axes) -> list[float]:
    return [patch.get_width() for container in axes.containers for patch in container.patches]  # type: ignore[attr-defined]


def curve(axes: Axes, name: str) -> tuple[np.ndarray, np.ndarray]:
    line = next(line for line in axes.lines if line.get_label() == name)
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


CLOSED_FORMS = ("cost_by_activity", "tornado", "coverage_and_waste", "age_by_run_hour", "latency_by_fleet")
"""Charts that take a second or more; test_closed_form_charts.py has them."""


def unvalued() -> list[Callable[[Comparison], Figure]]:
    """Return the charts that apply where nobody says what answers are worth."""
    return [draw for name, draw in CHARTS.items() if name not in {"net_value", *CLOSED_FORMS}]


def figures_of(comparison: Comparison) -> list[Figure]:
    """Return all charts that apply."""
    found = []
    for name, draw in CHARTS.items():
        if name not in CLOSED_FORMS:
            with suppress(NoChartError):
                found.append(draw(comparison))
    return found


def crowd_of(comparison: Comparison) -> Comparison:
    """Return every plan three times, under other names."""
    plans = {f"{name} {k}": replace(plan, name=f"{name} {k}") for name, plan in comparison.plans.items() for k in "abc"}
    return replace(comparison, plans=plans)


@pytest.fixture(scope="module")
def slides(
    comparison: Comparison, single: Comparison, crowd: Comparison, free: Comparison, valued: Comparison
) -> list[Figure]:
    """Every chart of one, three and nine plans, and of plans that cost nothing; laid out."""
    figures = [figure for each in (comparison, single, crowd, free, valued) for figure in figures_of(each)]
    figures.append(net_value(crowd_of(valued)))
    for figure in figures:
        figure.canvas.draw()
    return figures


def test_the_bars_add_up_to_the_bill(comparison: Comparison) -> None:
    (axes,) = cost(comparison).axes
    wanted = sorted(line.usd_per_month for plan in comparison.plans.values() for line in plan.bill.lines)
    assert sorted(widths(axes)) == pytest.approx(wanted)


def test_every_total_is_written_beside_its_bar(comparison: Comparison) -> None:
    said = words(cost(comparison))
    for plan in comparison.plans.values():
        assert form.usd(plan.cost_usd_per_month) in said


def test_every_item_of_a_bill_is_named(comparison: Comparison) -> None:
    said = words(cost(comparison))
    for plan in comparison.plans.values():
        assert all(line.item in said for line in plan.bill.lines if line.usd_per_month > 0)


def test_items_are_also_there_only_beside_what_a_bar_names(comparison: Comparison) -> None:
    plans = {}
    for name, usd in {"on demand": 1.0, "nightly batch": 1000.0}.items():
        (first, *_), bill = comparison.plans[name].bill.lines, comparison.plans[name].bill
        lines = (replace(first, usd_per_month=usd), replace(first, item="what is free", usd_per_month=0.0))
        if name == "nightly batch":
            lines += (replace(first, item="small", usd_per_month=2.0),)
        plans[name] = replace(comparison.plans[name], bill=replace(bill, lines=lines))
    drawn = priced(replace(comparison, plans=plans), {"on demand": 1.0, "nightly batch": 1000.0})
    said = [text.get_text() for text in texts(cost(drawn))]
    assert "also small $2.00" in said
    assert f"{plans['on demand'].bill.lines[0].item} $1.00" in said


def priced(comparison: Comparison, costs: dict[str, float]) -> Comparison:
    """Return a comparison in which plans cost what is given, in every replication."""
    plans = {
        name: replace(
            comparison.plans[name],
            metrics={**comparison.plans[name].metrics, "cost_usd_per_month": Estimate(usd, usd, usd)},
            values=tuple({**values, "cost_usd_per_month": usd} for values in comparison.plans[name].values),
        )
        for name, usd in costs.items()
    }
    return replace(comparison, plans=plans)


@pytest.mark.parametrize(
    ("costs", "title"),
    [
        ({"nightly batch": 3000, "on demand": 1000}, "On demand saves $2,000 a month against nightly batch"),
        ({"nightly batch": 1000, "on demand": 3000}, "Nightly batch saves $2,000 a month against on demand"),
        (
            {"nightly batch": 3000, "on demand": 1000, "cached": 900},
            "Cached saves $100 a month against on demand, the next",
        ),
        (
            {"nightly batch": 3000, "on demand": 1000, "cached": 999},
            "Cached and on demand cost the same within 1 %, $999 a month: $2,001 less than nightly batch, the next",
        ),
        (
            {"nightly batch": 1000, "on demand": 1000},
            "On demand and nightly batch cost the same within 1 %, $1,000 a month",
        ),
        ({"nightly batch": 5, "on demand": 5, "cached": 5}, "All 3 plans cost the same within 1 %, $5.00 a month"),
        ({"nightly batch": 0, "on demand": 0, "cached": 0}, "All 3 plans cost the same within 1 %, $0 a month"),
        ({"nightly batch": 80, "on demand": 0}, "On demand saves $80.00 a month against nightly batch"),
        ({"nightly batch": 80}, "Nightly batch costs $80.00 a month"),
    ],
)
def test_the_cost_title_names_the_winner(comparison: Comparison, costs: dict[str, float], title: str) -> None:
    assert cost_title(priced(comparison, costs)) == title


def test_the_cost_title_names_the_cheapest_that_meets_the_bounds(crowd: Comparison) -> None:
    cheap = priced(crowd, {"five": 10, "on demand": 20})
    assert cost_title(cheap) == "On demand is the only plan that meets every bound, at $20.00 a month"
    none = priced(crowd, {"five": 10, "six": 20})
    assert cost_title(none) == "No plan meets every bound; five is the cheapest, at $10.00 a month"


def test_the_cost_title_compares_with_what_might_be_chosen_instead(comparison: Comparison, crowd: Comparison) -> None:
    dear = priced(comparison, {"nightly batch": 3000, "on demand": 1000, "cached": 900})
    broken = replace(dear.plans["on demand"], violations=crowd.plans["five"].violations)
    passed = replace(dear, plans={**dear.plans, "on demand": broken})
    assert cost_title(passed) == "Cached saves $2,100 a month against nightly batch"
    alone = replace(passed, plans={name: passed.plans[name] for name in ("on demand", "cached")})
    assert cost_title(alone) == "Cached is the only plan that meets every bound, at $900 a month"


def test_titles_speak_of_plans_in_the_picture_alone(crowd: Comparison) -> None:
    (left_out,) = set(crowd.ranking) - set(drawn_plans(crowd))
    worst = {"latency_p99_s": Estimate(9, 9, 9), "age_p50_s": Estimate(9e9, 9e9, 9e9)}
    worst |= {"predictions_wasted": Estimate(1e15, 1e15, 1e15), "utilisation": Estimate(0.999, 0.999, 0.999)}
    for metric, estimate in worst.items():
        crowd = with_metric(crowd, left_out, metric, estimate)
    shown = form.short_names(list(crowd.plans), NAME_LETTERS)[left_out]
    for figure in figures_of(crowd):
        assert shown.lower() not in words(figure).lower()


def test_names_that_differ_in_the_middle_stay_different(comparison: Comparison) -> None:
    middle = [
        f"the recommendations of the home feed, {k}, as they were decided in the spring" for k in ("a", "bb", "c")
    ]
    short = form.short_names(middle, 34)
    assert len(set(short.values())) == len(middle)
    assert all(len(text) <= 34 for text in short.values())
    plan = comparison.plans["cached"]
    three = replace(comparison, plans={name: replace(plan, name=name) for name in middle})
    said = [text.get_text() for text in texts(cost(three)) if text.get_text().startswith("the ")]
    assert len(set(said)) == len(said) >= len(middle)


def test_a_makespan_without_spread_is_no_chart_unless_there_is_a_deadline(single: Comparison) -> None:
    steady = single.scenario.with_(backends__night__service_time={"kind": "affine", "fixed": "1 ms"})
    with pytest.raises(NoChartError, match="takes as long as the others"):
        completion_cdf(replace(single, scenario=steady.with_(slo=None)))
    assert "to spare" in words(completion_cdf(replace(single, scenario=steady)))


def test_a_chart_of_reads_needs_a_plan_that_keeps_predictions(comparison: Comparison) -> None:
    with pytest.raises(NoChartError, match="no plan keeps a prediction"):
        read_and_unread(without(comparison, "nightly batch", "cached"))


@pytest.mark.parametrize("longest_s", [60.0, 4000.0, 5000.0, 30_000.0, 200_000.0])
def test_texts_of_ticks_do_not_touch(longest_s: float) -> None:
    axes = Figure(figsize=(WIDTH_IN, HEIGHT_IN)).add_axes((0.1, 0.1, 0.3, 0.8))
    axes.set_xlim(0, longest_s)
    ticks = ticks_that_fit(axes, np.linspace(0, longest_s, 13).tolist(), long_tick)
    assert len(ticks) >= 2
    assert not any(overlap(axes, one, other, long_tick) for one, other in pairwise(ticks))


def long_tick(time_s: float) -> str:
    return f"{time_s:.0f} seconds"


def test_the_clock_is_local_only_where_all_users_live_by_it(comparison: Comparison) -> None:
    assert "local time" not in words(week(comparison))
    home = comparison.scenario.with_(traffic__timezones={"America/New_York": "100 %"})
    assert "local time (UTC-05:00)" in words(week(replace(comparison, scenario=home)))


def test_reads_add_up_to_what_is_computed(comparison: Comparison) -> None:
    counts, shares = read_and_unread(comparison).axes
    computed = sum(plan.metrics["predictions_computed"].mean for plan in comparison.plans.values())
    wasted = sum(plan.metrics["predictions_wasted"].mean for plan in comparison.plans.values())
    assert sum(widths(counts)) == pytest.approx(computed)
    assert sum(widths(shares)) == pytest.approx(len(comparison.plans))
    pale = [patch for bars in counts.containers if bars.get_label() == "never read" for patch in bars.patches]  # type: ignore[attr-defined]
    assert sum(patch.get_width() for patch in pale) == pytest.approx(wasted)


def test_the_read_title_names_who_wastes(comparison: Comparison) -> None:
    wasted = form.about_share(comparison.plans["nightly batch"].metrics["wasted_fraction"].mean)
    assert read_title(comparison) == (
        f"Nobody reads {wasted} of what nightly batch computes; the others compute nothing in vain"
    )
    assert read_title(without(comparison, "nightly batch")) == "No plan computes a prediction that nobody reads"


def test_more_waste_than_was_computed_counts_as_all(comparison: Comparison) -> None:
    odd = with_metric(comparison, "nightly batch", "predictions_wasted", Estimate(1e12, 1e12, 1e12))
    assert read_title(odd).startswith("Nobody reads 100 % of what nightly batch computes")


def test_the_age_curves_rise_from_0_to_1(comparison: Comparison) -> None:
    (axes,) = age_cdf(comparison).axes
    for name, plan in comparison.plans.items():
        ages, shares = curve(axes, name)
        assert (shares[0], shares[-1]) == (0, pytest.approx(1))
        assert (np.diff(shares) >= 0).all()
        median = float(ages[np.searchsorted(shares, 0.5)])
        assert median == pytest.approx(plan.age.quantile(0.5), rel=0.01)


def test_the_latency_curves_fall_through_the_quantiles(comparison: Comparison) -> None:
    (axes,) = latency_cdf(comparison).axes
    for name, plan in comparison.plans.items():
        times, beyond = curve(axes, name)
        assert beyond[0] == 1
        assert (np.diff(beyond) <= 0).all()
        p99 = float(times[np.argmax(beyond <= 0.01)])
        assert p99 == pytest.approx(plan.latency.quantile(0.99), rel=0.01)


def test_bounds_are_marked_where_there_are_any(comparison: Comparison) -> None:
    age, latency = age_cdf(comparison), latency_cdf(comparison)
    assert curve(age.axes[0], "bound")[0][0] == 36 * 3600
    assert curve(latency.axes[0], "bound")[0][0] == 0.2
    assert "95 % within 36 h" in words(age)
    assert "99 % within 200 ms" in words(latency)
    free = replace(comparison, scenario=comparison.scenario.with_(slo=None))
    assert "bound" not in words(age_cdf(free))
    assert "bound" not in words(latency_cdf(free))


def test_the_age_title_names_old_and_young(comparison: Comparison) -> None:
    old = form.duration(comparison.plans["nightly batch"].metrics["age_p50_s"].mean)
    assert age_title(comparison).startswith(
        f"The median prediction is {old} old with nightly batch, 5.0 s with on demand"
    )
    alone = without(comparison, "on demand", "cached")
    assert age_title(alone) == f"Half of the predictions that nightly batch serves are older than {old}"


def test_the_latency_title_names_who_breaks_the_bound(comparison: Comparison, crowd: Comparison) -> None:
    assert latency_title(comparison).startswith("Every plan answers 99 % of requests within")
    assert latency_title(comparison).endswith("inside the bound of 200 ms")
    assert latency_title(crowd).startswith("11 of 12 plans break the latency bound of 3 ms; p99 is up to 4.0 ms")
    pair = replace(crowd, plans={name: crowd.plans[name] for name in ("five", "on demand")})
    assert latency_title(pair) == "Five breaks the latency bound of 3 ms: 1 % of its answers take longer than 4.0 ms"


def test_the_week_shows_the_traffic_and_the_replicas(comparison: Comparison) -> None:
    figure = week(comparison)
    traffic, _, replicas = figure.axes
    mean = np.mean([outcome.hours.requests for outcome in comparison.plans["cached"].outcomes], axis=0) / 3600
    assert traffic.patches[-1].get_data().values == pytest.approx(mean)  # type: ignore[attr-defined]
    labels = {patch.get_label() for patch in replicas.patches}
    assert labels == {"on demand: billed", "on demand: busy", "cached: billed", "cached: busy"}
    assert "Mon 12:00" in words(figure)


def test_the_week_without_a_fleet_shows_traffic_and_runs(single: Comparison) -> None:
    figure = week(single)
    assert len(figure.axes) == 2
    assert "1 run of" in words(figure)
    assert "busy" not in week_title(single)


def test_the_week_title_names_the_busiest_hour(comparison: Comparison) -> None:
    hours = np.mean([outcome.hours.requests for outcome in comparison.plans["cached"].outcomes], axis=0)
    clock = f"{int(np.argmax(hours)):02d}:00"
    assert week_title(comparison).startswith(f"Traffic peaks on Monday at {clock}")


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("cost", ["Cost, USD per 30-day month"]),
        ("scoring_and_writing", ["USD per 30-day month"]),
        ("store_mediums", ["USD per 30-day month (logarithmic)"]),
        ("publication", ["Time from the start of a run, min", "Rows visible", "Write capacity, rows per second"]),
        ("read_and_unread", ["Predictions computed in 24 h", "Share of the predictions computed"]),
        ("age_cdf", ["Age when served (logarithmic)", "Predictions served, % up to that age"]),
        ("latency_cdf", ["Latency (logarithmic)", "Requests, % answered within that time"]),
        ("week", ["Requests per second", "Replicas", "Time, UTC-05:00"]),
    ],
)
def test_axes_carry_units(comparison: Comparison, name: str, labels: list[str]) -> None:
    said = words(CHARTS[name](comparison))
    assert all(label in said for label in labels)


def test_a_plan_has_one_colour_in_every_chart(comparison: Comparison) -> None:
    wanted = dict(zip(comparison.plans, PALETTE, strict=False))
    assert colours(comparison) == wanted
    (ages,), (latencies,) = age_cdf(comparison).axes, latency_cdf(comparison).axes
    for name, colour in wanted.items():
        for axes in (ages, latencies):
            line = next(line for line in axes.lines if line.get_label() == name)
            assert to_hex(line.get_color()).upper() == colour


def test_every_slide_says_where_its_numbers_come_from(comparison: Comparison) -> None:
    for draw in unvalued():
        said = words(draw(comparison))
        for part in ("Food delivery", "10,000 users", "24 h simulated", "2 replications", "seed 1", "aws-us-east-1"):
            assert part in said


def test_nothing_leaves_the_slide(slides: list[Figure]) -> None:
    for figure in slides:
        page = figure.bbox
        for text in texts(figure):
            box = text.get_window_extent()
            inside = box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1
            assert inside, text.get_text()


def test_no_title_is_cut_off(slides: list[Figure]) -> None:
    assert not any(text.get_text().endswith("…") for figure in slides for text in texts(figure) if text.get_size() > 18)


def test_texts_of_a_slide_do_not_overlap(slides: list[Figure]) -> None:
    for figure in slides:
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
        for place, (one, box) in enumerate(boxes):
            for other, other_box in boxes[place + 1 :]:
                wide = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
                high = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
                assert wide <= 1 or high <= LINE_SPACING_PX, (one, other)


def test_more_plans_than_colours_are_cut_to_the_best(crowd: Comparison) -> None:
    assert len(crowd.plans) > MOST_PLANS
    assert set(drawn_plans(crowd)) == set(crowd.ranking[:MOST_PLANS])
    assert f"the {MOST_PLANS} best ranked of {len(crowd.plans)} plans" in words(cost(crowd))


def test_plans_that_cost_nothing_can_be_drawn(free: Comparison) -> None:
    assert cost_title(free) == "All 3 plans cost the same within 1 %, $0 a month"
    assert all(width == 0 for width in widths(cost(free).axes[0]))


def test_a_chart_that_does_not_apply_says_why(comparison: Comparison) -> None:
    empty = replace(comparison.plans["cached"].age, counts=np.zeros_like(comparison.plans["cached"].age.counts))
    plan = comparison.plans["cached"]
    outcomes = tuple(replace(outcome, counted=replace(outcome.counted, age=empty)) for outcome in plan.outcomes)
    ageless = replace(comparison, plans={"cached": replace(plan, outcomes=outcomes)})
    with pytest.raises(NoChartError, match="no plan serves a prediction"):
        age_cdf(ageless)


def test_charts_are_saved_as_png_and_svg_with_equal_bytes(comparison: Comparison, tmp_path: Path) -> None:
    first, second = save_charts(comparison, tmp_path / "a" / "b"), save_charts(comparison, tmp_path / "c")
    assert {path.name for path in first} == {
        f"{name}.{kind}" for name in CHARTS if name != "net_value" for kind in ("png", "svg")
    }
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    for path in first:
        if path.suffix == ".svg":
            assert ET.parse(path).getroot().tag.endswith("svg")  # noqa: S314  (our own file)


def test_chinese_japanese_and_korean_names_are_drawn(single: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "夜间批处理 毎晩 매일"
    renamed = replace(single.plans["nightly batch"], name=name)
    named = replace(single, plans={name: renamed})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = cost(named)
        figure.canvas.draw()
    assert name in words(figure)
    assert "boxes stand for letters" not in words(figure)
    monkeypatch.setattr(fonts, "families", lambda _: (fonts.LATIN,))
    assert "boxes stand for letters that no font here has" in words(cost(named))


def test_names_in_any_script_can_be_saved(single: Comparison, tmp_path: Path) -> None:
    renamed = replace(single.plans["nightly batch"], name="毎晩 🌙")
    assert save_charts(replace(single, plans={renamed.name: renamed}), tmp_path)


def test_drawing_leaves_the_users_settings_alone(comparison: Comparison) -> None:
    with mpl.rc_context({"text.color": "red", "axes.labelsize": 3.0}):
        figure = cost(comparison)
        assert mpl.rcParams["text.color"] == "red"
    assert figure.axes[0].xaxis.label.get_size() > 3


def test_a_figure_has_a_slides_proportions(comparison: Comparison) -> None:
    width, height = cost(comparison).get_size_inches()
    assert width / height == pytest.approx(16 / 9, rel=1e-3)


def test_net_values_are_drawn_against_the_best(valued: Comparison) -> None:
    assert valued.ranking == ("better", LONG, "nightly batch")
    drawn = [patch.get_width() for patch in net_value(valued).axes[0].patches]  # type: ignore[attr-defined]
    expected = []
    for name in valued.ranking[1:]:
        gaps = [valued.difference(name, "better", metric).mean for metric in (VALUE, COST, NET_VALUE)]
        expected += [gaps[0], -gaps[1], gaps[2]]
    assert drawn == pytest.approx(expected)
    said = words(net_value(valued))
    assert "USD per 30-day month, against better" in said
    assert f"net {form.signed_usd(expected[2])} ±" in said
    assert form.usd(valued.plans["better"].metrics[VALUE].mean) in said
    assert "weights, which are no facts" in said


def test_the_title_of_the_net_values_holds(valued: Comparison) -> None:
    gap = valued.difference("better", LONG, NET_VALUE).mean
    assert net_value_title(valued).startswith(f"Better brings in {form.usd(gap)} a month more than everything that")
    assert net_value_title(without(valued, LONG)).startswith("Better is the only plan that meets every bound, at $")
    broken = without(valued, LONG, "better")
    assert net_value_title(broken) == "No plan meets every bound; nightly batch brings in most"
    twin = replace(valued.plans["better"], name="twin")
    tied = replace(valued, plans={**without(valued, LONG).plans, "twin": twin})
    amount = form.usd(valued.plans["better"].metrics[NET_VALUE].mean)
    assert net_value_title(tied) == f"Better and twin bring in the same within 1 % of the cost, {amount} a month"


def test_net_values_need_a_value_and_two_plans(comparison: Comparison, valued: Comparison) -> None:
    with pytest.raises(NoChartError, match="does not say what answers are worth"):
        net_value(comparison)
    with pytest.raises(NoChartError, match="one plan only"):
        net_value(without(valued, LONG, "nightly batch"))


def test_the_best_is_not_called_the_cheapest_where_value_decides(valued: Comparison) -> None:
    violations = valued.plans["nightly batch"].violations
    dear = priced(valued, {LONG: 10, "better": 20, "nightly batch": 30})
    broken = replace(dear, plans={**dear.plans, LONG: replace(dear.plans[LONG], violations=violations)})
    assert broken.recommended == "better"
    assert cost_title(broken).endswith(" is the cheapest, at $10.00 a month, but breaks what it must keep")
    tied = priced(valued, {LONG: 10, "better": 10, "nightly batch": 30})
    assert cost_title(tied) == "The cheapest plans cost about $10.00 a month"


def test_titles_pass_over_what_is_overloaded(valued: Comparison) -> None:
    dear = priced(valued, {LONG: 10, "better": 20, "nightly batch": 30})
    overloaded = replace(dear.plans[LONG], saturation=Saturation(Verdict.OVERLOADED, 0.0, None, "too much"))
    passed = replace(dear, plans={**dear.plans, LONG: overloaded})
    assert passed.recommended == "better"
    assert net_value_title(passed).startswith("Better is the only plan that meets every bound and keeps up, at $")
    assert cost_title(passed).endswith(" a month, but is overloaded")


def test_dearer_prices_are_drawn_larger(comparison: Comparison, book: PriceBook) -> None:
    dear = again(comparison, book.scaled(1000.0), feature_pipeline=True)
    assert sum(widths(cost(dear).axes[0])) > 100 * sum(widths(cost(comparison).axes[0]))


@pytest.mark.parametrize("text", ["one two three four five six", "x" * 200, "a-b" * 60, ""])
def test_wrapped_text_keeps_to_its_lines(text: str) -> None:
    assert wrapped(text, 12, 2.0, 2).count("\n") <= 1
