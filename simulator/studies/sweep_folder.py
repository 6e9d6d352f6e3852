"""A sweep on disk: the scenario, the prices, what was seen at the points, and the rows of all its metrics."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simulator.prices.book import PriceBook
from simulator.prices.writing import write_book
from simulator.scenario.schema import Scenario
from simulator.studies.factors import Factor
from simulator.studies.run_folder import DIGEST_LETTERS, LIBRARIES, TABLES, digest, write_yaml
from simulator.studies.run_place import MANIFEST
from simulator.studies.sweep import Sweep
from simulator.studies.sweep_points import write_points
from simulator.studies.table_units import with_units

STUDY = "sweep"
SCHEMA = "1"
"""Version of the table's columns."""
POINTS = "points"


def sweep_digest(scenario: Scenario, factors: Sequence[Factor], *, adaptive: bool) -> str:
    """Return a short digest of what a sweep is asked for."""
    values = [[factor.key, [level.value for level in factor.levels]] for factor in factors]
    text = json.dumps([digest(scenario), values, adaptive])
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LETTERS]


def write_sweep(
    sweep: Sweep, book: PriceBook, rows: Sequence[Mapping[str, Any]], folder: Path, command: Sequence[str]
) -> None:
    """Write a sweep into an existing folder.

    Parameters
    ----------
    sweep, book
        What was found, and the prices of the scenario before any key was changed.
    rows
        One for every point, plan and metric.
    folder, command
        Where to, and the command line that made it.
    """
    import pyarrow as pa  # noqa: PLC0415  (0.3 s that only keeping needs)
    import pyarrow.parquet as pq  # noqa: PLC0415

    write_yaml(sweep.scenario, folder / "scenario.yaml")
    (folder / "prices.yaml").write_text(write_book(book), encoding="utf-8")
    write_points(sweep.points, folder)
    tables = folder / TABLES
    tables.mkdir()
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    table = with_units(pa.table(columns), f"{STUDY}/{POINTS}/{SCHEMA}")
    pq.write_table(table, tables / f"{POINTS}.parquet")
    asked = sweep_digest(sweep.scenario, sweep.factors, adaptive=sweep.adaptive)
    manifest = {
        "predcost": version("predcost"),
        "study": STUDY,
        "command": list(command),
        "scenario": sweep.scenario.name,
        "scenario_digest": asked,
        "asked_digest": asked,
        "seed": sweep.scenario.seed,
        "replications": sweep.scenario.replications,
        "complete": sweep.complete,
        "over": {factor.key: [level.text for level in factor.levels] for factor in sweep.factors},
        "adaptive": sweep.adaptive,
        "points": len(sweep.points),
        "grid_points": sweep.grid_points,
        "simulations": sweep.simulations,
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
