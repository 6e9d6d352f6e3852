"""What makes a task's outcome what it is, as a digest: two tasks with the same one have the same outcome.

It holds only what concerns the task's plan, so that a change of one plan leaves the outcomes of all others known.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import earliest_s
from simulator.studies.engine_version import engine_version
from simulator.studies.together import Task

READ_BYTES = 2**20
SHARED = ("start", "horizon_s", "warmup_s", "population", "traffic", "model", "seed")
"""Parts of a scenario that concern every plan."""


def task_digest(task: Task) -> str:
    """Return the digest of a task. How much time is worked on at once is not in it, as that changes no result."""
    made_of = [engine_version(), _of_plan(task.scenario, task.plan), task.replication]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def _of_plan(scenario: Scenario, name: str) -> dict[str, Any]:
    """Return all that one plan's simulation looks at.

    Another plan matters in one way: requests are followed from where the plan begins that begins first.
    """
    plan, value, slo = scenario.plans[name], scenario.value, scenario.slo
    names = [*scenario.online_names(plan), *([plan.precompute.backend] if plan.precompute else [])]
    parts: dict[str, Any] = {each: getattr(scenario, each) for each in SHARED}
    parts |= {
        "name": name,
        "plan": plan,
        "backends": {each: scenario.backends[each] for each in names},
        "store": scenario.store_of(plan) if plan.has_store else None,
        "batch_deadline_s": slo.batch_deadline_s,
        "value": None if value is None else value.model_dump(mode="json", exclude={"per_request_usd"}),
        "earliest_s": earliest_s(scenario),
        "tells_rows": scenario.tells_rows,
    }
    return {
        **{key: _plain(part) for key, part in parts.items()},
        "files": sorted({_content(path) for part in parts.values() for path in _paths(part)}),
    }


def _plain(part: Any) -> Any:
    if isinstance(part, BaseModel):
        return part.model_dump(mode="json")
    if isinstance(part, dict):
        return {key: _plain(each) for key, each in part.items()}
    return part if part is None or isinstance(part, (bool, int, float, str)) else str(part)


def _paths(part: Any) -> Iterator[Path]:
    """Yield the files that a part of a scenario names."""
    if isinstance(part, Path):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _paths(getattr(part, name))
    elif isinstance(part, dict):
        for each in part.values():
            yield from _paths(each)
    elif isinstance(part, (list, tuple)):
        for each in part:
            yield from _paths(each)


def _content(path: Path) -> str:
    """Return the digest of a file, whatever it is called."""
    found = path.stat()
    return _digest_of(path, found.st_size, found.st_mtime_ns)


@lru_cache
def _digest_of(path: Path, *_: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
    return digest.hexdigest()
