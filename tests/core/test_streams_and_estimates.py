import math
import zlib

import numpy as np
import pytest

from simulator.core.estimate import Estimate
from simulator.core.streams import stream


def test_the_same_name_draws_the_same_numbers() -> None:
    assert np.array_equal(stream(1, 2, "logins", 3).random(50), stream(1, 2, "logins", 3).random(50))


@pytest.mark.parametrize(
    "other", [(2, 2, "logins", 3), (1, 3, "logins", 3), (1, 2, "sessions", 3), (1, 2, "logins", 4)]
)
def test_another_seed_replication_name_or_key_draws_other_numbers(other: tuple[int, int, str, int]) -> None:
    drawn, others = stream(1, 2, "logins", 3).random(10_000), stream(*other).random(10_000)
    assert not np.any(drawn == others)
    assert abs(np.corrcoef(drawn, others)[0, 1]) < 4 / math.sqrt(10_000)


@pytest.mark.parametrize("seed", [0, 7, 2**32, 2**70 + 3, 2**128 + 5, 2**170 + 1])
@pytest.mark.parametrize("key", [(), (0,), (-5, 2**31 - 1)])
def test_a_stream_is_that_of_a_seed_sequence(seed: int, key: tuple[int, ...]) -> None:
    spawn_key = (3, zlib.crc32(b"logins"), *(part + 2**31 for part in key))
    expected = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=spawn_key)))
    assert np.array_equal(stream(seed, 3, "logins", *key).random(5), expected.random(5))


def test_one_value_has_no_interval() -> None:
    single = Estimate.of([3.0])
    assert single.mean == 3.0
    assert math.isnan(single.half_width)
    assert not single.includes_zero
    assert single.as_dict() == {"mean": 3.0, "low": None, "high": None}
    assert Estimate.of([0.0]).includes_zero


def test_the_interval_is_students() -> None:
    """t(4, 97.5 %) = 2.776445; the standard error of 1 to 5 is the root of 2.5/5."""
    estimate = Estimate.of([1, 2, 3, 4, 5])
    assert estimate.mean == 3
    assert estimate.half_width == pytest.approx(2.776445 * math.sqrt(0.5), rel=1e-6)
    assert not estimate.includes_zero
    assert Estimate.of([-1, 2]).includes_zero


def test_the_interval_holds_the_true_mean_19_times_out_of_20() -> None:
    trials, rng = 4000, np.random.default_rng(7)
    intervals = [Estimate.of(sample) for sample in rng.normal(10, 3, (trials, 4)).tolist()]
    held = np.mean([interval.low <= 10 <= interval.high for interval in intervals])
    assert abs(held - 0.95) < 4 * math.sqrt(0.95 * 0.05 / trials)
