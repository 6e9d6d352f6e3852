import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfcx, expn, gammaln

from simulator.theory import caching, exponential

from .oracle_keys import ANCHOR_BETA, ANCHOR_SHAPE, cases, close

Oracle = Callable[[str], dict[str, float]]


def test_hit_ratios_and_ages_meet_the_reference(oracle: Oracle) -> None:
    forms: dict[str, Callable[[float, float], object]] = {
        "hit fixed": caching.fixed_ttl_hit_fraction,
        "mean age at serve fixed": lambda r, t: caching.fixed_ttl_mean_age_s(caching.fixed_ttl_hit_fraction(r, t), t),
        "hit sliding": caching.sliding_ttl_hit_fraction,
        "mean age at serve sliding": caching.sliding_ttl_mean_age_s,
        "mean age SWR": caching.revalidating_mean_age_s,
    }
    for label, given, value in cases(oracle("a.ttl"), *forms):
        assert forms[label](given["r"], given["T"]) == close(value), (label, given)


def test_freshness_at_serving_meets_the_reference(oracle: Oracle) -> None:
    hit = caching.fixed_ttl_hit_fraction(1.0, 1.0)
    assert caching.fixed_ttl_freshness(hit, 1.0, 0.5) == close(oracle("a.ttl")["F at serve fixed r=1 T=1 l=.5"])


def test_gamma_users_hit_ratio_meets_the_reference(oracle: Oracle) -> None:
    section = oracle("a.ttl")
    hit = caching.gamma_fixed_ttl_hit_fraction(0.5, 0.1, 1.0)
    assert hit == close(section["  closed form 1 - z e^z E_{a+1}(z), z=b/T"], 1e-11)  # 3.5e-12 off
    assert hit == close(section["gamma mix request hit ratio a=.5 b=5 T=1"])  # by quadrature, 2e-10 off


def test_gamma_hit_ratio_of_shape_one_half_is_an_error_function() -> None:
    # E_3/2 follows from E_1/2, which is sqrt(pi/z) erfc(sqrt(z)); this settles who is off in the last digits above
    z = 5.0
    half = math.sqrt(math.pi / z) * float(erfcx(math.sqrt(z)))
    expected = 1 - z * (1 - z * half) / 0.5
    assert caching.gamma_fixed_ttl_hit_fraction(0.5, 0.1, 1.0) == close(expected, 1e-14)


def test_lazy_cache_computes_what_it_does_not_hit_as_in_the_reference(oracle: Oracle) -> None:
    mean = ANCHOR_SHAPE / ANCHOR_BETA
    computes = mean * (1 - caching.gamma_fixed_ttl_hit_fraction(ANCHOR_SHAPE, mean, 1.0))
    assert computes == close(oracle("ref2")["e.lazy TTL(1d) computes per user-day"])


@pytest.mark.parametrize("z", [1e-3, 1.0, 50.0, 1e4])
@pytest.mark.parametrize("shape", [0.05, 0.118447, 0.5, 1.0, 3.7, 40.0])
def test_gamma_hit_ratio_is_the_mean_over_size_biased_rates(shape: float, z: float) -> None:
    # rates in units of 1/TTL: r ~ Gamma(shape + 1, rate z); with r = e^v the integrand is smooth on both sides
    def hits(v: float) -> float:
        rate = math.exp(v)
        log_density = (shape + 1) * (math.log(z) + v) - z * rate - float(gammaln(shape + 1))
        return math.exp(log_density) * rate / (1 + rate)

    peak = math.log((shape + 2) / z)
    edges = np.linspace(peak - 40, peak + 8, 25)
    by_integral = sum(quad(hits, low, high, epsabs=0, epsrel=1e-10)[0] for low, high in pairwise(edges))
    assert caching.gamma_fixed_ttl_hit_fraction(shape, shape / z, 1.0) == close(by_integral)


@pytest.mark.parametrize("z", [1e4, 1e8, 1e12])
def test_gamma_hit_ratio_keeps_its_digits_where_the_textbook_form_cancels(z: float) -> None:
    shape = 0.5
    order = shape + 2
    leading = (shape + 1) / (z + order) * (1 + order / (z + order) ** 2)
    hit = caching.gamma_fixed_ttl_hit_fraction(shape, shape / z, 1.0)
    assert hit == close(leading, 1e-11)  # the next term is 2 order/z^3


def test_a_ttl_without_end_hits_always_and_never_more() -> None:
    # the sum is 1.5e-15 above 1 here before it is cut off
    assert caching.gamma_fixed_ttl_hit_fraction(0.03, 1.0, 3e16) <= 1
    assert caching.gamma_fixed_ttl_mean_age_s(0.03, 1.0, 3e16) == close(1.5e16)


def test_users_all_alike_are_the_limit_of_gamma_users() -> None:
    alike = caching.fixed_ttl_hit_fraction(3.0, 0.25)
    assert caching.gamma_fixed_ttl_hit_fraction(math.inf, 3.0, 0.25) == close(float(alike), 1e-15)
    assert caching.gamma_fixed_ttl_hit_fraction(1e12, 3.0, 0.25) == close(float(alike), 1e-11)


def test_unlike_users_hit_more_often_than_users_all_alike() -> None:
    hit = caching.gamma_fixed_ttl_hit_fraction(np.array([0.05, 0.5, 5.0, math.inf]), 0.02, 1.0)
    assert np.all(np.diff(hit) < 0)


def test_gamma_users_mean_age_is_the_mean_over_size_biased_rates() -> None:
    shape, beta, ttl = 0.5, 5.0, 24.0

    def ages(rate: float) -> float:
        density = beta ** (shape + 1) * rate**shape * math.exp(-beta * rate) / math.gamma(shape + 1)
        return density * rate * ttl**2 / (2 * (1 + rate * ttl))

    by_integral = quad(ages, 0, 20, epsabs=0, epsrel=1e-11, limit=200)[0]
    assert caching.gamma_fixed_ttl_mean_age_s(shape, shape / beta, ttl) == close(by_integral)


def test_freshness_at_serving_is_the_mean_over_serving_ages() -> None:
    rate, ttl, change = 2.0, 3.0, 0.4
    hits = rate * quad(lambda age: math.exp(-change * age), 0, ttl)[0]
    hit = caching.fixed_ttl_hit_fraction(rate, ttl)
    assert caching.fixed_ttl_freshness(hit, ttl, change) == close((1 + hits) / (1 + rate * ttl))


def test_sliding_and_fixed_ttl_agree_where_users_hardly_read() -> None:
    rate, ttl = 1e-9, 1.0
    assert caching.sliding_ttl_hit_fraction(rate, ttl) == close(float(caching.fixed_ttl_hit_fraction(rate, ttl)), 2e-9)
    assert caching.sliding_ttl_mean_age_s(rate, ttl) == close(rate * ttl**2 / 2)


def test_sliding_age_of_a_constant_reader_is_infinite() -> None:
    assert caching.sliding_ttl_mean_age_s(1_000.0, 1.0) == math.inf


def test_no_ttl_means_no_hits_and_no_age() -> None:
    assert caching.fixed_ttl_hit_fraction(5.0, 0.0) == 0
    assert caching.sliding_ttl_hit_fraction(5.0, 0.0) == 0
    assert caching.sliding_ttl_mean_age_s(5.0, 0.0) == 0
    assert caching.fixed_ttl_freshness(1.0, 0.0, 1.0) == 1


def test_stale_while_revalidate_without_ttl_serves_the_gap_between_reads() -> None:
    assert caching.revalidating_mean_age_s(4.0, 0.0) == 0.25


@pytest.mark.parametrize("z", [1e-8, 1e-3, 0.5, 1.0, 50.0, 600.0])
@pytest.mark.parametrize("order", [1, 2, 7, 40])
def test_scaled_integral_is_the_exponential_integral_of_whole_orders(order: int, z: float) -> None:
    assert exponential.scaled_exponential_integral(order, z) == close(float(expn(order, z)) * math.exp(z), 1e-13)


@pytest.mark.parametrize("z", [1e-6, 0.7, 30.0, 1e8])
@pytest.mark.parametrize("order", [0.2, 1.0000001, 3.5, 1e6])
def test_scaled_integral_satisfies_its_recurrence(order: float, z: float) -> None:
    here, above = (exponential.scaled_exponential_integral(order + step, z) for step in (0, 1))
    assert order * above + z * here == close(1.0, 1e-13)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_exponential_remainder_has_no_seam_where_its_series_ends(order: int) -> None:
    for edge in (-1.0, 1.0):
        inside, outside = exponential.exponential_remainder(order, np.array([edge, np.nextafter(edge, 2 * edge)]))
        assert inside == close(float(outside), 1e-14)


def test_exponential_remainder_is_the_tail_of_the_series() -> None:
    for x in (-30.0, -0.5, 0.0, 1e-9, 4.0):
        by_sum = math.fsum(x**j / math.factorial(j + 2) for j in range(150))
        # for -30 the alternating sum itself keeps but few digits
        assert exponential.exponential_remainder(2, x) == close(by_sum, 1e-3 if x < -1 else 1e-14)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: caching.fixed_ttl_hit_fraction(-1.0, 1.0), r"read_per_s\(=-1\.0\) must be >= 0"),
        (lambda: caching.fixed_ttl_mean_age_s(1.2, 1.0), r"hit_fraction\(=1\.2\) must be a fraction from 0 to 1"),
        (lambda: caching.sliding_ttl_mean_age_s(1.0, [1.0, -3.0]), r"ttl_s\(=-3\.0\) must be >= 0"),
        (lambda: caching.revalidating_mean_age_s(0.0, 1.0), r"read_per_s\(=0\.0\) must be > 0"),
        (lambda: caching.gamma_fixed_ttl_hit_fraction(0.0, 1.0, 1.0), r"shape\(=0\.0\) must be > 0"),
        (lambda: caching.gamma_fixed_ttl_hit_fraction(1.0, 1.0, 0.0), r"ttl_s\(=0\.0\) must be > 0"),
        (lambda: exponential.scaled_exponential_integral(1.0, 0.0), r"z\(=0\.0\) must be > 0"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
