"""A sweep read from its folder, and the same at other prices."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.factors import Factor, Level, read_factors
from simulator.studies.reprice import reprice_all
from simulator.studies.run_folder import TABLES
from simulator.studies.run_place import MANIFEST
from simulator.studies.sweep import Point, Sweep
from simulator.studies.sweep_folder import STUDY
from simulator.studies.sweep_points import SeenPoints
from simulator.studies.variants import scenarios_at

BOOKS = "prices"


def manifest_of_sweep(folder: Path) -> Mapping[str, Any] | None:
    """Return what a folder says of its sweep; None where it holds none."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("study") == STUDY else None


def read_sweep(folder: Path, about: Mapping[str, Any]) -> Sweep:
    """Return a sweep as it was priced; of one that was cut short, what is there.

    Parameters
    ----------
    folder, about
        Where it is, and its manifest.

    Raises
    ------
    UserError
        If the folder lacks a part of it, or if the books themselves were what was varied.
    """
    over, file, prices = about.get("over"), folder / "scenario.yaml", (folder / "prices.yaml").resolve()
    if not (isinstance(over, dict) and file.is_file() and prices.is_file()):
        raise UserError(f"{folder}: cannot be read as a sweep; it may have been cut off. Run the sweep again")
    if BOOKS in over:
        raise UserError(
            f"{folder}: its points differ in their price books, and such a sweep is not read back; its numbers are in "
            f"{folder / TABLES}"
        )
    scenario, by = load_scenario(file, {BOOKS: str(prices)}), f"{folder / MANIFEST}: over"
    factors = tuple(read_factors(scenario, over, by))
    try:
        return _read(folder, about, scenario, factors, load_book(prices))
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError, ImportError) as error:
        raise UserError(
            f"{folder}: cannot be read as a sweep ({type(error).__name__}: {error}); it may have been cut off, or kept "
            "by another version of predcost. Run the sweep again"
        ) from None


def _read(
    folder: Path, about: Mapping[str, Any], scenario: Scenario, factors: tuple[Factor, ...], book: PriceBook
) -> Sweep:
    seen = SeenPoints(folder)
    levels = [_levels(factors, place) for place in seen.places]
    values = [dict(zip([factor.key for factor in factors], each, strict=True)) for each in levels]
    there = scenarios_at(scenario, values, f"{folder / MANIFEST}: over")
    comparisons = seen.comparisons(there, [book] * len(there))
    points = tuple(Point(*each) for each in zip(seen.places, levels, comparisons, strict=True))
    whole, adaptive = bool(about.get("complete", True)), bool(about.get("adaptive"))
    return Sweep(scenario, factors, points, int(about["simulations"]), whole, adaptive)


def _levels(factors: tuple[Factor, ...], place: tuple[int, ...]) -> tuple[Level, ...]:
    return tuple(factor.levels[number] for factor, number in zip(factors, place, strict=True))


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
