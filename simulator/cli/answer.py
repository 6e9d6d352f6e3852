"""How a comparison is printed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.studies.comparison import Comparison


@dataclass(frozen=True)
class Answer:
    """Everything, the recommendation alone, or one JSON object."""

    json: bool
    quiet: bool

    @property
    def is_all(self) -> bool:
        """Whether it is for somebody who looks on."""
        return not (self.json or self.quiet)

    def begin(self, comparison: "Comparison") -> None:
        """Print what does not depend on what would change the recommendation, to somebody who looks on."""
        if self.is_all:
            from simulator.report.terminal import print_answer

            print_answer(comparison)

    def end(self, comparison: "Comparison", folder: Path | None) -> None:
        """Print all else, and where the run is kept, if it is."""
        if self.json:
            from simulator.report.json_report import as_json
            from simulator.report.scenario_text import print_json

            print_json({**as_json(comparison), "folder": None if folder is None else str(folder)})
            return
        from simulator.report.terminal import print_changes, print_recommendation

        if self.quiet:
            print_recommendation(comparison)
        else:
            print_changes(comparison, folder)

    def tell(self, text: str) -> None:
        """Print a line to somebody who looks on."""
        if self.is_all:
            from simulator.report.scenario_text import say

            say(text)
