from collections.abc import Callable

import numpy as np
import pytest

from simulator.theory.rate_limit import token_bucket_refused_fraction

from .oracle_keys import close


def drawn(rate: float, tokens_per_s: float, bucket: float, requests: int, seed: int) -> float:
    gaps = np.random.default_rng(seed).exponential(1 / rate, requests)
    tokens, refused = float(bucket), 0
    for gap in gaps:
        tokens = min(tokens + gap * tokens_per_s, bucket)
        if tokens < 1:
            refused += 1
        else:
            tokens -= 1
    return refused / requests


@pytest.mark.parametrize(("rate", "bucket"), [(0.8, 1), (0.9, 4), (1.3, 3), (0.9, 1.7), (1.2, 3.5)])
def test_a_bucket_emptied_by_hand_refuses_the_share_of_the_closed_form(rate: float, bucket: float) -> None:
    shares = [drawn(2 * rate, 2.0, bucket, 20_000, seed) for seed in range(10)]
    error = np.std(shares, ddof=1) / 10**0.5
    assert abs(np.mean(shares) - token_bucket_refused_fraction(2 * rate, 2.0, bucket)) < 4 * error


def test_a_bucket_of_one_is_erlangs_single_server() -> None:
    assert token_bucket_refused_fraction(0.8, 1.0, 1) == close(0.8 / 1.8)


def test_a_large_bucket_refuses_only_what_is_too_much() -> None:
    assert token_bucket_refused_fraction(2.0, 1.0, 5_000) == close(0.5)
    assert token_bucket_refused_fraction(0.5, 1.0, 500) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rate", [0.3, 0.95, 1.4])
@pytest.mark.parametrize("bucket", [1, 2, 7, 30, 50])
def test_the_sum_for_any_bucket_agrees_with_the_recursion_for_whole_ones(rate: float, bucket: int) -> None:
    a_little_less = np.nextafter(bucket, 0) if bucket > 1 else np.nextafter(1.0, 2.0)
    by_sum = token_bucket_refused_fraction(rate, 1.0, a_little_less)
    assert by_sum == pytest.approx(token_bucket_refused_fraction(rate, 1.0, bucket), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("rate", [0.9, 1.0, 1.3])
def test_a_large_bucket_that_is_not_whole_lies_between_its_neighbours(rate: float) -> None:
    """Up to 50 it is summed, and above taken between whole ones: both go on as the others do."""
    shares = np.array([token_bucket_refused_fraction(rate, 1.0, bucket) for bucket in (49.4, 49.9, 50.4, 50.9)])
    spare = 1 / (1 - shares) - max(rate, 1.0)
    steps = np.diff(np.log(spare))
    assert steps[1:] == pytest.approx(steps[:-1], rel=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: token_bucket_refused_fraction(0.0, 1.0, 1), r"rate_per_s\(=0\.0\) must be > 0"),
        (lambda: token_bucket_refused_fraction(1.0, 1.0, 0), r"bucket\(=0\.0\) must be >= 1 and finite"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
