"""A mean with its 95 % interval over replications."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over replications and its 95 % t-interval; without an interval where there is one replication."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Estimate":
        """Return the estimate from one value per replication."""
        sample = np.asarray(values, dtype=np.float64)
        mean = float(sample.mean())
        if sample.size == 1:
            return cls(mean, math.nan, math.nan)
        half = (
            float(stdtrit(sample.size - 1, (1 + CONFIDENCE) / 2)) * float(sample.std(ddof=1)) / math.sqrt(sample.size)
        )
        return cls(mean, mean - half, mean + half)

    @classmethod
    def between(cls, ones: Sequence[float], others: Sequence[float]) -> "Estimate":
        """Return how far the mean of some values lies above that of others that are independent of them.

        The interval is Welch's [1]_; there is none where either has one value.

        References
        ----------
        .. [1] B. L. Welch, "The generalization of 'Student's' problem when several different population variances are
           involved", 1947.
        """
        samples = [np.asarray(values, dtype=np.float64) for values in (ones, others)]
        mean = float(samples[0].mean() - samples[1].mean())
        if min(sample.size for sample in samples) == 1:
            return cls(mean, math.nan, math.nan)
        parts = [float(sample.var(ddof=1)) / sample.size for sample in samples]
        if sum(parts) == 0:
            return cls(mean, mean, mean)
        freedom = sum(parts) ** 2 / sum(
            part**2 / (sample.size - 1) for part, sample in zip(parts, samples, strict=True)
        )
        half = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * math.sqrt(sum(parts))
        return cls(mean, mean - half, mean + half)

    @property
    def half_width(self) -> float:
        """Half the interval's width; NaN with one replication."""
        return (self.high - self.low) / 2

    @property
    def includes_zero(self) -> bool:
        """Whether 0 lies in the interval; with one replication, whether the value is 0."""
        if math.isnan(self.low):
            return self.mean == 0
        return self.low <= 0 <= self.high

    def as_dict(self) -> dict[str, float | None]:
        """Return mean, low and high for JSON; an interval that is not known is null."""
        known = not math.isnan(self.low)
        return {"mean": self.mean, "low": self.low if known else None, "high": self.high if known else None}


def worth_of_pairing(pairs: Sequence[tuple[float, float]]) -> float:
    """Return as good as how many times the replications a difference is because both saw the same random numbers.

    That is the variance that it would have with random numbers of their own over the one that it has; NaN with one
    replication, or where nothing varies.
    """
    sample = np.asarray(pairs, dtype=np.float64)
    if len(sample) == 1:
        return math.nan
    apart, paired = float(sample.var(axis=0, ddof=1).sum()), float((sample[:, 0] - sample[:, 1]).var(ddof=1))
    if paired == 0:
        return math.inf if apart else math.nan
    return apart / paired
