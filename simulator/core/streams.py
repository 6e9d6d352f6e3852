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
    of_seed = [seed >> bit & _WORD for bit in range(0, max(seed.bit_length(), _POOL_BITS), _WORD_BITS)]
    spawn_key = replication, zlib.crc32(name.encode()), *(part + _SHIFT for part in key)
    # What SeedSequence(seed, spawn_key=spawn_key) puts together takes it as long again if it is not handed over whole.
    entropy = np.array([*of_seed, *spawn_key], dtype=np.uint32)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(entropy)))


_SHIFT = 2**31
"""NumPy's keys begin at 0."""
_WORD_BITS, _POOL_BITS = 32, 128
_WORD = 2**_WORD_BITS - 1
