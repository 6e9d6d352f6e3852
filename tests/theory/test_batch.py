import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaincc

from simulator.core.units import HOUR_S
from simulator.theory import batch

from .oracle_keys import cases, close

Oracle = Callable[[str], dict[str, float]]


def test_makespans_of_exponential_tasks_meet_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("d.makespan"), "E exp tasks", "SD exp tasks"):
        tasks, workers = int(given["N"]), int(given["W"])
        if label == "E exp tasks":
            assert batch.mean_makespan_s(tasks, 1.0, workers) == close(value)
        else:
            assert batch.makespan_sd_s(tasks, 1.0, workers) == close(value)


def test_makespan_tails_meet_the_reference(oracle: Oracle) -> None:
    section = oracle("d.makespan")
    for time, tasks, workers in ((14, 100, 10), (16, 100, 10), (26, 1000, 50)):
        value = section[f"P(T>{time}) exp tasks N={tasks} W={workers}"]
        assert batch.makespan_exceedance(time, tasks, 1.0, workers) == close(value)


def test_checkpointed_times_meet_the_reference(oracle: Oracle) -> None:
    section = oracle("d.ckpt")
    spot = batch.checkpointed_time_s(6.0, 0.5, 1 / 60, 5 / 60, 2.0)
    assert spot == close(section["ET Ts=6 tau=.5 delta=1/60 R=5/60 M=2"])
    best = batch.checkpointed_time_s(500.0, section["Ts=500 delta=5 R=10 M=1440 tau_exact"], 5.0, 10.0, 1440.0)
    assert best == close(section["Ts=500 delta=5 R=10 M=1440 ET at tau_exact"])
    without = batch.checkpointed_time_s(500.0, 500.0, 0.0, 10.0, 1440.0)
    assert without == close(section["Ts=500 R=10 M=1440 ET without checkpoints"])


def test_the_deviation_of_checkpointed_times_meets_the_reference(oracle: Oracle) -> None:
    deviation = batch.checkpointed_sd_s(6.0, 0.5, 1 / 60, 5 / 60, 2.0)
    assert deviation == close(oracle("ref2")["d.spot SD closed form (12 segs)"])
    assert deviation == close(oracle("ref2")["d.spot sd"], 1e-8)


def test_spot_price_ratio_and_fluid_work_meet_the_reference(oracle: Oracle) -> None:
    spot = batch.checkpointed_time_s(6.0, 0.5, 1 / 60, 5 / 60, 2.0)
    assert spot == close(oracle("ref2")["d.spot mean closed form"])
    key = "spot: needed price ratio p_spot/p_od < Ts/ET (Ts=6,ET=7.37548566)"
    assert 6.0 / spot == close(oracle("ref3")[key])
    hours = batch.constant_makespan_s(10**8, 0.002, 1) / HOUR_S
    assert hours == close(oracle("ref3")["fluid 1e8 preds x 2ms core-hours"])


def test_makespan_mean_and_deviation_are_the_moments_of_its_tail() -> None:
    for tasks, workers in ((1, 1), (7, 3), (40, 40), (200, 10), (9, 1)):
        mean = quad(lambda t, n=tasks, w=workers: batch.makespan_exceedance(t, n, 1.0, w), 0, 60, limit=200)[0]
        second = quad(lambda t, n=tasks, w=workers: 2 * t * batch.makespan_exceedance(t, n, 1.0, w), 0, 60, limit=200)[
            0
        ]
        assert batch.mean_makespan_s(tasks, 1.0, workers) == close(mean, 1e-8)  # the quadrature's own precision
        assert batch.makespan_sd_s(tasks, 1.0, workers) == close(math.sqrt(second - mean**2), 1e-7)


def test_one_worker_takes_a_gamma_time() -> None:
    for time in (1.0, 20.0, 35.0):
        assert batch.makespan_exceedance(2 * time, 20, 2.0, 1) == close(float(gammaincc(20, time)), 1e-10)


def test_workers_without_a_task_change_nothing() -> None:
    assert batch.mean_makespan_s(10, 3.0, 50) == batch.mean_makespan_s(10, 3.0, 10)
    assert batch.makespan_sd_s(10, 3.0, 50) == batch.makespan_sd_s(10, 3.0, 10)
    assert batch.makespan_exceedance(5.0, 10, 3.0, 50) == close(1 - (1 - math.exp(-5 / 3)) ** 10)


def test_millions_of_tasks_keep_their_digits() -> None:
    tasks, workers = 10**8, 100
    mean, deviation = (float(form(tasks, 1.0, workers)) for form in (batch.mean_makespan_s, batch.makespan_sd_s))
    nodes, weights = np.polynomial.legendre.leggauss(200)
    times = mean + 12 * deviation * nodes
    tails = np.array([batch.makespan_exceedance(time, tasks, 1.0, workers) for time in times])
    above_start = float(12 * deviation * weights @ tails)
    assert above_start == close(12 * deviation, 1e-9)  # E[T] - (mean - 12 sd)


def test_a_makespan_surely_exceeds_nothing_and_surely_ends() -> None:
    assert batch.makespan_exceedance(0.0, 100, 1.0, 10) == 1
    assert batch.makespan_exceedance(0.0, 10, 1.0, 10) == 1
    assert batch.makespan_exceedance(1e4, 100, 1.0, 10) == 0


def test_constant_tasks_take_full_rounds() -> None:
    makespan = batch.constant_makespan_s(np.array([1, 10, 11]), 3.0, 10)
    assert makespan.tolist() == [3.0, 3.0, 6.0]


def test_machines_that_live_for_ever_only_pay_for_checkpoints() -> None:
    assert batch.checkpointed_time_s(500.0, 50.0, 5.0, 10.0, math.inf) == close(550.0, 1e-15)
    assert batch.checkpointed_time_s(500.0, 50.0, 5.0, 10.0, 1e12) == close(550.0, 1e-9)
    assert batch.checkpointed_sd_s(500.0, 50.0, 5.0, 10.0, math.inf) == 0


def test_rare_preemptions_cost_a_restart_and_on_average_half_a_segment_each() -> None:
    """Of a segment s with at most one preemption, at an even time U in it: variance (s/M) E[(R + U)^2]."""
    segment, restart, life = 55.0, 10.0, 1e9
    second = restart**2 + restart * segment + segment**2 / 3
    expected = math.sqrt(10 * segment / life * second)
    assert batch.checkpointed_sd_s(500.0, 50.0, 5.0, restart, life) == close(expected, 1e-6)


def test_work_far_beyond_a_machines_life_never_ends() -> None:
    assert batch.checkpointed_time_s(1e6, 1e6, 0.0, 0.0, 1.0) == math.inf
    assert batch.checkpointed_sd_s(1e6, 1e6, 0.0, 0.0, 1.0) == math.inf


def test_checkpointed_time_agrees_with_machines_drawn() -> None:
    rng = np.random.default_rng(11)
    times = np.array([_time_drawn(rng, segments=4, segment=1.1, restart=0.3, life=2.0) for _ in range(4_000)])
    expected = float(batch.checkpointed_time_s(4.0, 1.0, 0.1, 0.3, 2.0))
    assert abs(times.mean() - expected) < 4 * times.std(ddof=1) / math.sqrt(times.size)
    deviation = float(batch.checkpointed_sd_s(4.0, 1.0, 0.1, 0.3, 2.0))
    fourth = float(((times - times.mean()) ** 4).mean())
    error = math.sqrt((fourth - deviation**4) / times.size) / (2 * deviation)
    assert abs(times.std(ddof=1) - deviation) < 4 * error


def _time_drawn(rng: np.random.Generator, *, segments: int, segment: float, restart: float, life: float) -> float:
    time, needed = 0.0, segment
    while segments:
        survives = rng.exponential(life)
        if survives >= needed:
            time += needed
            segments -= 1
            needed = segment
        else:
            time += survives
            needed = restart + segment
    return time


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batch.mean_makespan_s(0, 1.0, 5), r"tasks\(=0\.0\) must be a whole number >= 1"),
        (lambda: batch.makespan_sd_s(3, 1.0, 2.5), r"workers\(=2\.5\) must be a whole number >= 1"),
        (lambda: batch.makespan_exceedance(-1.0, 3, 1.0, 2), r"time_s\(=-1\.0\) must be >= 0"),
        (lambda: batch.constant_makespan_s(3, 0.0, 2), r"task_s\(=0\.0\) must be > 0"),
        (lambda: batch.checkpointed_time_s(1.0, 0.0, 0.0, 0.0, 1.0), r"interval_s\(=0\.0\) must be > 0"),
        (lambda: batch.checkpointed_time_s(1.0, 1.0, 0.0, -3.0, 1.0), r"restart_s\(=-3\.0\) must be >= 0"),
        (lambda: batch.checkpointed_sd_s(1.0, 1.0, 0.0, 3.0, 0.0), r"mean_life_s\(=0\.0\) must be > 0"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
