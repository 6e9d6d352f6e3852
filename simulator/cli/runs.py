"""`predcost runs`: what is kept, how large it is, and how to be rid of it."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli import completing, options

if TYPE_CHECKING:
    from simulator.studies.kept_runs import KeptRun, Wanted

app = typer.Typer(
    name="runs", help="Kept runs and studies: list, show, remove. Without a command, list.", invoke_without_command=True
)

In = Annotated[Path, typer.Option("--in", metavar="DIR", help="The folder that they lie in.")]
Name = Annotated[str, typer.Option(metavar="TEXT", help="Only these: a part of the name, or a pattern, e.g. 'feed-*'.")]
Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Only those kept on this day or later.")
]
Before = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Only those kept before this day.")
]
HERE = Path("runs")


@app.callback()
def runs(context: typer.Context) -> None:
    """List kept runs, where no command is given."""
    if context.invoked_subcommand is None:
        list_()


@app.command("list")
def list_(
    within: In = HERE, name: Name = "*", since: Since = None, before: Before = None, json_: options.Json = False
) -> None:
    """List runs and studies, the newest first, and what is stored of simulations."""
    from simulator.report.runs_tables import about_bytes, runs_table, store_json, store_line
    from simulator.report.scenario_text import print_json, say
    from simulator.studies.kept_runs import kept_runs
    from simulator.studies.outcome_folder import outcome_folder

    found, store = kept_runs(within, _wanted(name, since, before)), outcome_folder()
    if json_:
        print_json({"runs": [run.as_dict() for run in found], "outcomes": store_json(store)})
        return
    if found:
        from rich.console import Console

        Console().print(runs_table(found))
        say(f"{_many(found)} in {within}, {about_bytes(sum(run.bytes for run in found))}")
    else:
        say(f"No run is kept in {within}" + ("" if (name, since, before) == ("*", None, None) else " that fits"))
    say(store_line(store))


@app.command("show")
def show(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Its name, or its folder.", show_default=False, autocompletion=completing.run_names
        ),
    ],
    within: In = HERE,
    json_: options.Json = False,
) -> None:
    """Show what is known of a run: its scenario, command, size; 'predcost show' prints its results."""
    from simulator.report.runs_tables import run_table
    from simulator.report.scenario_text import print_json, say
    from simulator.studies.kept_runs import RUN, named_run

    found = named_run(run, within)
    if json_:
        print_json({**found.as_dict(), "manifest": found.manifest})
        return
    from rich.console import Console

    Console().print(run_table(found))
    if found.kind == RUN:
        say(f"Its results: predcost show {found.folder}")


@app.command("remove")
def remove(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN]...", help="Names or folders.", show_default=False, autocompletion=completing.run_names
        ),
    ] = None,
    within: In = HERE,
    name: Name = "",
    since: Since = None,
    before: Before = None,
    outcomes: Annotated[
        bool, typer.Option("--outcomes", help="Remove what is stored of simulations; with --before the older of it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json_: options.Json = False,
) -> None:
    """Remove runs and studies, and nothing that is none; or what is stored of simulations."""
    from simulator.core.errors import UserError
    from simulator.report.runs_tables import about_bytes
    from simulator.report.scenario_text import print_json, say
    from simulator.studies.kept_runs import kept_runs, named_run, remove_run

    by_filter = bool(name or since or before)
    if not (names or by_filter or outcomes):
        raise UserError("say which: names of runs, --name, --since, --before, or --outcomes; '--name '*'' means all")
    if outcomes and (names or name or since):
        raise UserError(
            "--outcomes goes with --before alone: simulations belong to no run; remove runs apart from them"
        )
    if outcomes:
        _remove_outcomes(before, yes=yes, json_=json_)
        return
    found = {run.folder.resolve(): run for run in (named_run(each, within) for each in names or [])}
    if by_filter:
        found |= {run.folder.resolve(): run for run in kept_runs(within, _wanted(name or "*", since, before))}
    runs, size = list(found.values()), about_bytes(sum(run.bytes for run in found.values()))
    if runs:
        _ask(f"Remove {', '.join(run.folder.name for run in runs)} ({_many(runs)}, {size})?", yes=yes, json_=json_)
    for run in runs:
        remove_run(run)
    if json_:
        print_json({"removed": [run.as_dict() for run in runs]})
    else:
        say(f"Removed {_many(runs)}, {size}" if runs else f"No run in {within} fits; nothing is removed")


def _remove_outcomes(before: datetime | None, *, yes: bool, json_: bool) -> None:
    from simulator.report.runs_tables import about_bytes, store_json
    from simulator.report.scenario_text import print_json, say
    from simulator.studies.outcome_folder import outcome_folder

    store = outcome_folder()
    if store is None:
        say("Simulations are not stored; nothing is removed")
        return
    about, which = store_json(store), "" if before is None else f" of before {before:%Y-%m-%d}"
    said = f"{about['outcomes']:,} simulations, {about_bytes(about['bytes'])}, in {store.folder}"
    _ask(
        f"Remove what is stored{which} of {said}? They are simulated again when they are needed.", yes=yes, json_=json_
    )
    freed = store.remove() if before is None else store.remove(lambda path: path.stat().st_mtime < before.timestamp())
    if json_:
        print_json({"removed_bytes": freed, "outcomes": store_json(store)})
    else:
        say(f"Removed {about_bytes(freed)} from {store.folder}")


def _ask(question: str, *, yes: bool, json_: bool) -> None:
    """Ask whether to go on.

    Raises
    ------
    UserError
        If nobody is there who could answer, or the answer is no.
    """
    import sys

    from simulator.core.errors import UserError

    if yes:
        return
    if json_ or not sys.stdin.isatty():
        raise UserError(f"{question} Give --yes, as nobody is here to be asked; nothing is removed")
    if not typer.confirm(question, err=True):
        raise UserError("nothing is removed")


def _wanted(name: str, since: datetime | None, before: datetime | None) -> "Wanted":
    from simulator.studies.kept_runs import Wanted

    return Wanted(name, None if since is None else since.date(), None if before is None else before.date())


def _many(runs: "list[KeptRun]") -> str:
    return "1 run" if len(runs) == 1 else f"{len(runs):,} runs"
