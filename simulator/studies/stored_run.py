"""A run read from its folder: what was counted and what was used, replication by replication."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulator.core.edition import FIRST
from simulator.core.errors import UserError
from simulator.core.input_files.reading import read_tree
from simulator.core.usage import Driver, StandIn, Usage
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.aim import AS_STATED, Aim
from simulator.studies.comparison import Comparison, Words
from simulator.studies.consumption import Consumption, FleetTime
from simulator.studies.kept_outcomes import outcome_of, whole
from simulator.studies.plan_result import priced_plan
from simulator.studies.run_folder import BY_PROMPT, CONSUMPTION_COLUMNS, STAND_IN, TABLES
from simulator.studies.run_place import MANIFEST
from simulator.studies.saturation import Saturation, Verdict
from simulator.studies.sizing import Sizing
from simulator.studies.turns import TurningPoints

Replications = Mapping[str, tuple[dict[str, float], ...]]
_OF = ("plan", "replication")


@dataclass(frozen=True)
class StoredRun:
    """A run as it was kept."""

    folder: Path
    scenario: Scenario
    """As it was run."""
    book: PriceBook
    """What it was priced with."""
    complete: bool
    """Whether every replication that was asked for is in it."""
    values: Replications
    """The metrics of each replication, by plan."""
    consumptions: Mapping[str, tuple[Consumption, ...]]
    """What each replication used, by plan."""
    saturations: Mapping[str, Saturation]
    """Whether each plan kept up with what was asked of it."""
    sizings: tuple[Sizing, ...]
    """How the fleets came by their sizes that the scenario had left to be found."""
    outcomes: Mapping[str, tuple[Outcome, ...]]
    """All else of each replication, by plan; nothing in a run that an earlier version kept."""
    words: Words | None
    """What was said of it."""
    turning_points: TurningPoints | None = None
    """What was found that would change the recommendation."""
    edition: int = FIRST
    """Of its results."""
    aim: Aim = AS_STATED
    """What it was to reach."""
    command: tuple[str, ...] = ()
    """The command line that made it; empty where a program did."""

    def priced(self, book: PriceBook) -> Comparison:
        """Return the comparison at the prices of a book."""
        plans = {
            name: priced_plan(
                self.scenario,
                book,
                name,
                self.values[name],
                self.consumptions[name],
                self.saturations[name],
                self.outcomes.get(name, ()),
            )
            for name in self.scenario.plans
        }
        return Comparison(self.scenario, book, plans, self.complete, self.sizings, aim=self.aim)

    @property
    def comparison(self) -> Comparison:
        """The comparison as it was kept, with what was said of it.

        Raises
        ------
        UserError
            If an earlier version kept the run.
        """
        if not self.outcomes or self.words is None:
            raise UserError(
                f"{self.folder}: it was kept by an earlier version of predcost, which kept less than charts and "
                "sentences need. 'predcost reprice' reads it; for all else run its scenario.yaml again"
            )
        return replace(self.priced(self.book), words=self.words, turning_points=self.turning_points)


def read_run(folder: Path) -> StoredRun:
    """Return a run from its folder.

    Raises
    ------
    UserError
        If the folder holds no run, lacks a part of one, or was written by another version that kept less.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise UserError(f"{folder} holds no run of predcost; give the folder that 'predcost run' says it keeps one in")
    try:
        about = json.loads(manifest.read_text(encoding="utf-8"))
        if "study" in about:
            raise UserError(f"{folder} holds a {about['study']}, and no run; its numbers are in {folder / TABLES}")
        tables = {name: _table(folder, name) for name in ("metrics", "replications", "consumption", "fleets", "usage")}
        values, consumptions = _values(tables), _consumptions(tables)
        saturations = dict(map(_saturation, _table(folder, "saturation")))
        sizings = tuple(map(Sizing.from_dict, about["sizings"]))
        outcomes = _outcomes(folder)
        said = [about.get("recommendation"), about.get("warnings"), about.get("what_would_change", ())]
        words = None if None in said else Words(*map(tuple, said))
        turning_points, aim = whole(about.get("turning_points")), whole(about.get("aim")) or AS_STATED
        edition = int(about.get("results_edition", FIRST))
        command = tuple(map(str, about.get("command") or ()))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise UserError(
            f"{folder}: cannot be read as a run ({type(error).__name__}: {error}); it may have been cut off, or kept "
            "by another version of predcost. Run its scenario again"
        ) from None
    book = load_book(folder / "prices.yaml")
    scenario = scenario_of_run(folder)
    if not values or not set(values) == set(consumptions) == set(saturations) == set(scenario.plans):
        raise UserError(f"{folder}: its tables and its scenario tell of different plans; run its scenario again")
    complete = bool(about.get("complete", True))
    seen = (values, consumptions, saturations, sizings, outcomes)
    return StoredRun(folder, scenario, book, complete, *seen, words, turning_points, edition, aim, command)


def scenario_of_run(folder: Path, overrides: Mapping[str, object] | None = None) -> Scenario:
    """Return a run's scenario with the names of its price books, which need not be there any more.

    Parameters
    ----------
    folder
        Of the run.
    overrides
        What is changed in it, by key path.
    """
    path, changed = folder / "scenario.yaml", dict(overrides or {})
    found = load_scenario(path, {"prices": str((folder / "prices.yaml").resolve()), **changed})
    if "prices" in changed:
        return found
    named: Any = read_tree(path).data["prices"]
    return found.model_copy(update={"prices": tuple(named) if isinstance(named, list) else named})


def _outcomes(folder: Path) -> dict[str, tuple[Outcome, ...]]:
    if not (folder / TABLES / "outcomes.parquet").is_file():
        return {}
    found: defaultdict[str, list[Outcome]] = defaultdict(list)
    for row in _table(folder, "outcomes"):
        found[row["plan"]].append(outcome_of(row["outcome"]))
    return {plan: tuple(each) for plan, each in found.items()}


def _table(folder: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / TABLES / f"{name}.parquet").to_pylist()
    return rows


def _values(tables: Mapping[str, list[dict[str, Any]]]) -> Replications:
    """Return the metrics that each plan has, in its own order: the table's columns are those of all plans."""
    order = {(row["plan"], row["metric"]): place for place, row in enumerate(tables["metrics"])}
    found: defaultdict[str, list[dict[str, float]]] = defaultdict(list)
    for row in tables["replications"]:
        places = {name: order.get((row["plan"], name), len(order)) for name in row if name not in _OF}
        names = sorted(places, key=places.__getitem__)
        found[row["plan"]].append({name: row[name] for name in names if row[name] is not None})
    return {plan: tuple(each) for plan, each in found.items()}


def _saturation(row: Mapping[str, Any]) -> tuple[str, Saturation]:
    since_s = math.nan if row["since_s"] is None else row["since_s"]
    return row["plan"], Saturation(Verdict(row["verdict"]), since_s, row["since"], row["reason"])


def _consumptions(tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, tuple[Consumption, ...]]:
    usages: defaultdict[tuple[str, int], list[Usage]] = defaultdict(list)
    for row in tables["usage"]:
        usages[row["plan"], row["replication"]].append(_usage(row))
    fleets: defaultdict[tuple[str, int], dict[str, FleetTime]] = defaultdict(dict)
    for row in tables["fleets"]:
        ran = {field.name: row[field.name] for field in fields(FleetTime) if field.name in row}
        fleets[row["plan"], row["replication"]][row["backend"]] = FleetTime(**ran)
    found: defaultdict[str, list[Consumption]] = defaultdict(list)
    for row in tables["consumption"]:
        key = row["plan"], row["replication"]
        counted = {name: row[name] for name in CONSUMPTION_COLUMNS}
        found[row["plan"]].append(Consumption(usages=tuple(usages[key]), fleets=fleets[key], **counted))
    return {plan: tuple(each) for plan, each in found.items()}


def _usage(row: Mapping[str, Any]) -> Usage:
    known = {field.name: row[field.name] for field in fields(Usage) if field.name not in {"stand_in", BY_PROMPT}}
    by_prompt = zip(row[f"{BY_PROMPT}_class"] or (), row[f"{BY_PROMPT}_part"] or (), strict=True)
    other = {part.name: row[f"{STAND_IN}{part.name}"] for part in fields(StandIn)}
    stand_in = None if other["meter"] is None else StandIn(**other)
    return Usage(**{**known, "driver": Driver(row["driver"]), "stand_in": stand_in, "by_prompt": tuple(by_prompt)})
