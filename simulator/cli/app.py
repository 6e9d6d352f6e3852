"""The command `predcost`."""

import os
import sys
from typing import Annotated

import typer

from simulator.cli import run, scenario_files
from simulator.core.errors import UserError

OURS, THEIRS, INTERRUPTED = 1, 2, 130
"""Exit codes: a defect of ours, the user's input is at fault, the user interrupts."""

app = typer.Typer(
    name="predcost",
    help="Nightly, on demand, or in between? What predictions cost, and how wasted, old and late they are.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("validate")(scenario_files.validate)
app.command("new")(scenario_files.new)
app.command("schema")(scenario_files.schema)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"predcost {version('predcost')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Take what stands before the command."""


def main() -> None:
    """Run the command line; a traceback is shown only to those who ask for it."""
    try:
        app()
    except UserError as error:
        typer.echo(f"predcost: {error}", err=True)
        sys.exit(THEIRS)
    except KeyboardInterrupt:
        typer.echo("predcost: interrupted", err=True)
        sys.exit(INTERRUPTED)
    except Exception as error:
        if os.environ.get("PREDCOST_TRACEBACK"):
            raise
        typer.echo(
            f"predcost: a defect of ours: {type(error).__name__}: {error}\n"
            "Please report it; with PREDCOST_TRACEBACK=1 the details are shown.",
            err=True,
        )
        sys.exit(OURS)
