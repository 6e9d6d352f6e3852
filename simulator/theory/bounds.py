"""The bounds of arguments: checks that name the parameter, the first value that breaks the rule, and the rule."""

import numpy as np
import numpy.typing as npt

from simulator.core.arrays import FloatArray


def positive(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each finite and above zero.

    Parameters
    ----------
    name
        The parameter's name, for the message.
    value
        One value, or an array of any shape.

    Raises
    ------
    ValueError
        If a value is 0 or below, infinite or NaN.
    """
    values = np.asarray(value, dtype=np.float64)
    return _require(name, values, np.isfinite(values) & (values > 0), "> 0 and finite")


def positive_or_infinite(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each above zero; infinity is a limit that the caller understands."""
    values = np.asarray(value, dtype=np.float64)
    return _require(name, values, values > 0, "> 0")


def non_negative(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each finite and 0 or above."""
    values = np.asarray(value, dtype=np.float64)
    return _require(name, values, np.isfinite(values) & (values >= 0), ">= 0 and finite")


def fraction(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each from 0 to 1, both included."""
    values = np.asarray(value, dtype=np.float64)
    return _require(name, values, (values >= 0) & (values <= 1), "a fraction from 0 to 1")


def open_fraction(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each strictly between 0 and 1."""
    values = np.asarray(value, dtype=np.float64)
    return _require(name, values, (values > 0) & (values < 1), "strictly between 0 and 1")


def quantile_level(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each from 0 to below 1."""
    values = np.asarray(value, dtype=np.float64)
    return _require(name, values, (values >= 0) & (values < 1), "a fraction from 0 to below 1")


def count(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each a whole number from 1."""
    values = np.asarray(value, dtype=np.float64)
    whole = np.isfinite(values) & (values >= 1) & (np.floor(values) == values)
    return _require(name, values, whole, "a whole number >= 1")


def at_least_one(name: str, value: npt.ArrayLike) -> FloatArray:
    """Return the values as floats, each finite and 1 or above."""
    values = np.asarray(value, dtype=np.float64)
    return _require(name, values, np.isfinite(values) & (values >= 1), ">= 1 and finite")


def _require(name: str, values: FloatArray, valid: npt.NDArray[np.bool_], rule: str) -> FloatArray:
    if not np.all(valid):
        first = values[~valid].flat[0] if values.ndim else values
        raise ValueError(f"{name}(={float(first)}) must be {rule}.")
    return values
