"""From a scenario file to a validated scenario, or to all that is wrong with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.core.input_files.reading import read_tree
from simulator.core.input_files.validation import validate
from simulator.scenario.overrides import apply_overrides

if TYPE_CHECKING:
    from simulator.scenario.schema import Scenario


def load_scenario(path: Path | str, overrides: Mapping[str, object] | None = None) -> "Scenario":
    """Return the scenario of a YAML file.

    Parameters
    ----------
    path
        The file; paths inside it are relative to its folder.
    overrides
        Values by key path that replace the file's, such as ``{"population.users": "1M"}``; None deletes a key.

    Raises
    ------
    InputFileError
        If anything is wrong with the file or a value of ``overrides``; it holds all faults.
    UserError
        If a key path of ``overrides`` leads nowhere.
    """
    from simulator.scenario.schema import Scenario  # noqa: PLC0415  (the schema imports every component)

    tree = apply_overrides(read_tree(path), overrides or {}, model=Scenario)
    return validate(Scenario, tree, str(path), Path(path).parent)
