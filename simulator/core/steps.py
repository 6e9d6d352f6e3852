"""Sizes that are charged by the started step."""

import math

CEILING_SLACK = 1e-9
"""A size this much above a whole number of steps (relative to one step) is rounding, not one more step."""


def started_steps(size: float, step: float) -> int:
    """Return how many steps of a size are started, at least 1; both are in the same unit."""
    return max(1, math.ceil(size / step - CEILING_SLACK))
