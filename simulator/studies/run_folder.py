"""A run on disk: everything that is needed to read it again, to price it anew, or to repeat it."""

import csv
import hashlib
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from simulator.core.component import Part
from simulator.core.edition import EDITION
from simulator.core.usage import StandIn, Usage
from simulator.prices.writing import write_book
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison
from simulator.studies.consumption import Consumption
from simulator.studies.engine_version import processor
from simulator.studies.kept_outcomes import as_text, plain
from simulator.studies.run_place import MANIFEST
from simulator.studies.table_units import unit_of, with_units

DIGEST_LETTERS = 10
TABLES = "tables"
BILLS = "bill.csv"
CONSUMPTION_COLUMNS = (
    "horizon_s",
    "requests",
    "unread_batch_fraction",
    "unread_nearline_fraction",
    "unread_held_fraction",
)
STAND_IN = "stand_in_"
"""What the columns begin with that say what stands in for a price."""
BY_PROMPT = "by_prompt"
"""Two columns begin so: the classes of prompts, and how the quantity splits by them."""
SCHEMA = "2"
"""Version of the tables' columns."""
LIBRARIES = ("numpy", "numba", "simpy", "scipy", "pandas")


def digest(scenario: Scenario) -> str:
    """Return a short digest of a resolved scenario: equal scenarios have equal digests."""
    text = json.dumps(scenario.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LETTERS]


def write_run(comparison: Comparison, folder: Path, command: Sequence[str], asked: str | None = None) -> None:
    """Write the resolved scenario, the prices, a manifest, and the tables as Parquet files; the bills as CSV too.

    Parameters
    ----------
    comparison
        What to write.
    folder
        An existing folder.
    command
        The command line that made it.
    asked
        The digest of the scenario as it was asked for, where fleets were to be sized; by default that of the
        comparison's.
    """
    write_yaml(comparison.scenario, folder / "scenario.yaml")
    (folder / "prices.yaml").write_text(write_book(comparison.book), encoding="utf-8")
    run_digest, words = digest(comparison.scenario), comparison.words
    manifest = {
        "predcost": version("predcost"),
        "results_edition": EDITION,
        "command": list(command),
        "scenario": comparison.scenario.name,
        "scenario_digest": run_digest,
        "asked_digest": asked or run_digest,
        "seed": comparison.scenario.seed,
        "replications": comparison.replications,
        "complete": comparison.complete,
        "aim": plain(comparison.aim),
        "sizings": [sizing.as_dict() for sizing in comparison.sizings],
        "recommendation": None if words is None else list(words.recommendation),
        "warnings": None if words is None else list(words.warnings),
        "what_would_change": [] if words is None else list(words.what_would_change),
        "turning_points": plain(comparison.turning_points),
        "processor": processor(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    import pyarrow as pa  # noqa: PLC0415  (0.3 s that only keeping a run needs)
    import pyarrow.parquet as pq  # noqa: PLC0415

    tables = folder / TABLES
    tables.mkdir()
    for name, rows in _tables(comparison).items():
        columns = {column: [row.get(column) for row in rows] for column in _columns(rows)}
        pq.write_table(with_units(pa.table(columns), f"run/{name}/{SCHEMA}"), tables / f"{name}.parquet")
    _write_bills(comparison, folder / BILLS)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _write_bills(comparison: Comparison, path: Path) -> None:
    """Write every line of every plan's bill, best plan first, with all digits: a spreadsheet rounds as it likes."""
    rows = [
        {"plan": name, **line.as_dict()} for name in comparison.ranking for line in comparison.plans[name].bill.lines
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _columns(rows) or ["plan"])
        writer.writeheader()
        writer.writerows(rows)


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


def write_yaml(part: Part, path: Path) -> None:
    """Write a part as a scenario file would hold it, with all its defaults."""
    with path.open("w", encoding="utf-8") as stream:
        yaml = YAML()
        yaml.width = 120
        yaml.dump(part.model_dump(mode="json", exclude_none=True), stream)


def _tables(comparison: Comparison) -> Mapping[str, list[dict[str, Any]]]:
    return {
        "metrics": [
            {"plan": name, "metric": metric, **estimate.as_dict(), "unit": unit_of(metric)}
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
        "differences": [{**each.as_dict(), "unit": unit_of(each.metric)} for each in comparison.differences],
        "outcomes": [
            {"plan": name, "replication": outcome.replication, "outcome": as_text(outcome)}
            for name, plan in comparison.plans.items()
            for outcome in plan.outcomes
        ],
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
        **{name: value for name, value in vars(usage).items() if name not in {"stand_in", BY_PROMPT}},
        f"{BY_PROMPT}_class": [number for number, _ in usage.by_prompt] or None,
        f"{BY_PROMPT}_part": [part for _, part in usage.by_prompt] or None,
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
