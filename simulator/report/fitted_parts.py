"""What fits to a log and to a benchmark have alike, for Python and Jupyter: numbers, errors, parts of a scenario."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.report.documents import write_text
from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.held_out import Compared

if TYPE_CHECKING:
    import pandas as pd


class FittedParts(ABC):
    """Parts of a scenario that were fitted, and compared with what they were fitted to."""

    @abstractmethod
    def _numbers(self) -> Mapping[str, Fitted]:
        """Return the scenario's numbers by key."""

    @abstractmethod
    def _compared(self) -> Sequence[Compared]:
        """Return what was compared, metric by metric."""

    @abstractmethod
    def _parts_text(self) -> str:
        """Return the parts as YAML, with where they are from."""

    @cached_property
    def parameters(self) -> "pd.DataFrame":
        """The scenario's numbers by key, in SI: value, and the low and high of 95 %; NaN where it is not known."""
        import pandas as pd  # noqa: PLC0415

        found = self._numbers()
        rows = [(each.value, each.low, each.high) for each in found.values()]
        return pd.DataFrame(rows, pd.Index(found, name="key"), ["value", "low", "high"], dtype=float)

    @cached_property
    def held_out(self) -> "pd.DataFrame":
        """By metric: as it was, of the fit, its error, how far off it may be, and whether it is as near as that."""
        import pandas as pd  # noqa: PLC0415

        compared = self._compared()
        rows = [(each.log, each.fit, each.error, each.good_within, each.is_good) for each in compared]
        index = pd.Index([each.metric for each in compared], name="metric")
        kinds = {"log": float, "fit": float, "error": float, "asked_within": float, "is_good": bool}
        return pd.DataFrame(rows, index, list(kinds)).astype(kinds)

    @property
    @abstractmethod
    def why(self) -> tuple[str, ...]:
        """What speaks against the fit, and what to do about it."""

    @property
    @abstractmethod
    def parts(self) -> dict[str, Any]:
        """The parts, as a scenario's file states them."""

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the parts as YAML with where they are from, as ``--out`` does, and return the path.

        Parameters
        ----------
        path
            Where to.
        force
            Whether a file that is there may be replaced.

        Raises
        ------
        UserError
            If something else is there, or it cannot be written.
        """
        return write_text(self._parts_text(), Path(path), replaces=force)
