"""A scenario in full, and what follows from it; imports little, as `predcost validate` must be quick."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from simulator.scenario.schema import Scenario
from simulator.studies.consequences import Consequence


def say(text: str, *, err: bool = False) -> None:
    """Print a line, in the letters that stdout or stderr has."""
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object; letters that stdout does not have are escaped, so that nothing is lost."""
    say(json.dumps(content, indent=2, ensure_ascii=not _has_all_letters(), allow_nan=False))


def _has_all_letters() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


ONLY_A_RUN_TELLS = (
    "A run also tells what only its outcomes show: plans that do not keep up, requests that give up or are refused, "
    "limits that bind, runs that do not start, intervals that are wide."
)


def print_scenario(
    file: Path, scenario: Scenario, facts: Iterable[Consequence], warnings: Iterable[str], *, full: bool = False
) -> None:
    """Print what follows from a scenario and what to know before a run; ``full`` for the resolved scenario below."""
    console = Console()
    say(f"{file} is a valid scenario.")
    table = Table(title="\nWhat follows from it", title_justify="left", box=None, pad_edge=False)
    for column in ("about", "what", "value"):
        table.add_column(column, overflow="fold")
    about = ""
    for fact in facts:
        table.add_row("" if fact.subject == about else fact.subject, fact.what, fact.value)
        about = fact.subject
    console.print(table)
    say("")
    for sentence in warnings:
        say(f"Warning: {sentence}")
    say(ONLY_A_RUN_TELLS)
    if full:
        say("\nIn full, defaults included:\n")
        yaml = YAML()
        yaml.allow_unicode = _has_all_letters()
        yaml.dump(scenario.model_dump(mode="json", exclude_none=True), console.file)
    else:
        say("With --full the scenario is printed with all its defaults.")
