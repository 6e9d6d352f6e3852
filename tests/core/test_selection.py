"""Macro-runs: the guarantee is for the share of studies that are right, so many studies are drawn and counted."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from simulator.core.estimate import Estimate, worth_of_pairing
from simulator.core.selection import Rule, Standing, against_best, is_precise, looks, probability_right

Losses = npt.NDArray[np.float64]
INDIFFERENCE = 1.0
MOST_WRONG = 0.05 + 2 * math.sqrt(0.05 * 0.95 / 1_000)
"""Of a thousand runs, where one in twenty may be."""
MANY = [(kind, plans) for plans in (2, 6, 20) for kind in ("independent", "noisy", "twins", "factor")[: 26 // plans]]


def covariances(plans: int) -> dict[str, npt.NDArray[np.float64]]:
    """What common random numbers may leave: independent, one noisy, twins, a common factor that weighs unequally."""
    noisy = np.eye(plans)
    noisy[0, 0] = 100.0
    twins = np.kron(np.eye((plans + 1) // 2), np.array([[1.0, 0.99], [0.99, 1.0]]))[:plans, :plans]
    weights = np.linspace(0.5, 2.0, plans)[:, np.newaxis]
    return {"independent": np.eye(plans), "noisy": noisy, "twins": twins, "factor": 10 * weights @ weights.T + noisy}


def drawn(covariance: npt.NDArray[np.float64], runs: int, replications: int, seed: int = 1) -> Losses:
    """Losses of equal plans by run, replication and plan."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(runs, replications, len(covariance))) @ np.linalg.cholesky(covariance).T


def standings(run: Losses, rule: Rule) -> list[Standing]:
    best = int(run.mean(axis=0).argmin())
    gaps = run - run[:, [best]]
    return [
        against_best(list(gaps[:, plan]), rule, INDIFFERENCE).standing for plan in range(run.shape[1]) if plan != best
    ]


@pytest.mark.parametrize(("kind", "plans"), MANY)
def test_of_equal_plans_one_is_called_worse_in_one_run_of_twenty_at_most(kind: str, plans: int) -> None:
    runs = drawn(covariances(plans)[kind], 1_000, 3)
    false = np.mean([Standing.WORSE in standings(run, Rule(plans)) for run in runs])
    assert false <= MOST_WRONG


def test_intervals_of_single_pairs_call_one_of_six_equal_plans_worse_in_three_runs_of_ten() -> None:
    """What the simultaneous ones are for."""
    runs = drawn(np.eye(6), 1_000, 3)
    false = np.mean([Standing.WORSE in standings(run, Rule(2)) for run in runs])
    assert 0.25 < false < 0.37


@pytest.mark.parametrize(("kind", "plans"), MANY)
def test_a_choice_that_is_called_decided_is_right_in_nineteen_runs_of_twenty(kind: str, plans: int) -> None:
    """In the slippage configuration all others are worse by just the indifference."""
    runs = drawn(covariances(plans)[kind], 1_000, 5)
    runs[:, :, 1:] += INDIFFERENCE
    decided = [run for run in runs if Standing.UNDECIDED not in standings(run, Rule(plans))]
    wrong = sum(int(run.mean(axis=0).argmin()) != 0 for run in decided)
    assert wrong <= MOST_WRONG * len(runs)


@pytest.mark.parametrize("plans", [2, 6])
def test_the_probability_of_being_right_is_not_overstated(plans: int) -> None:
    runs = drawn(np.eye(plans), 1_000, 5)
    runs[:, :, 1:] += INDIFFERENCE
    stated, right = [], []
    for run in runs:
        best = int(run.mean(axis=0).argmin())
        gaps = run - run[:, [best]]
        doubts = [against_best(list(gaps[:, k]), Rule(plans), 0.0).doubt for k in range(plans) if k != best]
        stated.append(probability_right(doubts))
        right.append(best == 0)
    assert np.mean(stated) <= np.mean(right) + 2 * np.std(right) / math.sqrt(len(runs))
    assert np.mean(stated) > 0.5 * np.mean(right), "but for something it must be good"


def test_a_plan_that_is_the_same_in_every_replication_is_as_good() -> None:
    found = against_best([0.0, 0.0, 0.0], Rule(6), INDIFFERENCE)
    assert (found.standing, found.estimate, found.doubt) == (Standing.AS_GOOD, Estimate(0, 0, 0), 0.0)


def test_surely_dearer_by_less_than_the_indifference_is_as_good() -> None:
    assert against_best([0.5, 0.51, 0.5], Rule(6), INDIFFERENCE).standing is Standing.AS_GOOD
    assert against_best([1.5, 1.51, 1.5], Rule(6), INDIFFERENCE).standing is Standing.WORSE


def test_one_replication_decides_nothing() -> None:
    found = against_best([3.0], Rule(2), INDIFFERENCE)
    assert found.standing is Standing.UNDECIDED
    assert found.more is None
    assert math.isnan(found.doubt)


def test_so_many_more_replications_as_are_foreseen_decide_it() -> None:
    rng = np.random.default_rng(3)
    sample = rng.normal(0.2, 4.0, 30)
    found = against_best(list(sample), Rule(6), INDIFFERENCE)
    assert found.standing is Standing.UNDECIDED
    assert found.more is not None
    like = np.resize(sample, 30 + found.more)
    assert against_best(list(like), Rule(6), INDIFFERENCE).standing is not Standing.UNDECIDED
    assert against_best(list(like[: 30 + found.more // 2]), Rule(6), INDIFFERENCE).standing is Standing.UNDECIDED


def test_looks_grow_by_half_and_end_at_the_most() -> None:
    assert list(looks(5, 30)) == [5, 8, 12, 18, 27, 30]


@pytest.mark.parametrize("draw", [np.random.Generator.standard_normal, np.random.Generator.standard_exponential])
def test_whoever_stops_at_a_narrow_interval_after_looking_ahead_still_holds_the_mean(
    draw: Callable[..., npt.NDArray[np.float64]],
) -> None:
    rng, held = np.random.default_rng(5), []
    centre = 0.0 if draw is np.random.Generator.standard_normal else 1.0
    for _ in range(400):
        sample = list(100 + 2 * (draw(rng, 400) - centre))
        size = next(size for size in range(10, 400) if is_precise(sample[:size], 0.01, 5))
        interval = Estimate.of(sample[:size])
        held.append(interval.low <= 100 <= interval.high)
    assert np.mean(held) > 0.95 - 0.05, "a skewed law of ten replications costs that much"


def test_pairing_is_worth_the_variance_that_it_takes_away() -> None:
    rng = np.random.default_rng(7)
    common, own = rng.normal(size=(2, 20_000)) * np.array([[3.0], [1.0]])
    other = rng.normal(size=20_000)
    assert worth_of_pairing(list(zip(common + own, common + other, strict=True))) == pytest.approx(10, rel=0.03)
    assert worth_of_pairing(list(zip(own, other, strict=True))) == pytest.approx(1, rel=0.03)
    assert math.isnan(worth_of_pairing([(1.0, 2.0)]))
    assert worth_of_pairing([(1.0, 2.0), (2.0, 3.0)]) == math.inf
