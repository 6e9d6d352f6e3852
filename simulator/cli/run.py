"""`predcost run`: the main job."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import options
from simulator.cli.progress import progress

if TYPE_CHECKING:
    from simulator.simulation.outcome import Outcome

RUNS = Path("runs")


def run(
    file: options.ScenarioFile,
    plan: options.PlanNames = None,
    set_: options.Set = None,
    users: options.Users = None,
    horizon: options.Horizon = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the run; by default below runs/.", show_default=False)
    ] = None,
    json_: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Simulate all plans of a scenario on the same users and requests, side by side."""
    scenario = options.load(
        file, set_, plan, population__users=users, horizon=horizon, replications=replications, seed=seed
    )
    from simulator.prices.book import load_book
    from simulator.report.charts import save_charts
    from simulator.report.json_report import as_json
    from simulator.report.scenario_text import print_json
    from simulator.report.terminal import print_comparison, print_recommendation
    from simulator.studies.comparison import compare
    from simulator.studies.prices_needed import check_prices
    from simulator.studies.run_folder import digest, staged, write_run
    from simulator.studies.turning_points import examined

    book = load_book(scenario.prices, file.parent)
    check_prices(scenario, book, file)
    folder = out or RUNS / f"{_slug(scenario.name)}-{digest(scenario)}"
    with staged(folder) as stage:
        with progress(len(scenario.plans) * scenario.replications, shown=not (json_ or quiet)) as step:

            def on_outcome(outcome: "Outcome") -> None:
                step(f"{outcome.plan}, replication {outcome.replication + 1}")

            comparison = compare(scenario, book, workers, on_outcome)
        skipped = False
        if comparison.complete:
            with progress(None, shown=not (json_ or quiet)) as step:
                try:
                    comparison = examined(comparison, workers, step)
                except KeyboardInterrupt:
                    skipped = True
        write_run(comparison, stage, sys.argv)
        save_charts(comparison, stage / "charts")
    if json_:
        print_json(as_json(comparison))
    elif quiet:
        print_recommendation(comparison)
    else:
        print_comparison(comparison, folder)
    if not comparison.complete:
        kept = f"{comparison.replications} of {scenario.replications} replications are kept in {folder}"
        raise options.InterruptedRunError(f"interrupted; {kept}")
    if skipped:
        kept = f"all replications are kept in {folder}; what would change the recommendation was not examined"
        raise options.InterruptedRunError(f"interrupted; {kept}")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "scenario"
