"""Words that look like chance and follow from others, by the generator SplitMix64 [1]_.

References
----------
.. [1] G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
"""

from typing import Final

import numpy as np

from simulator.core.arrays import HashArray

GOLDEN: Final = 0x9E3779B97F4A7C15
"""The golden ratio in 64 bits: the step from one word to the next."""


def scattered(word: HashArray) -> HashArray:
    """Return a word for each, shape (n,); different words become different ones, and 0 stays 0."""
    mixed = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
