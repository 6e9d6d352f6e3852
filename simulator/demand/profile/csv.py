"""Weights from a file of counts over time."""

from typing import Literal, Self

import numpy as np
from pydantic import PrivateAttr, model_validator
from typing_extensions import override

from simulator.core.files import InputFile
from simulator.core.units import HOURS_PER_DAY, HOURS_PER_WEEK
from simulator.demand.profile.base import FloatArray, Profile, from_hourly


class Csv(Profile):
    """The mean count per hour of the week in a CSV file with a column of times and one of counts."""

    kind: Literal["csv"] = "csv"
    path: InputFile
    """The file; a relative path starts at the scenario's folder."""
    time: str = "time"
    """Name of the column with the local time, in a form such as 2026-03-02 18:30."""
    value: str = "value"
    """Name of the column with the counts."""
    _hours: tuple[float, ...] = PrivateAttr()

    @model_validator(mode="after")
    def _read(self) -> Self:
        self._hours = tuple(_hour_of_week_means(self).tolist())
        return self

    @override
    def weekly_weights(self) -> FloatArray:
        return from_hourly(np.asarray(self._hours))


def _hour_of_week_means(profile: Csv) -> FloatArray:
    import pandas as pd  # noqa: PLC0415  (0.4 s that only this profile needs)

    try:
        table = pd.read_csv(profile.path)
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise ValueError(f"{profile.path} is not a CSV file: {error}") from error
    for column in (profile.time, profile.value):
        if column not in table:
            raise ValueError(f"{profile.path} has no column '{column}'; it has {', '.join(map(str, table.columns))}")
    time = pd.to_datetime(table[profile.time], errors="coerce")
    count = pd.to_numeric(table[profile.value], errors="coerce")
    bad = (time.isna() | ~np.isfinite(count) | (count < 0)).to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"{profile.path}, line {row + 2}: not a time and a count from 0 on: {table.iloc[row].to_dict()}"
        )
    hour = (time.dt.day_of_week * HOURS_PER_DAY + time.dt.hour).to_numpy()
    seen = np.bincount(hour, minlength=HOURS_PER_WEEK)
    if not seen.all():
        raise ValueError(
            f"{profile.path} covers {np.count_nonzero(seen)} of the 168 hours of a week; it must cover all"
        )
    means = np.bincount(hour, weights=count.to_numpy(dtype=np.float64), minlength=HOURS_PER_WEEK) / seen
    if means.sum() <= 0:
        raise ValueError(f"{profile.path}: all counts are 0")
    return np.asarray(means, dtype=np.float64)
