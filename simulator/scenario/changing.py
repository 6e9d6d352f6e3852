"""A scenario with other values under some of its keys, and what it has under a key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.core.input_files.reading import Tree
from simulator.core.input_files.validation import validate
from simulator.scenario.overrides import apply_overrides, stated, value_under
from simulator.scenario.schema import Scenario


def with_values(scenario: Scenario, values: Mapping[str, object], by: str, folder: Path = Path()) -> Scenario:
    """Return a scenario with values under key paths, as ``--set`` on its file would make it.

    Parameters
    ----------
    values
        By key path, written as in the file.
    by
        What they are called in messages.
    folder
        Where relative paths among the values start.

    Raises
    ------
    UserError
        If a path leads nowhere, or if the changed scenario is not valid; it holds all faults.
    """
    tree = apply_overrides(Tree(stated(scenario)), values, by, Scenario)
    return validate(Scenario, tree, f"scenario '{scenario.name}'", folder)


def value_at(scenario: Scenario, key: str, by: str) -> Any:
    """Return what a scenario has under a key path, defaults included: numbers in s, USD, GiB and as fractions."""
    return value_under(scenario.model_dump(), key, by)
