"""Which slides of a deck are wanted."""

from collections.abc import Sequence
from dataclasses import replace

from simulator.core.errors import UserError, did_you_mean
from simulator.report.slides.deck import Deck


def chosen(deck: Deck, names: Sequence[str], known: Sequence[str]) -> Deck:
    """Return a deck with some of its slides, in its order; all of them where none is named.

    Parameters
    ----------
    names
        What is wanted.
    known
        All slides that such a deck may have.

    Raises
    ------
    UserError
        If there are no such slides, or not for this study; the message holds all faults.
    """
    there = {slide.name for slide in deck.slides}
    faults = [_fault(name, known, there) for name in dict.fromkeys(names) if name not in there]
    if faults:
        raise UserError("\n".join(faults))
    return deck if not names else replace(deck, slides=[slide for slide in deck.slides if slide.name in names])


def _fault(name: str, known: Sequence[str], there: set[str]) -> str:
    if name in known:
        has = ", ".join(each for each in known if each in there)
        return f"--slide {name}: there is nothing to say on it here; there are {has}"
    return f"--slide {name}: there is no such slide; {did_you_mean(name, known)}"
