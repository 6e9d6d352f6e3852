import math

import pytest
from small_runs import SCENARIOS

from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.studies.comparison import Comparison
from simulator.studies.study import compare
from simulator.theory.logins import mean_logins_per_day, unread_fraction

DAU_FRACTION = 0.02
SHAPE = 0.12
USERS = 100_000_000
FLAT = {"traffic.profile": {"kind": "flat"}, "traffic.timezones": {}}
DAYS = 2


@pytest.fixture(scope="module")
def headline() -> Comparison:
    changes = {**FLAT, "horizon": f"{DAYS} d", "replications": 1}
    scenario = load_scenario(SCENARIOS / "food_delivery_100m.yaml", changes)
    return compare(scenario, load_book(scenario.prices), workers=2)


@pytest.mark.long
def test_two_percent_of_a_hundred_million_users_come_on_a_day(headline: Comparison) -> None:
    found = headline.plans["on demand"].metrics["daily_active_fraction"].mean
    error = math.sqrt(DAU_FRACTION / USERS / DAYS)
    assert abs(found - DAU_FRACTION) < 4 * error


@pytest.mark.long
def test_ninety_eight_million_rows_a_night_are_never_read(headline: Comparison) -> None:
    found = headline.plans["nightly batch"].metrics["wasted_fraction"].mean
    expected = float(unread_fraction(mean_logins_per_day(DAU_FRACTION, SHAPE), SHAPE))
    assert expected == pytest.approx(1 - DAU_FRACTION)
    # A session goes on for minutes after its login, so that a few rows are read by a request whose login came before
    # they were published: at most the share of sessions that a publication falls into.
    crossing = 6 * 90 / 86_400 * DAU_FRACTION
    error = math.sqrt(DAU_FRACTION / USERS / DAYS)
    assert -crossing - 4 * error < found - expected < 4 * error


@pytest.mark.long
def test_every_plan_answers_the_same_requests_at_full_size(headline: Comparison) -> None:
    assert len({plan.metrics["requests"].mean for plan in headline.plans.values()}) == 1
    assert headline.recommended in {"cached", "on demand"}
