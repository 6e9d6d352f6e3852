import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from simulator.core import units

amounts = st.floats(1e-7, 1e12, allow_nan=False)
seconds = TypeAdapter(units.Seconds)


@given(st.one_of(st.just(0.0), amounts))
def test_a_duration_written_is_read_as_the_same(value: float) -> None:
    assert seconds.validate_python(units.write_duration(value)) == pytest.approx(value, rel=1e-15)
    assert seconds.validate_json(seconds.dump_json(value)) == pytest.approx(value, rel=1e-15)


@given(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)))
def test_a_size_written_is_read_as_the_same(value: float) -> None:
    sizes = TypeAdapter(units.Gib)
    if value > 0:
        assert sizes.validate_python(units.write_size(value)) == pytest.approx(value, rel=1e-12)


@given(st.floats(0, 1))
def test_a_share_written_is_read_as_the_same(value: float) -> None:
    assert units.read_fraction(units.write_share(value)) == value


@given(st.integers(0, 86399))
def test_a_time_of_day_written_is_read_as_the_same(value: int) -> None:
    assert units.read_clock(units.write_clock(value)) == value


@given(st.integers(1, 10**15))
def test_a_count_is_read_with_and_without_separators(value: int) -> None:
    assert units.read_count(value) == units.read_count(str(value)) == units.read_count(f"{value:_}") == value
    assert units.read_count(f"{value:,}") == value


@given(amounts)
def test_a_rate_written_is_read_as_the_same(value: float) -> None:
    for rate in (TypeAdapter(units.PerSecond), TypeAdapter(units.PerDay)):
        assert rate.validate_json(rate.dump_json(value)) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6 h", 21600.0),
        ("4 d 18 h", 410400.0),
        ("20 ms", 0.02),
        ("1.5min", 90.0),
        ("2 weeks", 1209600.0),
        ("10 µs", 1e-5),
        ("0 s", 0.0),
        ("1_000 s", 1000.0),
    ],
)
def test_people_write_durations_in_many_ways(text: str, value: float) -> None:
    assert seconds.validate_python(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"), [("100M", 10**8), ("50_000", 50_000), ("12", 12), ("1.5k", 1500), ("2B", 2 * 10**9), (7.0, 7)]
)
def test_people_write_counts_in_many_ways(text: object, value: int) -> None:
    assert units.read_count(text) == value


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (units.Seconds, 6, "has no unit"),
        (units.Seconds, "6", "has no unit"),
        (units.Seconds, "6 USD", "not a quantity"),
        (units.Seconds, "", "is empty"),
        (units.Seconds, "-3 s", "greater than or equal to 0"),
        (units.Seconds, "six hours", "not a quantity"),
        (units.Seconds, "1e999 s", "not finite"),
        (units.Seconds, True, "not a quantity"),
        (units.PositiveSeconds, "0 s", "greater than 0"),
        (units.Fraction, "120 %", "less than or equal to 1"),
        (units.Fraction, "some", "not a share"),
        (units.Count, "1.5", "not a whole number"),
        (units.Count, 0, "greater than or equal to 1"),
        (units.Count, "many", "not a count"),
        (units.Number, "nan", "not a number"),
        (units.ClockSeconds, "25:00", "not a time of day"),
        (units.ClockSeconds, 2, "not a time of day"),
        (units.ClockSeconds, "24:01", "after midnight"),
    ],
)
def test_what_is_not_a_quantity_is_refused_with_the_reason(kind: Any, text: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TypeAdapter(kind).validate_python(text)


def test_infinity_is_a_number_and_midnight_has_two_names() -> None:
    assert math.isinf(TypeAdapter(units.Number).validate_python("inf"))
    assert units.read_clock("24:00") == units.read_clock("00:00") == 0
