"""A comparison as Markdown, as a pull request shows it."""

import re

from simulator.report.answer import ALL, BRIEF, Wanted
from simulator.report.comparison_markdown import comparison_markdown
from simulator.report.markdown import written
from simulator.studies.comparison import Comparison
from simulator.studies.headline import verdict_lines


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_the_verdict_is_the_heading(comparison: Comparison) -> None:
    choice, character = verdict_lines(comparison)
    assert comparison_markdown(comparison, BRIEF).startswith(f"### {written(choice)}\n\n{written(character)}\n")


def test_every_row_of_a_table_has_a_cell_for_every_plan(crowd: Comparison) -> None:
    found = rows(comparison_markdown(crowd, BRIEF))
    assert {len(cells) for cells in found} == {len(crowd.plans) + 1}


def test_names_show_themselves_and_nothing_else(crowd: Comparison) -> None:
    text = comparison_markdown(crowd, ALL)
    assert "<b>" not in text
    assert r"a\[red\]b\[/red\]" in text
    assert "\nbreak" not in text


def test_bills_are_folded_and_only_those_that_are_asked_for(comparison: Comparison) -> None:
    assert "<details>" not in comparison_markdown(comparison, BRIEF)
    text = comparison_markdown(comparison, Wanted(bills=("cached",)))
    assert re.findall("<summary>Bill: (.*),", text) == ["cached"]
    assert text.count("<details>") == text.count("</details>") == 1


def test_what_would_tell_somebody_or_begin_a_formula_is_defused() -> None:
    assert written("@team pays $3, $x$") == r"@<!-- -->team pays $3, \$x\$"
    assert written("me@example.org") == "me@example.org"
    assert written("~~no~~ &lt; #1") == r"\~\~no\~\~ \&lt; \#1"
    assert not written("")
