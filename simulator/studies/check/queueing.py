"""Waiting for a fleet of fixed size."""

from typing import Any

from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import fleet_world
from simulator.theory.constant_service import md1_wait_quantile_s, mdc_mean_wait_s
from simulator.theory.queueing import (
    mg1_mean_wait_s,
    mm1_timeout_fraction,
    mmc_mean_wait_s,
    mmc_response_quantile_s,
    mmck_blocking,
    mmck_mean_wait_s,
)

RATE_PER_S = 20.0
_REPLICATIONS = 40
_P99 = 0.99


def group() -> Group:
    """Return the checks of queues."""
    exponential = (_exponential(1, 1, 0.85), _exponential(4, 1, 0.85), _exponential(2, 15, 0.9))
    return Group(
        "queueing",
        (
            *exponential,
            _constant(1),
            _constant(5),
            _lognormal(0.5),
            _lognormal(1.5),
            _impatient(0.8),
            _impatient(1.3),
            _limited(5, 15, 4.5),
            _limited(10, 0, 9.0),
        ),
    )


def _experiment(name: str, fleet: dict[str, Any], *checks: Check) -> Experiment:
    sample = simulated(lambda seed: fleet_world(RATE_PER_S, seed=seed, **fleet))
    return Experiment(name, sample, _REPLICATIONS, checks)


def _wait(queue: str, theory_s: float) -> Check:
    return Check(f"mean wait, {queue} [s]", theory_s, readings.mean_wait_s)


def _within_p99(queue: str, p99_s: float) -> Check:
    """Check a p99 by the share beyond it, whose error says more than that of the share within."""
    within = readings.answered_within(p99_s)
    return Check(f"later than its p99, {queue}", 1 - _P99, lambda outcome: 1 - within(outcome))


def _exponential(replicas: int, slots: int, load: float) -> Experiment:
    servers = replicas * slots
    queue, service_s = f"M/M/{servers}", load * servers / RATE_PER_S
    return _experiment(
        queue,
        {"service_s": service_s, "replicas": replicas, "noise": "exponential", "slots": slots},
        _wait(queue, float(mmc_mean_wait_s(RATE_PER_S, service_s, servers))),
        _within_p99(queue, mmc_response_quantile_s(_P99, RATE_PER_S, service_s, servers)),
        Check(f"utilisation, {queue}", load, readings.utilisation),
    )


def _constant(servers: int) -> Experiment:
    queue, service_s = f"M/D/{servers}", 0.85 * servers / RATE_PER_S
    checks = [_wait(queue, mdc_mean_wait_s(RATE_PER_S, service_s, servers))]
    if servers == 1:
        checks.append(_within_p99(queue, service_s + md1_wait_quantile_s(_P99, RATE_PER_S, service_s)))
    return _experiment(queue, {"service_s": service_s, "replicas": servers, "noise": "none"}, *checks)


def _lognormal(cv: float) -> Experiment:
    queue, service_s = f"M/G/1 of CV {cv:g}", 0.7 / RATE_PER_S
    noise = {"kind": "lognormal", "cv": cv}
    wait = _wait(queue, float(mg1_mean_wait_s(RATE_PER_S, service_s, cv**2)))
    return _experiment(queue, {"service_s": service_s, "replicas": 1, "noise": noise}, wait)


def _impatient(load: float) -> Experiment:
    patience_s, service_s = 0.25, load / RATE_PER_S
    what = f"time out, M/M/1 at {load:g} Erlang"
    fleet = {"service_s": service_s, "replicas": 1, "noise": "exponential", "timeout": f"{patience_s} s"}
    left = Check(what, mm1_timeout_fraction(RATE_PER_S, service_s, patience_s), readings.share_of_requests("timed_out"))
    return _experiment(what, fleet, left)


def _limited(servers: int, queue_limit: int, load: float) -> Experiment:
    """Check what a full queue refuses; without any queue that is Erlang's loss."""
    room, service_s = servers + queue_limit, load / RATE_PER_S
    queue = f"M/M/{servers}/{room}"
    fleet = {"service_s": service_s, "replicas": servers, "noise": "exponential", "queue_limit": queue_limit}
    refused = Check(f"refused, {queue}", mmck_blocking(load, servers, room), readings.share_of_requests("defaulted"))
    wait = Check(
        f"mean wait, {queue} [s]",
        mmck_mean_wait_s(RATE_PER_S, service_s, servers, room),
        readings.mean_wait_of_answered_s,
    )
    return _experiment(queue, fleet, refused, *([wait] if queue_limit else []))
