"""Which numbers can be moved, where to, and which of them matter."""

from pathlib import Path

import pytest
from small_runs import SCENARIOS, small

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.changing import value_at, with_values
from simulator.scenario.key_kinds import KeyKind
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.exploring.knobs import KNOBS, Knob, knobs_of, numbers_of, plans_of


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small()


@pytest.fixture(scope="module")
def knobs(scenario: Scenario, book: PriceBook) -> tuple[Knob, ...]:
    return knobs_of(scenario, book)


def is_what_it_says(scenario: Scenario, knob: Knob) -> bool:
    ends = {knob.levels[0], knob.levels[knob.start], knob.levels[-1]}
    there = [(level, with_values(scenario, {knob.key: level.stated}, "test")) for level in ends]
    return all(value_at(each, knob.key, "test") == pytest.approx(level.number, rel=1e-12) for level, each in there)


def test_ten_numbers_are_chosen_of_users_and_caches_fleets_and_prices(knobs: tuple[Knob, ...]) -> None:
    keys = [knob.key for knob in knobs]
    assert len(keys) == KNOBS
    assert "plans.cached.cache.ttl" in keys
    assert "backends.live.capacity.min" in keys
    assert sum(key.startswith("prices.") for key in keys) == 2
    assert not {"seed", "replications", "horizon", "warmup"} & set(keys)


def test_a_knob_begins_at_what_the_scenario_has_and_its_texts_are_read_back(
    scenario: Scenario, knobs: tuple[Knob, ...]
) -> None:
    for knob in knobs:
        numbers = [level.number for level in knob.levels]
        assert numbers == sorted(set(numbers))
        if not knob.is_price:
            assert is_what_it_says(scenario, knob)
            assert value_at(scenario, knob.key, "test") == knob.levels[knob.start].number


def test_numbers_are_written_as_people_write_them(book: PriceBook) -> None:
    users, ttl = knobs_of(small(population__users="2M"), book, ["population.users", "plans.cached.cache.ttl"])
    assert users.texts[0] == "200_000"
    assert users.texts[users.start] == "2M"
    assert users.texts[-1] == "20M"
    assert (ttl.texts[0], ttl.texts[ttl.start], ttl.texts[-1]) == ("36 min", "6 h", "60 h")


def test_a_knob_concerns_the_plans_that_its_key_is_about(scenario: Scenario, knobs: tuple[Knob, ...]) -> None:
    assert plans_of(scenario, "plans.cached.cache.ttl") == ("cached",)
    assert plans_of(scenario, "backends.live.slots") == ("on demand", "cached")
    assert plans_of(scenario, "backends.night.workers") == ("nightly batch",)
    assert plans_of(scenario, "population.users") == tuple(scenario.plans)
    by_key = {knob.key: knob for knob in knobs}
    assert by_key["prices.instance/g4dn.xlarge/on_demand"].plans == ("on demand", "cached")
    assert by_key["prices.instance/g4dn.xlarge/on_demand"].kind is KeyKind.PRICE


def test_all_faults_of_keys_are_told_at_once(scenario: Scenario, book: PriceBook) -> None:
    with pytest.raises(UserError) as told:
        knobs_of(scenario, book, ["population.user", "plans.cached.cache.kind", "prices.no/meter"])
    said = str(told.value)
    assert "did you mean 'users'" in said
    assert "plans.cached.cache.kind: has no number above 0" in said
    assert "prices.no/meter: no plan uses that meter" in said


def test_a_plan_whose_name_needs_quotes_has_knobs(book: PriceBook) -> None:
    cached = {"on_miss": "compute", "backend": "live", "cache": "6 h"}
    odd = small(plans={"v1.2 [new], of a name that is longer than keys are shown": cached})
    key = 'plans."v1.2 [new], of a name that is longer than keys are shown".cache.ttl'
    assert key in numbers_of(odd)
    (knob,) = knobs_of(odd, book, [key])
    assert knob.plans == tuple(odd.plans)
    assert is_what_it_says(odd, knob)


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_bundled_scenario_has_knobs_that_are_what_they_say(path: Path) -> None:
    scenario = load_scenario(path)
    for knob in knobs_of(scenario, load_book(scenario.prices)):
        assert knob.plans
        assert knob.is_price or is_what_it_says(scenario, knob)
