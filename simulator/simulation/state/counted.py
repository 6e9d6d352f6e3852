"""What is counted of the requests of a plan."""

from dataclasses import dataclass

from simulator.core.histogram import Histogram


@dataclass(frozen=True)
class Counted:
    """What the request path has counted over the horizon."""

    tally: dict[str, float]
    """The fields of records.COUNTS."""
    latency: Histogram
    """Of all requests. [s]"""
    age: Histogram
    """Of the predictions served. [s]"""
    wait: Histogram
    """How long requests waited for a backend to begin, hold and cold start included; 0 for those that did not ask one,
    and until it was complete for those that waited for another's computation of the same user. [s]"""
