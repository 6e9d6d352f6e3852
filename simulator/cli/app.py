"""The command `predcost`."""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from simulator.cli import (
    actuals,
    bill,
    breakeven,
    calibrate,
    charts,
    check,
    diff,
    estimate,
    prices,
    profiles,
    reprice,
    run,
    runs,
    scenario_files,
    show,
    slides,
    streams,
    sweep,
)
from simulator.cli.completing import EVERY, MANIFEST
from simulator.cli.interrupts import INTERRUPTED, NOTHING_KEPT, InterruptedRunError, ending_at_once
from simulator.core.errors import UserError
from simulator.studies.workers import LostWorkerError

OURS, THEIRS = 1, 2
"""Exit codes: a defect of ours, the user's input is at fault; INTERRUPTED is a third."""

NAME = "predcost"
app = typer.Typer(
    name=NAME,
    help="Nightly, on demand, or in between? What predictions cost, and how wasted, old and late they are.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("estimate")(estimate.estimate)
app.command("sweep")(sweep.sweep)
app.command("breakeven")(breakeven.breakeven)
app.command("show")(show.show)
app.command("slides")(slides.slides)
app.command("charts")(charts.charts)
app.command("bill")(bill.bill)
app.command("actuals")(actuals.actuals)
app.command("validate")(scenario_files.validate)
app.command("check")(check.check)
app.command("new")(scenario_files.new)
app.command("schema")(scenario_files.schema)
app.command("profiles")(profiles.profiles)
app.command("reprice")(reprice.reprice)
app.command("diff")(diff.diff)
app.add_typer(calibrate.app)
app.add_typer(prices.app)
app.add_typer(runs.app)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"predcost {version('predcost')}")
        raise typer.Exit


@app.callback()
def before_command(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Take what stands before the command."""


def main() -> None:
    """Run the command line; a traceback is shown only to those who ask for it."""
    streams.make_usable()
    with ending_at_once():
        _guarded()


def _guarded() -> None:
    try:
        _run()
    except TyperException as error:  # an unknown command or option
        _show(error)
        sys.exit(THEIRS)
    except UserError as error:
        _fail(str(error), THEIRS)
    except (InterruptedRunError, check.DisagreementError, diff.BrokenGateError, LostWorkerError) as error:
        _fail(str(error), error.code)
    except SystemExit as end:
        if end.code != 1:
            raise  # else it is how typer and rich end when the reader of a pipe has gone
    except BrokenPipeError:  # the same, at the last flush
        streams.print_to_nobody()
    except OSError as error:
        _fail(f"cannot write or read: {error}", THEIRS)
    except Exception as error:
        if os.environ.get("PREDCOST_TRACEBACK"):
            raise
        told = "Please report it; with PREDCOST_TRACEBACK=1 the details are shown."
        _fail(f"a defect of ours: {type(error).__name__}: {error}\n{told}", OURS)


def _run() -> None:
    code = typer.main.get_command(app).main(_with_values(sys.argv[1:]), NAME, standalone_mode=False)
    sys.stdout.flush()
    if code == INTERRUPTED:  # which is how typer tells
        raise InterruptedRunError(NOTHING_KEPT)
    if code:  # of typer's own: the shell to complete for is not known
        sys.exit(THEIRS)


def _with_values(arguments: Sequence[str]) -> list[str]:
    """Return the command line with ``--bill`` alone written out, as typer has no option whose value may be left out."""
    following = [*arguments, "--"][1:]
    return [
        f"{each}={EVERY}" if each == "--bill" and (then.startswith("-") or _is_study(then)) else each
        for each, then in zip(arguments, following, strict=True)
    ]


def _is_study(text: str) -> bool:
    """Return whether a word of the command line is a scenario's file or a run's folder, and so no plan's name."""
    return Path(text).is_file() or (Path(text) / MANIFEST).is_file()


def _show(error: TyperException) -> None:
    """Print the usage and what is wrong with it, or the help where no command was given."""
    if hasattr(error, "message"):
        error.message = str(error.message).replace("Value error, ", "")  # pydantic's, which typer passes on
    show = getattr(error, "show", None)
    if show is None:
        typer.echo(f"predcost: {error}", err=True)
    else:
        show()


def _fail(message: str, code: int) -> None:
    with contextlib.suppress(OSError, ValueError):  # nobody reads it
        sys.stderr.write(f"predcost: {message}\n")
        sys.stderr.flush()
    sys.exit(code)
