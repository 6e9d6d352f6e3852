"""How a provider takes spot instances back."""

from simulator.core.component import Part
from simulator.core.units import PositiveSeconds, Seconds


class Reclaim(Part):
    """Instances are reclaimed after an exponential time, each on its own, and replaced."""

    mean_s: PositiveSeconds
    """Mean time from an instance's start to its reclaim."""
    reprovision_s: Seconds = 0.0
    """Time from a reclaim until the instance that takes its place works."""
