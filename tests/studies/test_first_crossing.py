"""Where the first rival overtakes, of functions whose crossings are known."""

import math

import pytest

from simulator.studies.first_crossing import first_crossing


def test_a_line_crosses_where_it_does() -> None:
    found = first_crossing(lambda value: {"rival": 3.0 - value}, 1.0, 10.0, 1e-6)
    assert found is not None
    assert found.value == pytest.approx(3.0, rel=1e-5)


def test_the_first_of_several_rivals_is_named() -> None:
    found = first_crossing(lambda value: {"late": 6.0 - value, "early": 4.0 - value / 2}, 1.0, 20.0, 1e-6)
    assert found is not None
    assert found.rival == "late"
    assert found.value == pytest.approx(6.0, rel=1e-5)


@pytest.mark.parametrize("step", [2, 7, 19, 20])
def test_a_jump_is_found_to_the_whole_number(step: int) -> None:
    found = first_crossing(lambda value: {"rival": 1.0 if value < step else -0.01}, 1, 20, 1e-6, is_whole=True)
    assert found is not None
    assert found.value == step


def test_below_today_s_value_it_is_found_as_well() -> None:
    found = first_crossing(lambda value: {"rival": value - 0.25}, 1.0, 0.1, 1e-6)
    assert found is not None
    assert found.value == pytest.approx(0.25, rel=1e-4)


def test_nothing_is_found_where_nobody_is_ahead_at_the_end_or_nothing_is_known() -> None:
    assert first_crossing(lambda _: {"rival": 1.0, "unknown": math.nan}, 1.0, 10.0, 1e-6) is None
    assert first_crossing(lambda _: {"unknown": math.nan}, 1.0, 10.0, 1e-6) is None
    assert first_crossing(lambda value: {"rival": 1.0} if value < 2 else None, 1.0, 10.0, 1e-6) is None
