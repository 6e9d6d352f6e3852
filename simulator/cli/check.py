"""`predcost check`: the engine against every closed form."""

from typing import Annotated

import typer

from simulator.cli import options
from simulator.cli.progress import progress


class DisagreementError(Exception):
    """A check failed; the message says which."""

    code = 1


def check(
    full: Annotated[bool, typer.Option("--full", help="Five times as many simulations: some five minutes.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Which random numbers.")] = 1,
    json_: options.Json = False,
) -> None:
    """Compare simulations of small scenarios with what theory says of them, in about a minute."""
    from simulator.report.check_report import as_json, check_table, verdict
    from simulator.report.scenario_text import print_json
    from simulator.report.terminal import print_tables
    from simulator.studies.check.study import groups, run_checks, simulations

    checked = groups()
    with progress(simulations(checked, full=full), shown=not json_) as bar:
        bar.begin()
        report = run_checks(checked, seed, full=full, on_sample=bar.step)
    if json_:
        print_json(as_json(report))
    else:
        print_tables(check_table(report))
    if report.failures:
        raise DisagreementError(verdict(report))
