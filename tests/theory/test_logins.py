import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln, pdtrc

from simulator.theory import logins

from .oracle_keys import ANCHOR_BETA, ANCHOR_SHAPE, cases, close

Oracle = Callable[[str], dict[str, float]]
FITTED = {"0.118447": 0.11844704254519838, "5.37714": 5.377135908380578}  # b.fit in full, six digits in the keys


def test_unread_shares_meet_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("b.waste"), "Poisson unread", "gamma unread"):
        if label == "Poisson unread":
            assert logins.unread_fraction(given["m"], math.inf) == close(value)
        else:
            assert logins.unread_fraction(given["mean"], given["alpha"]) == close(value)


def test_mean_logins_for_a_dau_share_meet_the_reference(oracle: Oracle) -> None:
    for _, given, value in cases(oracle("b.waste"), "mean logins/user-day for 2% DAU"):
        assert logins.mean_logins_per_day(0.02, given["alpha"]) == close(value)


def test_daily_and_monthly_activity_meet_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("b.active"), "DAU/MAU", "DAU", "MAU30"):
        shape, mean = given["a"], given["a"] / given["b"]
        found = {
            "DAU": logins.active_fraction(1.0, shape, mean),
            "MAU30": logins.active_fraction(30.0, shape, mean),
            "DAU/MAU": logins.dau_mau_fraction(shape, mean),
        }
        assert found[label] == close(value)


def test_fits_meet_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("b.fit"), " alpha", " beta", " mean logins"):
        fit = logins.fit_login_rates(given["DAU"], given["MAU"])
        found = {" alpha": fit.shape, " beta": fit.shape / fit.mean_per_day, " mean logins": fit.mean_per_day}
        assert found[label] == close(value)


def test_recency_scopes_meet_the_reference(oracle: Oracle) -> None:
    attributes = {
        "precomputed share": "precomputed_fraction",
        "coverage users": "user_coverage_fraction",
        "coverage logins": "login_coverage_fraction",
        "waste": "wasted_fraction",
        "lift of P(active)": "lift",
    }
    section = {_in_full(key): value for key, value in oracle("b.recency").items()}
    for label, given, value in cases(section, *attributes):
        scope = logins.recency_scope(given["k"], given["a"], given["a"] / given["b"])
        assert getattr(scope, attributes[label]) == close(value), (label, given)


def test_lorenz_coverage_meets_the_reference(oracle: Oracle) -> None:
    section = {_in_full(key): value for key, value in oracle("b.lorenz").items()}
    for _, given, value in cases(section, "top20%"):
        assert logins.top_login_coverage_fraction(0.2, given["a"]) == close(value)


def test_scopes_of_several_logins_meet_the_reference(oracle: Oracle) -> None:
    section = oracle("ref3")
    mean = ANCHOR_SHAPE / ANCHOR_BETA
    for least, window in ((1, 7), (1, 28), (2, 28), (4, 28)):
        scope = logins.recency_scope(window, ANCHOR_SHAPE, mean, logins=least)
        assert scope.precomputed_fraction == close(section[f">= {least} logins in {window}d: share"])
    # printed under one key for each scope, so only the last one's values have been stored
    assert scope.user_coverage_fraction == close(section["   coverage users"])
    assert scope.wasted_fraction == close(section["   waste"])


def test_two_refreshes_a_day_waste_what_the_reference_says(oracle: Oracle) -> None:
    section = oracle("ref3")
    half = 0.5 + 0.6 / math.pi  # share of a day's logins in the half day around the peak, kappa 0.6
    for share, key in ((0.5, "equal (w1=0.500000)"), (half, "peak half (w1=0.690986)")):
        unread = logins.unread_fraction(0.1 * np.array([share, 1 - share]), math.inf)
        assert unread.mean() == close(section[f"waste 2 refreshes/day Poisson m=.1 {key}"])


def _in_full(key: str) -> str:
    for short, full in FITTED.items():
        key = key.replace(f"={short} ", f"={full!r} ")
    return key


@pytest.mark.parametrize("shape", [0.03, 0.5, 1.0, 8.0])
def test_inactive_share_is_the_mean_over_gamma_rates(shape: float) -> None:
    assert logins.inactive_fraction(7.0, shape, 0.2) == close(_mean_over_users(lambda r: math.exp(-7 * r), shape, 0.2))


@pytest.mark.parametrize(("shape", "least"), [(0.5, 1), (0.5, 3), (3.0, 2)])
def test_recency_scope_is_the_mean_over_gamma_rates(shape: float, least: int) -> None:
    mean, window, period = 0.3, 5.0, 0.5

    def member(rate: float) -> float:
        return float(pdtrc(least - 1, rate * window))

    def present(rate: float) -> float:
        return -math.expm1(-rate * period)

    share = _mean_over_users(member, shape, mean)
    both = _mean_over_users(lambda rate: member(rate) * present(rate), shape, mean)
    active = _mean_over_users(present, shape, mean)
    covered = _mean_over_users(lambda rate: member(rate) * rate, shape, mean) / mean
    scope = logins.recency_scope(window, shape, mean, logins=least, period_days=period)
    assert scope.precomputed_fraction == close(share)
    assert scope.user_coverage_fraction == close(both / active)
    assert scope.login_coverage_fraction == close(covered)
    assert scope.wasted_fraction == close(1 - both / share)
    assert scope.lift == close(both / share / active)


def _mean_over_users(form: Callable[[float], float], shape: float, mean: float) -> float:
    def weighted(v: float) -> float:  # rate = mean e^v
        return form(mean * math.exp(v)) * math.exp(shape * (v + math.log(shape) - math.exp(v)) - float(gammaln(shape)))

    edges = np.append(np.linspace(-40 / shape, -4, 60), np.linspace(-3.9, 7.5, 40))
    return sum(quad(weighted, a, b, epsabs=1e-16, epsrel=1e-11)[0] for a, b in pairwise(edges))


@pytest.mark.parametrize("shape", [0.02, 0.3, 2.0, 1e9, math.inf])
def test_mean_logins_give_back_the_dau_share(shape: float) -> None:
    for share in (1e-6, 0.02, 0.9):
        mean = logins.mean_logins_per_day(share, shape)
        assert logins.active_fraction(1.0, shape, mean) == close(share, 1e-12)


def test_users_all_alike_are_the_limit_of_large_shapes() -> None:
    for form in (
        lambda shape: logins.inactive_fraction(7.0, shape, 0.2),
        lambda shape: logins.mean_logins_per_day(0.02, shape),
        lambda shape: logins.recency_scope(7.0, shape, 0.2, logins=2).precomputed_fraction,
        lambda shape: logins.recency_scope(7.0, shape, 0.2).lift,
    ):
        assert form(1e10) == close(float(form(math.inf)), 1e-7)  # the first correction is about w m/(2 shape)


def test_recency_tells_nothing_about_users_all_alike() -> None:
    scope = logins.recency_scope(7.0, math.inf, 0.2)
    assert scope.lift == close(1.0, 1e-12)
    assert scope.user_coverage_fraction == close(float(scope.precomputed_fraction), 1e-12)
    assert scope.login_coverage_fraction == close(float(scope.precomputed_fraction), 1e-12)


def test_more_unlike_users_waste_more_of_a_refresh_for_everyone() -> None:
    unread = logins.unread_fraction(0.1, np.array([0.05, 0.5, 5.0, math.inf]))
    assert np.all(np.diff(unread) < 0)


def test_lorenz_coverage_runs_from_nobody_to_everybody() -> None:
    coverage = logins.top_login_coverage_fraction(np.linspace(0, 1, 101), 0.3)
    assert coverage[0] == 0
    assert coverage[-1] == 1
    assert np.all(np.diff(coverage, 2) <= 1e-12)  # the next most active add less and less


def test_lorenz_coverage_of_users_all_alike_is_the_share() -> None:
    assert logins.top_login_coverage_fraction(0.2, math.inf) == 0.2
    assert logins.top_login_coverage_fraction(0.2, 1e8) == close(0.2, 1e-3)  # falls as 1.4/sqrt(shape)


def test_lorenz_coverage_of_exponential_rates_is_elementary() -> None:
    # shape 1: the top share p has rates above -ln p, and holds p(1 - ln p) of the logins
    assert logins.top_login_coverage_fraction(0.2, 1.0) == close(0.2 * (1 - math.log(0.2)))


@pytest.mark.parametrize(("shape", "mean"), [(0.02, 3.0), (0.4, 0.05), (60.0, 0.3)])
def test_a_fit_gives_back_the_rates_that_made_the_shares(shape: float, mean: float) -> None:
    daily, monthly = (float(logins.active_fraction(days, shape, mean)) for days in (1.0, 30.0))
    fit = logins.fit_login_rates(daily, monthly)
    assert fit.shape == close(shape, 1e-7)  # shares near 1 say little about a rate: digits are lost there
    assert fit.mean_per_day == close(mean, 1e-7)


def test_a_fit_to_nearly_alike_users_has_their_mean() -> None:
    fit = logins.fit_login_rates(0.02, -math.expm1(30 * math.log1p(-0.02)) - 1e-15)
    assert fit.mean_per_day == close(-math.log1p(-0.02))
    assert fit.shape > 1e9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logins.mean_logins_per_day(1.0, 0.5), r"dau_fraction\(=1\.0\) must be strictly between 0 and 1"),
        (lambda: logins.inactive_fraction(-1.0, 0.5, 1.0), r"window_days\(=-1\.0\) must be >= 0"),
        (lambda: logins.unread_fraction(1.0, 0.0), r"shape\(=0\.0\) must be > 0"),
        (lambda: logins.dau_mau_fraction(0.5, 0.0), r"mean_per_day\(=0\.0\) must be > 0"),
        (lambda: logins.recency_scope(7.0, 0.5, 0.1, logins=0), r"logins\(=0\.0\) must be a whole number >= 1"),
        (lambda: logins.recency_scope(7.0, 0.5, 0.1, period_days=0.0), r"period_days\(=0\.0\) must be > 0"),
        (lambda: logins.top_login_coverage_fraction(1.2, 0.5), r"top_fraction\(=1\.2\) must be a fraction"),
        (lambda: logins.fit_login_rates(0.2, 0.1), r"mau_fraction\(=0\.1\) must be above dau_fraction\(=0\.2\)"),
        (lambda: logins.fit_login_rates(0.02, 0.6), r"mau_fraction\(=0\.6\) .* below 0\.454516"),
        (lambda: logins.fit_login_rates(0.02, 0.02001), r"mau_fraction\(=0\.02001\) is too near"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
