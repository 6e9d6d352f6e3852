"""`predcost validate`, `new` and `schema`: scenario files."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import documents, log_options, options


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenario files.", show_default=False)],
    set_: options.Set = None,
    full: Annotated[bool, typer.Option("--full", help="Print the scenario with all its defaults, too.")] = False,
    json_: options.Json = False,
) -> None:
    """Check scenario files; say what is wrong with them, or what follows from them and what a run would warn of."""
    from simulator.core.errors import UserError
    from simulator.prices.loading import load_book
    from simulator.studies.prices_needed import check_prices

    faults, found = [], []
    for file in files:
        try:
            scenario = options.load(file, set_)
            book = load_book(scenario.prices, file.parent)
            check_prices(scenario, book, file)
            found.append((file, scenario, book))
        except UserError as fault:
            faults.append(str(fault))
    if faults:
        raise UserError("\n".join(faults))
    from simulator.report.scenario_text import print_json, print_scenario
    from simulator.studies.consequences import consequences
    from simulator.studies.foreseen import foreseen

    if json_:
        print_json(
            {
                str(file): {
                    "scenario": scenario.model_dump(mode="json", exclude_none=True),
                    "consequences": [vars(fact) for fact in consequences(scenario, book)],
                    "warnings": list(foreseen(scenario)),
                }
                for file, scenario, book in found
            }
        )
        return
    for number, (file, scenario, book) in enumerate(found):
        if number:
            typer.echo()
        print_scenario(file, scenario, consequences(scenario, book), foreseen(scenario), full=full)


def new(
    path: Annotated[Path, typer.Argument(help="Where to write it.", show_default=False)],
    from_log: Annotated[
        list[Path] | None,
        typer.Option(metavar="LOG", help="A log whose users it is to have; repeatable.", show_default=False),
    ] = None,
    time: log_options.Time = None,
    user: log_options.User = None,
    count: log_options.Count = None,
    count_unit: log_options.CountUnit = None,
    gaps_are_zero: log_options.GapsAreZero = False,
    time_format: log_options.TimeFormat = None,
    timezone: log_options.Timezone = "UTC",
    zone_column: log_options.ZoneColumn = None,
    population: log_options.Population = None,
    session_gap: log_options.SessionGap = None,
    fit_only: log_options.FitOnly = False,
    allow_skipped: log_options.AllowSkipped = False,
    without_robots: log_options.WithoutRobots = False,
    force: documents.Force = False,
) -> None:
    """Write a commented starter scenario, as it is or with the users of a log."""
    from simulator.core.errors import UserError
    from simulator.report.documents import check_free, written_whole
    from simulator.report.log_scenario import starter_text
    from simulator.report.scenario_text import say

    check_free(path, replaces=force, other="path")
    if not path.absolute().parent.is_dir():  # told before a log is read, which may take minutes
        raise UserError(f"cannot write {path}: there is no folder {path.parent}")
    said = log_options.LogSaid(
        time,
        user,
        time_format,
        timezone,
        population,
        session_gap,
        allow_skipped,
        zone_column=zone_column,
        without_robots=without_robots,
    ).with_counts(count, count_unit, gaps_are_zero=gaps_are_zero)
    if from_log:
        result = log_options.calibrated(from_log, said, None, fit_only=fit_only)
        result.write_scenario(path, force=force)
        say(result.verdict)
    else:
        given = [*said.given, *(["--fit-only"] if fit_only else [])]
        if given:
            raise UserError(f"{', '.join(given)}: said of a log, and there is none; give it with --from-log LOG")
        with written_whole(path, replaces=force) as staged:
            staged.write_text(starter_text(), encoding="utf-8")
    place = shlex.quote(str(path))
    say(f"Wrote {path}. Next: predcost validate {place}, then predcost run {place}")


def schema() -> None:
    """Print the JSON Schema of scenario files, for editors and other tools."""
    from simulator.core.component import WrittenDefaults
    from simulator.report.scenario_text import print_json
    from simulator.scenario.schema import Scenario

    found = Scenario.model_json_schema(schema_generator=WrittenDefaults)
    print_json(found)
