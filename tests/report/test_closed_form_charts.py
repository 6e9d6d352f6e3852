"""Pictures that closed forms draw: what they claim, held against simulations."""

import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from small_comparisons import HYBRID, NIGHTLY, ON_DEMAND, SCENARIO, SCHEDULE, compared, without

from simulator.core.units import DAY_S
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report.chart_choice import DECK
from simulator.report.charts.activity import cost_by_activity, cost_by_activity_title
from simulator.report.charts.catalogue import CHARTS
from simulator.report.charts.coverage import coverage_and_waste
from simulator.report.charts.fleet_size import latency_by_fleet
from simulator.report.charts.look import NoChartError
from simulator.report.charts.run_hours import age_by_run_hour
from simulator.report.charts.tornado import tornado
from simulator.scenario.loading import load_scenario
from simulator.studies.comparison import COST, Comparison
from simulator.studies.planner.activity_costs import activity_costs
from simulator.studies.planner.fleet_sizes import fleet_sizes
from simulator.studies.planner.run_hours import run_hours
from simulator.studies.planner.swings import STEP, swings_of
from simulator.studies.planner.windows import windows_of
from simulator.studies.study import compare
from simulator.studies.turns import Side, Turn, TurningPoints

CLOSED = ("cost_by_activity", "tornado", "coverage_and_waste", "age_by_run_hour", "latency_by_fleet")
RECENT = {**SCHEDULE, "scope": {"kind": "active_within", "window": "7 d"}}


def words(figure: Figure) -> str:
    found = (text.get_text().replace("\n", " ") for text in figure.findobj(Text))
    return " | ".join(filter(None, found))


@pytest.fixture(scope="module")
def recent(book: PriceBook) -> Comparison:
    """A nightly run for the recently active, others on demand, and all on demand; of 100,000 users."""
    plans = {"recent": {**ON_DEMAND, "precompute": RECENT}, "on demand": ON_DEMAND}
    return compared(book, plans=plans, **{"population.users": "100k"})


@pytest.mark.parametrize("name", CLOSED)
def test_what_no_simulation_has_shown_says_so(recent: Comparison, name: str) -> None:
    said = words(CHARTS[name](recent)).lower()
    assert "closed form" in said
    assert "simulated" in said


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms_are_silent_of_replays_and_of_too_little(recent: Comparison, name: str) -> None:
    few = recent.scenario.model_copy(update={"population": recent.scenario.population.model_copy(update={"users": 5})})
    with pytest.raises(NoChartError, match="too little was simulated"):
        CHARTS[name](replace(recent, scenario=few))


def test_costs_along_the_activity_are_what_is_simulated_there(recent: Comparison, book: PriceBook) -> None:
    found = activity_costs(recent)
    assert found is not None
    value = float(found.values[-1])
    seen = compare(found.axis.at(value), book, workers=1)
    for name, costs in found.costs_usd.items():
        assert costs[-1] == pytest.approx(seen.plans[name].metrics[COST].mean, rel=0.03)
        now = int(np.argmin(np.abs(found.values - found.axis.now)))
        assert costs[now] == pytest.approx(recent.plans[name].metrics[COST].mean, rel=0.03)


def test_a_break_even_of_closed_forms_is_one_when_it_is_simulated(book: PriceBook) -> None:
    functions = {
        "kind": "serverless",
        "memory": "2 GiB",
        "meter": "aws_lambda_arm",
        "startup": "1 s",
        "service_time": "2 s",
    }
    changes: dict[str, Any] = {
        "plans": {"nightly batch": NIGHTLY, "on demand": ON_DEMAND},
        "slo": None,
        "population.users": "100k",
        "backends.night.feature_pipeline.cost": "1 USD",
        "backends.live": functions,
        "backends.live.service_time": "2 s",
    }
    found = activity_costs(compared(book, **changes))
    assert found is not None
    assert found.eligible[0] == "on demand"
    (crossing,) = found.above
    assert (crossing.plan, crossing.instead) == ("nightly batch", "on demand")
    below, above = (compare(found.axis.at(crossing.value * times), book, workers=1) for times in (1 / 1.3, 1.3))
    assert below.ranking[0] == "on demand"
    assert above.ranking[0] == "nightly batch"


def test_what_was_simulated_of_a_turn_is_the_title(recent: Comparison) -> None:
    sides = Side(0.05, "5%", 10.0), Side(0.07, "7%", -10.0)
    keys = ("store.expiry", "population.daily_active")
    turns = tuple(Turn("recent", *sides, from_now=False, key=key) for key in keys)
    told = replace(recent, turning_points=TurningPoints("on demand", turns))
    assert cost_by_activity_title(told) == (
        "Recent becomes the better plan than on demand between 5% and 7% daily active"
    )


def test_the_window_that_is_starred_is_the_cheapest_that_keeps_the_bounds(recent: Comparison) -> None:
    found = windows_of(recent)
    assert found is not None
    assert (found.plan, found.now_s) == ("recent", 7 * DAY_S)
    assert found.cheapest is not None
    assert found.cheapest.cost_usd == min(each.cost_usd for each in found.windows if each.keeps)
    assert [each.coverage for each in found.windows] == sorted(each.coverage for each in found.windows)
    now = found.now
    assert now is not None
    assert now.coverage == pytest.approx(recent.plans["recent"].metrics["coverage"].mean, rel=0.05)
    assert now.cost_usd == pytest.approx(recent.plans["recent"].cost_usd_per_month, rel=0.03)
    assert "starred: the cheapest" in words(coverage_and_waste(recent))


def test_ages_by_the_hour_of_runs_are_what_is_simulated(book: PriceBook) -> None:
    now = compared(book, plans={"nightly batch": NIGHTLY}, **{"population.users": "100k"})
    found = run_hours(now)
    assert found is not None
    noon = {**NIGHTLY, "precompute": {**SCHEDULE, "at": "12:00"}}
    seen = compared(book, plans={"nightly batch": noon}, **{"population.users": "100k"})
    for hour, simulated in ((2, now), (12, seen)):
        age_s = simulated.plans["nightly batch"].metrics["age_mean_s"].mean
        assert found.age_mean_s[0, hour // 2] == pytest.approx(age_s, rel=0.06)
    assert found.now_hour == 2
    assert found.best_hour in range(0, 24, 2)
    assert f"starts at {found.best_hour:02d}:00" in words(age_by_run_hour(now))


def test_the_runs_of_a_plan_are_among_those_that_are_drawn(book: PriceBook) -> None:
    hourly = {**NIGHTLY, "precompute": {**SCHEDULE, "every": "1 h", "at": "00:00"}}
    found = run_hours(compared(book, plans={"hourly": hourly}))
    assert found is not None
    assert 24 in found.runs
    assert np.allclose(found.age_mean_s[found.row], found.age_mean_s[found.row, 0])


def test_the_latency_of_fleets_falls_with_their_size(recent: Comparison, book: PriceBook) -> None:
    found = fleet_sizes(recent)
    assert found is not None
    known = found.p99_s[np.isfinite(found.p99_s)]
    assert (np.diff(known) <= 1e-9).all()
    assert (np.diff(found.cost_usd) > 0).all()
    capacity = {"kind": "fixed", "replicas": found.sizes[-1]}
    few = {"population.users": "100k", "backends.live.capacity": capacity}
    seen = compared(book, plans={"on demand": ON_DEMAND}, **few)
    assert found.cost_usd[-1] == pytest.approx(seen.plans["on demand"].cost_usd_per_month, rel=0.03)
    assert found.busy_replicas.shape == (24,)
    assert "Replicas" in words(latency_by_fleet(recent))


def test_a_price_that_is_a_tenth_higher_moves_the_saving_as_told(recent: Comparison, book: PriceBook) -> None:
    found = swings_of(recent)
    assert found is not None
    assert found.against is not None
    prices = [swing for swing in found.swings if swing.is_rebilled]
    linear = {line.meter: line for plan in recent.plans.values() for line in plan.bill.lines if not line.terms}
    for swing in prices:
        meter = swing.key.removeprefix("price of ")
        spent = {
            name: math.fsum(line.usd_per_month for line in recent.plans[name].bill.lines if line.meter == meter)
            for name in (found.plan, found.against)
        }
        assert meter in linear
        assert swing.higher_usd == pytest.approx(STEP * (spent[found.against] - spent[found.plan]))
    assert list(found.swings) == sorted(found.swings, key=lambda swing: -swing.size_usd)
    assert book.name == recent.book.name


def test_an_input_that_is_a_tenth_higher_moves_the_saving_as_simulated(recent: Comparison, book: PriceBook) -> None:
    found = swings_of(recent)
    assert found is not None
    assert found.against is not None
    swing = next(each for each in found.swings if each.key.endswith("precompute.every"))
    longer = {**ON_DEMAND, "precompute": {**RECENT, "every": "26.4 h"}}
    few = {"population.users": "100k", "horizon": "11 d"}
    seen = compared(book, plans={"recent": longer, "on demand": ON_DEMAND}, **few)
    base = compared(book, plans={"recent": {**ON_DEMAND, "precompute": RECENT}, "on demand": ON_DEMAND}, **few)
    moved = [each.difference(found.against, found.plan, COST).mean for each in (base, seen)]
    assert swing.higher_usd == pytest.approx(moved[1] - moved[0], rel=0.12)


def test_the_tornado_says_which_input_turns_the_choice(recent: Comparison) -> None:
    found = swings_of(recent)
    assert found is not None
    saving = recent.difference(str(found.against), found.plan, COST).mean
    turns = any(min(swing.lower_usd, swing.higher_usd) < -saving for swing in found.swings)
    assert ("o single input" in words(tornado(recent))) is not turns


def test_no_input_is_said_to_turn_what_chance_decides(recent: Comparison, valued: Comparison) -> None:
    usd = {"recent": (1000.0, 1400.0), "on demand": (1100.0, 1250.0)}
    plans = {
        name: replace(
            plan, values=tuple({**each, COST: cost} for each, cost in zip(plan.values, usd[name], strict=True))
        )
        for name, plan in recent.plans.items()
    }
    unsure = replace(recent, plans=plans)
    assert unsure.selection.undecided
    for comparison in (unsure, valued):
        found = swings_of(comparison)
        assert found is None or found.against is None


def test_a_plan_alone_is_told_by_its_own_cost(recent: Comparison) -> None:
    alone = without(recent, "on demand")
    found = swings_of(alone)
    assert found is not None
    assert found.against is None
    assert "moves the cost of recent most" in words(tornado(alone))


def test_plans_without_a_fleet_and_without_runs_say_so(recent: Comparison) -> None:
    with pytest.raises(NoChartError, match="no plan of which closed forms know computes ahead"):
        age_by_run_hour(without(recent, "recent"))
    with pytest.raises(NoChartError, match="no plan of which closed forms know computes ahead for everyone"):
        coverage_and_waste(without(recent, "recent"))


def is_inside(figure: Figure, text: Text) -> bool:
    box, page = text.get_window_extent(), figure.bbox
    return bool(box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1)


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(SCENARIO.parent.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_picture_of_every_bundled_scenario_can_be_drawn(path: Path) -> None:
    scenario = load_scenario(path, {"population.users": "20k", "replications": 2})
    seen = compare(scenario, load_book(scenario.prices, path.parent), workers=1)
    drawn = 0
    for draw in CHARTS.values():
        with suppress(NoChartError):
            figure = draw(seen)
            figure.canvas.draw()
            drawn += 1
            assert all(is_inside(figure, text) for text in figure.texts)
    assert drawn >= len(DECK)


def test_hybrids_with_odd_names_are_drawn(book: PriceBook) -> None:
    names = ('<b>bold</b> & "quoted"', "=1+1", "夜间批处理", "x" * 80, "line\nbreak", "a.b.c")
    plans = {name: HYBRID if place % 2 else ON_DEMAND for place, name in enumerate(names)}
    odd = compared(book, plans=plans)
    for draw in (cost_by_activity, tornado, age_by_run_hour, latency_by_fleet):
        figure = draw(odd)
        figure.canvas.draw()
        assert all(is_inside(figure, text) for text in figure.texts)
