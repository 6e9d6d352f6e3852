"""Crossings of differences that are known in closed form."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from simulator.core.arrays import FloatArray
from simulator.studies.crossings import FINEST, Crossing, Precision, Samples, crossings

REPLICATIONS = 5


class Difference:
    """A curve, with noise that each replication keeps at all values, and some that it does not."""

    def __init__(self, curve: Callable[[float], float], noise: float = 0.0, jitter: float = 0.0, seed: int = 1) -> None:
        self._rng, self._curve, self._jitter = np.random.default_rng(seed), curve, jitter
        self._noise = noise * self._rng.normal(size=REPLICATIONS)
        self.seen: dict[float, FloatArray] = {}

    def __call__(self, values: Sequence[float]) -> Samples:
        for value in values:
            if value not in self.seen:
                jitter = self._jitter * self._rng.normal(size=REPLICATIONS)
                self.seen[value] = self._curve(value) + self._noise + jitter
        return {value: self.seen[value] for value in values}


def found(difference: Difference, finest: float = FINEST, *, is_whole: bool = False) -> list[Crossing]:
    values = [float(round(value)) if is_whole else value for value in np.linspace(0, 10, 9).tolist()]
    return crossings(difference, list(dict.fromkeys(values)), Precision(10.0, finest, is_whole))


def test_a_line_without_noise_crosses_where_it_does_and_its_set_is_that_value() -> None:
    (crossing,) = found(Difference(lambda v: v - 3.3))
    assert crossing.value == pytest.approx(3.3, abs=1e-9)
    assert crossing.low == pytest.approx(3.3, abs=1e-6)
    assert crossing.high == pytest.approx(3.3, abs=1e-6)
    assert not crossing.falls
    assert not crossing.is_step


def test_the_set_of_a_line_with_common_noise_is_that_of_the_t_test() -> None:
    difference = Difference(lambda v: 2 * (v - 3.3), noise=1.0)
    (crossing,) = found(difference)
    noise = difference.seen[0.0] + 6.6
    half = 2.7764 * noise.std(ddof=1) / math.sqrt(REPLICATIONS)  # t of 4 degrees of freedom
    assert crossing.value == pytest.approx(3.3 - noise.mean() / 2, abs=1e-9)
    assert crossing.high - crossing.low == pytest.approx(half, rel=1e-3)


def test_a_curve_is_followed_as_finely_as_is_asked() -> None:
    difference = Difference(lambda v: v**3 - 20)
    (crossing,) = found(difference, finest=1e-9)
    assert crossing.value == pytest.approx(20 ** (1 / 3), abs=1e-7)
    assert len(difference.seen) < 40


def test_all_crossings_of_a_curve_that_comes_and_goes_are_found() -> None:
    roots = [crossing.value for crossing in found(Difference(lambda v: math.sin(v + 0.5), noise=0.01))]
    assert roots == pytest.approx([math.pi - 0.5, 2 * math.pi - 0.5, 3 * math.pi - 0.5], abs=0.05)


def test_two_crossings_between_neighbouring_first_looks_are_found_where_the_curve_bends_to_them() -> None:
    first, second = found(Difference(lambda v: (v - 5.2) * (v - 5.9), noise=1e-3))
    assert (first.value, second.value) == pytest.approx((5.2, 5.9), abs=0.01)
    assert first.falls
    assert not second.falls


def test_a_jump_is_a_step_and_its_set_is_what_it_lies_in() -> None:
    for noise in (0.0, 0.05):
        (crossing,) = found(Difference(lambda v: 1 + 0.01 * v if v < 4.567 else -1.0, noise))
        assert crossing.is_step
        assert crossing.falls
        assert crossing.low < 4.567 <= crossing.high
        assert crossing.high - crossing.low < 0.02


def test_a_steep_slope_is_no_step() -> None:
    (crossing,) = found(Difference(lambda v: math.tanh(3 * (v - 4.567)), noise=1e-3))
    assert not crossing.is_step
    assert crossing.low < 4.567 < crossing.high or crossing.value == pytest.approx(4.567, abs=2e-3)


def test_between_whole_numbers_the_first_on_the_other_side_is_named() -> None:
    (crossing,) = found(Difference(lambda v: v - 3.3, noise=1e-3), is_whole=True)
    assert (crossing.low, crossing.value, crossing.high) == (3.0, 4.0, 4.0)
    assert crossing.is_step


def test_no_crossing_is_none() -> None:
    assert found(Difference(lambda v: v + 1, noise=0.1)) == []


def test_one_replication_has_a_crossing_and_no_set() -> None:
    found_ = crossings(lambda values: {v: np.array([v - 3.3]) for v in values}, [0.0, 5.0, 10.0], Precision(10.0))
    assert found_[0].value == pytest.approx(3.3)
    assert math.isnan(found_[0].low)


def test_what_jitters_around_a_crossing_is_one_crossing() -> None:
    for seed in range(20):
        (crossing,) = found(Difference(lambda v: v - 3.3, noise=0.1, jitter=0.2, seed=seed))
        assert crossing.low < crossing.value < crossing.high


def test_a_set_that_leaves_the_range_ends_with_it() -> None:
    (crossing,) = found(Difference(lambda v: 0.1 * (v - 5), noise=1.0, seed=3))
    assert crossing.low == 0.0 or crossing.high == 10.0


def test_sets_cover_the_truth_in_as_many_of_many_draws_as_they_claim() -> None:
    draws = 150
    covered = 0
    for seed in range(draws):
        crossed = found(Difference(lambda v: v - 4.3, noise=0.5, jitter=0.1, seed=seed))
        covered += any(crossing.low <= 4.3 <= crossing.high for crossing in crossed)
    assert covered >= 0.93 * draws  # 95 %, less two standard errors
