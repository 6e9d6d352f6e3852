"""Named, independent random streams: the same name draws the same numbers, whatever else is drawn and by whom."""

import zlib

import numpy as np


def stream(seed: int, replication: int, name: str, *key: int) -> np.random.Generator:
    """Return the generator of one named stream.

    Parameters
    ----------
    seed
        The scenario's seed, from 0.
    replication
        Which replication, from 0.
    name
        What is drawn, such as ``"logins"``.
    key
        Which part of it: an interval, a run. Those before the scenario's start have negative numbers.

    Returns
    -------
    numpy.random.Generator
        An SFC64 generator, the fastest that NumPy has.
    """
    spawn_key = (replication, zlib.crc32(name.encode()), *(part + _SHIFT for part in key))
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=spawn_key)))


_SHIFT = 2**31
"""NumPy's keys begin at 0."""
