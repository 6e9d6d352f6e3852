"""How a comparison is printed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.options import Format

if TYPE_CHECKING:
    from simulator.report.answer import Wanted
    from simulator.studies.comparison import Comparison


@dataclass(frozen=True)
class Answer:
    """The answer on a screen, the verdict alone, Markdown or one JSON object."""

    how: Format
    quiet: bool
    full: bool = False
    """Whether all there is to print is printed."""
    bills: tuple[str, ...] = ()
    """The plans whose bills are printed."""

    @property
    def is_all(self) -> bool:
        """Whether it is for somebody who looks on."""
        return self.how is Format.TABLE and not self.quiet

    def begin(self, comparison: "Comparison") -> None:
        """Print what does not depend on what would change the recommendation, to somebody who looks on."""
        if self.is_all:
            from simulator.report.terminal import print_answer

            print_answer(comparison, self._wanted)

    def end(self, comparison: "Comparison", folder: Path | None) -> None:
        """Print all else, and where the run is kept, if it is."""
        if self.how is Format.JSON:
            from simulator.report.json_report import as_json
            from simulator.report.scenario_text import print_json

            print_json({**as_json(comparison), "folder": None if folder is None else str(folder)})
        elif self.quiet:
            from simulator.report.terminal import print_verdict

            print_verdict(comparison)
        elif self.how is Format.MARKDOWN:
            from simulator.report.comparison_markdown import comparison_markdown
            from simulator.report.scenario_text import say

            say(comparison_markdown(comparison, self._wanted).rstrip())
        else:
            from simulator.report.terminal import print_changes

            print_changes(comparison, self._wanted, folder)

    @property
    def _wanted(self) -> "Wanted":
        from simulator.report.answer import Wanted

        return Wanted(full=self.full, bills=self.bills)

    def tell(self, text: str) -> None:
        """Print a line to somebody who looks on."""
        if self.is_all:
            from simulator.report.scenario_text import say

            say(text)
