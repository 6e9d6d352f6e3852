"""Small scenarios of clients who wait for their answers."""

from pathlib import Path
from typing import Any

from simulator.core.input_files.reading import Tree
from simulator.core.input_files.validation import validate
from simulator.scenario.schema import Scenario

FLEET: dict[str, Any] = {
    "kind": "fleet",
    "service_time": {"kind": "affine", "fixed": "20 ms", "per_item": "0 s", "noise": {"kind": "exponential"}},
    "capacity": {"kind": "fixed", "replicas": 4},
    "instance": "m7g.large",
}


def closed_loop(clients: int, think: Any, backend: dict[str, Any] | None = None, **scenario: Any) -> Scenario:
    stated = {
        "horizon": "1 h",
        "warmup": "1 min",
        "population": {"users": 1000, "logins_per_day": "1/day", "shape": 1},
        "traffic": {"closed_loop": {"clients": clients, "think_time": think}},
        "backends": {"live": backend or FLEET},
        "plans": {"on demand": {"on_miss": "compute", "backend": "live"}},
        **scenario,
    }
    return validate(Scenario, Tree(stated), "closed loop", Path())
