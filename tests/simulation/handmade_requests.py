"""Scenarios whose requests are written down one by one."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulator.scenario.schema import Scenario

Request = tuple[float, int]
"""When a request comes [s], and whose it is."""


def handmade(folder: Path, requests: Iterable[Request], plan: dict[str, Any], **given: Any) -> Scenario:
    """Return a scenario in which these requests come, the first at time 0, and nothing was before them."""
    lines = [f"{time_s!r},user {user}" for time_s, user in requests]
    path = folder / "requests.csv"
    path.write_text("\n".join(["time,who", *lines]) + "\n", encoding="utf-8")
    replay = {"path": path, "user": "who", "unit": "s", "resolution": "0 s", "loop": False}
    users = len({line.split(",")[1] for line in lines})
    base: dict[str, Any] = {
        "warmup": "0 s",
        "population": {"users": users, "logins_per_day": "1/day", "shape": 1},
        "traffic": {"replay": replay},
        "store": {"read_latency": "0 s"},
        "plans": {"p": plan},
    }
    return Scenario.model_validate(base | given)
