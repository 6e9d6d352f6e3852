"""Names in as much room as there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from simulator.report.names import called_in, heads, one_line, short_names, shortened, with_names

LONG = "everything that the team has tried, number"
WIDE = "每晚批量计算所有用户的推荐结果"
AWKWARD = (f"{LONG} one", f"{LONG} two", "x" * 80, WIDE * 5, "[bold]=1+1[/bold]", "line\nbreak", "a\tb\x1b[31mc")
texts = st.text(min_size=1, max_size=60)


@given(texts, st.integers(min_value=3, max_value=60))
def test_a_shortened_name_is_no_wider_than_asked_for(name: str, columns: int) -> None:
    assert cell_len(shortened(name, columns, cell_len)) <= columns
    assert len(shortened(name, columns)) <= columns


@given(st.lists(texts, min_size=1, max_size=8, unique_by=one_line), st.integers(min_value=8, max_value=30))
def test_names_that_differ_stay_different_however_short(names: list[str], columns: int) -> None:
    for short in (short_names(names, columns), short_names(names, columns, cell_len), heads(names, columns, 3)):
        assert len(set(short.values())) == len(names)


@pytest.mark.parametrize("columns", [5, 9, 12, 20])
def test_a_head_is_broken_between_words_alone(columns: int) -> None:
    for name, head in heads(AWKWARD, columns, 3).items():
        lines = head.split("\n")
        assert len(lines) <= 3
        assert max(map(cell_len, lines)) <= columns
        whole = " ".join(lines)
        assert "…" in whole or whole == one_line(name)


def test_wide_letters_take_two_columns_each() -> None:
    assert shortened(WIDE, 14, cell_len) == "每晚批量…结果"
    assert shortened(WIDE, 14) == "每晚批量计算所有…的推荐结果"


def test_what_cannot_be_printed_is_not() -> None:
    assert one_line("a\tb\x1b[31mc\u202ed") == "a b [31mc d"


def test_sentences_speak_of_long_names_in_short_and_of_others_as_they_are() -> None:
    called = called_in([f"{LONG} one", "cached"], 40)
    said = with_names(f"cached costs less than {LONG} one.", called)
    assert said == f"cached costs less than {called[f'{LONG} one']}."
    assert len(called[f"{LONG} one"]) <= 20


def test_a_short_name_that_holds_anothers_name_is_not_changed_again() -> None:
    assert with_names("two, one", {"one": "two!", "two": "one!"}) == "one!, two!"


def test_a_name_that_begins_a_sentence_is_shortened_too() -> None:
    name = f"{LONG} one"
    called = called_in([name], 60)
    assert with_names(f"{name.capitalize()} is best.", called) == f"{called[name].capitalize()} is best."
