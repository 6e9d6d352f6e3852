from collections.abc import Callable

import numpy as np
import pytest

from simulator.theory.rate_limit import token_bucket_refused_fraction

from .oracle_keys import close


def drawn(rate: float, tokens_per_s: float, bucket: int, requests: int, seed: int) -> float:
    gaps = np.random.default_rng(seed).exponential(1 / rate, requests)
    tokens, refused = float(bucket), 0
    for gap in gaps:
        tokens = min(tokens + gap * tokens_per_s, bucket)
        if tokens < 1:
            refused += 1
        else:
            tokens -= 1
    return refused / requests


@pytest.mark.parametrize(("rate", "bucket"), [(0.8, 1), (0.9, 4), (1.3, 3)])
def test_a_bucket_emptied_by_hand_refuses_the_share_of_the_closed_form(rate: float, bucket: int) -> None:
    shares = [drawn(2 * rate, 2.0, bucket, 20_000, seed) for seed in range(10)]
    error = np.std(shares, ddof=1) / 10**0.5
    assert abs(np.mean(shares) - token_bucket_refused_fraction(2 * rate, 2.0, bucket)) < 4 * error


def test_a_bucket_of_one_is_erlangs_single_server() -> None:
    assert token_bucket_refused_fraction(0.8, 1.0, 1) == close(0.8 / 1.8)


def test_a_large_bucket_refuses_only_what_is_too_much() -> None:
    assert token_bucket_refused_fraction(2.0, 1.0, 5_000) == close(0.5)
    assert token_bucket_refused_fraction(0.5, 1.0, 500) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: token_bucket_refused_fraction(0.0, 1.0, 1), r"rate_per_s\(=0\.0\) must be > 0"),
        (lambda: token_bucket_refused_fraction(1.0, 1.0, 0), r"bucket\(=0\.0\) must be a whole number >= 1"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
