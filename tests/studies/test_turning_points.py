"""What is said to change a recommendation: every value that is printed is put back in, and a run there confirms it."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_runs import SCENARIOS, small

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

    With another seed chance is another: only what was simulated is asked for, to within what is practically the same.
    """
    found, denials = findings(comparison), []
    for turn in found.turns:
        if seed is not None and turn.proof is not Proof.SIMULATED:
            continue
        near, far = (run_at(comparison, turn, side, seed) for side in (turn.near, turn.far))
        is_said = f"{turn.setting or turn.key}, {turn.plan} {turn.far.more_usd_per_month:.2f} at {turn.far.text}"
        least_usd = 0.0 if seed is None else LEAST_ADVANTAGE * near.plans[found.against].cost_usd_per_month
        wins = gap_usd(far, turn, found.against) < least_usd and (seed or far.recommended != found.against)
        if turn.why:
            wins = far.recommended == turn.plan and near.recommended == found.against
        if not wins:
            denials.append(f"{is_said}: there {gap_usd(far, turn, found.against):.2f}, {far.recommended}")
        if not turn.why and not turn.from_now and gap_usd(near, turn, found.against) <= -least_usd:
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


def test_each_part_of_the_scenario_is_spoken_of_once_the_nearest_first(fleet_that_grows: Comparison) -> None:
    found = findings(fleet_that_grows)
    said = [line for line in recommendation(fleet_that_grows) if "(today " in line]
    assert len(said) == min(len(found.nearest), SHOWN)
    for line, turn in zip(said, found.nearest, strict=False):
        assert line.startswith(turn.setting or turn.key)
    distances = [turn.distance for turn in found.turns]
    assert distances == sorted(distances)
    assert len({turn.part for turn in found.nearest}) == len(found.nearest)


def test_two_sides_that_were_simulated_stand_in_one_sentence(fleet_that_grows: Comparison) -> None:
    simulated = [turn for turn in findings(fleet_that_grows).nearest if turn.proof is Proof.SIMULATED]
    assert any(not turn.from_now for turn in simulated)
    said = recommendation(fleet_that_grows)
    for turn in simulated:
        (line,) = [line for line in said if line.startswith(turn.setting)]
        assert turn.from_now or f"at {turn.near.text} " in line
        assert f"by closed form from {turn.closed_form_text} on" in line


def test_where_two_servers_are_nearly_all_of_the_bill_their_number_turns_it_and_no_activity_does(
    two_servers: Comparison,
) -> None:
    keys = {turn.key for turn in findings(two_servers).turns}
    assert "backends.live.capacity.min" in keys
    assert not any(key.startswith("population") for key in keys)
    assert denied(two_servers) == []


def test_the_minimum_of_a_fleet_is_named_and_a_run_with_one_replica_saves_what_is_said(
    two_servers: Comparison,
) -> None:
    floor, best = findings(two_servers).floor, two_servers.recommended
    assert floor is not None
    assert best is not None
    assert floor.replicas == 2
    assert floor.fewer == 1
    assert any("is the minimum of its fleet, two replicas" in line for line in recommendation(two_servers))
    fewer = compare(
        small(population__users="200k", backends__live__capacity__min=1), two_servers.book, workers=1
    ).plans[best]
    assert fewer.meets_slo
    saved_usd = two_servers.plans[best].cost_usd_per_month - fewer.cost_usd_per_month
    assert floor.saves_usd_per_month == pytest.approx(saved_usd, rel=0.02)


def test_nothing_is_promised_of_fewer_replicas_that_break_a_bound(book: PriceBook) -> None:
    scenario = small("hotel_ranking_200k", horizon="1 d", replications=1, slo={"latency_p99": "1 us"})
    found = examined(compare(scenario, book, workers=1), workers=1)
    assert found.turning_points is None or found.turning_points.floor is None or not found.turning_points.floor.fewer


def test_a_bound_that_is_passed_by_the_recommended_plan_turns_the_choice(two_servers: Comparison) -> None:
    best = two_servers.recommended
    assert best is not None
    p99_s = two_servers.plans[best].metrics["latency_p99_s"].mean
    bound = f"{8 * p99_s:.3g} s"
    near = compare(small(population__users="200k", slo__latency_p99=bound), two_servers.book, workers=1)
    found = billed_anew(near)
    (turn,) = [turn for turn in findings(found).turns if turn.key == "slo.latency_p99"]
    assert turn.far.value < p99_s <= turn.near.value
    assert turn.proof is Proof.JUDGED
    assert f"{best} breaks it" in turn.why
    assert denied(found) == []


def test_every_number_that_is_printed_is_what_the_scenario_states() -> None:
    scenario = small("hotel_ranking_200k")
    axes = list(axes_of(scenario))
    assert any("segments[" in axis.key for axis in axes)
    for axis in axes:
        there = axis.at(axis.now)
        assert there is not None, axis.key
        assert there.model_dump() == scenario.model_dump(), axis.key


def test_a_key_with_marks_in_its_plan_s_name_can_be_pasted() -> None:
    odd = 'a.b=[c] "long'.replace('"', "") + " name" * 10
    scenario = small()
    plans = {odd if name == "cached" else name: plan for name, plan in scenario.plans.items()}
    (axis,) = [each for each in axes_of(scenario.model_copy(update={"plans": plans})) if each.key.endswith("cache.ttl")]
    key, value = read_assignment(shlex.split(axis.assignment(3600.0))[0])
    assert with_values(axis.scenario, {key: value}, "--set").plans[odd].cache.fresh_for_s == 3600  # type: ignore[union-attr]


@pytest.mark.parametrize("value", [1.234, 17.6, 99.96])
def test_values_are_rounded_to_the_side_that_is_asked_for(value: float) -> None:
    (axis,) = [each for each in axes_of(small()) if each.key == "plans.cached.cache.ttl"]
    value_s = value * 3600
    below, above = (axis.rounded(value_s, up=up) for up in (False, True))
    assert below <= value_s <= above
    assert above <= 1.1 * below
    assert axis.rounded(above, up=True) == above


def test_closed_forms_say_today_what_was_simulated_today(two_servers: Comparison) -> None:
    foresight = Looks(two_servers).foresight
    for name in two_servers.plans:
        assert foresight.loss_usd(two_servers.scenario, name) == pytest.approx(loss_usd(two_servers, name), rel=1e-9)


def test_one_worker_and_two_find_the_same(two_servers: Comparison) -> None:
    plain = replace(two_servers, turning_points=None)
    assert findings(examined(plain, workers=2)) == findings(two_servers)


@pytest.mark.long
@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_value_that_a_bundled_scenario_prints_is_confirmed_by_runs_there(path: Path) -> None:
    scenario = load_scenario(path, {})
    fewer = scenario.with_(population__users=min(scenario.population.users, FEW))
    found = examined(compare(fewer, load_book(fewer.prices, path.parent)))
    if found.turning_points is not None:
        assert denied(found) == []
        assert denied(found, ANOTHER_SEED) == []
