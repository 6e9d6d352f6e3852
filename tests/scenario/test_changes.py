"""The readable difference of two scenarios: it says what was changed, and what can be put in again."""

from pathlib import Path

import pytest

from simulator.prices.loading import load_book
from simulator.scenario.changes import KeyChange, key_changes, price_changes
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario

HEADLINE = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(HEADLINE)


def changes(before: Scenario, after: Scenario) -> dict[str, KeyChange]:
    found = key_changes(before, after, {name: name for name in before.plans if name in after.plans})
    return {change.key: change for change in found}


def test_a_key_is_told_in_the_words_of_people_and_in_si_for_machines(scenario: Scenario) -> None:
    after = scenario.with_(
        plans__cached__cache__ttl="8 h", population__daily_active="2.2 %", population__users="90M", slo__age_p95="30 h"
    )
    found = changes(scenario, after)
    assert {key: (one.before_text, one.after_text) for key, one in found.items()} == {
        "population.daily_active": ("2 %", "2.2 %"),
        "population.users": ("100M", "90M"),
        "slo.age_p95": ("1.5 d", "1 d 6 h"),
        "plans.cached.cache.ttl": ("6 h", "8 h"),
    }
    assert found["plans.cached.cache.ttl"].as_dict() == {
        "key": "plans.cached.cache.ttl",
        "before": 21_600.0,
        "after": 28_800.0,
    }
    assert found["population.daily_active"].after == pytest.approx(0.022)


def test_what_is_printed_as_the_value_now_makes_the_changed_scenario_when_it_is_put_in(scenario: Scenario) -> None:
    after = scenario.with_(
        plans__cached__cache__ttl="8 h",
        population__users="123_456_789",
        backends__live__capacity={"kind": "fixed", "replicas": 20},
        traffic__timezones={"Europe/Berlin": "100 %"},
    )
    told = {change.key: change.after_text for change in changes(scenario, after).values()}
    put_in = {key: None if text == "(none)" else _read(text) for key, text in told.items()}
    assert load_scenario(HEADLINE, put_in).model_copy(update={"prices": ""}) == after.model_copy(update={"prices": ""})


def _read(text: str) -> object:
    from simulator.scenario.overrides import read_assignment

    return read_assignment(f"key={text}")[1]


def test_a_default_that_is_written_out_is_no_change(scenario: Scenario) -> None:
    assert not changes(scenario, scenario.with_(model__quality_floor="0 %", seed=1))


def test_a_part_of_another_kind_is_one_change_without_its_defaults(scenario: Scenario) -> None:
    after = scenario.with_(backends__live__capacity=20, plans__cached__cache={"kind": "sliding", "ttl": "6 h"})
    found = changes(scenario, after)
    assert set(found) == {"backends.live.capacity", "plans.cached.cache"}
    assert found["plans.cached.cache"].before_text == "{kind: ttl, ttl: 6 h}"
    assert found["plans.cached.cache"].after_text == "{kind: sliding, ttl: 6 h}"
    assert "behavior" not in found["backends.live.capacity"].before_text


def test_what_is_there_in_one_only_is_none_in_the_other(scenario: Scenario) -> None:
    after = scenario.with_(slo__age_p95=None, traffic__spikes=[{"at": "2 d", "duration": "1 h", "multiplier": 3}])
    found = changes(scenario, after)
    assert (found["slo.age_p95"].after, found["slo.age_p95"].after_text) == (None, "(none)")
    assert found["traffic.spikes"].before_text == "(none)"


def test_of_lists_as_long_the_parts_that_differ_are_told(scenario: Scenario) -> None:
    spike = {"at": "2 d", "duration": "1 h", "multiplier": 3}
    one, other = (scenario.with_(traffic__spikes=[spike, {**spike, "at": "3 d", "multiplier": by}]) for by in (2, 4))
    assert list(changes(one, other)) == ["traffic.spikes[1].multiplier"]


def test_prices_are_told_by_meter_and_only_those_in_use() -> None:
    book = load_book("aws-us-east-1")
    meters = ["instance/g4dn.xlarge/on_demand", "instance/g4dn.xlarge/spot"]
    found = price_changes(book, book.scaled(2), [*meters, meters[0]])
    assert [change.key for change in found] == [f"prices.{meter}" for meter in meters]
    price = book.price_of(meters[0]).usd
    assert price is not None
    assert (found[0].before, found[0].after) == (price, 2 * price)
    assert found[0].after_text == f"{2 * price:g} USD per h"
    assert not price_changes(book, book.model_copy(update={"name": "a copy"}), book.meters)
