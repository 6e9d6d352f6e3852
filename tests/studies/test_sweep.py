"""A sweep's points are what runs of their own would find, with no simulation done twice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from small_runs import small

from simulator.core.errors import UserError
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.executor import Task, run_tasks
from simulator.studies.factors import read_factors
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.study import compare
from simulator.studies.sweep import Sweep, SweepStudy
from simulator.studies.variants import Books, Variants

TTL, ACTIVE = "plans.cached.cache.ttl", "population.daily_active"
COST = "backends.night.feature_pipeline.cost"
BOOKS = Books()


def study(scenario: Scenario, over: Mapping[str, str], variants: Variants, *, adaptive: bool = False) -> SweepStudy:
    return SweepStudy(scenario, read_factors(scenario, over, "--over"), variants, "--over", adaptive=adaptive)


def swept(scenario: Scenario, over: Mapping[str, str], *, adaptive: bool = False) -> Sweep:
    made = study(scenario, over, Variants(BOOKS, workers=1), adaptive=adaptive)
    made.run()
    assert made.sweep is not None
    return made.sweep


def as_runs(sweep: Sweep) -> None:
    """Check every point against a run of its scenario."""
    for point in sweep.points:
        there = point.comparison.scenario
        run = compare(there, BOOKS.of(there), workers=1)
        assert point.recommended == run.recommended
        for name, plan in run.plans.items():
            assert point.comparison.plans[name].values == plan.values
            assert point.comparison.plans[name].bill == plan.bill


@pytest.fixture(scope="module")
def lifetimes() -> Sweep:
    return swept(small(), {TTL: "1h,6h,24h"})


def test_every_point_is_what_a_run_of_its_own_finds(lifetimes: Sweep) -> None:
    as_runs(lifetimes)


def test_plans_that_a_key_does_not_concern_are_simulated_once(lifetimes: Sweep) -> None:
    replications, lifetimes_, others = 2, 3, 2
    assert lifetimes.simulations == replications * (lifetimes_ + others)


def test_prices_are_swept_with_the_simulations_of_one_point_and_to_the_cent() -> None:
    prices = swept(small(), {COST: "0 USD..100 USD:5"})
    assert prices.simulations == 2 * 3
    assert len(prices.points) == 5
    as_runs(prices)


def test_weights_are_judged_anew_and_not_simulated() -> None:
    bounds = swept(small(), {"slo.age_p95": "1 h,12 h,40 h"})
    assert bounds.simulations == 2 * 3
    as_runs(bounds)
    met = [point.comparison.plans["nightly batch"].meets_slo for point in bounds.points]
    assert met == [False, False, True]


def test_points_that_differ_in_nothing_that_draws_requests_are_given_to_one_call_and_share_streams() -> None:
    calls: list[Sequence[Task]] = []

    def run(
        tasks: Sequence[Task],
        workers: int | None = None,
        on_begin: Callable[[], None] | None = None,
        on_progress: Callable[[float], None] | None = None,
        **_: object,
    ) -> Iterator[tuple[Task, Outcome]]:
        calls.append(tasks)
        yield from run_tasks(tasks, workers, on_begin, on_progress)

    made = study(small(), {TTL: "1h,6h", "backends.live.capacity.min": "2,3"}, Variants(BOOKS, 1, run=run))
    made.run()
    (tasks,) = calls
    first = [task for task in tasks if task.replication == 0]
    assert len(first) == 1 + 2 + 4  # nightly; on demand by fleet; cached by both
    assert all(task.shares_requests_with(first[0]) for task in first)


def test_two_keys_make_a_grid_in_the_order_of_their_values() -> None:
    grid = swept(small(horizon="6 h", replications=1), {ACTIVE: "1%,2%", TTL: "1h,6h"})
    assert [tuple(level.text for level in point.levels) for point in grid.points] == [
        ("1 %", "1 h"),
        ("1 %", "6 h"),
        ("2 %", "1 h"),
        ("2 %", "6 h"),
    ]


def test_an_adaptive_sweep_finds_the_border_of_the_whole_grid_with_a_part_of_its_points() -> None:
    over = {COST: "0 USD..120 USD:17"}
    whole, part = (swept(small(), over, adaptive=adaptive) for adaptive in (False, True))
    winners = {point.place: point.recommended for point in whole.points}
    assert len(set(winners.values())) == 2
    assert part.winner_at == winners
    assert len(part.points) <= len(whole.points) / 2
    assert part.complete


def test_what_is_whole_of_a_sweep_that_is_cut_off_is_there() -> None:
    def cut_off(outcome: Outcome) -> None:
        if outcome.replication == 1:
            raise KeyboardInterrupt

    made = study(small(horizon="6 h"), {TTL: "1h,6h"}, Variants(BOOKS, 1, on_outcome=cut_off))
    with pytest.raises(KeyboardInterrupt):
        made.run()
    assert made.sweep is not None
    assert not made.sweep.complete
    assert [point.comparison.replications for point in made.sweep.points] == [1, 1]


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({}, "one key or two, and not 0"),
        ({TTL: "1h", ACTIVE: "1%", COST: "1 USD"}, "one key or two, and not 3"),
        ({TTL: "1h..48h:100", ACTIVE: "1%..40%:100"}, "make 10,000 points; at most 2,500"),
        ({"prices": "aws-us-east-1,nowhere"}, "nowhere"),
        ({"backends.live.instance": "g4dn.xlarge,g99.huge"}, "at backends.live.instance = g99.huge"),
    ],
)
def test_what_cannot_be_swept_is_said_before_anything_is_simulated(over: dict[str, str], said: str) -> None:
    def never(*_: Any, **__: Any) -> Iterator[tuple[Task, Outcome]]:
        raise AssertionError

    with pytest.raises(UserError) as error:
        study(small(), over, Variants(BOOKS, 1, run=never))
    assert said in str(error.value)


def test_a_fleet_that_cannot_be_sized_is_said_with_its_point() -> None:
    scenario = small(backends__live__capacity={"kind": "for_slo"}, replications=1, horizon="6 h", plans__on_demand=None)
    made = study(scenario, {"slo.latency_p99": "7 ms,20 ms"}, Variants(BOOKS, 1))
    with pytest.raises(UserError, match=r"at slo\.latency_p99 = 7 ms: plan 'cached'"):
        made.run()


def test_what_one_study_has_simulated_another_takes_from_the_store(tmp_path: Path) -> None:
    store, scenario = OutcomeStore(tmp_path), small(horizon="6 h", replications=1)
    study(scenario, {TTL: "1h,6h"}, Variants(BOOKS, 1, kept=store)).run()
    assert store.count == 2 + 2
    study(scenario, {TTL: "1h,6h", COST: "1 USD,2 USD"}, Variants(BOOKS, 1, kept=store)).run()
    assert store.count == 2 + 2
