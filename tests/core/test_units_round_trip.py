import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from simulator.core import units

amounts = st.floats(1e-7, 1e12, allow_nan=False)
seconds = TypeAdapter(units.Seconds)


@pytest.mark.parametrize(("name", "unit"), units._PLAIN)
def test_the_units_that_are_known_without_pint_are_as_large_as_pint_says(name: str, unit: str) -> None:
    quantity = units._registry().Quantity(f"1{name}" if name.startswith("/") else f"1 {name}")
    assert float(quantity.to(unit).magnitude) == units._PLAIN[name, unit]


@given(st.one_of(st.just(0.0), amounts))
def test_a_duration_written_is_read_as_the_same(value: float) -> None:
    assert seconds.validate_python(units.write_duration(value)) == pytest.approx(value, rel=1e-15)
    assert seconds.validate_json(seconds.dump_json(value)) == pytest.approx(value, rel=1e-15)


@given(st.one_of(st.integers(0, 10**9), st.integers(0, 10**12).map(lambda ms: ms / 1000), amounts))
def test_a_duration_written_is_read_as_the_very_same_number(value: float) -> None:
    assert seconds.validate_python(units.write_duration(value)) == value


@given(st.integers(1, 10**7))
def test_a_duration_of_whole_minutes_is_written_without_long_decimals(minutes: int) -> None:
    numbers = re.findall(r"[0-9.]+", units.write_duration(minutes * 60.0))
    assert all(len(number.partition(".")[2]) <= 1 for number in numbers)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (154_800, "1 d 19 h"),
        (129_600, "1.5 d"),
        (118_800, "1 d 9 h"),
        (5_400, "1.5 h"),
        (4_020, "1 h 7 min"),
        (3_661.5, "1 h 1 min 1.5 s"),
        (604_801, "7 d 1 s"),
        (100.123, "100.123 s"),
        (0.0123, "12.3 ms"),
        (0, "0 s"),
    ],
)
def test_a_duration_is_written_as_people_write_it(value: float, text: str) -> None:
    assert units.write_duration(value) == text


@pytest.mark.parametrize("text", ["1 KiB", "2 MB", "1.5 GiB", "512 MiB", "50 GB", "3 TiB", "100 kB", "7 B"])
def test_a_size_is_written_as_it_was_given(text: str) -> None:
    sizes = TypeAdapter(units.Gib)
    assert sizes.dump_python(sizes.validate_python(text), mode="json") in {text, "3072 GiB"}


@pytest.mark.parametrize("text", ["50000/s", "20/min", "100/h", "0.5/s"])
def test_a_rate_is_written_as_it_was_given(text: str) -> None:
    rates = TypeAdapter(units.PerSecond)
    assert rates.dump_python(rates.validate_python(text), mode="json") == text


@pytest.mark.parametrize("text", ["0.3/day", "2/week", "1/month"])
def test_a_daily_rate_is_written_as_it_was_given(text: str) -> None:
    rates = TypeAdapter(units.PerDay)
    assert rates.dump_python(rates.validate_python(text), mode="json") == text


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
        ("1h30min", 5400.0),
        ("2 w", 1209600.0),
        ("1 month", 30 * 86400.0),
        ("3 months", 90 * 86400.0),
        ("1 y", 365 * 86400.0),
        ("2 years", 730 * 86400.0),
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
    ("kind", "text", "value"),
    [
        (units.Usd, "$5", 5),
        (units.Usd, "5 $", 5),
        (units.UsdPerHour, "$0.526/h", 0.526),
        (units.PerSecond, "50k/s", 50_000),
        (units.PerSecond, "50k requests/s", 50_000),
        (units.PerSecond, "20 rps", 20),
        (units.PerSecond, "60 rpm", 1),
        (units.PerSecond, "10 writes/s", 10),
        (units.PerDay, "0.3 logins/day", 0.3),
        (units.Gib, "2Gi", 2),
        (units.Gib, "1 KB", 1000 / 2**30),
        (units.Fraction, "6 percent", 0.06),
        (units.Fraction, 1, 1),
        (units.Count, "100 million", 10**8),
        (units.Count, 1e8, 10**8),
        (units.ClockSeconds, "2am", 7200),
        (units.ClockSeconds, "2:30 PM", 52_200),
        (units.ClockSeconds, "12 am", 0),
        (units.ClockSeconds, "12 p.m.", 43_200),
    ],
)
def test_people_write_other_quantities_in_many_ways(kind: Any, text: object, value: float) -> None:
    assert TypeAdapter(kind).validate_python(text) == pytest.approx(value, rel=1e-12)


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
        (units.Fraction, 6, "6 without a percent sign is 600 %; write '6 %' if that is meant"),
        (units.Fraction, "2.5", "write '2.5 %' if that is meant"),
        (units.Number, "30 %", "write e.g. '0.3'"),
        (units.Seconds, "5 m", "minutes are min"),
        (units.Seconds, "1 parsec", "us, ms, s, min, h, d, w, month, y"),
        (units.Seconds, "1 quarter", "write 13 w, or 3 months"),
        (units.Seconds, "1,5 h", "write 1.5, not 1,5"),
        (units.Usd, "5 EUR", "all money is in US dollars"),
        (units.Gib, "1 kb", "bytes are kB or KiB"),
        (units.ClockSeconds, "13 pm", "from 1 to 12"),
        (units.ClockSeconds, "2", "02:00"),
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
