"""A finished run with other prices and weights in its scenario: the same simulations, billed and judged anew."""

import shlex
from collections.abc import Mapping

from simulator.core.errors import InputFileError, UserError
from simulator.prices.book import PriceBook
from simulator.scenario.key_kinds import KeyKind, kind_of_key, physical_digest
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.simulation.restating import restated
from simulator.studies.comparison import Comparison, comparison_of
from simulator.studies.stored_run import StoredRun

SIZED_BY = "slo.latency_p99"
"""What a fleet has been sized to that is so no longer in the scenario of the run."""
BOOKS, REPLICATIONS = "prices", "replications"


def changed_scenario(run: StoredRun, overrides: Mapping[str, object]) -> Scenario:
    """Return a run's scenario with some keys changed that no simulation depends on.

    Raises
    ------
    UserError
        If there is no such key, or a simulation depends on one; the message names all of these.
    """
    path = run.folder / "scenario.yaml"
    wrong = {key: fault for key in overrides if (fault := _fault(run, key)) is not None}
    books = {BOOKS: str((run.folder / "prices.yaml").resolve())}
    try:
        found = load_scenario(path, {**books, **{key: value for key, value in overrides.items() if key not in wrong}})
    except InputFileError as error:
        if not wrong:
            raise
        raise UserError("\n".join([*wrong.values(), *map(str, error.faults)])) from error
    if wrong:
        raise UserError("\n".join(wrong.values()))
    changed = found.model_copy(update={BOOKS: run.scenario.prices})
    if physical_digest(changed) != physical_digest(run.scenario):
        keys = ", ".join(overrides)
        raise UserError(f"--set {keys}: it takes another simulation, and not another bill alone; run {path} with it")
    return changed


def _fault(run: StoredRun, key: str) -> str | None:
    """Return why a key cannot be other without another simulation."""
    if key.strip() == BOOKS:
        return "--set prices: --prices BOOK does that"
    try:
        kind = kind_of_key(run.scenario, key, "--set")
    except UserError as error:
        return str(error)
    sizes = run.sizings and key.strip() in (SIZED_BY, "slo")
    if kind is not KeyKind.PHYSICAL and key.strip() != REPLICATIONS and not sizes:
        return None
    again = shlex.join(["predcost", "run", str(run.folder / "scenario.yaml"), "--set", f"{key}=..."])
    return f"--set {key}: another value takes another simulation, and not another bill alone; run it: {again}"


def comparison_with(run: StoredRun, scenario: Scenario, book: PriceBook) -> Comparison:
    """Return what a run's simulations are by a scenario that `changed_scenario` has returned.

    Raises
    ------
    UserError
        If an earlier version kept the run, and kept less of it.
    """
    if not run.outcomes:
        raise UserError(f"{run.folder}: it was kept by an earlier version of predcost, which kept less than that needs")
    outcomes = [restated(each, scenario) for plan in run.outcomes.values() for each in plan]
    return comparison_of(scenario, book, outcomes, run.sizings)
