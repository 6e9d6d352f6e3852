"""Break-evens against closed forms, runs and what a run says would change its recommendation."""

from collections.abc import Sequence

import numpy as np
import pytest
from small_runs import small
from test_turning_points import growing
from tiny_pair import KEY, PAIR, tiny, true_crossing

from simulator.core.errors import UserError
from simulator.scenario.schema import Scenario
from simulator.studies.breakeven import BreakEven, PlansAt, Search, break_even
from simulator.studies.breakeven_planner import foreseen_crossings, is_worth_planning, planned_looks
from simulator.studies.breakeven_range import read_range
from simulator.studies.comparison import COST, Comparison
from simulator.studies.crossings import Precision
from simulator.studies.factors import spaced
from simulator.studies.study import compare
from simulator.studies.turning_points import examined
from simulator.studies.variants import Books, Variants

BOOKS = Books()
ACTIVE, PIPELINE = "population.daily_active", "backends.night.feature_pipeline.cost"
RANGE = ("0.05/day", "0.3/day")


def found_in(
    scenario: Scenario, key: str, between: Sequence[str], within: Sequence[str] | None = None, first: int | None = None
) -> BreakEven:
    asked = read_range(scenario, key, between, within)
    looks = None if first is None else lambda low, high: spaced(low, high, first, in_ratios=True)
    return break_even(asked, Variants(BOOKS, workers=1), "--over", looks)


def run(scenario: Scenario) -> Comparison:
    return compare(scenario, BOOKS.of(scenario), workers=1)


def test_two_plans_cross_where_their_closed_form_says_and_the_value_printed_confirms_it_on_both_sides() -> None:
    scenario = tiny(replications=5)
    found = found_in(scenario, KEY, PAIR, RANGE)
    (turn,) = found.turns
    truth = true_crossing(run(scenario))
    assert turn.crossing.low <= truth <= turn.crossing.high
    assert turn.crossing.high - turn.crossing.low < 0.5 * truth
    assert (turn.below, turn.above) == ("on demand", "nightly")
    width = turn.crossing.high - turn.crossing.low
    for value, cheaper in ((turn.crossing.low - width / 2, turn.below), (turn.crossing.high + width / 2, turn.above)):
        there = run(scenario.with_(population__logins_per_day=found.scale.level(value).text, seed=77))
        assert min(there.plans, key=lambda name: there.plans[name].cost_usd_per_month) == cheaper


@pytest.mark.long
def test_the_set_covers_the_closed_form_in_95_of_100_seeds() -> None:
    truth = true_crossing(run(tiny()))
    covered, seeds = 0, 500
    for seed in range(1, seeds + 1):
        (turn,) = found_in(tiny(seed=seed), KEY, PAIR, RANGE, first=5).turns
        covered += turn.crossing.low <= truth <= turn.crossing.high
    assert covered >= 0.95 * seeds


def test_a_price_s_break_even_is_exact_and_simulated_once() -> None:
    scenario = small()
    found = found_in(scenario, PIPELINE, ("nightly batch", "on demand"), ("0 USD", "60 USD"))
    (turn,) = found.turns
    assert found.simulations == 2 * scenario.replications
    there = run(scenario.with_(backends__night__feature_pipeline__cost=found.scale.level(turn.crossing.value).text))
    assert there.difference("nightly batch", "on demand", COST).mean == pytest.approx(0.0, abs=1e-4)
    assert turn.crossing.low <= turn.crossing.value <= turn.crossing.high


def test_a_fleet_s_whole_servers_are_a_step_and_the_number_named_is_the_first_on_the_other_side() -> None:
    scenario = small(replications=2)
    found = found_in(scenario, "backends.live.capacity.min", ("1", "6"))
    (turn,) = found.turns
    assert turn.crossing.is_step
    assert turn.crossing.value == turn.crossing.high == turn.crossing.low + 1
    for count in (turn.crossing.low, turn.crossing.high):
        there = run(scenario.with_(backends__live__capacity__min=int(count)))
        nightly_wins = there.recommended == "nightly batch"
        assert nightly_wins == (count == turn.crossing.high)


@pytest.fixture(scope="module")
def growing_fleet() -> tuple[Comparison, BreakEven]:
    scenario = growing(replications=3).with_(horizon="12 h")
    return examined(run(scenario), workers=1), found_in(scenario, ACTIVE, ("2 %", "5 %"), first=3)


def test_it_agrees_with_what_a_run_says_would_change_its_recommendation(
    growing_fleet: tuple[Comparison, BreakEven],
) -> None:
    comparison, found = growing_fleet
    assert comparison.turning_points is not None
    (said,) = [turn for turn in comparison.turning_points.turns if turn.key == ACTIVE]
    (turn,) = found.turns
    near, far = sorted((said.near.value, said.far.value))
    assert near <= turn.crossing.value <= far
    assert {turn.below, turn.above} == {said.plan, comparison.turning_points.against}
    assert found.throughout is None


def test_outside_of_its_set_a_run_with_another_seed_has_the_plan_that_is_said(
    growing_fleet: tuple[Comparison, BreakEven],
) -> None:
    comparison, found = growing_fleet
    (turn,) = found.turns
    for value, best in ((0.9 * turn.crossing.low, turn.below), (1.1 * turn.crossing.high, turn.above)):
        text = found.scale.level(value).text
        there = run(comparison.scenario.with_(population__daily_active=text, seed=77, replications=1))
        assert there.recommended == best


def test_no_crossing_is_said_with_the_plan_that_is_better_all_along() -> None:
    found = found_in(small(), ACTIVE, ("nightly batch", "on demand"), ("1 %", "3 %"))
    assert found.turns == ()
    assert found.throughout == "on demand"


def test_where_a_plan_begins_to_break_a_bound_is_no_crossing_and_is_told_apart() -> None:
    found = found_in(small(replications=1), "plans.cached.cache.ttl", ("20 h", "60 h"), first=4)
    (bound,) = [each for each in found.bounds if each.plan == "cached"]
    assert bound.is_above
    assert "age p95" in bound.trouble
    assert bound.low < bound.high <= 60 * 3600


def standing_at(value: float, noise: np.ndarray, troubles: dict[str, str] | None = None) -> PlansAt:
    losses = {"a": 1.0 + value + noise, "b": 4.0 + 0 * noise, "c": 7.0 - value - noise}
    return PlansAt(losses, troubles or {})


def search(troubles: dict[str, str] | None = None) -> Search:
    noise = np.array([-0.01, 0.0, 0.01])
    return Search(
        lambda values: [standing_at(value, noise, troubles) for value in values], Precision(10.0), [0.0, 5.0, 10.0]
    )


def test_among_all_plans_the_crossings_are_those_of_the_best() -> None:
    (first,) = search().among_all()  # a and b cross at 3, b and c too: it is there that a gives way to c
    assert (first.below, first.above) == ("a", "c")
    assert first.crossing.value == pytest.approx(3.0, abs=0.01)


def test_a_plan_that_cannot_be_chosen_has_no_part_in_it() -> None:
    (first,) = search({"c": "it is overloaded"}).among_all()
    assert (first.below, first.above) == ("a", "b")


def test_a_third_plan_that_is_the_best_only_between_first_looks_is_found() -> None:
    def look(values: Sequence[float]) -> list[PlansAt]:
        noise = np.array([-0.001, 0.0, 0.001])
        return [PlansAt({"a": 2 + v + noise, "b": 12 - v - noise, "c": 6 + noise}, {}) for v in values]

    turns = Search(look, Precision(10.0), [0.0, 4.9, 5.1, 10.0]).among_all()
    assert [(turn.below, turn.above) for turn in turns] == [("a", "c"), ("c", "b")]
    assert [turn.crossing.value for turn in turns] == pytest.approx([4.0, 6.0], abs=0.02)


@pytest.mark.parametrize(
    ("key", "between", "within", "said"),
    [
        (
            ACTIVE,
            ("nightly batch", "on demnd"),
            None,
            "--between: there is no plan 'on demnd'; did you mean 'on demand'?",
        ),
        (ACTIVE, ("on demand", "on demand"), None, "names 'on demand' twice"),
        (ACTIVE, ("4 %", "2 %"), None, "the range 4 %..2 % runs backwards"),
        (ACTIVE, ("2 %", "2 %"), None, "is empty"),
        (ACTIVE, ("1 %", "2 %"), ("3 %", "4 %"), "no range in common"),
        ("population.daily_activ", ("1 %", "2 %"), None, "did you mean 'daily_active'?"),
        (
            "plans.cached.cache.kind",
            ("nightly batch", "on demand"),
            None,
            "which is no number; give the range with --within",
        ),
        (
            "population.logins_per_day",
            ("nightly batch", "on demand"),
            None,
            "is not stated; give the range with --within",
        ),
        ("plans.cached.cache.kind", ("nightly batch", "on demand"), ("ttl", "sliding"), "a range needs two numbers"),
        ("populatoin.users", ("nightly batch", "on demand"), None, "did you mean 'population'"),
    ],
)
def test_what_cannot_be_asked_is_said(
    key: str, between: tuple[str, str], within: tuple[str, str] | None, said: str
) -> None:
    with pytest.raises(UserError) as error:
        read_range(small(), key, between, within)
    assert said in str(error.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(UserError) as error:
        read_range(small(), "plans.cached.cache.ttl", ("on demnd", "cachd"), ("6 h", "3 h"))
    assert len(str(error.value).splitlines()) == 3


def test_without_a_range_what_is_around_today_is_searched_as_far_as_it_is_valid() -> None:
    asked = read_range(small(), ACTIVE, ("nightly batch", "on demand"), None)
    assert [level.number for level in asked.ends] == pytest.approx([0.002, 0.2])
    busy = read_range(small(population__daily_active="30 %"), ACTIVE, ("nightly batch", "on demand"), None)
    assert busy.ends[1].number == pytest.approx(0.6)


def test_one_plan_alone_has_no_break_even() -> None:
    alone = small(plans__cached=None, plans__nightly_batch=None)
    with pytest.raises(UserError, match="between two plans"):
        read_range(alone, ACTIVE, ("1 %", "2 %"), None)


def test_closed_forms_say_where_to_look_so_that_fewer_values_are_simulated() -> None:
    scenario = tiny(replications=5)
    asked, book = read_range(scenario, KEY, PAIR, RANGE), BOOKS.of(scenario)
    foreseen = foreseen_crossings(asked, book)
    assert foreseen == [pytest.approx(true_crossing(run(scenario)), rel=0.03)]
    planned = break_even(asked, Variants(BOOKS, 1), "--over", lambda *_: planned_looks(asked, foreseen))
    apart = break_even(asked, Variants(BOOKS, 1), "--over")
    assert len(planned.seen) < len(apart.seen)
    (one,), (other,) = planned.turns, apart.turns
    assert one.crossing.low <= other.crossing.value <= one.crossing.high


def test_closed_forms_are_asked_only_where_simulating_takes_longer() -> None:
    few, many = tiny(), tiny(horizon="28 d", population__users="100M", replications=10)
    assert not is_worth_planning(read_range(few, KEY, PAIR, RANGE))
    assert is_worth_planning(read_range(many, KEY, PAIR, RANGE))
