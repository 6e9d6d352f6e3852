"""Which charts are drawn, and as what; known without importing what draws them."""

from dataclasses import dataclass
from enum import StrEnum

from simulator.core.errors import UserError

DECK = ("cost", "age_cdf", "latency_cdf", "week")
"""What every plan costs, how old its answers are, how late, and when that is."""


class ChartChoice(StrEnum):
    """How many charts."""

    NONE = "none"
    DECK = "deck"
    """The four that every comparison needs."""
    ALL = "all"
    """All that apply."""

    @classmethod
    def named(cls, name: str) -> "ChartChoice":
        """Return a choice by its name.

        Raises
        ------
        UserError
            If there is no such choice.
        """
        try:
            return cls(name)
        except ValueError:
            raise UserError(f"charts(='{name}') must be one of {', '.join(cls)}") from None


class Format(StrEnum):
    """What a picture is written as."""

    PNG = "png"
    """2000 x 1125 pixels, for a slide of 16:9."""
    SVG = "svg"


@dataclass(frozen=True)
class Rendering:
    """How pictures are written."""

    formats: tuple[Format, ...] = tuple(Format)
    is_dark: bool = False
    """Whether they are for a dark background."""

    def stem(self, name: str) -> str:
        """Return what the files of a chart are called, without what tells their kind."""
        return f"{name}_dark" if self.is_dark else name


AS_ALWAYS = Rendering()
