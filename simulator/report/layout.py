"""How text and tables are laid out for a terminal: as wide as it is, and names shortened rather than broken."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.text import Text

from simulator.report.names import called_in, with_names

WIDEST = 120
"""Columns from which on a table that could be wider is not: lines are hard to follow across a screen."""
ANY_WIDTH = 100_000
INDENT = 2


@dataclass(frozen=True)
class Fitted:
    """What is laid out for the width that there is."""

    lay_out: Callable[[int], Iterable[RenderableType]]
    """Takes the width."""
    widest: int = WIDEST

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield it for a console."""
        yield from self.lay_out(min(options.max_width, self.widest))


def said(text: str, names: Sequence[str] = (), style: str = "", *, indent: int = 0, lead: str = "") -> RenderableType:
    """Return a sentence in which plans' names are no longer than fits.

    Parameters
    ----------
    text
        The sentence.
    names
        The plans that it may speak of.
    style
        Of the sentence; the lead is always bold.
    indent
        Columns before it.
    lead
        What stands before it, such as ``Warning:``.
    """

    def lay_out(width: int) -> Iterator[RenderableType]:
        line = with_names(text, called_in(names, width))
        yield Padding(Text.assemble((lead, "bold yellow"), (line, style)), (0, 0, 0, indent), expand=False)

    return Fitted(lay_out, ANY_WIDTH)


def sentences(title: str, told: Sequence[str], names: Sequence[str] = (), style: str = "") -> Iterator[RenderableType]:
    """Yield sentences below a title, a line each; nothing where there are none."""
    if told:
        yield Text(title, style="bold")
    for sentence in told:
        yield said(sentence, names, style, indent=INDENT)
