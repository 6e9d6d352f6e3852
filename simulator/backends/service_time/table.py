"""A measured table of batch sizes and times."""

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator
from typing_extensions import override

from simulator.backends.service_time.base import ServiceTime
from simulator.core.component import Part
from simulator.core.files import InputFile
from simulator.core.units import Count, PositiveSeconds

COLUMNS = ("batch", "seconds")


class Point(Part):
    """One measurement."""

    batch: Annotated[Count, Field(examples=[64])]
    """Predictions computed together."""
    time_s: PositiveSeconds
    """How long that took."""


class Table(ServiceTime):
    """Measured times by batch size, with straight lines in between.

    A batch smaller than the smallest measured takes as long as that one; one larger than the largest is an error.
    """

    kind: Literal["table"] = "table"
    points: Annotated[list[Point], Field(max_length=1000)] | None = None
    """The measurements, in order of batch size."""
    path: InputFile | None = None
    """A CSV file of them with the columns `batch` and `seconds`, instead of `points`."""
    _batch: list[float] = PrivateAttr()
    _time_s: list[float] = PrivateAttr()

    @model_validator(mode="after")
    def _read(self) -> Self:
        if (self.points is None) == (self.path is None):
            raise ValueError("needs either 'points' or 'path', and not both")
        pairs = _read_csv(self.path) if self.path else [(float(p.batch), p.time_s) for p in self.points or []]
        if not pairs:
            raise ValueError("has no measurements")
        for (small, _), (large, _) in pairwise(pairs):
            if large <= small:
                raise ValueError(f"batch sizes must rise from point to point; {large:g} follows {small:g}")
        self._batch, self._time_s = [b for b, _ in pairs], [t for _, t in pairs]
        return self

    @override
    def mean_s(self, predictions: float) -> float:
        return float(np.interp(predictions, self._batch, self._time_s))

    @override
    def slowed(self, times: float) -> Self:
        measured = zip(self._batch, self._time_s, strict=True)
        points = [{"batch": int(batch), "time": f"{time_s * times:.12g} s"} for batch, time_s in measured]
        return type(self).model_validate({"points": points}).model_copy(update={"noise": self.noise})

    @property
    @override
    def bends(self) -> Sequence[int]:
        return tuple(int(batch) for batch in self._batch)

    @property
    @override
    def largest_batch(self) -> float:
        return self._batch[-1]


def _read_csv(path: Path) -> list[tuple[float, float]]:
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or [])]
            if missing:
                raise ValueError(f"{path} has no column '{missing[0]}'; it needs the columns batch and seconds")
            pairs = []
            for number, row in enumerate(rows, start=2):
                pair = _number(row["batch"]), _number(row["seconds"])
                if not (1 <= pair[0] < float("inf") and 0 < pair[1] < float("inf")):
                    raise ValueError(f"{path}, line {number}: needs a batch size from 1 and seconds above 0, not {row}")
                pairs.append(pair)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from error
    return pairs


def _number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return float("nan")
