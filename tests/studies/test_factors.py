"""The values of a key as people write them: lists, ranges, log ranges; all that is wrong with them at once."""

from pathlib import Path

import numpy as np
import pytest
from small_runs import small

from simulator import prices
from simulator.core.errors import UserError
from simulator.scenario.schema import Scenario
from simulator.studies.factors import Factor, Stated, read_factors, read_over

ACTIVE, TTL = "population.daily_active", "plans.cached.cache.ttl"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return small()


def factor(scenario: Scenario, key: str, stated: str | list[Stated]) -> Factor:
    (found,) = read_factors(scenario, {key: stated}, "--over")
    return found


def values(scenario: Scenario, key: str, stated: str | list[Stated]) -> list[Stated]:
    return [level.value for level in factor(scenario, key, stated).levels]


def texts(scenario: Scenario, key: str, stated: str) -> list[str]:
    return [level.text for level in factor(scenario, key, stated).levels]


def test_a_list_is_read_in_ascending_order_each_value_once(scenario: Scenario) -> None:
    assert values(scenario, ACTIVE, "5%, 1 %,2%,0.01") == [0.01, 0.02, 0.05]


def test_a_range_after_values_goes_on_in_the_step_of_the_last_two_to_its_end(scenario: Scenario) -> None:
    assert texts(scenario, ACTIVE, "1%,2%,5%..15%") == ["1 %", "2 %", "5 %", "8 %", "11 %", "14 %", "15 %"]


def test_a_range_of_so_many_values_has_them_evenly_apart_in_the_units_given(scenario: Scenario) -> None:
    assert texts(scenario, TTL, "2h..6h:5") == ["2 h", "3 h", "4 h", "5 h", "6 h"]
    assert values(scenario, TTL, "30 min, 2h..6h:3") == [1800.0, 7200.0, 14400.0, 21600.0]


def test_a_range_with_one_unit_has_it_at_both_ends(scenario: Scenario) -> None:
    assert texts(scenario, TTL, "1..3h:3") == ["1 h", "2 h", "3 h"]


def test_a_log_range_is_in_equal_ratios_but_for_rounding_and_keeps_its_ends(scenario: Scenario) -> None:
    found = values(scenario, TTL, "1h..48h:log9")
    assert found[0] == 3600.0
    assert found[-1] == 172_800.0
    assert np.diff(np.log(np.array(found, dtype=float))) == pytest.approx(np.log(48) / 8, rel=2e-3)


def test_what_is_printed_of_a_value_is_what_the_scenario_gets(scenario: Scenario) -> None:
    for level in factor(scenario, ACTIVE, "1%..40%:log7").levels:
        there = scenario.with_(population__daily_active=level.text)
        assert there.population.daily_active_fraction == pytest.approx(level.number, rel=1e-12)


def test_counts_are_whole_numbers(scenario: Scenario) -> None:
    found = values(scenario, "population.users", "10k..1M:log4")
    assert all(isinstance(value, int) for value in found)
    assert found[0] == 10_000
    assert found[-1] == 1_000_000


def test_words_are_taken_as_they_are(scenario: Scenario) -> None:
    found = factor(scenario, "plans.cached.cache.kind", "ttl,sliding")
    assert [level.value for level in found.levels] == ["ttl", "sliding"]
    assert not found.is_number


def test_numbers_of_python_and_numpy_are_taken_too(scenario: Scenario) -> None:
    assert values(scenario, ACTIVE, [0.02, 0.01]) == [0.01, 0.02]
    assert values(scenario, ACTIVE, np.array([0.01, 0.02])) == [0.01, 0.02]  # type: ignore[arg-type]
    assert values(scenario, ACTIVE, [np.float64(0.01), "2 %"]) == [0.01, 0.02]


@pytest.mark.parametrize(
    ("key", "stated", "said"),
    [
        (ACTIVE, "", "has no values"),
        (ACTIVE, "1%,,2%", "empty value"),
        (ACTIVE, "40%..5%:3", "runs backwards; write 5 %..40 %"),
        (ACTIVE, "5%..5%:3", "is empty"),
        (ACTIVE, "5%..40%", "has no step"),
        (ACTIVE, "5%..40%:1", "from 2 to 1,000 values"),
        (ACTIVE, "1%,1.001%..40%", "at most 1,000"),
        (ACTIVE, "5..40:3", "write '5 %' if that is meant"),
        (TTL, "1 h..3:3", "3 has no unit"),
        (TTL, "0 s..3 h:log3", "above 0"),
        ("population.daily_activ", "1%", "did you mean 'daily_active'?"),
        ("plans.cachd.cache.ttl", "1h", "no 'cachd' in 'plans'; did you mean 'cached'?"),
        ("plans.cached.cache.kind", "ttl..sliding:3", "a range needs two numbers"),
        ("slo.batch_deadline", "02:00..06:00:3", "a range needs two numbers"),
        ("name.x", "1", "nothing can be set below it"),
    ],
)
def test_what_is_wrong_is_said_with_the_key(scenario: Scenario, key: str, stated: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        read_factors(scenario, {key: stated}, "--over")
    assert said in str(error.value)
    assert f"--over {key}" in str(error.value)


def test_the_faults_of_all_keys_are_said_at_once(scenario: Scenario) -> None:
    with pytest.raises(UserError) as error:
        read_factors(scenario, {ACTIVE: "40%..5%:3,bad", TTL: "1"}, "--over")
    assert len(str(error.value).splitlines()) == 3


def test_arguments_without_a_key_or_with_one_twice_are_faults() -> None:
    assert read_over(["a.b=1,2", "c=x"], "--over") == {"a.b": "1,2", "c": "x"}
    with pytest.raises(UserError) as error:
        read_over(["a=1", "a=2", "b"], "--over")
    assert "--over a: is there twice" in str(error.value)
    assert "--over b: has no '='" in str(error.value)


def test_a_path_among_the_values_starts_at_the_scenario_s_folder(scenario: Scenario, tmp_path: Path) -> None:
    book = Path(prices.__file__).parent / "catalogue" / "aws-us-east-1.yaml"
    (tmp_path / "ours.yaml").write_text(book.read_text(encoding="utf-8"), encoding="utf-8")
    (found,) = read_factors(scenario, {"prices": "aws-us-east-1,ours.yaml"}, "--over", tmp_path)
    assert [level.stated for level in found.levels] == ["aws-us-east-1", str(tmp_path / "ours.yaml")]
    assert [level.text for level in found.levels] == ["aws-us-east-1", "ours.yaml"]


def test_what_a_study_is_called_is_nothing_to_sweep_over() -> None:
    with pytest.raises(UserError, match=r"name: changes nothing that is simulated, billed or judged"):
        read_factors(small(), {"name": "a,b"}, "--over")
