"""How a provider takes spot instances back."""

from typing import ClassVar

from simulator.core.component import Part
from simulator.core.input_files.short_forms import Short
from simulator.core.units import PositiveSeconds, Seconds


class Reclaim(Part):
    """Instances are reclaimed after an exponential time, each on its own, and replaced.

    A fleet's replica is reclaimed while it serves, never while it starts. It is told beforehand: it finishes what it
    is doing, takes nothing more, and is paid for until then. Where the number of replicas is given (fixed, hourly),
    another takes its place; an autoscaler sees one less that is ready, and orders by its rule.
    """

    short: ClassVar[Short | None] = Short("mean")

    mean_s: PositiveSeconds
    """Mean time to a reclaim: of a fleet's replica from when it begins to serve; of a batch cluster's worker from its
    order, so that one may be reclaimed while it starts."""
    reprovision_s: Seconds = 0.0
    """Time from a reclaim until the instance that takes its place works."""
