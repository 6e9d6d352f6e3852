"""Instances of a serverless backend, against a plain list of them, published figures and closed forms."""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from birth_and_death import exact_instances
from hypothesis import given
from hypothesis import strategies as st

from simulator.backends.online.slots import leaves_for
from simulator.core.arrays import FloatArray
from simulator.core.jit import kernel
from simulator.simulation.flow.online_station import NO_STATION
from simulator.simulation.state.bundles import Station
from simulator.simulation.state.records import INSTANCES, STATION, record
from simulator.simulation.stations.serverless import REFUSED, count_instances, run_instance
from simulator.theory.queueing import erlang_b

STANDARD_ERRORS = 4


@kernel
def _carry(
    time_s: FloatArray,
    service_s: FloatArray,
    horizon_s: float,
    until_s: float,
    station: Station,
    startup_s: FloatArray,
) -> None:
    """Carry all requests, and tell how long the instance of each takes to start; kernels alone call the parts."""
    for i in range(time_s.size):
        startup_s[i] = run_instance(time_s[i], time_s[i], service_s[i], horizon_s, station)
    count_instances(until_s, station)


class Instances:
    """A serverless backend's instances, as the engine carries them."""

    def __init__(self, startups_s: FloatArray, horizon_s: float, concurrency: int, **line: float) -> None:
        self.horizon_s, self.own, state = horizon_s, record(INSTANCES), record(STATION)
        for name, value in {"concurrency": concurrency, **line}.items():
            self.own[name] = value
        self.station = NO_STATION._replace(
            state=state, instances=self.own, free_s=np.zeros(2 * leaves_for(concurrency)), times_s=startups_s
        )

    def carry(self, time_s: FloatArray, service_s: FloatArray, until_s: float) -> FloatArray:
        startup_s = np.empty(time_s.size)
        _carry(time_s, service_s, self.horizon_s, until_s, self.station, startup_s)
        return startup_s

    def counted(self, name: str) -> float:
        record_of_it = self.own if name in INSTANCES.names else self.station.state
        return float(record_of_it[name][0])


@dataclass
class Instance:
    born_s: float
    free_s: float
    work_s: list[tuple[float, float]] = field(default_factory=list)


class PlainInstances:
    """The same with a list of instances."""

    def __init__(self, keep_alive_s: float, concurrency: int, startups_s: list[float]) -> None:
        self.keep_alive_s, self.concurrency = keep_alive_s, concurrency
        self.startups_s = iter(startups_s)
        self.all: list[Instance] = []

    def ask(self, t: float, service_s: float) -> float:
        kept = [each for each in self.all if each.free_s > t or each.free_s + self.keep_alive_s > t]
        idle = [each for each in kept if each.free_s <= t]
        startup_s = 0.0
        if idle:
            instance = max(idle, key=lambda each: each.free_s)
        elif len(kept) == self.concurrency:
            return REFUSED
        else:
            startup_s = next(self.startups_s)
            instance = Instance(t, t)
            self.all.append(instance)
        instance.free_s = t + startup_s + service_s
        instance.work_s.append((t, instance.free_s))
        return startup_s

    def live_at(self, t: float) -> int:
        return sum(each.born_s <= t and (t < each.free_s or t < each.free_s + self.keep_alive_s) for each in self.all)

    def live_s(self, until_s: float) -> float:
        return math.fsum(min(each.free_s + self.keep_alive_s, until_s) - each.born_s for each in self.all)

    def worked_s(self, until_s: float) -> float:
        return math.fsum(min(end_s, until_s) - begin_s for each in self.all for begin_s, end_s in each.work_s)


tenths = st.integers(0, 60).map(lambda tenths: tenths / 10)
requests = st.lists(st.tuples(tenths, tenths), min_size=1, max_size=80)


@given(requests, st.sampled_from([0.0, 0.7, 3.0, 20.0]), st.integers(1, 9), st.lists(tenths, min_size=80, max_size=80))
def test_instances_do_what_a_plain_list_of_them_does(
    requests: list[tuple[float, float]], keep_alive_s: float, concurrency: int, startups_s: list[float]
) -> None:
    plain = PlainInstances(keep_alive_s, concurrency, startups_s)
    time_s = -20.0 + np.cumsum([gap_s for gap_s, _ in requests])
    service_s = np.array([work_s for _, work_s in requests])
    horizon_s = max(float(time_s[-1]) - 3.0, 1.0)
    instances = Instances(np.array(startups_s), horizon_s, concurrency, keep_alive_s=keep_alive_s, bills_startup=True)
    starts: list[float] = []
    for begin_s, until_s in pairwise([-math.inf, 0.0, horizon_s, horizon_s + 4.0]):
        here = (time_s >= begin_s) & (time_s < until_s)
        found = instances.carry(time_s[here], service_s[here], until_s).tolist()
        starts += found
        assert found == [plain.ask(*each) for each in zip(time_s[here].tolist(), service_s[here].tolist(), strict=True)]
        assert instances.counted("live_s") == pytest.approx(plain.live_s(until_s), abs=1e-9)
        worked_s = instances.counted("work_s") - instances.counted("work_left_s")
        assert worked_s == pytest.approx(plain.worked_s(until_s), abs=1e-9)
        assert instances.counted("busy") + instances.counted("idle") == plain.live_at(until_s)
    within = (time_s >= 0) & (time_s < horizon_s)
    served = within & (np.array(starts) != REFUSED)
    born_s = [each.born_s for each in plain.all if 0 <= each.born_s < horizon_s]
    assert instances.counted("cold_starts") == len(born_s)
    assert instances.counted("billed_s") == pytest.approx((np.array(starts) + service_s)[served].sum())
    assert instances.counted("most_live") == max(plain.live_at(t) for t in [0.0, *born_s])


def test_however_often_they_are_counted_instances_do_the_same() -> None:
    rng = np.random.default_rng(7)
    time_s, service_s = np.cumsum(rng.exponential(0.1, 20_000)), rng.exponential(0.9, 20_000)
    startups_s = rng.exponential(2.0, 20_000)
    kept, until_s = {"concurrency": 30, "keep_alive_s": 4.0, "billing_step_s": 0.001}, float(time_s[-1])
    once, often = (Instances(startups_s, until_s, **kept) for _ in range(2))
    at_once = once.carry(time_s, service_s, until_s)
    parts = zip(np.array_split(time_s, 333), np.array_split(service_s, 333), strict=True)
    bit_by_bit = [often.carry(when_s, work_s, float(when_s[-1])) for when_s, work_s in parts]
    assert np.array_equal(at_once, np.concatenate(bit_by_bit))
    assert once.own == often.own
    assert once.station.state == often.station.state


@pytest.mark.parametrize(
    ("rule", "billed_s"),
    [
        ({"bills_startup": True}, 0.5 + 0.0203 + 0.02),
        ({"bills_startup": False}, 0.0403),
        ({"bills_startup": True, "billing_step_s": 0.001}, 0.521 + 0.02),
        ({"bills_startup": False, "billing_step_s": 0.001}, 0.041),
    ],
)
def test_each_request_is_billed_for_its_started_steps(rule: dict[str, float], billed_s: float) -> None:
    instances = Instances(np.full(2, 0.5), 100.0, 4, keep_alive_s=60.0, **rule)
    instances.carry(np.array([1.0, 2.0]), np.array([0.0203, 0.02]), 50.0)
    assert instances.counted("billed_s") == pytest.approx(billed_s, rel=1e-12)


def simulated(
    rate_per_s: float, service_s: float, startup_s: float, keep_alive_s: float, seed: int, horizon_s: float = 1e6
) -> list[float]:
    """Return cold-start share, mean live and mean busy."""
    rng = np.random.default_rng(seed)
    time_s = np.sort(rng.random(rng.poisson(rate_per_s * horizon_s)) * horizon_s)
    instances = Instances(rng.exponential(startup_s, time_s.size), horizon_s, 64, keep_alive_s=keep_alive_s)
    instances.carry(time_s, rng.exponential(service_s, time_s.size), horizon_s)
    busy_s = instances.counted("work_s") - instances.counted("work_left_s")
    cold = instances.counted("cold_starts") / time_s.size
    return [cold, instances.counted("live_s") / horizon_s, busy_s / horizon_s]


RUNS = 30


def test_instances_agree_with_simfaas() -> None:
    """The case that SimFaaS publishes (Mahmoudi and Khazaei 2021, table 1): one run of 10^6 s, to three digits."""
    runs = np.array([simulated(0.9, 1.991, 2.244 - 1.991, 600.0, seed) for seed in range(RUNS)])
    mean, deviation = runs.mean(axis=0), runs.std(axis=0, ddof=1)
    published, rounding = np.array([0.00133, 7.70, 1.79]), np.array([0.000005, 0.005, 0.005])
    assert np.all(np.abs(mean - published) <= STANDARD_ERRORS * deviation * math.sqrt(1 + 1 / RUNS) + rounding)


@pytest.mark.parametrize(
    ("rate_per_s", "service_s", "keep_alive_s", "horizon_s"),
    [(0.05, 1.0, 30.0, 1e6), (2.0, 1.5, 5.0, 5e4), (0.9, 1.991, 600.0, 1e6)],
)
def test_instances_that_start_at_once_agree_with_the_exact_solution(
    rate_per_s: float, service_s: float, keep_alive_s: float, horizon_s: float
) -> None:
    runs = np.array([simulated(rate_per_s, service_s, 0.0, keep_alive_s, seed, horizon_s)[:2] for seed in range(RUNS)])
    live, cold = exact_instances(rate_per_s, service_s, keep_alive_s)
    errors = runs.std(axis=0, ddof=1) / math.sqrt(RUNS)
    assert np.all(errors < 0.01 * np.array([cold, live]))
    assert np.all(np.abs(runs.mean(axis=0) - [cold, live]) <= STANDARD_ERRORS * errors)


@pytest.mark.parametrize(("load", "concurrency"), [(3.0, 5), (18.0, 20), (0.6, 1)])
def test_requests_are_refused_as_often_as_erlang_says(load: float, concurrency: int) -> None:
    """Loss systems do not mind how service times are spread."""
    shares = []
    for seed in range(RUNS):
        rng, requests = np.random.default_rng(seed), 200_000
        time_s = np.cumsum(rng.exponential(1 / load, requests))
        instances = Instances(np.zeros(requests), math.inf, concurrency, keep_alive_s=7.0)
        shares.append(np.mean(instances.carry(time_s, rng.lognormal(-0.5, 1.0, requests), time_s[-1]) == REFUSED))
    error = np.std(shares, ddof=1) / math.sqrt(RUNS)
    assert abs(np.mean(shares) - erlang_b(load, concurrency)) <= STANDARD_ERRORS * error
