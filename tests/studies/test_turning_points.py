"""What is said to change a recommendation: every value that is printed is put back in, and a run there confirms it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_runs import SCENARIOS, small

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook, PriceGroup
from simulator.prices.loading import load_book
from simulator.scenario.changing import with_values
from simulator.scenario.loading import load_scenario
from simulator.scenario.overrides import read_assignment
from simulator.scenario.schema import Scenario
from simulator.studies.axes import axes_of
from simulator.studies.comparison import Comparison, comparison_of
from simulator.studies.looking import Looks
from simulator.studies.recommendation import recommendation
from simulator.studies.rivals import LEAST_ADVANTAGE, loss_usd
from simulator.studies.study import compare
from simulator.studies.turning_points import billed_anew, examined
from simulator.studies.turning_sentences import SHOWN
from simulator.studies.turns import Proof, Side, Turn, TurningPoints

ANOTHER_SEED = 77
FEW = 200_000
ACTIVE = "population.daily_active"


def growing(**changes: Any) -> Scenario:
    """Return a scenario whose fleet grows with its traffic, past the price of a night's run."""
    plans = {"plans__cached": None, "population__users": "300k", "backends__live__capacity__target": "0.2 %"}
    return small(**plans, **changes)


def findings(comparison: Comparison) -> TurningPoints:
    assert comparison.turning_points is not None
    return comparison.turning_points


def gap_usd(comparison: Comparison, turn: Turn, against: str) -> float:
    """Return how much worse a turn's plan is than another."""
    return loss_usd(comparison, turn.plan) - loss_usd(comparison, against)


def with_price(book: PriceBook, meter: str, times: float) -> PriceBook:
    """Return the book with another price of a meter laid over it, as a user's own book would."""
    price = book.price_of(meter).scaled(times)
    group = PriceGroup(source="a test", date="2026-11-28", prices=(price,))
    return book.under(PriceBook(name="another price", groups=(group,)))


def outcomes_of(comparison: Comparison) -> list[Any]:
    return [outcome for plan in comparison.plans.values() for outcome in plan.outcomes]


def run_at(comparison: Comparison, turn: Turn, side: Side, seed: int | None = None) -> Comparison:
    """Return what a run finds with what is printed in it; of a meter it is billed anew."""
    scenario, book = comparison.scenario, comparison.book
    if not turn.setting:
        return comparison_of(scenario, with_price(book, turn.key, side.value), outcomes_of(comparison))
    key, value = read_assignment(f"{turn.key}={side.text}")
    there = with_values(scenario, {key: value}, "--set")
    if seed is not None:
        there = there.model_copy(update={"seed": seed, "replications": 1})
    return compare(there, book, workers=1)


def denied(comparison: Comparison, seed: int | None = None) -> list[str]:
    """Put every value that is found back into the scenario; return what a run there denies.

    With another seed chance is another, so that only simulated sides are asked for.
    """
    found, denials = findings(comparison), []
    for turn in found.turns:
        if seed is not None and turn.proof is not Proof.SIMULATED:
            continue
        near, far = (run_at(comparison, turn, side, seed) for side in (turn.near, turn.far))
        is_said = f"{turn.setting or turn.key}, {turn.plan} {turn.far.more_usd_per_month:.2f} at {turn.far.text}"
        wins = gap_usd(far, turn, found.against) < 0
        if turn.why:
            wins = far.recommended == turn.plan and near.recommended == found.against
        if not wins or far.recommended == found.against:
            denials.append(f"{is_said}: there {gap_usd(far, turn, found.against):.2f}, {far.recommended}")
        if not turn.why and not turn.from_now and gap_usd(near, turn, found.against) <= 0:
            denials.append(f"{is_said}: not yet at {turn.near.text}, but {gap_usd(near, turn, found.against):.2f}")
    return denials


@pytest.fixture(scope="module")
def fleet_that_grows(book: PriceBook) -> Comparison:
    return examined(compare(growing(), book, workers=1), workers=1)


@pytest.fixture(scope="module")
def two_servers(book: PriceBook) -> Comparison:
    return examined(compare(small(population__users="200k"), book, workers=1), workers=1)


def test_runs_with_the_printed_values_find_what_is_printed(fleet_that_grows: Comparison) -> None:
    proofs = {turn.proof for turn in findings(fleet_that_grows).turns}
    assert {Proof.SIMULATED, Proof.REBILLED} <= proofs
    assert denied(fleet_that_grows) == []


def test_so_do_runs_with_another_seed(fleet_that_grows: Comparison) -> None:
    assert denied(fleet_that_grows, ANOTHER_SEED) == []


def test_the_activity_is_among_what_turns_a_growing_fleet_with_both_of_its_sides(fleet_that_grows: Comparison) -> None:
    (turn,) = [turn for turn in findings(fleet_that_grows).turns if turn.key == ACTIVE]
    assert turn.setting == f"{ACTIVE}={turn.far.text}"
    assert turn.near.more_usd_per_month > 0 > turn.far.more_usd_per_month
    assert turn.closed_form is not None
    assert turn.closed_form == pytest.approx(turn.far.value, rel=0.3)
