"""The simulation that follows, in another process that ends: re-billed exactly, cancelled when it is stale."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from small_runs import small

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.studies.comparison import COST
from simulator.studies.exploring.exploration import Exploration, Stage
from simulator.studies.exploring.following import Simulated, SimulationAsked, simulate, soon_users, takes_s, with_users
from simulator.studies.exploring.knobs import knobs_of
from simulator.studies.exploring.moves import Bench
from simulator.studies.study import compare

KEYS = [
    "population.daily_active",
    "model.prediction_size",
    "backends.night.feature_pipeline.cost",
    "slo.latency_p99",
    "plans.cached.cache.ttl",
    "prices.instance/g4dn.xlarge/on_demand",
]
ACTIVE, SIZE, PIPELINE, BOUND, TTL, INSTANCE = range(6)
LONG_USERS = 50_000_000
"""So many take minutes."""


@pytest.fixture(scope="module")
def bench(book: PriceBook) -> Bench:
    scenario = small(population__users="2k", horizon="6 h", warmup="0 s")
    return Bench(scenario, book, knobs_of(scenario, book, KEYS))


@pytest.fixture(scope="module")
def simulated(bench: Bench) -> Simulated:
    return simulate(SimulationAsked(bench.scenario, bench.small_book, bench.start), lambda _: None)


@pytest.fixture
def exploring(bench: Bench) -> Iterator[Exploration]:
    found = Exploration(bench)
    yield found
    found.close()


def until(happened: Callable[[], object], longest_s: float = 60.0) -> None:
    end_s = time.monotonic() + longest_s
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    "moves", [{SIZE: 9}, {PIPELINE: -4}, {BOUND: -20}, {INSTANCE: 7}, {SIZE: 5, INSTANCE: -3, BOUND: 2}], ids=str
)
def test_other_prices_and_bounds_are_to_the_last_digit_what_a_simulation_there_says(
    bench: Bench, simulated: Simulated, moves: dict[int, int]
) -> None:
    places = tuple(place + moves.get(number, 0) for number, place in enumerate(bench.start))
    billed = simulated.billed(bench, places).comparison
    anew = compare(bench.scenario_at(places), bench.whole_book_at(places), workers=1)
    for name, plan in anew.plans.items():
        assert billed.plans[name].metrics == plan.metrics
        assert billed.plans[name].bill.lines == plan.bill.lines
        assert billed.plans[name].violations == plan.violations
    assert billed.recommended == anew.recommended
    at_first = simulated.billed(bench, bench.start).comparison
    is_dearer = any(at_first.plans[name].metrics[COST] != billed.plans[name].metrics[COST] for name in anew.plans)
    assert is_dearer == (set(moves) != {BOUND})


def test_fewer_users_are_simulated_where_all_would_take_long() -> None:
    assert soon_users(small(population__users="3k")) == 3_000
    large = small(population__users=LONG_USERS, horizon="7 d")
    some = soon_users(large)
    assert some < LONG_USERS
    assert takes_s(with_users(large, some)) <= 10 < takes_s(large)
    assert str(some).strip("0") in {"1", "2", "5"}


def test_a_simulation_follows_and_is_of_all_users_where_it_is_short(exploring: Exploration) -> None:
    assert exploring.look.stage is Stage.PLANNED
    assert not exploring.pids
    exploring.settle()
    until(lambda: exploring.progress is None)
    assert exploring.look.stage is Stage.SIMULATED
    assert exploring.look.simulated is not None
    until(lambda: not exploring.pids)
    at_once = exploring.move(INSTANCE, 3)
    assert at_once.stage is Stage.SIMULATED, "another price takes no simulation"
    assert exploring.move(TTL, 3).stage is Stage.PLANNED, "another lifetime does"
    assert exploring.move(TTL, exploring.bench.start[TTL]).stage is Stage.SIMULATED, "what was simulated is remembered"


def test_a_stale_simulation_ends_at_the_next_move_and_with_the_explorer(book: PriceBook) -> None:
    scenario = small(population__users=LONG_USERS, horizon="7 d")
    exploring = Exploration(Bench(scenario, book, knobs_of(scenario, book, KEYS)), users=LONG_USERS)
    exploring.settle()
    assert exploring.simulates_users == LONG_USERS
    (first, *_) = exploring._simulation.pids
    exploring.move(INSTANCE, 3)
    assert exploring._simulation.pids == (first,), "a price does not make it stale"
    exploring.move(TTL, 3)
    assert not is_there(first)
    assert exploring.progress is None
    exploring.settle()
    both = exploring.pids
    assert both
    exploring.close()
    assert not any(map(is_there, both))
    exploring.move(TTL, 5)
    exploring.settle()
    assert not exploring.pids, "one that is closed begins nothing"


def test_a_simulation_that_fails_says_why_and_the_next_is_tried(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    exploring = Exploration(bench)
    monkeypatch.setattr("simulator.studies.exploring.exploration.simulate", failing)
    exploring.settle()
    until(lambda: exploring.progress is None)
    assert exploring.fault == "no room"
    assert exploring.look.stage is Stage.PLANNED
    monkeypatch.undo()
    exploring.settle()
    until(lambda: exploring.progress is None)
    assert not exploring.fault
    assert exploring.look.stage is Stage.SIMULATED
    exploring.close()


def failing(_asked: SimulationAsked, _tell: Callable[[float], None]) -> Simulated:
    raise MemoryError("no room")


def test_a_move_that_makes_no_valid_scenario_leaves_all_as_it_was(book: PriceBook) -> None:
    scenario = small(backends__live__capacity__max=8)
    keys = ["backends.live.capacity.min", "backends.live.capacity.max"]
    exploring = Exploration(Bench(scenario, book, knobs_of(scenario, book, keys)))
    least, most = exploring.bench.knobs
    exploring.move(0, least.texts.index("4"))
    before = exploring.look
    for number, place in ((1, most.texts.index("2")), (1, len(most.levels))):
        with pytest.raises(UserError, match=r"max|there is no place"):
            exploring.move(number, place)
    assert exploring.look is before
    assert exploring.places == before.places


ORPHANED = """
import sys, time
from small_runs import small
from simulator.prices.loading import load_book
from simulator.studies.exploring.exploration import Exploration
from simulator.studies.exploring.knobs import knobs_of
from simulator.studies.exploring.moves import Bench
scenario, book = small(population__users=50_000_000, horizon="7 d"), load_book("aws-us-east-1")
exploring = Exploration(Bench(scenario, book, knobs_of(scenario, book, ["population.users"])), users=50_000_000)
exploring.settle()
print(*exploring.pids, flush=True)
time.sleep(600)
"""


@pytest.mark.long
@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_no_process_is_left_when_the_kernel_ends_however_it_ends(how: str) -> None:
    path = os.pathsep.join(sys.path)
    kernel = subprocess.Popen(
        [sys.executable, "-c", ORPHANED], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert kernel.stdout is not None
    pids = [int(word) for word in kernel.stdout.readline().split()]
    assert pids
    assert all(map(is_there, pids))
    getattr(kernel, how)()
    kernel.wait()
    kernel.stdout.close()
    until(lambda: not any(map(is_there, pids)))
