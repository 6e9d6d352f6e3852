import io
import json

import pytest
from rich.console import Console

from simulator.report.check_report import as_json, check_table, verdict
from simulator.studies.check.comparing import Finding, distance
from simulator.studies.check.study import CheckReport


def a_report(*, wrong: bool) -> CheckReport:
    right = Finding("queueing", "mean wait, M/M/1 [s]", 2.0, distance([1.9, 2.1, 2.05], 2.0))
    other = Finding(
        "caching", "mean age, stale while revalidate, of [everyone] with a long name", 3.0, distance([3.0, 3.0], 3.0)
    )
    off = Finding("caching", "hit ratio", 9.0, distance([3.0, 3.0], 9.0))
    return CheckReport(4, full=False, findings=(right, other, *([off] if wrong else [])))


def printed(report: CheckReport) -> str:
    console = Console(file=io.StringIO(), width=80)
    for part in check_table(report):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("wrong", [False, True])
def test_the_table_fits_a_terminal_and_ends_in_the_verdict(*, wrong: bool) -> None:
    report = a_report(wrong=wrong)
    lines = printed(report).rstrip().splitlines()
    assert max(map(len, lines)) <= 80
    assert verdict(report) in " ".join(line.strip() for line in lines)
    assert "[everyone]" in " ".join(lines)
    assert any("queueing" in line for line in lines)
    assert ("differs" in " ".join(lines)) is wrong


def test_the_verdict_says_what_chance_would_do() -> None:
    assert verdict(a_report(wrong=False)) == "all 2 agree: largest |z| 0.2, expected of 2 fair checks 1.1"


def test_the_verdict_names_what_differs() -> None:
    assert verdict(a_report(wrong=True)).startswith("1 of 3 differ: caching: hit ratio (")


def test_json_holds_every_check_and_no_infinite_number() -> None:
    content = as_json(a_report(wrong=True))
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert [check["agrees"] for check in content["checks"]] == [True, True, False]
    assert content["checks"][2]["z"] is None
    assert content["agree"] is False
    assert content["seed"] == 4
