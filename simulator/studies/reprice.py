"""A finished run at other prices: the same usage, another bill, and nothing simulated."""

import shutil
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from simulator.core.errors import UserError
from simulator.core.estimate import Estimate
from simulator.core.input_files.wording import flow
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.restating import restated
from simulator.studies.comparison import Comparison
from simulator.studies.consumption import COST, Consumption
from simulator.studies.plan_result import PlanResult, priced_plan
from simulator.studies.prices_needed import check_prices
from simulator.studies.rebilling import at_prices
from simulator.studies.recommendation import in_words
from simulator.studies.restated_run import changed_scenario, comparison_with
from simulator.studies.run_folder import TABLES, digest, write_run
from simulator.studies.run_place import claimed
from simulator.studies.stored_run import StoredRun
from simulator.studies.turning_points import billed_anew

Key = TypeVar("Key", bound=Hashable)
"""What tells a variant of a study from the others."""
KEPT_TABLES = ("hours", "histograms")
"""What prices do not change; it is copied from a run that an earlier version kept without its outcomes."""


@dataclass(frozen=True)
class Repriced:
    """A run at the prices that it was kept with, and at others."""

    before: Comparison
    after: Comparison
    changed: tuple[str, ...] = ()
    """What of the scenario is other too, such as ``slo.age_p95=1 h``."""

    def change(self, plan: str) -> Estimate:
        """Return how much more a plan costs, paired by replication. [USD per 30-day month]"""
        pairs = zip(self.after.plans[plan].values, self.before.plans[plan].values, strict=True)
        return Estimate.of([now[COST] - was[COST] for now, was in pairs])


def reprice(run: StoredRun, book: PriceBook, overrides: Mapping[str, object] | None = None) -> Repriced:
    """Price a run's usage anew.

    Parameters
    ----------
    run, book
        The run, and its new prices.
    overrides
        Other values of keys that no simulation depends on, by key path.

    Raises
    ------
    UserError
        If the book lacks a price that the run needs; the message names every such meter. If a simulation depends on a
        key.
    """
    if not overrides:
        check_prices(run.scenario, book, run.folder / "scenario.yaml")
        before = run.priced(run.book)
        return Repriced(before, at_prices(before, book))
    scenario = changed_scenario(run, overrides)
    check_prices(scenario, book)
    changed = tuple(f"{key}={'null' if value is None else flow(value)}" for key, value in overrides.items())
    return Repriced(run.priced(run.book), comparison_with(run, scenario, book), changed)


def reprice_all(study: Mapping[Key, Comparison], book: PriceBook) -> dict[Key, Repriced]:
    """Price what every variant of a study used anew, whatever each was priced by.

    Raises
    ------
    UserError
        If the book lacks a price that a variant needs; the message says of all what they lack, once.
    """
    faults: dict[str, None] = {}
    for comparison in study.values():
        try:
            check_prices(comparison.scenario, book)
        except UserError as error:
            faults |= dict.fromkeys(str(error).splitlines())
    if faults:
        raise UserError("\n".join(faults))
    return {key: Repriced(comparison, at_prices(comparison, book)) for key, comparison in study.items()}


def at_stated_prices(comparison: Comparison, scenario: Scenario, book: PriceBook) -> Comparison:
    """Return a comparison by a scenario of which only keys are other that decide prices, and by a book."""
    plans = dict[str, PlanResult]()
    for name, plan in comparison.plans.items():
        outcomes = tuple(restated(outcome, scenario) for outcome in plan.outcomes)
        used = tuple(map(Consumption.of, outcomes))
        plans[name] = priced_plan(scenario, book, name, plan.values, used, plan.saturation, outcomes)
    return replace(comparison, scenario=scenario, book=book, plans=plans, words=None, turning_points=None)


def write_repriced(
    repriced: Repriced, run: StoredRun, names: Sequence[str], folder: Path, command: Sequence[str]
) -> None:
    """Write a run at its new prices into an existing folder, so that it can be read and priced again.

    Parameters
    ----------
    repriced, run
        What to write, and the run that it came from.
    names
        The price books, as the scenario names them; none where they stay.
    folder, command
        Where to, and the command line that made it.
    """
    after = replace(repriced.after, scenario=_at_prices(repriced.after.scenario, names))
    write_run(in_words(billed_anew(after)) if run.outcomes else after, folder, command)
    for table in () if run.outcomes else KEPT_TABLES:
        shutil.copyfile(run.folder / TABLES / f"{table}.parquet", folder / TABLES / f"{table}.parquet")


def _at_prices(scenario: Scenario, names: Sequence[str]) -> Scenario:
    if not names:
        return scenario
    return scenario.model_copy(update={"prices": names[0] if len(names) == 1 else tuple(names)})


def keep_repriced(
    repriced: Repriced, run: StoredRun, names: Sequence[str], folder: Path, command: Sequence[str], *, force: bool
) -> None:
    """Keep a run at its new prices in a place, as `write_repriced` writes it.

    Raises
    ------
    UserError
        If another scenario's run is there, and no ``force``; if it cannot be written.
    """
    scenario = _at_prices(repriced.after.scenario, names)
    with claimed(folder, digest(scenario), force=force) as claim:
        claim.publish(lambda stage: write_repriced(repriced, run, names, stage, command), complete=run.complete)
