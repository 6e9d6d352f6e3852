"""`predcost breakeven`: at which values of a key another plan becomes the better one."""

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import completing, options
from simulator.cli.foretelling import foretell
from simulator.cli.progress import progress_line
from simulator.core.errors import UserError

if TYPE_CHECKING:
    from simulator.studies.breakeven import BreakEven

BY = "--over"


def breakeven(
    file: options.ScenarioFile,
    over: Annotated[
        str,
        typer.Option(
            BY,
            metavar="KEY",
            help="The key that is varied, e.g. population.daily_active.",
            show_default=False,
            autocompletion=completing.keys,
        ),
    ],
    between: Annotated[
        tuple[str, str],
        typer.Option(
            metavar="A B",
            help="Two plans; or two values of the key, between which the best of all plans is followed.",
            show_default=False,
        ),
    ],
    within: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="LOW HIGH",
            help="Search here only; by default from a tenth to ten times what the file has.",
            show_default=False,
        ),
    ] = None,
    plan: options.PlanNames = None,
    set_: options.Set = None,
    users: options.Users = None,
    horizon: options.Horizon = None,
    replications: options.Replications = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    resume: options.Resume = False,  # noqa: ARG001  (a word for what happens in any case)
    fresh: options.Fresh = False,
    json_: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find every value of a key at which another plan becomes the better one, with its 95 % confidence set."""
    scenario = options.load(
        file, set_, plan, population__users=users, horizon=horizon, replications=replications, seed=seed
    )
    from simulator.studies.breakeven import break_even
    from simulator.studies.breakeven_range import read_range
    from simulator.studies.outcome_store import default_store
    from simulator.studies.variants import Books, Variants

    asked = read_range(scenario, over, between, within, BY)
    with progress_line("looking for crossings", shown=not (json_ or quiet)) as step:
        variants = Variants(
            Books(file.parent),
            workers,
            on_outcome=lambda outcome: step(outcome.plan),
            kept=default_store(fresh=fresh),
            cluster=cluster,
        )
        if not (quiet or cluster):
            variants.on_tasks = lambda tasks: foretell(tasks, workers, variants.kept)
        found = break_even(asked, variants, BY)
    _print(found, json=json_, quiet=quiet)
    if not found.turns:  # the answer stands; what was asked for, a value, is not there
        ends = f"{found.low.text} to {found.high.text}"
        raise UserError(f"--within: there is no crossing from {ends}; another range may have one")


def _print(found: "BreakEven", *, json: bool, quiet: bool) -> None:
    from simulator.report.breakeven_tables import breakeven_json, breakeven_report
    from simulator.report.breakeven_words import sentences
    from simulator.report.scenario_text import print_json, say

    if json:
        print_json(breakeven_json(found))
        return
    if not quiet:
        from simulator.report.terminal import print_tables

        print_tables(breakeven_report(found))
        return
    for sentence in sentences(found):
        say(sentence)
