"""What is printed of a comparison: the answer first, on one screen; the bills and all else to whoever asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from simulator.report.bill_tables import bills
from simulator.report.energy_basis import energy_basis
from simulator.report.layout import ANY_WIDTH, Fitted, said, sentences
from simulator.report.names import called_in
from simulator.report.tables import BEST, comparison_panel
from simulator.studies.comparison import Comparison
from simulator.studies.consumption import EMISSIONS
from simulator.studies.headline import objections, verdict_lines
from simulator.studies.recommendation import answer, how_sure
from simulator.studies.warnings import warnings_of


@dataclass(frozen=True)
class Wanted:
    """What is to be printed beside the answer."""

    full: bool = False
    """All rows, all bills, and whole sentences."""
    bills: Sequence[str] = ()
    """The plans whose bills are, where not all are."""


BRIEF = Wanted()
ALL = Wanted(full=True)


def answer_report(comparison: Comparison, wanted: Wanted = BRIEF) -> Iterator[RenderableType]:
    """Yield what is known as soon as all is simulated: the verdict, the plans side by side, what is against each."""
    names = list(comparison.plans)
    yield from verdict(comparison)
    if not wanted.full:
        yield from (said(sentence, names) for sentence in how_sure(comparison))
    yield Text()
    yield comparison_panel(comparison, full=wanted.full)
    if wanted.full and any(EMISSIONS in result.metrics for result in comparison.plans.values()):
        yield said(energy_basis(comparison.book), style="dim")
    if wanted.full:
        yield from sentences("Recommendation", answer(comparison), names)
    else:
        yield from _against(comparison)
    yield from warned(comparison)


def verdict(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield the recommendation in two lines."""

    def lay_out(width: int) -> Iterator[RenderableType]:
        choice, character = verdict_lines(comparison, called_in(list(comparison.plans), width))
        yield Text(choice, style=BEST if comparison.recommended else "bold")
        yield Text(character)

    yield Fitted(lay_out, ANY_WIDTH)


def _against(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield what speaks against the other plans, a line each."""

    def lay_out(width: int) -> Iterator[RenderableType]:
        told = objections(comparison, called_in(list(comparison.plans), width))
        yield from sentences(against_title(comparison), told)

    yield Fitted(lay_out, ANY_WIDTH)


def against_title(comparison: Comparison) -> str:
    """Return what stands above what speaks against plans."""
    return "Against the others" if comparison.recommended else "What each one breaks"


def changes_report(comparison: Comparison, wanted: Wanted = BRIEF) -> Iterator[RenderableType]:
    """Yield what would change the recommendation, and the bills that are asked for."""
    from simulator.report.brief import Brief  # noqa: PLC0415  (the planner, which the answer needs not)

    names, brief = list(comparison.plans), Brief(comparison)
    yield from sentences("What would change it", brief.changes, names)
    if wanted.full:
        yield from sentences("Simulation and closed form are apart", brief.apart, names)
    elif brief.apart:
        yield Text("Simulation and closed form are apart for some figures: --full tells which and why.", style="dim")
    yield from bills(comparison, comparison.ranking if wanted.full else wanted.bills)


def warned(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield the warnings, a sentence a line."""
    for sentence in warnings_of(comparison):
        yield said(sentence, list(comparison.plans), lead="Warning: ")
