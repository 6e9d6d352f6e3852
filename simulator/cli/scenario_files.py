"""`predcost validate`, `new` and `schema`: scenario files."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli import options


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


def new(path: Annotated[Path, typer.Argument(help="Where to write it; must not exist.", show_default=False)]) -> None:
    """Write a commented starter scenario."""
    from simulator.core.errors import UserError

    text = (resources.files("simulator.scenario") / "starter.yaml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UserError(f"{path} exists; nothing was written") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error
    from simulator.report.scenario_text import say

    say(f"Wrote {path}. Next: predcost validate {path}, then predcost run {path}")


def schema() -> None:
    """Print the JSON Schema of scenario files, for editors and other tools."""
    from simulator.core.component import WrittenDefaults
    from simulator.report.scenario_text import print_json
    from simulator.scenario.schema import Scenario

    found = Scenario.model_json_schema(schema_generator=WrittenDefaults)
    print_json(found)
