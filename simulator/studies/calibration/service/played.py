"""The fleet that was fitted, simulated with as many clients as were measured, each of whom waits for its answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from simulator.core.errors import UserError
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.studies.calibration.held_out import Compared
from simulator.studies.calibration.service.closed_loop import away_s, closed
from simulator.studies.calibration.service.fitting import LEAST_CV, ServiceFit
from simulator.studies.calibration.service.measurement import Measurement, Row
from simulator.studies.calibration.service.parts import INSTANCE, NAME, parts_of

GOOD: Final = 0.1
"""How far off what is played may be, relative to what was measured."""
REQUESTS: Final = 20_000
"""About so many are played for each row."""
ROUNDS: Final = 30
"""Of all clients, at least; in the first of them there is a queue as never again."""
MOST_ROWS: Final = 40
FEW: Final = 100
"""Requests, of fewer of which none is beyond the p99."""
TINY: Final = 1e-9
WARMUP: Final = 0.1
"""Of the time that is counted; simulated before."""
PLAN: Final = "on demand"
QUANTILES: Final = {0.5: "p50", 0.9: "p90", 0.95: "p95", 0.99: "p99"}


@dataclass(frozen=True)
class Played:
    """The file against the fleet in the same closed loop."""

    compared: tuple[Compared, ...] = ()
    not_played: tuple[Row, ...] = ()
    """What is more than the simulator takes."""


def played(measurement: Measurement, fit: ServiceFit) -> Played:
    """Return latencies and throughput of each row, as measured and as the fleet has them in the same loop.

    What clients and network take is outside the fleet: it is added to its latencies, and to the pauses of clients.
    """
    done = dict[tuple[int, int, float], dict[str, float]]()
    rows, compared, left_out = closed(measurement.rows), list[Compared](), list[Row]()
    several = len({row.batch for row in rows}) > 1
    for row in _some(rows):
        away = away_s(row, pauses=measurement.pauses)
        key = row.batch, row.clients or 1, float(f"{away:.3g}")
        if key not in done:
            try:
                scenario = _scenario(row, fit, away)
            except UserError:  # too many clients, too fast or too slow
                left_out.append(row)
                continue
            done[key] = _play(scenario)
        compared += _compared(row, done[key], f"batch size {row.batch}, " if several else "")
    return Played(tuple(compared), tuple(left_out))


def _some(rows: list[Row]) -> list[Row]:
    """Return at most so many of the rows, evenly spread."""
    step = max(len(rows) / MOST_ROWS, 1.0)
    return [rows[int(place * step)] for place in range(min(len(rows), MOST_ROWS))]


def _scenario(row: Row, fit: ServiceFit, away_s: float) -> Scenario:
    slots, clients = int(fit.slots.count.value), row.clients or 1
    if fit.together:
        busy_s = fit.service_s(clients) / clients
        fleet = parts_of(fit)["backends"][NAME]
    else:
        busy_s = fit.service_s(row.batch) / min(slots, clients)
        fleet = _fleet(fit, row.batch, slots)
    requests = max(REQUESTS, ROUNDS * clients)
    return _loop(fleet, clients, away_s, requests * (busy_s + away_s / clients))


def _fleet(fit: ServiceFit, batch: int, slots: int) -> dict[str, Any]:
    """Return a fleet that takes for one prediction what the fitted one takes for so many, as a request has them."""
    service: dict[str, Any] = {"kind": "affine", "fixed": f"{fit.service_s(batch):.9g} s"}
    if fit.noise is not None and fit.noise.value >= LEAST_CV:
        service["noise"] = {"kind": "lognormal", "cv": fit.noise.value}
    return {
        "kind": "fleet",
        "instance": INSTANCE,
        "slots": slots,
        "service_time": service,
        "capacity": {"kind": "fixed", "replicas": 1},
    }


def _loop(fleet: dict[str, Any], clients: int, away_s: float, length_s: float) -> Scenario:
    overrides = {
        "horizon": f"{length_s:.6g} s",
        "warmup": f"{WARMUP * length_s:.6g} s",
        "replications": 1,
        "seed": 1,
        "population": {"users": clients, "logins_per_day": "1/day", "shape": "inf"},
        "traffic": {"closed_loop": {"clients": clients, "think_time": f"{away_s:.9g} s"}},
        "store": {"meter": "redis", "read_latency": "0 s"},
        "backends": {"measured": fleet},
        "plans": {PLAN: {"on_miss": "compute", "backend": "measured"}},
        "slo": {},
    }
    with resources.as_file(resources.files("simulator.scenario") / "starter.yaml") as starter:
        return load_scenario(starter, overrides)


def _play(scenario: Scenario) -> dict[str, float]:
    outcome = simulate(scenario, PLAN)
    latency = outcome.counted.latency
    found = {"latency_mean_s": latency.mean, "requests_per_s": latency.count / scenario.horizon_s}
    return found | {f"latency_{name}_s": latency.quantile(share) for share, name in QUANTILES.items()}


def _compared(row: Row, found: dict[str, float], of_batch: str) -> Iterator[Compared]:
    whose = f"{of_batch}{row.clients} client{'' if row.clients == 1 else 's'}"
    yield Compared(f"{whose}: latency_mean_s", row.latency_s, found["latency_mean_s"] + row.overhead_s, GOOD)
    for share, name in QUANTILES.items():
        if share in row.quantiles_s and (row.count is None or row.count * (1 - share) >= 1 - TINY):
            metric = f"latency_{name}_s"
            yield Compared(f"{whose}: {metric}", row.quantiles_s[share], found[metric] + row.overhead_s, GOOD)
    if row.requests_per_s is not None:
        yield Compared(f"{whose}: requests_per_s", row.requests_per_s, found["requests_per_s"], GOOD)
