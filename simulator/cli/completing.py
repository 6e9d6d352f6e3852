"""What a shell completes beside commands and options: found in half the time that it takes to notice.

Nothing that simulates is imported. What cannot be read completes nothing, and the shell then offers files.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

EVERY = "all"
"""In place of a plan's name: all of them."""
RUNS, MANIFEST, SCENARIO = Path("runs"), "manifest.json", "scenario.yaml"
CATALOGUE = Path(__file__).parent.parent / "prices" / "catalogue"
BASH = "complete_bash"
_NEEDS_ESCAPE = re.compile(r"[^\w@%+=:,./-]")
_WHERE = ("file", "run", "before", "study")
"""The parameters that say which scenario is meant."""


def plans(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of the plans of the scenario, or of the run, that the command line names."""
    return _beginning(incomplete, (str(name) for name in _tree(ctx).get("plans", {})))


def bills(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the same, and the word for all of them."""
    return [*plans(ctx, incomplete), *_beginning(incomplete, [EVERY])]


def keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the keys that the file states, or the run's."""
    from simulator.core.input_files.wording import written_path

    return _beginning(incomplete, (written_path(path) for path in _leaves(_tree(ctx))))


def runs(incomplete: str) -> list[str]:
    """Return the folders that runs are kept in by default."""
    return _beginning(incomplete, sorted(str(path.parent) for path in RUNS.glob(f"*/{MANIFEST}")))


def run_names(incomplete: str) -> list[str]:
    """Return their names."""
    return _beginning(incomplete, sorted(path.parent.name for path in RUNS.glob(f"*/{MANIFEST}")))


def books(incomplete: str) -> list[str]:
    """Return the price books that come with predcost."""
    return _beginning(incomplete, sorted(path.stem for path in CATALOGUE.glob("*.yaml")))


def _tree(ctx: typer.Context) -> dict[str, Any]:
    """Return the scenario as its file has it; nothing where it cannot be read."""
    stated = [ctx.params[name] for name in _WHERE if ctx.params.get(name)]
    given = [*stated, *ctx.args]  # where an option lacks its value yet, arguments are left over
    if not given:
        return {}
    path = Path(given[0])
    with contextlib.suppress(Exception):  # whatever is wrong with it, the command itself says
        from simulator.core.input_files.reading import read_tree

        data = read_tree(path / SCENARIO if path.is_dir() else path).data
        return data if isinstance(data, dict) else {}
    return {}


def _leaves(tree: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    parts = list(inner)
    if path and not parts:
        yield path
    for key, value in parts:
        yield from _leaves(value, *path, key)


def _beginning(incomplete: str, candidates: Iterable[str]) -> list[str]:
    return [_word(each) for each in candidates if each.startswith(incomplete)]


def _word(text: str) -> str:
    """Return a word as it is typed: bash takes what it is given as it is, other shells escape it themselves."""
    if BASH not in os.environ.get("_PREDCOST_COMPLETE", "") or _open_quote():
        return text
    return _NEEDS_ESCAPE.sub(r"\\\g<0>", text)


def _open_quote() -> bool:
    """Return whether the word that is completed begins with a quote, within which nothing is escaped."""
    words = os.environ.get("COMP_WORDS", "")
    return words.count('"') % 2 == 1 or words.count("'") % 2 == 1
