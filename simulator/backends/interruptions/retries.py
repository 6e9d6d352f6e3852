"""What a client does whose request is refused or times out."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from simulator.core.component import Part
from simulator.core.input_files.short_forms import Short
from simulator.core.units import Count, Fraction, PositiveSeconds


class Retries(Part):
    """Asking again, a bounded number of times, after waits that double."""

    short: ClassVar[Short | None] = Short("attempts")

    attempts: Annotated[Count, Field(le=20)] = 3
    """How often a request is tried again."""
    backoff_s: PositiveSeconds = 0.2
    """Longest wait before the first retry; it doubles from retry to retry."""
    longest_backoff_s: PositiveSeconds = 60.0
    """Where the doubling ends."""
    jitter_fraction: Fraction = 1.0
    """Share of each wait that is drawn evenly from 0 to all of it, so that clients do not come back together."""

    def station_values(self) -> Mapping[str, float]:
        """Return what compiled code goes by, by the names of simulation.records.STATION."""
        return {
            "attempts": self.attempts,
            "backoff_s": self.backoff_s,
            "longest_backoff_s": self.longest_backoff_s,
            "jitter": self.jitter_fraction,
        }
