"""The share of monthly active users in place of the gamma shape."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import InputFileError
from simulator.core.input_files.reading import parse_tree
from simulator.core.input_files.validation import validate
from simulator.demand.monthly import LEAST_SHAPE, Known, shape_for
from simulator.demand.population import MONTHLY_ACTIVE_DAYS, Population
from simulator.scenario.schema import Scenario
from simulator.theory.logins import active_fraction, fit_login_rates

RETURNS = {"probability": "40 %", "gap": {"kind": "exponential", "mean": "9 h"}}


def scenario(returns: dict[str, Any] | None = None, **population: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "population": {"users": "1M", **population},
            "traffic": {"return_visits": returns} if returns else {},
            "backends": {"live": {"kind": "fleet", "instance": "x", "service_time": "5 ms", "capacity": 2}},
            "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
        }
    )


def fault(traffic: str = "{}", **population: str) -> str:
    stated = ", ".join(f"{key}: {value}" for key, value in {"users": "1M", **population}.items())
    text = f"population: {{{stated}}}\ntraffic: {traffic}\n"
    text += "backends: {live: {kind: fleet, instance: x, service_time: 5 ms, capacity: 2}}\n"
    text += "plans: {on demand: {on_miss: compute, backend: live}}\n"
    with pytest.raises(InputFileError) as caught:
        validate(Scenario, parse_tree(text, "file"), "file", Path())
    return str(caught.value)


def test_the_shape_is_the_one_of_the_closed_form() -> None:
    rates = fit_login_rates(0.06, 0.35, MONTHLY_ACTIVE_DAYS)
    population = Population.model_validate({"users": "1M", "daily_active": "6 %", "monthly_active": "35 %"})
    assert population.shape_for() == pytest.approx(rates.shape, rel=1e-10)
    assert population.mean_logins_per_user_day() == pytest.approx(rates.mean_per_day, rel=1e-9)


@given(st.floats(0.02, 20), st.floats(0.01, 0.6))
def test_the_share_that_a_shape_gives_asks_for_that_shape(shape: float, daily: float) -> None:
    stated = {"users": "1M", "daily_active": daily}
    monthly = Population.model_validate({**stated, "shape": shape}).share_active_at(days=MONTHLY_ACTIVE_DAYS)
    again = Population.model_validate({**stated, "monthly_active": min(monthly, 1 - 1e-12)})
    assert again.share_active_at() == pytest.approx(daily, rel=1e-9)
    assert again.share_active_at(days=MONTHLY_ACTIVE_DAYS) == pytest.approx(monthly, rel=1e-9)


@pytest.mark.parametrize("returns", [None, RETURNS])
@pytest.mark.parametrize("rate", [{"daily_active": "6 %"}, {"logins_per_day": "0.2/day"}])
@pytest.mark.parametrize("dormant", ["0 %", "30 %"])
def test_the_demand_has_the_shares_that_are_stated(returns: Any, rate: Any, dormant: str) -> None:
    demand = scenario(returns, **rate, monthly_active="25 %", dormant=dormant).demand
    assert demand.share_active_at(days=MONTHLY_ACTIVE_DAYS) == pytest.approx(0.25, rel=1e-9)
    if "daily_active" in rate:
        assert demand.share_active_at() == pytest.approx(0.06, rel=1e-9)
    else:
        assert demand.mean_logins_per_user_day == pytest.approx(0.2, rel=1e-9)
    assert demand.cohorts().shape == (demand.population.shape_for(demand.clusters()),)


def test_each_segment_has_a_share_of_its_own() -> None:
    segments = [
        {"name": "fans", "share": "20 %", "daily_active": "30 %", "monthly_active": "70 %"},
        {"name": "others", "share": "80 %", "daily_active": "1 %", "shape": 0.5},
    ]
    demand = scenario(segments=segments).demand
    fans, others = demand.population.groups
    assert fans.active_within(MONTHLY_ACTIVE_DAYS) == pytest.approx(0.7, rel=1e-9)
    assert others.shape_for() == 0.5


def test_what_the_file_states_is_kept_and_read_again() -> None:
    found = scenario(daily_active="6 %", monthly_active="35 %")
    resolved = found.model_dump(mode="json", exclude_none=True)["population"]
    assert resolved["monthly_active"] == "35 %"
    assert "shape" not in resolved
    other = found.with_(population__monthly_active=None, population__shape=0.2)
    assert other.population.shape_for() == 0.2


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (
            {"daily_active": "6 %", "monthly_active": "90 %"},
            "line 1: population.monthly_active: 90 % cannot be",
        ),
        ({"daily_active": "6 %", "monthly_active": "90 %"}, "with daily_active 6 %; it must be from 6."),
        ({"daily_active": "6 %", "monthly_active": "90 %"}, "to 82.31 % (everyone alike)"),
        ({"daily_active": "6 %", "monthly_active": "5 %"}, "it must be from 6."),
        ({"logins_per_day": "0.01/day", "monthly_active": "35 %"}, "with logins_per_day 0.01/day; it must be from"),
        ({"daily_active": "6 %", "monthly_active": "35 %", "shape": "0.2"}, "has both 'shape' and 'monthly_active'"),
        ({"daily_active": "6 %"}, "or 'monthly_active', the share who come within 28 days"),
        ({"daily_active": "6 %", "monthly_active": "0 %"}, "'monthly_active' is 0 %"),
        ({"daily_active": "6 %", "monthly_active": "35"}, "35 without a percent sign is 3500 %; write '35 %'"),
        ({"daily_active": "6", "monthly_active": "35 %"}, "6 without a percent sign is 600 %; write '6 %'"),
        ({"daily_active": "1", "shape": "0.2"}, "write '1 %' if that is meant"),
        ({"daily_active": "6 %", "monthly_active": "40 %", "dormant": "60 %"}, "'monthly_active' (40 %) must be below"),
    ],
)
def test_shares_that_nothing_gives_are_refused_with_what_can_be(stated: dict[str, str], told: str) -> None:
    assert told in fault(**stated)


def test_return_visits_narrow_what_can_be_reached() -> None:
    traffic = "{return_visits: {probability: 60 %, gap: 12 h}}"
    assert "82 % cannot be reached with daily_active 6 % and these return visits" in fault(
        traffic, daily_active="6 %", monthly_active="82 %"
    )


@pytest.mark.parametrize(
    "known", [Known(0.05, 0.0, 1.0, 28.0), Known(None, 0.3, 1.0, 28.0), Known(0.2, 0.0, 1.2, 28.9)]
)
def test_the_ends_of_the_range_are_reached(known: Known) -> None:
    least, most = known.monthly_range()
    assert shape_for(known, least) == pytest.approx(LEAST_SHAPE, rel=1e-3)
    assert shape_for(known, most) > 1e3
    assert 0 < least < most


def test_users_who_are_all_alike_are_the_upper_end() -> None:
    known = Known(-math.log1p(-0.06), 0.0, 1.0, 28.0)
    assert known.monthly_range()[1] == pytest.approx(float(active_fraction(28, math.inf, -math.log1p(-0.06))))
