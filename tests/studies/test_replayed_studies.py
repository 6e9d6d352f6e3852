"""What a study says of demand that a file holds."""

from pathlib import Path

import pytest
from small_runs import small

from simulator.prices.book import PriceBook
from simulator.report.json_report import as_json
from simulator.studies.comparison import Comparison
from simulator.studies.consequences import consequences
from simulator.studies.recommendation import recommendation
from simulator.studies.study import compare
from simulator.studies.warnings import warnings_of


def replayed(folder: Path, book: PriceBook, **replay: object) -> Comparison:
    path = folder / "counts.csv"
    lines = ["time,count", *(f"2026-03-02 {hour:02d}:00,{100 + 10 * hour}" for hour in range(12))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    traffic = {"replay": {"path": str(path), "value": "count", **replay}}
    return compare(small(traffic=traffic, replications=2), book, workers=1)


def test_all_plans_and_replications_answer_the_requests_of_the_file(tmp_path: Path, book: PriceBook) -> None:
    comparison = replayed(tmp_path, book)
    for plan in comparison.plans.values():
        assert [values["requests"] for values in plan.values] == [2 * 1860, 2 * 1860]
    assert as_json(comparison)["ranking"]


def test_two_workers_replay_the_same_as_one(tmp_path: Path, book: PriceBook) -> None:
    one = replayed(tmp_path, book)
    assert as_json(compare(one.scenario, book, workers=2)) == as_json(one)


@pytest.mark.parametrize(
    ("replay", "said"),
    [
        ({}, "holds the replayed file's 12 h 2 times over"),
        ({"loop": False}, "The replayed file ends after 12 h"),
    ],
)
def test_a_horizon_longer_than_the_file_is_warned_of(
    tmp_path: Path, book: PriceBook, replay: dict[str, object], said: str
) -> None:
    assert any(said in warning for warning in warnings_of(replayed(tmp_path, book, **replay)))


def test_a_file_as_long_as_the_horizon_is_not_warned_of(tmp_path: Path, book: PriceBook) -> None:
    assert not any("replayed file" in warning for warning in warnings_of(replayed(tmp_path, book, speed=0.5)))


def test_the_file_says_how_active_users_are_and_turns_are_told_in_times_the_traffic(
    tmp_path: Path, book: PriceBook
) -> None:
    comparison = replayed(tmp_path, book)
    facts = {fact.what: fact.value for fact in consequences(comparison.scenario) if fact.subject == "traffic"}
    assert facts["logins per user and day"] == f"{2 * 1860 / 20_000:.4g}"
    assert facts["requests in the horizon"] == "3,720"
    text = str(recommendation(comparison))
    assert "today it is" not in text
