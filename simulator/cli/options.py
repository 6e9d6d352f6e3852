"""Options that commands share, and what they mean for the scenario."""

import re
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from simulator.cli import completing

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.scenario.schema import Scenario


class Format(StrEnum):
    """For whom an answer is written."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


T = TypeVar("T")
ScenarioFile = Annotated[Path, typer.Argument(metavar="FILE", help="A scenario file.", show_default=False)]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the file, e.g. plans.cached.cache.ttl='12 h'. Repeatable.",
        autocompletion=completing.keys,
    ),
]
PlanNames = Annotated[
    list[str] | None,
    typer.Option("--plan", metavar="NAME", help="Only this plan. Repeatable.", autocompletion=completing.plans),
]
Users = Annotated[str | None, typer.Option(help="How many users, e.g. 1M.")]
Horizon = Annotated[str | None, typer.Option(help="How long is counted, e.g. '7 d'.")]
Replications = Annotated[int | None, typer.Option(help="How often all is repeated.")]
Confidence = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE",
        help="Add replications until the choice is made with so much confidence, e.g. 95%; --replications begins.",
        show_default=False,
    ),
]
Indifference = Annotated[
    str | None,
    typer.Option(metavar="SHARE", help="How much of the cost does not matter for the choice.", show_default="1%"),
]
Precision = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE",
        help="Add replications until half the interval of each plan's cost (net value, if given) is so much of it.",
        show_default=False,
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Add replications until the choice is made or so much time is up, e.g. '10 min'.",
        show_default=False,
    ),
]
Seed = Annotated[int | None, typer.Option(help="Which random numbers.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; by default one a core.")]
Out = Annotated[Path | None, typer.Option(help="Folder for what is found; by default below runs/.", show_default=False)]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Simulate on the workers of this Dask scheduler, e.g. tcp://host:8786.",
        show_default=False,
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Simulate all anew, whatever was simulated before.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on where a run was cut off, which every run does by itself.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what another scenario's run has left in the folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the verdict only.")]
How = Annotated[
    Format, typer.Option("--format", help="How it is printed: for a terminal, a pull request, or a program.")
]
Full = Annotated[bool, typer.Option("--full", help="Print all rows, all bills and whole sentences.")]
Bill = Annotated[
    list[str] | None,
    typer.Option(
        "--bill",
        metavar="[NAME]",
        help="Print a plan's bill, too; without a name, those of all. Repeatable.",
        autocompletion=completing.bills,
        show_default=False,
    ),
]


def load(path: Path, sets: list[str] | None, plans: list[str] | None = None, **given: Any) -> "Scenario":
    """Return the scenario of a file with what the command line changes in it.

    Parameters
    ----------
    path
        The scenario file.
    sets
        Texts such as ``key=value``.
    plans
        The plans to keep; none for all.
    given
        Values of options by key path, with ``__`` between levels; None where an option was not given.

    Raises
    ------
    UserError
        If the file, an option or a plan's name is at fault.
    """
    from simulator.core.errors import UserError, did_you_mean
    from simulator.scenario.loading import load_scenario
    from simulator.scenario.overrides import read_assignment

    overrides = {key.replace("__", "."): value for key, value in given.items() if value is not None}
    overrides |= dict(map(read_assignment, sets or []))
    scenario = load_scenario(path, overrides)
    if not plans:
        return scenario
    for name in plans:
        if name not in scenario.plans:
            raise UserError(f"--plan: there is no plan '{name}' in {path}; {did_you_mean(name, scenario.plans)}")
    return scenario.model_copy(update={"plans": {name: plan for name, plan in scenario.plans.items() if name in plans}})


def bills(given: list[str] | None, plans: Collection[str]) -> tuple[str, ...]:
    """Return the plans whose bills are asked for.

    Raises
    ------
    UserError
        If there is no such plan.
    """
    from simulator.core.errors import UserError, did_you_mean

    wanted = given or []
    for name in wanted:
        if name != completing.EVERY and name not in plans:
            raise UserError(f"--bill: there is no plan '{name}'; {did_you_mean(name, plans)}")
    return tuple(plans) if completing.EVERY in wanted else tuple(wanted)


def folder_of(scenario_name: str, digest: str) -> Path:
    """Return where a study is kept that is not told where."""
    from simulator.studies.kept_runs import RUNS

    slug = re.sub(r"[^a-z0-9]+", "-", scenario_name.lower()).strip("-") or "scenario"
    return RUNS / f"{slug}-{digest}"


def checked(option: str, value: str, read: "Callable[[str], T]") -> "T":
    """Return what an option says.

    Raises
    ------
    UserError
        If it cannot be read so; the message begins with the option.
    """
    from simulator.core.errors import UserError

    try:
        return read(value)
    except ValueError as error:
        raise UserError(f"{option}: {error}") from None
