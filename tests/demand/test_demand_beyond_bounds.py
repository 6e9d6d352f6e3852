"""Habits that no day has room for, and demands that no machine could simulate, are told before anything is drawn."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from simulator.core.errors import UserError
from simulator.core.input_files.reading import Tree
from simulator.core.input_files.validation import validate
from simulator.demand.population import Population
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.studies.consequences import consequences


def fault(**population: Any) -> str:
    """Return what is wrong with a population, nothing where it may be."""
    try:
        Population.model_validate({"users": "1M", **population})
    except ValidationError as error:
        return str(error)
    return ""


def proposals(said: str) -> list[tuple[str, str]]:
    """Return the keys and values that a message says would be right."""
    shape = re.search(r"a 'shape' from (\S+) on", said)
    lower = re.search(r"a '(\w+)' of at most '([^']+)'", said)
    found = [("shape", shape[1])] if shape else []
    return [*found, (lower[1], lower[2])] if lower else found


def test_shape_and_share_that_imply_more_logins_than_a_day_holds_are_refused_with_numbers() -> None:
    said = fault(daily_active="30 %", shape=0.01)
    assert "'daily_active' (30 %) and 'shape' (0.01) imply 3.09e+13 logins per user and day" in said
    assert "at most 86,400, one a second" in said
    assert proposals(said) == [("shape", "0.0315"), ("daily_active", "10.7 %")]


def test_numbers_that_no_float_holds_are_refused_alike() -> None:
    assert "imply more than 1e308 logins per user and day" in fault(daily_active="99.9 %", shape=0.009)
    assert "imply more than 1e308" in fault(daily_active="99.9 %", shape=1e-300)


@pytest.mark.parametrize(("shape", "share"), [(0.05, "30 %"), (0.12, "2 %"), (0.01, "5 %"), ("inf", "99.999 %")])
def test_habits_that_products_have_are_accepted(shape: float, share: str) -> None:
    assert fault(daily_active=share, shape=shape) == ""


SHAPES = (1e-300, 1e-6, 1e-3, 0.01, 0.1, 1.0, 1e6, "inf")
SHARES = ("0.0001 %", "1 %", "30 %", "90 %", "99.999 %")
RATES = ("0.001/day", "1/day", "1000/day", "100_000/day", "1_000_000_000/day")
HABITS = [
    *({"shape": shape, "daily_active": share} for shape, share in itertools.product(SHAPES, SHARES)),
    *({"shape": shape, "logins_per_day": rate} for shape, rate in itertools.product(SHAPES, RATES)),
]


@pytest.mark.parametrize("dormant", ["0 %", "50 %", "99.9 %"])
def test_whatever_the_habits_they_are_simulated_or_refused_with_what_would_be_right(dormant: str) -> None:
    """Put back in, each value that is proposed is accepted."""
    for habits in HABITS:
        said = fault(**habits, dormant=dormant)
        if "imply" in said:
            proposed = proposals(said)
            assert proposed, habits
            for key, value in proposed:
                assert fault(**habits | {key: value}, dormant=dormant) == "", (habits, key, value)
        else:
            assert said == "" or "must be below" in said, habits


def test_a_segment_is_told_by_its_name() -> None:
    heavy = {"name": "heavy", "share": "10 %", "daily_active": "50 %", "shape": 0.01}
    light = {"name": "light", "share": "90 %", "daily_active": "1 %", "shape": 0.1}
    said = fault(segments=[heavy, light])
    assert "segment 'heavy' 'daily_active' (50 %) and 'shape' (0.01) imply" in said
    assert "segment 'light'" not in said


def a_scenario(population: dict[str, Any], **changes: Any) -> Scenario:
    fleet = {
        "kind": "fleet",
        "instance": "g",
        "queue_limit": 10,
        "service_time": {"kind": "affine", "fixed": "10 ms"},
        "capacity": {"kind": "fixed", "replicas": 2},
    }
    base = {"horizon": "1 h", "warmup": "0 s", "replications": 1, "backends": {"f": fleet}}
    plans = {"p": {"on_miss": "compute", "backend": "f"}}
    return validate(Scenario, Tree({**base, "population": population, "plans": plans, **changes}), "a file", Path())


RETURNS = {"return_visits": {"probability": "90 %", "gap": {"kind": "exponential", "mean": "2 h"}}}


@pytest.mark.parametrize("traffic", [{}, RETURNS])
@pytest.mark.parametrize("shape", [0.03, 1.0, 1e6, "inf"])
@pytest.mark.parametrize("share", ["0.0001 %", "20 %"])
def test_what_is_accepted_is_simulated(shape: float, share: str, traffic: dict[str, Any]) -> None:
    scenario = a_scenario({"users": 20_000, "daily_active": share, "shape": shape}, traffic=traffic)
    expected = scenario.demand.expected_requests(0.0, 1)[0]
    came = simulate(scenario, "p").counted.tally["requests"]
    assert consequences(scenario)
    assert abs(came - expected) < 6 * (10 * max(expected, 1.0)) ** 0.5 + 6


@pytest.mark.parametrize(
    ("population", "changes", "numbers"),
    [
        (
            {"users": "1B", "logins_per_day": "80_000/day"},
            {"horizon": "2 weeks"},
            ["1.12e+15 requests in 14 d", "9.26e+08 a"],
        ),
        ({"users": "100M", "logins_per_day": "1000/day"}, {}, ["4.17e+09 requests in 1 h", "1.16e+06 a second"]),
        (
            {"users": "100M", "logins_per_day": "10/day"},
            {"horizon": "1500 d"},
            ["1.5e+12 requests in 1.5e+03 d", "1.16e+04 a"],
        ),
        (
            {"users": "1M", "logins_per_day": "1/day"},
            {"traffic": {"growth_per_week": "900 %"}, "horizon": "3000 d"},
            ["more than 1e308 requests"],
        ),
        (
            {"users": "1M", "logins_per_day": "1/day"},
            {"traffic": {"spikes": [{"at": "0 s", "duration": "1 h", "multiplier": 10_000}] * 200}},
            ["more than 1e308 requests"],
        ),
    ],
)
def test_a_demand_that_no_machine_simulates_is_told_with_its_numbers(
    population: dict[str, Any], changes: dict[str, Any], numbers: list[str]
) -> None:
    with pytest.raises(UserError) as caught:
        a_scenario({"shape": "inf", **population}, **changes)
    assert all(number in str(caught.value) for number in numbers), str(caught.value)
    assert "a file: population: " in str(caught.value)


def test_a_large_demand_with_a_spike_elsewhere_is_looked_at_hour_by_hour() -> None:
    """Profile and spike together would be above the bound, and they never come together."""
    spike = {"spikes": [{"at": "1 h", "duration": "1 h", "multiplier": 3}]}
    traffic = {"profile": {"kind": "cosine", "peak": "14:00", "amplitude": "100 %"}, **spike}
    population = {"users": "1B", "logins_per_day": "20/day", "shape": "inf"}
    scenario = a_scenario(population, traffic=traffic, horizon="1 d")
    assert scenario.demand.busiest_per_s_at_most(scenario.horizon_s) > 1e6
