import re
from collections.abc import Callable

import numpy as np
import pytest

from simulator.theory import batching
from simulator.theory.constant_service import mdc_mean_wait_s

from .oracle_keys import cases, close

Oracle = Callable[[str], dict[str, float]]
BULK = re.compile(r"lam=(\S+) (?:tau\(n\)=(\S+)\+(\S+)n|t0=(\S+) a=(\S+)) b=(\d+) (mean sojourn|mean batch)")


def test_batchers_meet_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("c.batcher"), "mean batch", "mean hold s"):
        function = batching.batcher_mean_size if label == "mean batch" else batching.batcher_mean_hold_s
        assert function(given["lam"], given["T"], given["b"]) == close(value), given


def test_bulk_service_meets_the_reference(oracle: Oracle) -> None:
    seen = 0
    for key, value in oracle("c.batchsvc").items():
        match = BULK.match(key)
        if match is None:
            assert key == "check M/D/1 rho=.5 sojourn"
            assert batching.bulk_service(0.5, 1.0, 0.0, 1).mean_sojourn_s == close(value)
            continue
        rate, *times, largest, what = match.groups()
        fixed, per_item = (float(text) for text in times if text is not None)
        found = batching.bulk_service(float(rate), fixed, per_item, int(largest))
        assert {"mean sojourn": found.mean_sojourn_s, "mean batch": found.mean_batch}[what] == close(value), key
        seen += 1
    assert seen == 14


@pytest.mark.parametrize(("rate", "hold", "largest"), [(3.0, 0.7, 4), (50.0, 0.2, 6), (0.3, 2.0, 9)])
def test_a_batcher_drawn_by_hand_has_the_size_and_hold_of_the_closed_form(
    rate: float, hold: float, largest: int
) -> None:
    rng = np.random.default_rng(5)
    batches = 200_000
    after = np.cumsum(rng.exponential(1 / rate, (batches, largest - 1)), axis=1)
    joins = after <= hold
    leaves = np.where(joins[:, -1], after[:, -1], hold)
    size = 1 + joins.sum(axis=1)
    waited = leaves + np.where(joins, leaves[:, None] - after, 0.0).sum(axis=1)
    mean_size = float(batching.batcher_mean_size(rate, hold, largest))
    mean_hold = float(batching.batcher_mean_hold_s(rate, hold, largest))
    assert abs(size.mean() - mean_size) < 4 * size.std() / batches**0.5
    surplus = waited - mean_hold * size  # a ratio of means: its error is that of the surplus
    assert abs(surplus.mean()) < 4 * surplus.std() / batches**0.5


def test_a_batch_of_one_never_waits() -> None:
    assert batching.batcher_mean_size(100.0, 0.01, 1) == 1
    assert batching.batcher_mean_hold_s(100.0, 0.01, 1) == 0


def test_batchers_broadcast() -> None:
    sizes = batching.batcher_mean_size(np.array([[1.0], [2.0]]), 3.0, np.array([2, 4, 8]))
    assert sizes.shape == (2, 3)
    assert sizes[1, 2] == batching.batcher_mean_size(2.0, 3.0, 8)


@pytest.mark.parametrize("load", [0.01, 0.5, 0.9, 0.999])
def test_batches_of_one_are_the_md1_queue(load: float) -> None:
    found = batching.bulk_service(load / 3, 3.0, 0.0, 1)
    assert found.mean_sojourn_s == pytest.approx(3 + mdc_mean_wait_s(load / 3, 3.0, 1), rel=1e-8)
    assert found.mean_batch == close(1.0)
    assert found.utilisation == close(load)


@pytest.mark.parametrize(("rate", "largest"), [(0.2, 40), (30.0, 64), (63.0, 64)])
def test_all_requests_of_bulk_service_are_served(rate: float, largest: int) -> None:
    """Batches x their mean size are the arrivals; that is not how the mean size is computed."""
    found = batching.bulk_service(rate, 0.9, 0.001, largest)
    batches_per_s = found.utilisation / (0.9 + 0.001 * found.mean_batch)
    assert batches_per_s * found.mean_batch == close(rate)


def test_rare_requests_are_computed_alone_and_at_once() -> None:
    found = batching.bulk_service(1e-9, 0.9, 0.1, 32)
    assert found.mean_sojourn_s == pytest.approx(1.0, rel=1e-8)
    assert found.mean_batch == pytest.approx(1.0, rel=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batching.batcher_mean_size(-1.0, 1.0, 2), r"rate_per_s\(=-1\.0\) must be >= 0"),
        (lambda: batching.batcher_mean_size(1.0, 1.0, 0), r"largest\(=0\.0\) must be a whole number >= 1"),
        (lambda: batching.batcher_mean_hold_s(0.0, 1.0, 2), r"rate_per_s\(=0\.0\) must be > 0"),
        (lambda: batching.batcher_mean_hold_s(1.0, -1.0, 2), r"hold_s\(=-1\.0\) must be >= 0"),
        (lambda: batching.bulk_service(4.0, 1.0, 0.1, 4), r"rate_per_s\(=4\.0\) must be < 2\.85714"),
        (lambda: batching.bulk_service(4.0, 0.0, 0.0, 4), r"fixed_s \+ per_item_s\(=0\.0\) must be > 0"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
