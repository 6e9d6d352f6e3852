"""Shares, coverage and waste of scopes against closed forms: instant runs at midnight, one request a login."""

import math
from typing import Any

import pytest
from replicated import STANDARD_ERRORS, agree_each, replicate

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate
from simulator.theory.logins import active_fraction, recency_scope, top_login_coverage_fraction

USERS = 200_000
DAYS = 4
REPLICATIONS = 16
MEAN = 0.09
ZONES = {"America/New_York": "50 %", "Asia/Tokyo": "30 %", "Europe/Berlin": "20 %"}
PROFILES: dict[str, dict[str, Any]] = {
    "flat": {},
    "cosine": {"profile": {"kind": "cosine", "peak": "19:00", "amplitude": "70 %"}, "timezones": ZONES},
}


def a_scenario(scope: Any, population: dict[str, Any], ahead: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """Return runs over a scope whose rows live for a day, so that none but its users are served from the store."""
    base: dict[str, Any] = {
        "horizon": f"{DAYS} d",
        "warmup": "0 s",
        "population": {"users": USERS} | population,
        "store": {"read_latency": "0 s", "expiry": "24 h"},
        "backends": {
            "night": {
                "kind": "batch_cluster",
                "instance": "b",
                "workers": 64,
                "batch_size": 1,
                "shard": 10_000,
                "service_time": {"kind": "affine", "per_item": "1 ns"},
            }
        },
        "plans": {
            "scoped": {
                "precompute": {"every": "24 h", "backend": "night", "scope": scope} | (ahead or {}),
                "on_miss": "default",
            }
        },
    }
    return Scenario.model_validate(base | changes)


def share(outcome: Outcome) -> float:
    assert outcome.batch is not None
    return outcome.batch.mean_run_rows / USERS


def login_coverage(outcome: Outcome) -> float:
    return outcome.counted.tally["precomputed"] / outcome.counted.tally["requests"]


def user_coverage(outcome: Outcome) -> float:
    """Of the users who come on a day those who are in the scope: a row is served for the first time once a day."""
    assert outcome.traffic.daily_active_fraction is not None
    return outcome.counted.tally["first_served"] / (outcome.traffic.daily_active_fraction * USERS * DAYS)


def waste(outcome: Outcome) -> float:
    return 1 - outcome.counted.tally["first_served"] / outcome.counted.tally["written_batch"]


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize(("shape", "days"), [(0.12, 7), (0.5, 7), (0.5, 1), (math.inf, 7)])
def test_the_recently_active_are_as_many_and_as_good_as_theory_says(profile: str, shape: float, days: int) -> None:
    population = {"logins_per_day": f"{MEAN}/day", "shape": shape}
    scope = {"kind": "active_within", "window": f"{days} d"}
    found = replicate(a_scenario(scope, population, traffic=PROFILES[profile]), "scoped", REPLICATIONS)
    expected = recency_scope(days, shape, MEAN)
    agree_each(found, share, float(expected.precomputed_fraction))
    agree_each(found, login_coverage, float(expected.login_coverage_fraction))
    if profile == "flat":  # days are those of one clock, and begin with the run
        agree_each(found, user_coverage, float(expected.user_coverage_fraction))
        agree_each(found, waste, float(expected.wasted_fraction))


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("shape", [0.12, 1.0])
def test_the_most_active_cover_what_the_lorenz_curve_says(profile: str, shape: float) -> None:
    population = {"logins_per_day": f"{MEAN}/day", "shape": shape}
    scenario = a_scenario({"kind": "most_active", "share": "20 %"}, population, traffic=PROFILES[profile])
    found = replicate(scenario, "scoped", REPLICATIONS)
    assert {share(outcome) for outcome in found} == {0.2}
    agree_each(found, login_coverage, float(top_login_coverage_fraction(0.2, shape)), bias=2e-4)


@pytest.mark.parametrize(("precision", "recall"), [(0.6, 0.8), (0.1, 1.0), (1.0, 0.3)])
@pytest.mark.parametrize("profile", list(PROFILES))
def test_predictions_are_as_precise_and_complete_as_stated(profile: str, precision: float, recall: float) -> None:
    population = {"logins_per_day": f"{MEAN}/day", "shape": 0.5, "dormant": "10 %"}
    scope = {"kind": "predicted", "precision": precision, "recall": recall}
    found = replicate(a_scenario(scope, population, traffic=PROFILES[profile]), "scoped", REPLICATIONS)
    if recall < 1:
        agree_each(found, user_coverage, recall)
    else:
        assert [user_coverage(outcome) for outcome in found] == pytest.approx([1.0] * REPLICATIONS)
        assert all(outcome.counted.tally["defaulted"] <= DAYS for outcome in found)
    if precision < 1:
        agree_each(found, lambda outcome: 1 - waste(outcome), precision)
    else:
        assert {waste(outcome) for outcome in found} == {0.0}


def test_a_precision_that_asks_for_more_than_there_are_names_everyone() -> None:
    population = {"logins_per_day": "2/day", "shape": "inf"}
    scope = {"kind": "predicted", "precision": "1 %", "recall": "100 %"}
    assert share(simulate(a_scenario(scope, population), "scoped")) == 1


def test_segments_and_the_dormant_are_counted_with_their_own_habits() -> None:
    segments = [
        {"name": "keen", "share": "20 %", "logins_per_day": "0.5/day", "shape": 0.5},
        {"name": "others", "share": "80 %", "logins_per_day": "0.04/day", "shape": 0.3, "dormant": "40 %"},
    ]
    scenario = a_scenario(
        {"kind": "active_within", "window": "7 d"}, {"segments": segments}, traffic=PROFILES["cosine"]
    )
    expected = 0.2 * active_fraction(7, 0.5, 0.5) + 0.8 * 0.6 * active_fraction(7, 0.3, 0.04 / 0.6)
    agree_each(replicate(scenario, "scoped", REPLICATIONS), share, float(expected))
    top = simulate(scenario.with_(plans__scoped__precompute__scope={"kind": "most_active", "share": "90 %"}), "scoped")
    assert share(top) == 0.9


def test_return_visits_make_fewer_users_active_than_as_many_independent_logins() -> None:
    """At a flat profile the primary logins of T + q/(1-q) E[min(gap, T)] days reach a window of T days."""
    gap_days, q, days = 2.0, 0.5, 3
    returns = {"probability": q, "gap": {"kind": "exponential", "mean": f"{gap_days} d"}}
    population = {"logins_per_day": f"{MEAN}/day", "shape": 0.5}
    scope = {"kind": "active_within", "window": f"{days} d"}
    scenario = a_scenario(scope, population, traffic={"return_visits": returns})
    reach = days + q / (1 - q) * gap_days * -math.expm1(-days / gap_days)
    expected = float(active_fraction(reach, 0.5, MEAN * (1 - q)))
    agree_each(replicate(scenario, "scoped", REPLICATIONS), share, expected)
    assert scenario.demand.share_active_within(days * 86400.0) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("scope", ["everyone", {"kind": "active_within", "window": "7 d"}])
def test_incremental_runs_compute_for_those_who_came_since_the_run_before(scope: Any) -> None:
    """Everybody has a row of the run after the last login, or of four weeks before: all logins are covered."""
    population = {"logins_per_day": f"{MEAN}/day", "shape": 0.5}
    store = {"read_latency": "0 s"}
    found = replicate(a_scenario(scope, population, {"incremental": True}, store=store), "scoped", REPLICATIONS)
    agree_each(found, share, float(active_fraction(1, 0.5, MEAN)))
    if scope == "everyone":
        assert {login_coverage(outcome) for outcome in found} == {1.0}
    else:  # rows stay: who came since the look-back has one, 30 days on the first day and a day more on each
        expected = recency_scope(30 + (DAYS - 1) / 2, 0.5, MEAN).login_coverage_fraction
        agree_each(found, login_coverage, float(expected), bias=1e-3)


@pytest.mark.parametrize("every_h", [6, 12])
def test_several_runs_a_day_compute_for_a_scope_each_time(every_h: int) -> None:
    population = {"logins_per_day": f"{MEAN}/day", "shape": 0.5}
    ahead = {"every": f"{every_h} h", "at": "03:00"}
    outcome = simulate(a_scenario({"kind": "active_within", "window": "36 h"}, population, ahead), "scoped")
    assert outcome.batch is not None
    assert len(outcome.batch.runs) == DAYS * 24 / every_h
    expected = float(active_fraction(1.5, 0.5, MEAN))
    assert abs(share(outcome) - expected) < STANDARD_ERRORS * (expected / USERS) ** 0.5
    usage = {line.item: line.quantity for line in outcome.usage}
    assert usage["batch writes"] == pytest.approx(share(outcome) * USERS * DAYS * 24 / every_h)


@pytest.mark.parametrize("expiry_days", [10, None])
def test_who_left_the_scope_is_served_until_the_row_expires(expiry_days: int | None) -> None:
    """A row of a run stays: at the login it is found if another login came in the window or in the lifetime after."""
    window, kept = 7, 28 if expiry_days is None else expiry_days
    population = {"logins_per_day": f"{MEAN}/day", "shape": 0.5}
    store = {"read_latency": "0 s"} | ({"expiry": f"{expiry_days} d"} if expiry_days else {})
    scope = {"kind": "active_within", "window": f"{window} d"}
    found = replicate(a_scenario(scope, population, store=store), "scoped", REPLICATIONS)

    def coverage(back: float) -> float:
        return float(recency_scope(back, 0.5, MEAN).login_coverage_fraction)

    if expiry_days:  # a login t into a day finds a row of the last run of those up to `kept` days ago
        agree_each(found, login_coverage, coverage(window + kept - 1))
    else:  # rows go back four weeks before the beginning, a day before time 0, and stay
        agree_each(found, login_coverage, coverage(window + kept + 1 + (DAYS - 1) / 2), bias=1e-3)


@pytest.mark.long
@pytest.mark.parametrize(
    "scope",
    [
        {"kind": "active_within", "window": "7 d"},
        {"kind": "most_active", "share": "20 %"},
        {"kind": "predicted", "precision": "60 %", "recall": "80 %"},
    ],
)
def test_scopes_at_full_size(scope: dict[str, Any]) -> None:
    users, shape, mean = 100_000_000, 0.12, 0.0220
    population = {"users": users, "logins_per_day": f"{mean}/day", "shape": shape}
    outcome = simulate(a_scenario(scope, population, horizon="2 d"), "scoped")
    assert outcome.batch is not None
    rows, logins = outcome.batch.mean_run_rows, outcome.counted.tally["requests"]
    recency = recency_scope(7, shape, mean)
    active = float(active_fraction(1, shape, mean))
    wanted = {
        "active_within": (float(recency.precomputed_fraction), float(recency.login_coverage_fraction)),
        "most_active": (0.2, float(top_login_coverage_fraction(0.2, shape))),
        "predicted": (active * 0.8 / 0.6, 0.8),
    }
    expected_share, expected_coverage = wanted[scope["kind"]]
    assert abs(rows / users - expected_share) < STANDARD_ERRORS * 2 * (expected_share / users) ** 0.5
    # of logins, those of one user are not independent: the keenest come daily
    error = (1 / logins) ** 0.5 * 3
    assert abs(login_coverage(outcome) - expected_coverage) < STANDARD_ERRORS * error + 2e-4
