"""Closed forms at moves: the same as asked for anew, and no more estimated than a move concerns."""

import numpy as np
import pytest
from small_runs import small

from simulator.prices.book import PriceBook
from simulator.studies.exploring.knobs import knobs_of
from simulator.studies.exploring.lines import LineAsked, find_line
from simulator.studies.exploring.moves import Bench, Places, Planner
from simulator.studies.planner.estimating import World, estimates_of

KEYS = [
    "population.daily_active",
    "model.prediction_size",
    "backends.night.feature_pipeline.cost",
    "backends.live.capacity.min",
    "plans.cached.cache.ttl",
    "prices.instance/g4dn.xlarge/on_demand",
]
SIZE, PIPELINE, LIVE, TTL, INSTANCE = range(1, 6)


@pytest.fixture(scope="module")
def bench(book: PriceBook) -> Bench:
    scenario = small()
    return Bench(scenario, book, knobs_of(scenario, book, KEYS))


def moved(bench: Bench, number: int, by: int, places: Places | None = None) -> Places:
    places = places or bench.start
    return (*places[:number], places[number] + by, *places[number + 1 :])


def test_wherever_knobs_are_moved_it_is_what_is_estimated_there_anew(bench: Bench) -> None:
    rng, planner = np.random.default_rng(5), Planner(bench)
    places = bench.start
    for _ in range(12):
        number = int(rng.integers(len(bench.knobs)))
        places = (*places[:number], int(rng.integers(len(bench.knobs[number].levels))), *places[number + 1 :])
        found, anew = planner.at(places), estimates_of(bench.scenario_at(places), bench.whole_book_at(places))
        for name, plan in anew.plans.items():
            told = {metric: value.value for metric, value in found.plans[name].metrics.items()}
            assert told == pytest.approx({m: value.value for m, value in plan.metrics.items()}, rel=1e-9, nan_ok=True)


def test_no_more_is_estimated_than_a_move_concerns(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    estimated = list[str]()
    expected = World.expected

    def counted(world: World, plan_name: str, *, waits: bool = True) -> object:
        estimated.append(plan_name)
        return expected(world, plan_name, waits=waits)

    monkeypatch.setattr(World, "expected", counted)
    planner = Planner(bench)
    planner.at(bench.start)
    estimated.clear()
    for number in (SIZE, PIPELINE, INSTANCE):
        planner.at(moved(bench, number, 2))
    assert not estimated, "prices are billed anew"
    planner.at(moved(bench, TTL, 1))
    assert estimated == ["cached"]
    planner.at(bench.start)
    planner.at(moved(bench, INSTANCE, -1, moved(bench, TTL, 1)))
    assert estimated == ["cached"], "what was there is remembered"
    planner.at(moved(bench, LIVE, 1))
    assert estimated == ["cached", "on demand", "cached"]


def test_a_line_is_near_what_is_estimated_at_each_of_its_places(bench: Bench) -> None:
    knob, planner = bench.knobs[TTL], Planner(bench)
    line = find_line(LineAsked(bench.scenario, bench.small_book, knob, bench.start), print)
    assert line is not None
    for place in range(0, len(knob.levels), 7):
        (between,), exact = line.at(place).values(), planner.at(moved(bench, TTL, place - knob.start))
        for metric in ("cost_usd_per_month", "cache_hit_ratio", "age_mean_s"):
            known = exact.plans["cached"].metrics[metric].value
            assert between[metric] == pytest.approx(known, rel=line.along.off_fraction + 0.02)
