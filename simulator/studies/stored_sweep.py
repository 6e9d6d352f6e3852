"""A sweep read from its folder, and the same at other prices."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.executor import Task
from simulator.studies.factors import read_factors
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.reprice import reprice_all
from simulator.studies.run_place import MANIFEST
from simulator.studies.sweep import Sweep, SweepStudy
from simulator.studies.sweep_folder import STUDY
from simulator.studies.variants import Books, Variants

BOOKS = "prices"


def manifest_of_sweep(folder: Path) -> Mapping[str, Any] | None:
    """Return what a folder says of its sweep; None where it holds none."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("study") == STUDY else None


def read_sweep(folder: Path, about: Mapping[str, Any], kept: OutcomeStore | None) -> Sweep:
    """Return a sweep as it was priced, from outcomes that are stored; of one that was cut short, what is there.

    Parameters
    ----------
    folder, about
        Where it is, and its manifest.
    kept
        Where they are.

    Raises
    ------
    UserError
        If the folder lacks a part of it, if the books themselves were what was varied, or if outcomes are not stored.
    """
    over, file, prices = about.get("over"), folder / "scenario.yaml", (folder / "prices.yaml").resolve()
    if not (isinstance(over, dict) and file.is_file() and prices.is_file()):
        raise UserError(f"{folder}: cannot be read as a sweep; it may have been cut off. Run the sweep again")
    if BOOKS in over:
        raise UserError(f"{folder}: its points differ in their price books, and no other book can stand for all")
    scenario, by = load_scenario(file, {BOOKS: str(prices)}), f"{folder / MANIFEST}: over"
    stored = _Stored(folder, kept, is_whole=bool(about.get("complete", True)))
    variants = Variants(Books(book=load_book(prices)), run=stored.run, kept=kept)
    study = SweepStudy(scenario, read_factors(scenario, over, by), variants, by, adaptive=bool(about.get("adaptive")))
    study.run()
    if study.sweep is None:
        raise UserError(stored.lost())
    return study.sweep


@dataclass(frozen=True)
class _Stored:
    """Outcomes that are stored, in place of simulations."""

    folder: Path
    kept: OutcomeStore | None
    is_whole: bool
    """Whether all of them should be there."""

    def run(self, tasks: Sequence[Task], *_: object, **__: object) -> Iterator[tuple[Task, Outcome]]:
        """Yield the tasks that are stored, with their outcomes."""
        for task in tasks:
            outcome = None if self.kept is None else self.kept.get(task)
            if outcome is not None:
                yield task, outcome
            elif self.is_whole:
                raise UserError(self.lost())

    def lost(self) -> str:
        """Return what to say where they are not there."""
        why = "they were removed, or simulated by another version of predcost"
        return f"{self.folder}: outcomes of this sweep are not stored any more ({why}); run the sweep again"


def sweep_at_prices(sweep: Sweep, book: PriceBook) -> Sweep:
    """Return a sweep with every point at the prices of a book.

    Raises
    ------
    UserError
        If the book lacks a price that a point needs.
    """
    repriced = reprice_all({point.place: point.comparison for point in sweep.points}, book)
    points = tuple(replace(point, comparison=repriced[point.place].after) for point in sweep.points)
    return replace(sweep, points=points)
