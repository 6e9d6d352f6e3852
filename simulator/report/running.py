"""The main job from Python: run a scenario, and get a result that draws itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report.result import Result
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.aim import aim_of
from simulator.studies.outcome_store import default_store
from simulator.studies.study import compare
from simulator.studies.turning_points import examined


def run(
    scenario: Scenario | str | Path,
    *,
    prices: PriceBook | str | Path | Sequence[str | Path] | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    confidence: float | str | None = None,
    indifference: float | str | None = None,
    precision: float | str | None = None,
    budget: str | None = None,
    **changes: Any,
) -> Result:
    """Simulate every plan of a scenario on the same users and requests.

    What was simulated once is stored, and never simulated again; ``predcost runs`` says where.

    Parameters
    ----------
    scenario
        What to simulate: a scenario, or the path of its file.
    prices
        A price book, its name in the catalogue or its path, or several names and paths, later ones over earlier ones;
        by default what the scenario names.
    workers
        Processes; by default one a core.
    cluster
        Address of a Dask scheduler whose workers simulate, such as ``tcp://host:8786``; by default this machine.
    confidence, indifference, precision, budget
        What to reach by adding replications, as ``predcost run`` takes it: ``confidence=0.95``, ``budget="10 min"``.
    changes
        Changes to the scenario, as `Scenario.with_` takes them: ``replications=5``, ``population__users="1M"``.

    Raises
    ------
    UserError
        If a change is not valid, or if the book lacks a price.
    """
    if not isinstance(scenario, (Scenario, str, Path)):
        raise UserError(f"run() takes a scenario or the path of its file, not a {type(scenario).__name__}")
    aim = aim_of(confidence, indifference, precision, budget)
    changed, book = as_scenario(scenario, changes, prices)
    kept = default_store()
    compared = compare(changed, book, workers, aim=aim, kept=kept, cluster=cluster)
    return Result(examined(compared, workers, kept=kept))


def as_scenario(
    given: Scenario | str | Path,
    changes: Mapping[str, Any],
    prices: PriceBook | str | Path | Sequence[str | Path] | None = None,
) -> tuple[Scenario, PriceBook]:
    """Return the scenario that is given or is in a file, changed, and its prices or those that are given."""
    stated = given if isinstance(given, Scenario) else load_scenario(Path(given))
    changed = stated.with_(**changes) if changes else stated
    return changed, prices if isinstance(prices, PriceBook) else load_book(prices or changed.prices)


def load_run(folder: str | Path) -> Result:
    """Read a run back from its folder: the tables, bills, pictures and sentences that it had, and nothing is simulated.

    Parameters
    ----------
    folder
        What ``predcost run`` says that it keeps the run in, or what `Result.save` was given.

    Raises
    ------
    UserError
        If the folder holds no run, or one that an earlier version kept, which kept less.
    """
    from simulator.studies.stored_run import read_run  # noqa: PLC0415  (pyarrow is imported to read)

    run = read_run(Path(folder))
    return Result(run.comparison, run.command)
