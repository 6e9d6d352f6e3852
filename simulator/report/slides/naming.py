"""What plans are called where there is little room."""

from collections.abc import Sequence

from simulator.report import format as form
from simulator.report.slides import fitting
from simulator.studies.comparison import Comparison

IN_A_SENTENCE = 34
"""Letters."""
_BESIDE_BARS_IN, _BARS_PT = 2.3, 12
ROOMY = 6
"""So many plans have room for two lines of text each."""


def called(comparison: Comparison, name: str) -> str:
    """Return a plan's name for a sentence."""
    return form.short_names(list(comparison.plans), IN_A_SENTENCE)[name]


def beside_bars(names: Sequence[str]) -> dict[str, str]:
    """Return names as they stand beside bars: in two lines each, or in one where there are many."""
    return fitting.cut_names(names, _BARS_PT, _BESIDE_BARS_IN, 2 if len(names) <= ROOMY else 1)
