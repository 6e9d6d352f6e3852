"""Which charts are drawn; known without importing what draws them."""

from enum import StrEnum

from simulator.core.errors import UserError

DECK = ("cost", "read_and_unread", "age_cdf", "latency_cdf")
"""What every plan costs, how much of its work is wasted, how old its answers are, and how late."""


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
