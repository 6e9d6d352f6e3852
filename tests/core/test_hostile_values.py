"""Values that nobody should write: every reader refuses them in short, and every writer's text reads back the same."""

import contextlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from simulator.core.files import InputFile
from simulator.core.units import (
    ClockSeconds,
    Count,
    Fraction,
    Gib,
    Number,
    PerDay,
    PerSecond,
    PositiveSeconds,
    Seconds,
    Usd,
    read_clock,
    read_count,
    read_fraction,
    read_number,
)

TYPES = {
    "Seconds": Seconds,
    "PositiveSeconds": PositiveSeconds,
    "Usd": Usd,
    "Gib": Gib,
    "PerSecond": PerSecond,
    "PerDay": PerDay,
    "Fraction": Fraction,
    "Count": Count,
    "Number": Number,
    "ClockSeconds": ClockSeconds,
}
ODD = {
    "none": None,
    "list": [],
    "long list": [1] * 1000,
    "mapping": {"a": 1},
    "true": True,
    "empty": "",
    "blank": "  ",
    "nan": math.nan,
    "huge": 10**400,
    "huger": -(10**5000),
    "nan h": "nan h",
    "inf s": "inf s",
    "overflow": "1e999 s",
    "full width": "１２",  # noqa: RUF001
    "full width with unit": "１２ s",  # noqa: RUF001
    "no unit at the end": "12 h 30",
    "word": "five",
    "long": "x" * 1_000_000,
    "long number": "1" * 1_000_000,
    "number and much space": "1" + " " * 100 + "x",
    "opened": "1 (s",
    "closed": "3 s)",
    "brackets": "2 (((((",
    "power": "1 s**9999999",
    "tower": "9**9**9 s",
    "power of a unit": "1 s^s",
    "operators": "1 km*/",
    "nothing behind": "1 s*",
    "constant": "1 nan s",
    "other": "1 km",
    "lambda": "1 lambda: s",
    "call": "1 __import__('os')",
    "control": "1 \0s",
    "bytes": b"1 s",
    "German": "1,5M",
    "hexadecimal": "0x10",
}


def message_of(reader: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(reader).validate_python(value)
    (error,) = caught.value.errors(include_url=False)
    return str(error["msg"])


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
@pytest.mark.parametrize("reader", TYPES.values(), ids=TYPES)
def test_no_reader_takes_an_odd_value_and_each_says_so_in_short(reader: Any, value: object) -> None:
    message = message_of(reader, value)
    assert len(message) < 140
    assert message.isprintable()


@pytest.mark.parametrize(
    ("reader", "value", "said"),
    [
        (Seconds, "1 (s", "'1 (s' is not a quantity in a unit like 's'; write e.g. '6 h'"),
        (Seconds, "12 h 30", "'12 h 30' has no unit; write e.g. '6 h'"),
        (Seconds, "１２ s", "'１２ s' is not a quantity; write e.g. '6 h'"),  # noqa: RUF001
        (Seconds, "", "is empty; write e.g. '6 h'"),
        (Seconds, "1e999 s", "'1e999 s' is not finite"),
        (Gib, "5 %", "'5 %' is not a quantity in a unit like 'GiB'; write e.g. '1 KiB'"),
        (Gib, "5 rows", "'5 rows' is not a quantity in a unit like 'GiB'"),
        (Fraction, "five", "'five' is not a share; write e.g. '2 %'"),
        (Fraction, 10**400, "a number of more than 30 digits is not a share; write e.g. '2 %'"),
        (Fraction, "-5 %", "greater than or equal to 0"),
        (Count, 10**400, "a number of more than 30 digits is too large a count; write e.g. '100M'"),
        (Count, "1e400", "'1e400' is too large a count"),
        (Count, "1,5M", "'1,5M' is not a count; write e.g. '100M'"),
        (Count, "1.5", "'1.5' is not a whole number"),
        (Number, 10**400, "a number of more than 30 digits is not a number"),
        (Number, "1e400", "'1e400' is too large a number; write e.g. '0.5', or inf"),
        (ClockSeconds, "24:30", "'24:30' is after midnight; the last time of a day is 24:00"),
    ],
)
def test_a_refusal_says_what_to_write(reader: Any, value: object, said: str) -> None:
    assert said in message_of(reader, value)


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (Seconds, "4 d 18 h", 410_400.0),
        (Seconds, " 1.5e3 ms ", 1.5),
        (Seconds, "20 µs", 2e-5),
        (Seconds, "20 μs", 2e-5),
        (PerSecond, "50_000/s", 50_000.0),
        (PerSecond, "120 requests / min", 2.0),
        (PerDay, "3 per day", 3.0),
        (PerDay, "2 %/day", 0.02),
        (Usd, ".5 USD", 0.5),
        (Gib, "2 GB", 2e9 / 2**30),
        (Fraction, "2%", 0.02),
        (Count, "4.35M", 4_350_000),
        (Count, "1,000,000", 1_000_000),
        (Count, 9_007_199_254_740_991, 9_007_199_254_740_991),
        (Number, "inf", math.inf),
        (ClockSeconds, "24:00", 0.0),
    ],
)
def test_what_people_write_is_read(reader: Any, text: object, value: float) -> None:
    assert TypeAdapter(reader).validate_python(text) == pytest.approx(value, rel=1e-15)


@given(
    st.sampled_from(list(TYPES)),
    st.one_of(
        st.text(max_size=70),
        st.lists(
            st.sampled_from(
                [*"0123456789 ./*^()+-_,%:eE\n", "s", "h", "per", "square", "inf", "nan", "**", "µs", "GiB"]
            )
        ).map("".join),
        st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/* %").map(lambda name: f"1 {name}"),
        st.integers(),
        st.floats(),
    ),
)
def test_any_value_is_read_or_refused(name: str, value: object) -> None:
    read, message = 0.0, ""
    try:
        read = TypeAdapter(TYPES[name]).validate_python(value)
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"]
    assert len(message) < 200
    assert name == "Number" or math.isfinite(read)


@pytest.mark.parametrize("reader", [read_fraction, read_count, read_number, read_clock])
@given(value=st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.none()), st.booleans()))
def test_no_reader_raises_anything_but_a_value_error(reader: Callable[[Any], float], value: object) -> None:
    with contextlib.suppress(ValueError):
        assert not math.isnan(reader(value))


FINITE = {"allow_nan": False, "allow_infinity": False}
VALUES = {
    "Seconds": st.floats(0, **FINITE),
    "PositiveSeconds": st.floats(0, exclude_min=True, **FINITE),
    "Usd": st.floats(0, **FINITE),
    "Gib": st.floats(0, exclude_min=True, **FINITE),
    "PerSecond": st.floats(0, exclude_min=True, **FINITE),
    "PerDay": st.floats(0, exclude_min=True, **FINITE),
    "Fraction": st.floats(0, 1),
    "Count": st.integers(1, 2**53),
    "Number": st.floats(allow_nan=False),
    "ClockSeconds": st.integers(0, 86_399).map(float),
}


@pytest.mark.parametrize("name", TYPES)
@given(data=st.data())
def test_a_value_written_is_read_back_the_same(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    adapter: TypeAdapter[float] = TypeAdapter(TYPES[name])
    assert adapter.validate_python(adapter.dump_python(value, mode="json")) == value


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Seconds", 0.0, "0 s"),
        ("Seconds", 21_600.0, "6 h"),
        ("Seconds", 0.07, "70 ms"),
        ("Gib", 2.0**-20, "1 KiB"),
        ("Usd", 30.0, "30 USD"),
        ("PerSecond", 50_000.0, "50000/s"),
        ("PerDay", 0.3, "0.3/day"),
        ("Fraction", 0.02, "2 %"),
        ("ClockSeconds", 7_200.0, "02:00"),
    ],
)
def test_a_value_is_written_as_people_write_it(name: str, value: float, text: str) -> None:
    assert TypeAdapter(TYPES[name]).dump_python(value, mode="json") == text


class Holder(BaseModel):
    path: InputFile


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.csv", "there is no file /"),
        ("x" * 5000, "there is no file /"),
        ("x/" * 3000, "there is no file /"),
        ("a\0b", "there is no file /"),
        ("a\nb\u202e", "there is no file /"),
        ("loop", "there is no file /"),
        ("", "is a folder, not a file"),
        (".", "is a folder, not a file"),
    ],
    ids=["none", "long", "deep", "nul", "odd", "loop", "empty", "folder"],
)
def test_a_path_that_leads_to_no_file_is_refused_in_short(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate({"path": name}, context={"folder": tmp_path})
    message = str(caught.value.errors(include_url=False)[0]["msg"])
    assert said in message
    assert len(message) < 300
    assert message.isprintable()


def test_a_file_in_a_folder_that_may_not_be_entered_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(ValidationError, match="may not be read: permission denied"):
        Holder.model_validate({"path": "a.csv"}, context={"folder": tmp_path})
