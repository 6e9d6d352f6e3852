"""What is said of other activities: only what a run there confirms."""

from dataclasses import replace
from typing import Any

import pytest
from small_runs import SCENARIOS, small

from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.activity import Axis
from simulator.studies.comparison import NET_VALUE, Comparison
from simulator.studies.looking import Looks
from simulator.studies.prediction import Growth
from simulator.studies.recommendation import recommendation
from simulator.studies.study import compare
from simulator.studies.turning_points import LEAST_ADVANTAGE, examined
from simulator.studies.turns import TurningPoints

ANOTHER_SEED = 77
HUGE = 5_000_000


def growing(**changes: Any) -> Scenario:
    """Return a scenario whose fleet grows with its traffic, past the price of a night's run."""
    plans = {"plans__cached": None, "population__users": "300k", "backends__live__capacity__target": "0.2 %"}
    return small(**plans, **changes)


def findings(comparison: Comparison) -> TurningPoints:
    assert comparison.turning_points is not None
    return comparison.turning_points


def loss_usd(comparison: Comparison, plan: str, against: str) -> float:
    """Return how much worse a plan is than another."""
    gap = comparison.difference(plan, against, comparison.judged_by).mean
    return -gap if comparison.judged_by == NET_VALUE else gap


def deny(comparison: Comparison, workers: int) -> list[str]:
    """Run the scenario at every activity that is spoken of, with another seed, and return what the run denies."""
    found, axis, denied = findings(comparison), Axis.of(comparison.scenario), []
    sides = [(turn.plan, side) for turn in found.turns for side in (turn.near, turn.far)]
    for plan, side in sides:
        assert axis is not None
        there = axis.at(side.value).model_copy(update={"seed": ANOTHER_SEED, "replications": 1})
        two = there.model_copy(update={"plans": {name: there.plans[name] for name in (plan, found.against)}})
        gap = loss_usd(compare(two, comparison.book, workers=workers), plan, found.against)
        if (gap > 0) != (side.more_usd_per_month > 0):
            denied.append(f"{plan} at {side.text}: said {side.more_usd_per_month:.2f}, run {gap:.2f}")
    return denied


@pytest.fixture(scope="module")
def fleet_that_grows(book: PriceBook) -> Comparison:
    return examined(compare(growing(), book, workers=1), workers=1)


@pytest.fixture(scope="module")
def two_servers(book: PriceBook) -> Comparison:
    return examined(compare(small(population__users="200k"), book, workers=1), workers=1)


def test_a_turn_that_is_said_is_what_runs_with_another_seed_find(fleet_that_grows: Comparison) -> None:
    assert findings(fleet_that_grows).turns
    assert deny(fleet_that_grows, workers=1) == []


def test_the_two_sides_of_a_turn_stand_in_its_sentence(fleet_that_grows: Comparison) -> None:
    said = recommendation(fleet_that_grows)
    for turn in findings(fleet_that_grows).turns:
        line = next(line for line in said if line.startswith(f"{turn.plan} costs about"))
        assert turn.near.text in line
        assert turn.far.text in line
        assert turn.near.more_usd_per_month > 0 > turn.far.more_usd_per_month


def test_where_two_servers_are_nearly_all_of_the_bill_no_activity_is_said_to_make_another_plan_cheaper(
    two_servers: Comparison,
) -> None:
    assert findings(two_servers).turns == ()
    assert not any("the ranking turns" in line for line in recommendation(two_servers))


def test_one_sentence_speaks_of_all_plans_that_do_not_win_where_they_were_simulated(two_servers: Comparison) -> None:
    lines = [line for line in recommendation(two_servers) if line.startswith("Simulated at ")]
    rivals = [name for name in two_servers.rivals if name not in two_servers.selection.near]
    assert len(lines) == 1
    assert all(name in lines[0] for name in rivals)


def test_plans_that_are_said_not_to_win_do_not_in_runs_with_another_seed(two_servers: Comparison) -> None:
    axis, found = Axis.of(two_servers.scenario), findings(two_servers)
    assert axis is not None
    assert found.still
    by_text = {axis.text(value): value for value in axis.values}
    for still in found.still:
        there = axis.at(by_text[still.text]).model_copy(update={"seed": ANOTHER_SEED})
        run = compare(there, two_servers.book, workers=1)
        best_usd = run.plans[found.against].cost_usd_per_month
        for name in still.plans:
            assert run.plans[name].cost_usd_per_month > (1 - LEAST_ADVANTAGE) * best_usd


def test_the_minimum_of_a_fleet_is_named_and_a_run_with_one_replica_saves_what_is_said(
    two_servers: Comparison,
) -> None:
    floor, best = findings(two_servers).floor, two_servers.recommended
    assert floor is not None
    assert best is not None
    assert floor.replicas == 2
    assert floor.fewer == 1
    assert any("is the minimum of its fleet, two replicas" in line for line in recommendation(two_servers))
    fewer = compare(
        small(population__users="200k", backends__live__capacity__min=1), two_servers.book, workers=1
    ).plans[best]
    assert fewer.meets_slo
    saved_usd = two_servers.plans[best].cost_usd_per_month - fewer.cost_usd_per_month
    assert floor.saves_usd_per_month == pytest.approx(saved_usd, rel=0.02)


def test_nothing_is_promised_of_fewer_replicas_that_break_a_bound(book: PriceBook) -> None:
    scenario = small("hotel_ranking_200k", horizon="1 d", replications=1, slo={"latency_p99": "1 us"})
    found = examined(compare(scenario, book, workers=1), workers=1)
    assert found.turning_points is None or found.turning_points.floor is None or not found.turning_points.floor.fewer


def test_the_value_that_is_printed_is_the_scenarios_own_key() -> None:
    for name in ("food_delivery_100m", "item_availability_300m"):
        axis = Axis.of(small(name))
        assert axis is not None
        key, value = axis.key, axis.values[3]
        text = f"{value * 100:.3g} %" if key.endswith("daily_active") else f"{value:.3g}/day"
        stated = small(name, **{key.replace(".", "__"): text})
        assert stated.demand.mean_logins_per_user_day == pytest.approx(
            axis.at(value).demand.mean_logins_per_user_day, rel=1e-9
        )


def test_segments_come_so_many_times_as_often_all_together() -> None:
    axis = Axis.of(small("hotel_ranking_200k"))
    assert axis is not None
    assert axis.times(2.0) == pytest.approx(2.0, rel=1e-9)
    assert axis.text(2.0) == "2 times the logins"


def test_nothing_is_said_of_other_activities_where_a_file_says_who_comes() -> None:
    assert Axis.of(load_scenario(SCENARIOS / "replayed_traffic.yaml", {})) is None


def test_today_s_usage_is_predicted_as_it_is(two_servers: Comparison) -> None:
    looks = Looks(two_servers)
    for name, plan in two_servers.plans.items():
        predicted_usd = looks.predicted_loss_usd(two_servers.scenario, name)
        assert predicted_usd == pytest.approx(plan.cost_usd_per_month, rel=1e-6)


def test_a_cache_computes_less_than_in_proportion_where_people_come_more_often() -> None:
    scenario = small()
    axis = Axis.of(scenario)
    assert axis is not None
    there = axis.at(0.1)
    cached, on_demand = (Growth.of(scenario, there, name) for name in ("cached", "on demand"))
    assert on_demand.computed == pytest.approx(axis.times(0.1), rel=1e-9)
    assert 1 < cached.computed < 0.9 * on_demand.computed


def test_a_fleet_is_never_predicted_below_its_minimum(two_servers: Comparison) -> None:
    axis = Axis.of(two_servers.scenario)
    assert axis is not None
    floor = findings(two_servers).floor
    assert floor is not None
    for value in axis.values[:5]:
        predicted_usd = Looks(two_servers).predicted_loss_usd(axis.at(value), floor.plan)
        assert predicted_usd > 0.999 * floor.usd_per_month


def test_one_worker_and_two_find_the_same(fleet_that_grows: Comparison) -> None:
    plain = replace(fleet_that_grows, turning_points=None)
    assert findings(examined(plain, workers=2)) == findings(fleet_that_grows)


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_turn_that_a_bundled_scenario_prints_is_confirmed(path: Any) -> None:
    scenario = load_scenario(path, {})
    users = min(scenario.population.users, HUGE)
    fewer = scenario.with_(population__users=users)
    book = load_book(fewer.prices, path.parent)
    found = examined(compare(fewer, book))
    if found.turning_points is not None:
        assert deny(found, workers=2) == []
