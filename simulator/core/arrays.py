"""The kinds of arrays that the program passes about, each under the name of what is in it."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]
UserArray: TypeAlias = npt.NDArray[np.int32]
"""Numbers of users; what marks one is its sign."""
SlotArray: TypeAlias = npt.NDArray[np.int32]
"""Numbers of slots, or of what else is numbered up to two thousand million."""
WordArray: TypeAlias = npt.NDArray[np.uint32]
"""Rows of the prediction store; see simulation.state.rows."""
HashArray: TypeAlias = npt.NDArray[np.uint64]
BitSet: TypeAlias = npt.NDArray[np.uint64]
"""A bit for each of some things, 64 a word; see simulation.state.bit_sets."""
