"""A run on disk: everything that is needed to read it again, to price it anew, or to repeat it."""

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML

from simulator.core.component import Part
from simulator.core.errors import UserError
from simulator.core.usage import StandIn, Usage
from simulator.prices.writing import write_book
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison
from simulator.studies.consumption import Consumption

DIGEST_LETTERS = 10
TABLES = "tables"
CONSUMPTION_COLUMNS = (
    "horizon_s",
    "requests",
    "unread_batch_fraction",
    "unread_nearline_fraction",
    "unread_held_fraction",
)
STAND_IN = "stand_in_"
"""What the columns begin with that say what stands in for a price."""
LIBRARIES = ("numpy", "numba", "simpy", "scipy", "pandas")


def digest(scenario: Scenario) -> str:
    """Return a short digest of a resolved scenario: equal scenarios have equal digests."""
    text = json.dumps(scenario.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LETTERS]


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a temporary folder that takes the place of ``folder`` when all went well; nothing is ever half-written.

    Raises
    ------
    UserError
        If the folder cannot be written, or if something that is not a run stands there.
    """
    if folder.exists() and not (folder / "manifest.json").is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is in the way: it exists and is not a run of predcost; give another --out")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield stage
        stage.chmod(0o755)
        old = stage.with_name(f"{stage.name}-old")
        if folder.exists():
            os.replace(folder, old)  # noqa: PTH105  (Path.replace says nothing of folders)
        os.replace(stage, folder)  # noqa: PTH105
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def write_run(comparison: Comparison, folder: Path, command: Sequence[str]) -> None:
    """Write the resolved scenario, the prices, a manifest, and the tables as Parquet files.

    Parameters
    ----------
    comparison
        What to write.
    folder
        An existing folder.
    command
        The command line that made it.
    """
    _write_yaml(comparison.scenario, folder / "scenario.yaml")
    (folder / "prices.yaml").write_text(write_book(comparison.book), encoding="utf-8")
    manifest = {
        "predcost": version("predcost"),
        "command": list(command),
        "scenario_digest": digest(comparison.scenario),
        "seed": comparison.scenario.seed,
        "replications": comparison.replications,
        "complete": comparison.complete,
        "sizings": [sizing.as_dict() for sizing in comparison.sizings],
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    tables = folder / TABLES
    tables.mkdir()
    for name, rows in _tables(comparison).items():
        columns = {column: [row.get(column) for row in rows] for column in _columns(rows)}
        pq.write_table(pa.table(columns), tables / f"{name}.parquet")


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns of all rows, as plans differ in the metrics that they have, in the order of every row."""
    found: list[str] = []
    for row in rows:
        place = 0
        for column in row if not row.keys() <= set(found) else ():
            if column in found:
                place = found.index(column) + 1
            else:
                found.insert(place, column)
                place += 1
    return found


def _write_yaml(part: Part, path: Path) -> None:
    with path.open("w", encoding="utf-8") as stream:
        yaml = YAML()
        yaml.width = 120
        yaml.dump(part.model_dump(mode="json", exclude_none=True), stream)


def _tables(comparison: Comparison) -> Mapping[str, list[dict[str, Any]]]:
    return {
        "metrics": [
            {"plan": name, "metric": metric, **estimate.as_dict()}
            for name, plan in comparison.plans.items()
            for metric, estimate in plan.metrics.items()
        ],
        "replications": [
            {"plan": name, "replication": number, **values}
            for name, plan in comparison.plans.items()
            for number, values in enumerate(plan.values)
        ],
        "bill": [
            {"plan": name, **line.as_dict()} for name, plan in comparison.plans.items() for line in plan.bill.lines
        ],
        "usage": [{**of, **_flat(usage)} for of, used in _consumptions(comparison) for usage in used.usages],
        "consumption": [
            {**of, **{name: getattr(used, name) for name in CONSUMPTION_COLUMNS}}
            for of, used in _consumptions(comparison)
        ],
        "saturation": [{"plan": name, **vars(plan.saturation)} for name, plan in comparison.plans.items()],
        "fleets": [
            {**of, "backend": backend, **vars(ran)}
            for of, used in _consumptions(comparison)
            for backend, ran in used.fleets.items()
        ],
        "differences": [difference.as_dict() for difference in comparison.differences],
        "hours": _hours(comparison),
        "histograms": _histograms(comparison),
    }


def _consumptions(comparison: Comparison) -> Iterator[tuple[dict[str, Any], Consumption]]:
    """Yield what each replication of each plan used, and which it is."""
    for name, plan in comparison.plans.items():
        for number, used in enumerate(plan.consumptions):
            yield {"plan": name, "replication": number}, used


def _flat(usage: Usage) -> dict[str, Any]:
    """Return a line of usage as columns; what stands in for its price has one for each of its parts."""
    other = usage.stand_in
    return {
        **{name: value for name, value in vars(usage).items() if name != "stand_in"},
        **{f"{STAND_IN}{part.name}": None if other is None else getattr(other, part.name) for part in fields(StandIn)},
    }


def _hours(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {"plan": name, "replication": outcome.replication, **dict(zip(vars(outcome.hours), row, strict=True))}
        for name, plan in comparison.plans.items()
        for outcome in plan.outcomes
        for row in zip(*(values.tolist() for values in vars(outcome.hours).values()), strict=True)
    ]


def _histograms(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {"plan": name, "quantity": quantity, "bin": int(place), "count": int(histogram.counts[place])}
        for name, plan in comparison.plans.items()
        if plan.outcomes
        for quantity, histogram in (("age_s", plan.age), ("latency_s", plan.latency), ("wait_s", plan.wait))
        for place in np.flatnonzero(histogram.counts)
    ]
