import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.histogram import BINS, RELATIVE_ERROR, Histogram, bin_of

inside = st.floats(2.0**-24, 2.0**30, exclude_max=True)


def of(values: list[float]) -> Histogram:
    counts = np.bincount([bin_of(value) for value in values], minlength=BINS)
    return Histogram(counts.astype(np.int64), math.fsum(values))


@given(inside)
def test_a_quantile_is_within_the_stated_error_of_the_value(value: float) -> None:
    assert of([value]).quantile(0.5) == pytest.approx(value, rel=RELATIVE_ERROR)
    assert RELATIVE_ERROR <= 0.005


@given(inside, inside)
def test_bins_rise_with_values(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert bin_of(low) <= bin_of(high)


@pytest.mark.parametrize(("value", "place"), [(0.0, 0), (5e-324, 0), (1e-9, 0), (2.0**30, BINS - 1), (1e300, BINS - 1)])
def test_the_first_and_last_bins_take_all_that_is_beyond(value: float, place: int) -> None:
    assert bin_of(value) == place


@pytest.mark.parametrize("value", [2.0**-24, 0.25, 1.0, 1.0078125, 55.0])
def test_a_bin_holds_its_lower_edge_and_not_its_upper(value: float) -> None:
    assert bin_of(value) == bin_of(math.nextafter(value, math.inf)) == bin_of(math.nextafter(value, 0)) + 1


@given(st.lists(inside, min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_is_that_of_the_sorted_values(values: list[float], share: float) -> None:
    rank = max(math.ceil(share * len(values)), 1)
    assert of(values).quantile(share) == pytest.approx(sorted(values)[rank - 1], rel=RELATIVE_ERROR)


@given(st.lists(inside, min_size=1, max_size=60), st.lists(inside, min_size=1, max_size=60))
def test_merging_is_adding(one: list[float], other: list[float]) -> None:
    merged, whole = of(one) + of(other), of(one + other)
    assert np.array_equal(merged.counts, whole.counts)
    assert merged.count == len(one) + len(other)
    assert merged.mean == pytest.approx(np.mean(one + other), rel=1e-12)


@given(st.lists(inside, min_size=1, max_size=60), inside)
def test_the_share_up_to_a_value_counts_all_bins_below_and_part_of_its_own(values: list[float], bound: float) -> None:
    share = of(values).share_up_to(bound)
    below = sum(bin_of(value) < bin_of(bound) for value in values) / len(values)
    up_to = sum(bin_of(value) <= bin_of(bound) for value in values) / len(values)
    assert below - 1e-12 <= share <= up_to + 1e-12


@given(st.lists(inside, min_size=1, max_size=60))
def test_the_mean_of_a_function_is_near_the_exact_one(values: list[float]) -> None:
    assert of(values).mean_of(lambda x: x) == pytest.approx(np.mean(values), rel=RELATIVE_ERROR)
    assert of(values).mean_of(np.ones_like) == pytest.approx(1.0)


@given(st.lists(inside, min_size=1, max_size=60))
def test_the_curve_rises_to_one_at_or_above_the_largest_value(values: list[float]) -> None:
    upper, share = of(values).curve()
    assert np.all(np.diff(share) > 0)
    assert share[-1] == 1.0
    assert upper[-1] >= max(values)
