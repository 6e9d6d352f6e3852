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

    def show(self, comparison: "Comparison", folder: Path | None) -> None:
        """Print it, and where the run is kept, if it is."""
        from simulator.report.json_report import as_json
        from simulator.report.scenario_text import print_json
        from simulator.report.terminal import print_comparison, print_recommendation

        if self.json:
            print_json({**as_json(comparison), "folder": None if folder is None else str(folder)})
        elif self.quiet:
            print_recommendation(comparison)
        else:
            print_comparison(comparison, folder)
