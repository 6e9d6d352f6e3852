"""What follows from a backend and what is asked of it, before anything is simulated."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.backends.answers.usage import Metered

Fact = tuple[str, str]
"""What it is, and its value with its unit; of a ``warning``, what is wrong."""
Pricing = Callable[[Iterable[Metered]], float]
"""Returns what costs so much in a month. [USD]"""


@dataclass(frozen=True)
class Asked:
    """What an online backend is asked for in the busiest hour, if all is computed."""

    per_s: float
    """Requests. [1/s]"""
    hour: int = 0
    """Which hour it is, counted from a Monday 00:00 on the scenario's clock."""
    bound_s: float | None = None
    """What a p99 latency bound leaves to it, after the store has been read; None without a bound. [s]"""
