"""Studies that add replications until their aim is reached, on synthetic losses: hundreds of whole studies each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from simulator.core.errors import UserError
from simulator.core.selection import Standing, paired_mean
from simulator.core.units import MINUTE_S
from simulator.studies.aim import AS_STATED, FIRST_REPLICATIONS, MOST_REPLICATIONS, Aim, aim_of
from simulator.studies.selection import Selection

Losses = npt.NDArray[np.float64]
DECIDES = Aim(decides=True)
COST_USD = 100.0
"""So that the indifference is one dollar."""


@dataclass(frozen=True)
class Studied:
    selection: Selection
    done: Mapping[str, int]

    @property
    def simulations(self) -> int:
        return sum(self.done.values())


def studied(losses: Losses, aim: Aim = DECIDES) -> Studied:
    """Add replications as a study does, to losses by replication and plan."""
    done = {str(plan): aim.first(3) for plan in range(losses.shape[1])}
    while True:
        seen = {name: losses[:count, int(name)].tolist() for name, count in done.items()}
        longest = max(seen.values(), key=len)
        best = min(seen, key=lambda name: paired_mean(seen[name], longest))
        selection = Selection.of(best, seen, COST_USD, aim)
        more = aim.more_for_choice(done, best, selection.undecided)
        if not more:
            return Studied(selection, done)
        done |= more


def simulations_of_kim_and_nelson(losses: Losses, first: int) -> tuple[int, int]:
    """Return which plan their procedure chooses, and after how many simulations. [1]

    .. [1] S.-H. Kim and B. L. Nelson, "A fully sequential procedure for indifference-zone selection in simulation", ACM
       Transactions on Modeling and Computer Simulation 11 (2001).
    """
    plans = losses.shape[1]
    eta = ((2 * 0.05 / (plans - 1)) ** (-2 / (first - 1)) - 1) / 2
    spread = (
        2
        * eta
        * (first - 1)
        * np.array(
            [[np.var(losses[:first, i] - losses[:first, k], ddof=1) for k in range(plans)] for i in range(plans)]
        )
    )
    sums, alive, simulations = losses.cumsum(axis=0), np.arange(plans), first * plans
    for size in range(first, len(losses)):
        room = np.maximum(spread[np.ix_(alive, alive)] - size, 0) / 2
        apart = sums[size - 1, alive][:, np.newaxis] - sums[size - 1, alive]
        alive = alive[(apart <= room).all(axis=1)]
        if len(alive) == 1:
            break
        simulations += len(alive)
    return int(alive[0]), simulations


def drawn(plans: int, deviation_usd: float, worse_usd: npt.ArrayLike, seed: int) -> Losses:
    """Losses with independent errors, which are the worst that a Bonferroni bound may meet; paired gaps are as wide."""
    rng = np.random.default_rng(seed)
    return rng.normal(COST_USD, deviation_usd / math.sqrt(2), (MOST_REPLICATIONS, plans)) + worse_usd


@pytest.mark.parametrize(
    ("plans", "runs"), [(2, 1_000), (6, 1_000), (20, 150), pytest.param(20, 1_000, marks=pytest.mark.long)]
)
def test_a_study_that_decides_chooses_the_best_in_nineteen_of_twenty(plans: int, runs: int) -> None:
    """In the slippage configuration, with differences that vary by thrice the indifference."""
    worse_usd = np.r_[0.0, np.ones(plans - 1)]
    found = [studied(drawn(plans, 3.0, worse_usd, seed)) for seed in range(runs)]
    assert not any(each.selection.undecided for each in found)
    assert np.mean([each.selection.best == "0" for each in found]) >= 0.95


@pytest.mark.parametrize("worse_usd", [0.5, 0.0])
def test_what_is_chosen_is_worse_than_the_best_by_no_more_than_the_indifference(worse_usd: float) -> None:
    """Where others are within the indifference, and two far off are not."""
    worse = np.array([0.0, worse_usd, worse_usd, worse_usd, 3.0, 30.0])
    found = [studied(drawn(6, 2.0, worse, seed)) for seed in range(100)]
    assert np.mean([worse[int(each.selection.best or 0)] <= 1.0 for each in found]) >= 0.95
    assert all(each.done["5"] == FIRST_REPLICATIONS for each in found), "what is decided is simulated no more"
    assert np.mean([each.done["4"] for each in found]) < 0.5 * np.mean([each.done["1"] for each in found])


def test_of_equal_plans_hardly_any_is_called_worse_however_often_it_is_looked() -> None:
    found = [studied(drawn(6, 2.0, 0.0, seed)) for seed in range(150)]
    worse = [any(one.standing is Standing.WORSE for one in each.selection.against.values()) for each in found]
    assert np.mean(worse) <= 0.05


@pytest.mark.parametrize(("deviation_usd", "worse_usd"), [(1.0, 1.0), (3.0, 1.0), (3.0, 0.0)])
def test_it_takes_no_more_simulations_than_the_procedure_of_kim_and_nelson_from_as_few(
    deviation_usd: float, worse_usd: float
) -> None:
    losses = [drawn(6, deviation_usd, np.r_[0.0, np.full(5, worse_usd)], seed) for seed in range(60)]
    own = np.mean([studied(each).simulations for each in losses])
    theirs = np.mean([simulations_of_kim_and_nelson(each, FIRST_REPLICATIONS)[1] for each in losses])
    assert own <= 1.05 * theirs


def test_a_plan_that_comes_back_catches_up_before_the_best_goes_on() -> None:
    done = {"best": 27, "back": 8, "out": 5}
    assert DECIDES.more_for_choice(done, "best", ("back",)) == {"back": 12}
    assert DECIDES.more_for_choice({**done, "back": 27}, "best", ("back",)) == {"best": 41, "back": 41}


def test_no_replications_are_added_beyond_the_most_or_without_being_asked() -> None:
    assert DECIDES.more_for_choice({"a": MOST_REPLICATIONS, "b": MOST_REPLICATIONS}, "a", ("b",)) == {}
    assert AS_STATED.more_for_choice({"a": 3, "b": 3}, "a", ("b",)) == {}
    assert AS_STATED.first(3) == 3
    assert DECIDES.first(3) == FIRST_REPLICATIONS
    assert DECIDES.first(12) == 12


def test_the_next_batch_for_a_width_is_foreseen_from_the_variance_so_far() -> None:
    rng = np.random.default_rng(2)
    narrow, wide = rng.normal(100, 0.01, 10).tolist(), rng.normal(100, 5.0, 10).tolist()
    assert Aim(precision_fraction=0.01).more_for_width({"narrow": narrow, "wide": wide}) == {"wide": 20}
    near = rng.normal(100, 1.5, 10).tolist()
    assert 15 <= Aim(precision_fraction=0.01).more_for_width({"near": near})["near"] <= 20
    assert Aim().more_for_width({"wide": wide}) == {}


def test_aims_are_read_as_people_write_them() -> None:
    assert aim_of() == AS_STATED
    assert aim_of("95%", "2 %", None, "10 min") == Aim(0.95, 0.02, decides=True, budget_s=10 * MINUTE_S)
    assert aim_of(precision=0.01) == Aim(precision_fraction=0.01)


def test_all_faults_of_an_aim_are_told_at_once() -> None:
    with pytest.raises(UserError) as error:
        aim_of("30 %", "0 %", "narrow", "-3 min")
    said = str(error.value)
    assert "--confidence (=30 %) must be above 50% and below 100%" in said
    assert "--indifference (=0 %) must be above 0% and below 100%" in said
    assert "--precision" in said
    assert "--budget (=-3 min) must be above 0 s" in said
