"""A scenario in full, and what follows from it; imports little, as `predcost validate` must be quick."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from ruamel.yaml import YAML

from simulator.report.layout import INDENT, Fitted, said
from simulator.report.names import shortened
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


def _facts(facts: Sequence[Consequence], width: int) -> Iterator[RenderableType]:
    """Yield what follows, each subject above what is said of it."""
    longest = max((cell_len(fact.what) for fact in facts), default=0)
    for subject, about in groupby(facts, key=lambda fact: fact.subject):
        yield Text(shortened(subject, width, cell_len), style="bold")
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(width=min(longest, width // 2))
        table.add_column()
        for fact in about:
            table.add_row(Text(fact.what), Text(fact.value))
        yield Padding(table, (0, 0, 0, INDENT), expand=False)


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
    names = list(scenario.plans)
    for sentence in warnings:
        console.print(said(sentence, names, lead="Warning: "))
    console.print("\nWhat follows from it", style="bold")
    console.print(Fitted(lambda width: _facts(list(facts), width)))
    say("")
    console.print(said(ONLY_A_RUN_TELLS))
    if full:
        say("\nIn full, defaults included:\n")
        yaml = YAML()
        yaml.allow_unicode = _has_all_letters()
        yaml.dump(scenario.model_dump(mode="json", exclude_none=True), console.file)
    else:
        say("With --full the scenario is printed with all its defaults.")
