import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from simulator.theory import breakeven, freshness, logins

from .oracle_keys import ANCHOR_BETA, ANCHOR_SHAPE, close

Oracle = Callable[[str], dict[str, float]]
USERS = 1e8
READ_USD = 1.25e-7
"""The anchor's users and price per read: not written in the reference, but the daily costs of batch at 2, 6 and 20
million requests leave only these, together with "e.hybrid cpre" per user-day and "e.hybrid con" per request."""


@pytest.fixture(name="batch")
def _batch(oracle: Oracle) -> breakeven.BatchCosts:
    return breakeven.BatchCosts(compute_usd=oracle("ref2")["e.hybrid cpre"], read_usd=READ_USD)


@pytest.fixture(name="online")
def _online(oracle: Oracle) -> breakeven.OnlineCosts:
    return breakeven.OnlineCosts(compute_usd=oracle("ref2")["e.hybrid con"])


def test_daily_costs_meet_the_reference(
    oracle: Oracle, batch: breakeven.BatchCosts, online: breakeven.OnlineCosts
) -> None:
    for text in ("2e+06", "6e+06", "2e+07"):
        in_batch = oracle("ref2")[f"e.batch $/day L={text}"]
        assert breakeven.batch_usd_per_day(batch, USERS, float(text)) == close(in_batch)
        assert breakeven.online_usd_per_day(online, float(text)) == close(oracle("ref2")[f"e.online $/day L={text}"])


def test_the_break_even_rate_meets_the_reference(
    oracle: Oracle, batch: breakeven.BatchCosts, online: breakeven.OnlineCosts
) -> None:
    section = oracle("ref2")
    rate = breakeven.break_even_requests_per_user_day(batch, online, USERS)
    assert rate == close(section["e.l* reads/user-day anchor"])
    assert breakeven.dau_equivalent_fraction(rate) == close(section["e.DAU equiv Poisson"])
    for shape in (0.1, 0.5):
        assert breakeven.dau_equivalent_fraction(rate, shape) == close(section[f"e.DAU equiv gamma alpha={shape}"])


def test_at_the_break_even_rate_both_plans_cost_the_same() -> None:
    batch = breakeven.BatchCosts(2e-6, 5e-7, 1e-8, 1e-7, 40.0, 4.0)
    online = breakeven.OnlineCosts(9e-6, 3e-6, 15.0, float(breakeven.provisioning_factor(0.6, 1.8)))
    rate = breakeven.break_even_requests_per_user_day(batch, online, 1e7)
    assert breakeven.batch_usd_per_day(batch, 1e7, rate * 1e7) == close(
        float(breakeven.online_usd_per_day(online, rate * 1e7))
    )


def test_daily_costs_add_up_as_the_model_says() -> None:
    batch = breakeven.BatchCosts(2.0, 0.5, 0.1, 0.25, 40.0, 4.0)
    assert breakeven.batch_usd_per_day(batch, 10, 8) == close(4 * 10 * 2.5 + 10 * 0.1 + 40 + 8 * 0.25)
    online = breakeven.OnlineCosts(3.0, 0.5, 7.0, 2.0)
    assert breakeven.online_usd_per_day(online, 8) == close(8 * (3 * 2 + 0.5) + 7)


def test_the_ratio_that_makes_two_percent_break_even_meets_the_reference(oracle: Oracle) -> None:
    # without prices per read: l* = c_b/c_o, so the ratio is 1 over the mean rate of alike users with a DAU share of 2 %
    mean = float(logins.mean_logins_per_day(0.02, math.inf))
    value = oracle("ref2")["e.ratio co/cb at which 2% homogenous break-even (phi=1,no kv)"]
    assert 1 / mean == close(value)
    rate = breakeven.break_even_requests_per_user_day(breakeven.BatchCosts(1.0), breakeven.OnlineCosts(value), USERS)
    assert breakeven.dau_equivalent_fraction(rate) == close(0.02)


def test_a_fleet_for_the_peak_is_used_as_the_reference_says(oracle: Oracle) -> None:
    used = oracle("ref2")["e.peak fleet mean util u*=.6 kappa=.6"]
    assert 1 / breakeven.provisioning_factor(0.6, 1.6) == close(used)
    assert 1 / breakeven.provisioning_factor(0.6) == close(0.6)


def test_the_ideal_hybrid_meets_the_reference(
    oracle: Oracle, batch: breakeven.BatchCosts, online: breakeven.OnlineCosts
) -> None:
    section = oracle("ref2")
    threshold = breakeven.hybrid_threshold_per_day(batch.usd_per_user_day, online.usd_per_request, READ_USD)
    assert threshold == close(section["e.hybrid r*"])
    ideal = breakeven.ideal_hybrid(batch, online, ANCHOR_SHAPE, ANCHOR_SHAPE / ANCHOR_BETA)
    assert ideal.precomputed_fraction == close(section["e.hybrid share precomputed"])
    assert ideal.login_coverage_fraction == close(section["e.hybrid login coverage"])
    assert ideal.usd_per_user_day * USERS == close(section["e.hybrid $/day"])


def test_everyone_and_nobody_precomputed_meet_the_reference(
    oracle: Oracle, batch: breakeven.BatchCosts, online: breakeven.OnlineCosts
) -> None:
    requests = USERS * ANCHOR_SHAPE / ANCHOR_BETA
    assert breakeven.batch_usd_per_day(batch, USERS, requests) == close(oracle("ref2")["e.all-batch $/day"])
    assert breakeven.online_usd_per_day(online, requests) == close(oracle("ref2")["e.all-online $/day"])


def test_hybrids_by_recency_meet_the_reference(
    oracle: Oracle, batch: breakeven.BatchCosts, online: breakeven.OnlineCosts
) -> None:
    mean = ANCHOR_SHAPE / ANCHOR_BETA
    for days in (1, 2, 3, 5, 7, 10, 14, 21, 28, 60):
        scope = logins.recency_scope(days, ANCHOR_SHAPE, mean)
        found = breakeven.hybrid(batch, online, scope.precomputed_fraction, scope.login_coverage_fraction, mean)
        assert found.usd_per_user_day * USERS == close(oracle("ref2")[f"e.recency hybrid k={days} $/day"])


def test_a_batch_discount_of_half_needs_every_second_prediction_read(oracle: Oracle) -> None:
    section = oracle("ref3")
    online_usd, batch_usd = section["LLM online 2000in/300out 0.75/4.50"], section["LLM batch 50%"]
    value = section["LLM batch-vs-online read prob break-even (50% discount)"]
    assert breakeven.hybrid_threshold_per_day(batch_usd, online_usd) == close(value)


def test_the_best_refresh_period_meets_the_reference(oracle: Oracle) -> None:
    section = oracle("ref2")
    for value, half_life in (("1e-05", 1), ("0.0001", 1), ("0.001", 1), ("0.0001", 7)):
        change = float(freshness.change_rate_per_s(half_life))
        period = breakeven.best_refresh_period_s(2.6e-6, float(value), change)
        reference = section[f"e.optI c=2.6e-06 V={value} half-life={half_life}d: I* days"]
        assert period == close(reference, 1e-7)  # it minimised a flat function: half its digits
    # printed under one key for each case, so only the last one's values have been stored
    cost = 2.6e-6 / period + 1e-4 * (1 - freshness.periodic_freshness(change, period))
    assert cost == close(section["cost"])
    assert math.sqrt(2 * 2.6e-6 / (1e-4 * change)) == close(section["approx sqrt(2c/(V g))"])


def test_no_scope_by_rate_beats_the_ideal_hybrid() -> None:
    batch, online = breakeven.BatchCosts(2.6e-6, read_usd=1e-7), breakeven.OnlineCosts(2.2e-5)
    shape, mean = 0.3, 0.1
    floor = float(breakeven.ideal_hybrid(batch, online, shape, mean).usd_per_user_day)
    for share in np.linspace(0.001, 0.999, 50):
        coverage = logins.top_login_coverage_fraction(share, shape)
        assert breakeven.hybrid(batch, online, share, coverage, mean).usd_per_user_day >= floor
    for days in (1, 7, 28):
        scope = logins.recency_scope(days, shape, mean)
        by_recency = breakeven.hybrid(batch, online, scope.precomputed_fraction, scope.login_coverage_fraction, mean)
        assert by_recency.usd_per_user_day > floor


def test_the_best_refresh_period_minimises_its_cost() -> None:
    def cost(period: float) -> float:
        return 2.0 / period + 30.0 * (1 - float(freshness.periodic_freshness(0.5, period)))

    found = minimize_scalar(cost, bracket=(0.1, 0.5), options={"xtol": 1e-12})
    assert breakeven.best_refresh_period_s(2.0, 30.0, 0.5) == close(found.x, 1e-6)


def test_refreshing_that_costs_more_than_all_staleness_never_pays() -> None:
    assert breakeven.best_refresh_period_s(np.array([2.0, 1.0]), 1.0, 1.0).tolist() == [math.inf, math.inf]


def test_precomputing_never_pays_where_reading_costs_as_much_as_computing() -> None:
    batch, online = breakeven.BatchCosts(1e-6, read_usd=1e-5), breakeven.OnlineCosts(1e-5)
    assert breakeven.break_even_requests_per_user_day(batch, online, 1e6) == math.inf


def test_a_dau_equivalent_of_gamma_users_tends_to_that_of_users_all_alike() -> None:
    alike = float(breakeven.dau_equivalent_fraction(0.12))
    assert breakeven.dau_equivalent_fraction(0.12, 1e10) == close(alike, 1e-9)
    assert breakeven.dau_equivalent_fraction(0.12, 0.1) < alike


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: breakeven.provisioning_factor(1.5), r"target_utilisation_fraction\(=1\.5\) must be a fraction"),
        (lambda: breakeven.provisioning_factor(0.0), r"target_utilisation_fraction\(=0\.0\) must be > 0"),
        (lambda: breakeven.provisioning_factor(0.5, [2.0, 0.9]), r"peak_to_mean\(=0\.9\) must be >= 1"),
        (lambda: breakeven.batch_usd_per_day(breakeven.BatchCosts(1.0), 0, 1.0), r"users\(=0\.0\) must be > 0"),
        (lambda: breakeven.online_usd_per_day(breakeven.OnlineCosts(1.0), -1.0), r"requests_per_day\(=-1\.0\) must be"),
        (lambda: breakeven.hybrid_threshold_per_day(1.0, 0.5, 0.5), r"online_usd\(=0\.5\) must be > read_usd\(=0\.5\)"),
        (lambda: breakeven.best_refresh_period_s(1.0, 1.0, 0.0), r"change_per_s\(=0\.0\) must be > 0"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
