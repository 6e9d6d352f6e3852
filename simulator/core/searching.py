"""Looking things up in compiled code; NumPy's own search would be compiled for every kind of array, a second each."""

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.core.jit import inlined


@inlined
def count_up_to(values: npt.NDArray[Any], most: float | np.integer[Any]) -> int:
    """Return how many of some values in rising order are at most so large: ``np.searchsorted(..., side="right")``."""
    low = 0
    high = values.size
    while low < high:
        middle = (low + high) >> 1
        if values[middle] <= most:
            low = middle + 1
        else:
            high = middle
    return low
