"""Plans judged by what their answers are worth less what they cost."""

import re
from dataclasses import replace

import pytest
from small_runs import small

from simulator.core.errors import UserError
from simulator.core.usage import Driver
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST, NET_VALUE, VALUE, Comparison
from simulator.studies.prices_needed import check_prices
from simulator.studies.recommendation import recommendation
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of
from simulator.studies.what_if import value_per_request_of_equals

TODAY, BETTER, TWICE = "today's model", "better model", "today's, trained twice a week"
HOURS_PER_MONTH = 720


def iteration(usd: float, **changes: object) -> Scenario:
    return small("model_iteration", horizon="7 d", **{"value__per_request": f"{usd} USD", **changes})


def text_of(comparison: Comparison) -> str:
    return "\n".join(recommendation(comparison))


@pytest.fixture(scope="module")
def rich(book: PriceBook) -> Comparison:
    """Where a request is worth so much that quality decides."""
    return compare(iteration(5), book, workers=1)


@pytest.fixture(scope="module")
def poor(book: PriceBook) -> Comparison:
    """Where a request is worth so little that cost decides."""
    return compare(iteration(0.002), book, workers=1)


def test_net_value_is_value_less_cost_in_every_replication(rich: Comparison) -> None:
    for plan in rich.plans.values():
        for values in plan.values:
            assert values[NET_VALUE] == values[VALUE] - values[COST]


def test_the_plan_of_the_largest_net_value_is_recommended(rich: Comparison, poor: Comparison) -> None:
    assert rich.recommended == BETTER
    assert rich.plans[BETTER].cost_usd_per_month > rich.plans[TODAY].cost_usd_per_month
    assert poor.recommended == TODAY
    for comparison in (rich, poor):
        net = [comparison.plans[name].metrics[NET_VALUE].mean for name in comparison.ranking]
        assert net == sorted(net, reverse=True)


def test_a_plan_that_breaks_a_bound_is_not_recommended_whatever_its_net_value(book: PriceBook) -> None:
    strict = compare(iteration(5, slo={"latency_p99": "8 ms"}), book, workers=1)
    assert strict.recommended == TWICE
    assert strict.ranking[-1] == BETTER
    assert f"{BETTER} breaks a bound: latency p99 is" in text_of(strict)


def test_without_a_value_the_cheapest_is_recommended(book: PriceBook) -> None:
    comparison = compare(small("model_iteration", value=None), book, workers=1)
    assert comparison.recommended == TODAY
    assert "quality_mean" in comparison.plans[BETTER].metrics
    assert not {VALUE, NET_VALUE} & set(comparison.plans[BETTER].metrics)
    assert "the cheapest plan that meets every bound" in text_of(comparison)
    assert "net value" not in text_of(comparison)
    assert "'value'" not in "\n".join(warnings_of(comparison))


def test_the_recommendation_speaks_of_net_value_and_its_parts(rich: Comparison) -> None:
    said = text_of(rich)
    assert f"Choose {BETTER}, of the largest net value among those that meet every bound: $" in said
    assert f"a month less than {BETTER} (95 % of chance alone: -$" in said
    assert "have a mean quality of 99." in said
    assert "cheap" not in said


def test_the_weights_are_called_the_scenarios_own(rich: Comparison) -> None:
    assert "not facts" in "\n".join(warnings_of(rich))


def test_at_the_value_that_makes_two_plans_equal_they_are(poor: Comparison, book: PriceBook) -> None:
    turn_usd = value_per_request_of_equals(poor, TODAY, BETTER)
    assert turn_usd is not None
    said = re.search(rf"{BETTER} would bring in more if a request were worth more than ([0-9.]+) USD", text_of(poor))
    assert said is not None
    assert turn_usd <= float(said[1]) < 1.02 * turn_usd
    even = compare(iteration(turn_usd), book, workers=1)
    gap = even.difference(BETTER, TODAY, NET_VALUE)
    assert abs(gap.mean) < 1e-6 * abs(even.difference(BETTER, TODAY, VALUE).mean)
    assert {TODAY, BETTER} <= {even.recommended, *even.selection.near}
    assert re.search(r"is not decided, about [0-9,]+ more replications would do it: it brings in", text_of(even))


def test_no_value_of_a_request_speaks_for_a_plan_that_costs_more_and_is_worse(book: PriceBook) -> None:
    worse = iteration(5, plans__better_model__accuracy={"initial": "90 %"}, replications=1)
    found = compare(worse, book, workers=1)
    assert found.recommended != BETTER
    assert value_per_request_of_equals(found, TODAY, BETTER) is None
    assert f"{BETTER} would bring in more if" not in text_of(found)


def test_training_is_billed_by_machine_hours_in_proportion_to_time(poor: Comparison) -> None:
    for name, hours, every_h in ((TODAY, 40, 168), (BETTER, 80, 168), (TWICE, 40, 84)):
        line = next(line for line in poor.plans[name].bill.lines if line.item == "training")
        assert line.meter == "instance/g5.xlarge/on_demand"
        assert line.driver is Driver.POPULATION
        assert line.quantity == pytest.approx(hours * HOURS_PER_MONTH / every_h, rel=1e-12)
        assert not line.computes_ahead


def test_the_price_of_training_must_be_in_the_book(book: PriceBook) -> None:
    scenario = iteration(5, plans__better_model__training__instance="x9.enormous")
    with pytest.raises(UserError, match=r"instance/x9\.enormous/on_demand.*needed for training"):
        check_prices(scenario, book)


def test_a_model_that_is_never_trained_again_is_warned_of(rich: Comparison) -> None:
    untrained = rich.scenario.with_(model__training=None, plans__better_model__training=None)
    said = "\n".join(warnings_of(replace(rich, scenario=untrained)))
    assert f"{TODAY}: the model loses accuracy and is never trained again" in said
    assert f"{TWICE}: the model loses" not in said
    assert "trained" not in "\n".join(warnings_of(rich))


def test_a_horizon_that_cuts_a_cycle_of_trainings_is_warned_of(rich: Comparison) -> None:
    said = "\n".join(warnings_of(replace(rich, scenario=rich.scenario.with_(horizon="14 d", warmup="0 d"))))
    assert "two trainings" not in said
    said = "\n".join(warnings_of(replace(rich, scenario=rich.scenario.with_(horizon="10 d"))))
    assert f"{BETTER}: the horizon holds 1.43 times the 7 d between two trainings" in said
