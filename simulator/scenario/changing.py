"""A scenario with other values under some of its keys, and what it has under a key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulator.core.input_files.reading import Tree
from simulator.core.input_files.schema_walk import value_under
from simulator.core.input_files.validation import validate
from simulator.scenario.overrides import apply_overrides, keys_of, stated
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


def value_at(scenario: Scenario, key: str, by: str, *, written: bool = False) -> Any:
    """Return what a scenario has under a key path, defaults included; None where nothing is there.

    Parameters
    ----------
    by
        What the path is called in messages.
    written
        Whether it is asked for as a file states it; else numbers are in s, USD, GiB and fractions.

    Raises
    ------
    UserError
        If the path leads below a value.
    """
    node: Any = scenario.model_dump(mode="json" if written else "python")
    for step in keys_of(Tree(node), key, by, Scenario)[1]:
        node = value_under(node, step)
    return node
