"""Runs that are too small to tell anything, and what validate says of horizons that are no whole hours."""

import re
import subprocess
import sys
from typing import Any

import pytest
from small_runs import SCENARIOS, small

from simulator.prices.book import PriceBook
from simulator.report.json_report import as_json
from simulator.report.result import Result
from simulator.scenario.schema import Scenario
from simulator.studies.consequences import consequences
from simulator.studies.recommendation import recommendation
from simulator.studies.study import compare


def told(scenario: Scenario) -> dict[str, str]:
    return {fact.what: fact.value for fact in consequences(scenario) if fact.subject == "traffic"}


def number(text: str) -> float:
    return float(text.replace(",", "").split()[0])


@pytest.mark.parametrize("horizon", ["1 min", "90 s", "25 min", "90 min", "10.3 h", "26 h"])
def test_requests_and_rates_are_those_of_the_horizon_and_not_of_whole_hours(horizon: str, book: PriceBook) -> None:
    day = {"kind": "hourly", "weights": [1, 2, 4, 8, 4, 2] * 4}
    keen = {"users": "300k", "logins_per_day": "20/day", "shape": 0.5}
    scenario = small(population=keen, horizon=horizon, replications=1, traffic__profile=day, traffic__timezones={})
    single = scenario.with_(traffic__session__requests={"kind": "fixed", "count": 1})
    facts = told(single)
    only = single.with_(plans__cached=None, plans__nightly_batch=None)
    metrics = compare(only, book, workers=1).plans["on demand"].metrics
    expected, found = number(facts["requests in the horizon"]), metrics["requests"].mean
    assert abs(found - expected) < 4 * expected**0.5
    assert number(facts["requests per second, mean"]) == pytest.approx(expected / single.horizon_s, rel=1e-3)
    assert number(facts["requests per second, busiest hour"]) >= number(facts["requests per second, mean"])


def test_validate_tells_which_active_shares_a_run_will_not_have() -> None:
    said = "not in a run's metrics"
    facts = told(small(horizon="8 d"))
    assert facts[said] == "monthly active: to be counted takes a horizon of 28 d or more"
    assert told(small(horizon="20 h"))[said].startswith("daily active, weekly active and monthly active")
    assert said not in told(small(horizon="28 d"))
    shares = [float(facts[f"{each} active"].removesuffix(" %")) for each in ("daily", "weekly", "monthly")]
    assert shares == sorted(shares)
    assert shares[0] == 2


MEASURE = """
import re, sys
from pathlib import Path
from simulator.scenario.loading import load_scenario
from simulator.simulation.simulate import simulate
path, plan, users, active = sys.argv[1:]
changes = {"population.daily_active": active, "horizon": "1 h", "warmup": "0 s", "population.users": users}
simulate(load_scenario(path, changes), plan)
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text()).group(1)) * 1024)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is measured in other units, or not at all")
@pytest.mark.parametrize(
    ("plan", "users", "active"),
    [
        ("on demand", "1M", "2 %"),
        ("on demand", "10M", "30 %"),
        ("nightly batch", "10M", "2 %"),
        ("nightly batch", "100M", "2 %"),
        ("cached", "100M", "10 %"),
    ],
)
def test_the_memory_that_is_told_is_about_what_a_run_takes(plan: str, users: str, active: str) -> None:
    path = str(SCENARIOS / "food_delivery_100m.yaml")

    def peak_bytes(users: str) -> float:
        command = [sys.executable, "-c", MEASURE, path, plan, users, active]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    peak_bytes("10k")  # compiles, which takes memory too
    changes: dict[str, Any] = {"population__daily_active": active, "population__users": users, "warmup": "0 s"}
    scenario = small(horizon="1 h", **changes)
    facts = {(fact.subject, fact.what): fact.value for fact in consequences(scenario)}
    about = float(facts[plan, "memory, about"].removesuffix(" GiB")) * 2**30
    assert 1 / 1.5 < about / peak_bytes(users) < 1.5


@pytest.mark.parametrize("changes", [{"population__users": 1}, {"population__users": 500, "horizon": "1 min"}])
def test_next_to_no_requests_are_too_little_to_recommend_anything(changes: dict[str, Any], book: PriceBook) -> None:
    comparison = compare(small(**changes), book, workers=1)
    assert comparison.recommended is None
    assert as_json(comparison)["recommended"] is None
    (said,) = recommendation(comparison)
    assert said.startswith("Too little to recommend anything: ")
    for amount in re.findall(r"\$([\d,.]*\d)", said):
        assert len(amount.replace(",", "").replace(".", "").strip("0")) <= 2
    assert "no plan meets" not in repr(Result(comparison))


def test_a_few_hundred_requests_are_enough_to_go_by(book: PriceBook) -> None:
    assert compare(small(population__users=2_000), book, workers=1).recommended is not None


def test_the_wait_that_a_result_tells_is_that_of_its_metrics(book: PriceBook) -> None:
    result = Result(compare(small(), book, workers=1))
    metrics = result.comparison.plans["on demand"].metrics
    assert result.wait_exceeds("on demand").mean == pytest.approx(metrics["waited_fraction"].mean)
    assert result.wait_exceeds("on demand", 1e6).mean == 0
    assert result.wait_exceeds("nightly batch").mean == 0
