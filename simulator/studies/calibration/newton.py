"""What becomes of a fit without each of some groups: one step of Newton's from the fit to all."""

from collections.abc import Callable
from typing import Final

import numpy as np

from simulator.core.arrays import FloatArray

STEP: Final = 1e-3
"""Of a parameter, for differences."""
FARTHEST: Final = 0.5
"""A parameter moves no farther where users are left out."""
LEAST_CURVED: Final = 1e-6
"""Directions in which the likelihood curves less than so much of what it does at most are left as they are."""


def left_out(by_group: Callable[[FloatArray], FloatArray], best: FloatArray) -> FloatArray:
    """Return about the parameters of the largest likelihood without each group.

    Parameters
    ----------
    by_group
        The log-likelihood of each group at some parameters, shape (groups,).
    best
        The parameters of the largest likelihood of all, shape (parameters,), on scales of about 1.

    Returns
    -------
    Shape (parameters, groups).
    """
    slope = differences(by_group, best)
    curved = differences(
        lambda around: np.asarray(differences(lambda moved: np.asarray(by_group(moved).sum()), around)), best
    )
    back = np.linalg.pinv((curved + curved.T) / 2 * (1 - 1 / slope.shape[1]), rcond=LEAST_CURVED, hermitian=True)
    steps = -back @ (slope.sum(axis=1, keepdims=True) - slope)
    return np.asarray(best[:, None] + np.clip(steps, -FARTHEST, FARTHEST))


def differences(function: Callable[[FloatArray], FloatArray], around: FloatArray) -> FloatArray:
    """Return the derivative of a function by each parameter, stacked along the first axis."""
    steps = np.eye(around.size) * STEP
    return np.stack([(function(around + step) - function(around - step)) / (2 * STEP) for step in steps])
