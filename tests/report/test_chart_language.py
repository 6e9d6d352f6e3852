"""What every picture shares: claims, marks, themes, and pictures that stand in a page."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from small_comparisons import without

from simulator.core.estimate import Estimate
from simulator.report.charts.catalogue import drawn
from simulator.report.charts.cost import cost, cost_title
from simulator.report.charts.distributions import age_cdf, age_title, latency_title
from simulator.report.charts.look import NoChartError, looks, verdicts
from simulator.report.charts.money import money_axis
from simulator.report.charts.pareto import AGE, P99, pareto, pareto_title
from simulator.report.charts.svg import svg_of
from simulator.report.charts.theme import DARK, LIGHT, contrast, ink_on, theme
from simulator.report.plan_styles import DARK_PALETTE, MOST_PLANS, PALETTE, drawn_plans, plan_styles, styles_of
from simulator.report.result import Result
from simulator.studies.comparison import COST, Comparison
from simulator.studies.verdict import BoundVerdict, Violation

TEXT_CONTRAST, GRAPHIC_CONTRAST = 4.5, 3.0
"""WCAG 2.2, 1.4.3 and 1.4.11."""
SIMPLE = ("cost", "age_cdf", "latency_cdf", "week", "read_and_unread", "pareto")
DEUTERANOPE = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
"""What deuteranopes see of linear RGB: Machado, Oliveira and Fernandes, "A physiologically-based model for simulation
of color vision deficiency", 2009, table of severity 1."""


def spread(comparison: Comparison, costs: dict[str, tuple[float, ...]]) -> Comparison:
    """Return a comparison in which plans cost what is given, replication by replication."""
    plans = {}
    for name, usd in costs.items():
        plan = comparison.plans[name]
        values = tuple({**each, COST: amount} for each, amount in zip(plan.values, usd, strict=True))
        plans[name] = replace(plan, values=values, metrics={**plan.metrics, COST: Estimate.of(usd)})
    return replace(comparison, plans=plans)


def test_a_saving_is_told_with_its_interval(comparison: Comparison) -> None:
    seen = spread(comparison, {"nightly batch": (3000.0, 3010.0), "on demand": (1000.0, 1000.5)})
    gap = seen.selection.against["nightly batch"].estimate
    assert gap.low > 0
    title = cost_title(seen)
    assert title.startswith("On demand saves $2,005 a month against nightly batch, $1,")
    assert title.endswith(" by chance alone")


def test_a_difference_whose_interval_holds_0_is_never_claimed(comparison: Comparison) -> None:
    seen = spread(comparison, {"nightly batch": (900.0, 1400.0), "on demand": (1100.0, 1000.0)})
    assert seen.selection.undecided == ("nightly batch",)
    assert cost_title(seen) == "Chance does not decide between on demand and nightly batch: $1,050 and $1,150 a month"
    assert "saves" not in cost_title(seen)


def test_a_single_replication_claims_no_interval(single: Comparison, comparison: Comparison) -> None:
    plans = {name: replace(plan, values=plan.values[:1]) for name, plan in comparison.plans.items()}
    one = replace(comparison, plans=plans)
    assert one.replications == 1
    assert "saves" not in cost_title(one)
    assert "chance is not known" in " ".join(text.get_text() for text in cost(single).findobj(Text))


def test_no_plan_is_called_cheapest_where_chance_may_tell(comparison: Comparison) -> None:
    broken = without(comparison, "cached")
    violation = Violation("age_p95_s", 2.0, 1.0, "too old")
    plans = {name: replace(plan, violations=(violation,)) for name, plan in broken.plans.items()}
    seen = spread(replace(broken, plans=plans), {"nightly batch": (900.0, 1400.0), "on demand": (1100.0, 1000.0)})
    assert cost_title(seen) == "No plan meets every bound; the cheapest plans cost about $1,050 a month"


def with_values(comparison: Comparison, metric: str, values: dict[str, tuple[float, ...]]) -> Comparison:
    """Return a comparison in which a metric is what is given, plan by plan and replication by replication."""
    plans = {}
    for name, numbers in values.items():
        plan = comparison.plans[name]
        each = tuple({**one, metric: number} for one, number in zip(plan.values, numbers, strict=True))
        plans[name] = replace(plan, values=each, metrics={**plan.metrics, metric: Estimate.of(numbers)}, violations=())
    return replace(comparison, plans=plans, scenario=comparison.scenario.with_(slo=None))


def test_ages_and_latencies_are_told_apart_only_where_chance_does_not(comparison: Comparison) -> None:
    sure, unsure = {"on demand": (1.0, 1.01), "cached": (2.0, 2.01)}, {"on demand": (1.0, 2.0), "cached": (2.0, 1.5)}
    for metric, title in (("age_p50_s", age_title), ("latency_p99_s", latency_title)):
        assert "Chance" not in title(with_values(comparison, metric, sure))
        assert title(with_values(comparison, metric, unsure)).startswith("Chance alone may set the plans' ")


def test_a_bound_that_chance_may_break_is_not_called_broken(comparison: Comparison) -> None:
    plan = comparison.plans["cached"]
    violation = Violation("latency_p99_s", 0.21, 0.2, "too late")
    near = replace(plan, violations=(violation,), slo={"latency_p99_s": BoundVerdict.UNDECIDED})
    seen = replace(comparison, plans={**comparison.plans, "cached": near})
    assert latency_title(seen) == "Chance does not decide whether cached keeps the latency bound"
    assert verdicts(seen) == {"cached": "may break a bound"}
    sure = replace(near, slo={"latency_p99_s": BoundVerdict.BROKEN})
    assert verdicts(replace(comparison, plans={"cached": sure})) == {"cached": "breaks a bound"}


def test_no_two_plans_look_alike() -> None:
    looks = list(styles_of([str(number) for number in range(24)]).values())
    assert len({(look.colour, look.hatch) for look in looks}) == 24
    assert len({(look.colour, look.marker) for look in looks}) == 24
    assert len({look.marker for look in looks[:MOST_PLANS]}) == MOST_PLANS
    assert all(not look.hatch for look in looks[: len(PALETTE)])


def test_a_plan_keeps_its_look_whatever_the_ranking(comparison: Comparison, crowd: Comparison) -> None:
    names = list(crowd.plans)
    styles = plan_styles(crowd)
    assert [styles[name].colour for name in names[:8]] == list(PALETTE)
    assert len(drawn_plans(crowd)) == MOST_PLANS
    assert {name: look.marker for name, look in looks(crowd).items()} == {n: styles[n].marker for n in names}
    (axes,) = age_cdf(comparison).axes
    for name, look in looks(comparison).items():
        line = next(each for each in axes.lines if each.get_label() == name)
        assert to_hex(line.get_color()).upper() == look.colour
        assert line.get_marker() == look.marker


def test_both_themes_have_enough_contrast() -> None:
    for each in (LIGHT, DARK):
        for ink in (each.ink, each.quiet, each.forbidden):
            assert contrast(ink, each.paper) >= TEXT_CONTRAST
    assert min(contrast(colour, DARK.paper) for colour in DARK_PALETTE) >= TEXT_CONTRAST
    for colour in (*PALETTE, *DARK_PALETTE):
        assert contrast(ink_on(colour), colour) >= TEXT_CONTRAST


def test_deuteranopes_tell_the_dark_colours_apart() -> None:
    seen = [np.clip(DEUTERANOPE @ linear(colour), 0, 1) for colour in DARK_PALETTE]
    assert min(np.linalg.norm(lab(one) - lab(other)) for one, other in combinations(seen, 2)) > 10


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return CIELAB of linear sRGB, white at D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ rgb / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", SIMPLE)
def test_all_text_of_a_dark_chart_can_be_read(comparison: Comparison, name: str) -> None:
    figure = drawn(comparison, name, is_dark=True)
    assert to_hex(figure.get_facecolor()).upper() == DARK.paper
    assert theme() is LIGHT
    figure.canvas.draw()
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        patch = text.get_bbox_patch()
        behind = DARK.paper if patch is None else to_hex(patch.get_facecolor())
        if text.get_text() and text.get_visible():
            assert contrast(to_hex(text.get_color()), behind) >= TEXT_CONTRAST, text.get_text()


def test_the_picture_of_a_page_says_what_it_shows(comparison: Comparison) -> None:
    named = replace(comparison, scenario=comparison.scenario.model_copy(update={"name": "<script>&'\""}))
    text = svg_of(cost(named), "cost")
    root = ET.fromstring(text)  # noqa: S314  (our own)
    title, description = root[0], root[1]
    assert title.text == cost_title(comparison)
    assert (description.text or "").startswith("Cost per 30-day month by item of the bill")
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


def test_the_picture_of_a_page_needs_no_style_and_no_script(comparison: Comparison) -> None:
    text = svg_of(cost(comparison), "cost")
    assert text.startswith("<svg")
    assert not re.search(r"style|<script|<metadata|<\?xml|DOCTYPE|javascript", text)
    assert not re.search(r"(?:href|src)=\"(?!#)", text)


def test_pictures_of_a_page_share_no_ids(comparison: Comparison) -> None:
    texts = [svg_of(cost(comparison), "one"), svg_of(cost(comparison), "two")]
    ids = [set(re.findall(r'\bid="([^"]*)"', text)) for text in texts]
    assert not ids[0] & ids[1]
    for text, known in zip(texts, ids, strict=True):
        assert set(re.findall(r'(?:href="|url\()#([^")]*)', text)) <= known


def test_the_same_figure_is_the_same_bytes(comparison: Comparison) -> None:
    for is_dark in (False, True):
        ones = [svg_of(drawn(comparison, "age_cdf", is_dark=is_dark), "age") for _ in range(2)]
        assert ones[0] == ones[1]


def test_pareto_beats_only_what_is_surely_worse(comparison: Comparison) -> None:
    pair = spread(comparison, {"on demand": (800.0, 800.0), "cached": (990.0, 991.0)})
    alike = {AGE: 100.0, P99: 0.1}
    plans = {
        name: replace(plan, values=tuple({**each, **alike} for each in plan.values))
        for name, plan in pair.plans.items()
    }
    seen = replace(pair, plans=plans)
    assert pareto_title(seen) == "On demand is no worse than any other plan in cost, freshness and latency"
    unsure = spread(seen, {"on demand": (800.0, 1300.0), "cached": (1100.0, 1000.0)})
    assert "none beats another" in pareto_title(unsure)


def test_an_axis_of_money_is_in_dollars_however_wide_it_is() -> None:
    for amounts in ((1.0, 5.0), (0.01, 1e6), (-3.0, 4.0), (0.0, 0.0), ()):
        axes = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
        money_axis(axes, "Cost", amounts)
        axes.figure.canvas.draw()
        texts = [label.get_text() for label in axes.yaxis.get_majorticklabels()]
        assert all(text.lstrip("-+<").startswith("$") and "math" not in text for text in texts if text)
        assert ("logarithmic" in axes.get_ylabel()) is (axes.get_yscale() == "log")


def test_pareto_needs_two_plans(single: Comparison) -> None:
    with pytest.raises(NoChartError, match="fewer than two plans"):
        pareto(single)


def test_a_result_lists_its_pictures(comparison: Comparison) -> None:
    plot = Result(comparison).plot
    listed = re.findall(r"^  (\w+) ", repr(plot), re.MULTILINE)
    assert {"cost", "pareto", "tornado", "cost_by_activity", "age", "week"} <= set(listed)
    assert set(listed) <= set(dir(plot))
    assert to_hex(plot.dark.cost().get_facecolor()).upper() == DARK.paper
