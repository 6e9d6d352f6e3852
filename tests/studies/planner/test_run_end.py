"""What the end of a run says of prices and of closed forms."""

from dataclasses import replace
from functools import cache

import pytest
from planner_world import PLANS, world

from simulator.prices.book import PriceBook, PriceGroup
from simulator.prices.loading import load_book
from simulator.report.closed_form_words import apart_sentences
from simulator.scenario.changing import with_values
from simulator.simulation.restating import restated
from simulator.simulation.simulate import simulate
from simulator.studies.comparison import COST, Comparison, comparison_of
from simulator.studies.planner.beside import apart
from simulator.studies.rebilled_turns import rebilled_turns

CHOSEN = ("nightly", "on demand", "cached", "hybrid")


@cache
def compared() -> Comparison:
    backends = world().model_dump(mode="json", exclude_none=True)["backends"]
    backends["live"] |= {"instance": "c7g.large", "capacity": {"kind": "fixed", "replicas": 1}}
    scenario = world(plans={name: PLANS[name] for name in CHOSEN}, replications=2, backends=backends)
    outcomes = [simulate(scenario, plan, number) for plan in CHOSEN for number in range(2)]
    return comparison_of(scenario, load_book(scenario.prices), outcomes)


def test_prices_that_are_told_change_what_is_recommended_and_not_before() -> None:
    comparison = compared()
    found = rebilled_turns(comparison)
    assert found
    outcomes = [outcome for plan in comparison.plans.values() for outcome in plan.outcomes]
    for turn in found:
        for side, wins in ((turn.near, turn.from_now and None), (turn.far, True)):
            scenario, book = comparison.scenario, load_book(comparison.scenario.prices)
            if turn.setting:
                scenario = with_values(scenario, {turn.key: side.text}, "--set")
                there = comparison_of(scenario, book, [restated(outcome, scenario) for outcome in outcomes])
            else:
                price = PriceGroup(
                    source="a test", date="2026-11-28", prices=(book.price_of(turn.key).scaled(side.value),)
                )
                there = comparison_of(scenario, book.under(PriceBook(name="other", groups=(price,))), outcomes)
            assert wins is None or (there.recommended == turn.plan) == wins, (turn, side)


def test_closed_forms_that_are_near_are_not_told_of() -> None:
    assert apart(compared()) == ()
    assert apart_sentences(compared()) == ()


def test_a_metric_that_is_apart_is_told_with_what_the_closed_form_leaves_out() -> None:
    comparison = compared()
    cached = comparison.plans["cached"]
    dearer = replace(cached.metrics[COST], mean=2 * cached.metrics[COST].mean, low=1e6, high=1e9)
    plans = {**comparison.plans, "cached": replace(cached, metrics={**cached.metrics, COST: dearer})}
    (told,) = apart(replace(comparison, plans=plans))
    assert (told.plan, told.metric) == ("cached", COST)
    assert told.off_fraction == pytest.approx(-0.5, abs=0.02)
    (sentence,) = apart_sentences(replace(comparison, plans=plans))
    assert "by closed form; it leaves out" in sentence
