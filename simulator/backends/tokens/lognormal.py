"""Lognormal numbers of tokens."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator
from typing_extensions import override

from simulator.backends.tokens.base import MOST_TOKENS, Tokens
from simulator.core.arrays import IntArray
from simulator.core.duration.lognormal import Lognormal
from simulator.core.units import Count, Number


class LognormalTokens(Tokens):
    """One token and a lognormal number of further ones: mostly few, now and then very many.

    A fraction of a token is made whole at random, up as often as it is large, which keeps the mean exact; the
    standard deviation is that of the further tokens, to which this adds half a token at most.
    """

    kind: Literal["lognormal"] = "lognormal"
    mean: Annotated[Number, Field(gt=1, le=1_000_000, examples=[300])]
    """Mean number of tokens, before 'most' cuts the longest."""
    cv: Annotated[Number, Field(gt=0, le=100)]
    """Standard deviation over mean."""
    most: Annotated[Count, Field(le=MOST_TOKENS, examples=["4_096"])] = MOST_TOKENS
    """Where the provider or the caller cuts: whatever is longer counts as this many."""
    _further: Lognormal = PrivateAttr()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.most <= self.mean:
            raise ValueError(f"'most' ({self.most:,}) must be above the mean ({self.mean:g})")
        mean = self.mean - 1.0
        self._further = Lognormal.model_construct(mean_s=mean, cv=self.cv * self.mean / mean)
        return self

    @property
    @override
    def mean_tokens(self) -> float:
        return 1.0 + self._further.mean_up_to_s(self.most - 1.0)

    @override
    def above(self, count: int) -> tuple[float, float]:
        # with M(x) the mean of the further tokens cut at x: P(N > n) = M(n) - M(n - 1), whose sums are differences too
        if count >= self.most:
            return 0.0, 0.0
        up_to, before = (self._further.mean_up_to_s(float(n)) if n else 0.0 for n in (count, count - 1))
        chance = max(up_to - before, 0.0)
        return chance, count * chance + max(self._further.mean_up_to_s(self.most - 1.0) - before, 0.0)

    @override
    def draw(self, rng: np.random.Generator, size: int) -> IntArray:
        further = np.minimum(self._further.draw_s(rng, size), self.most - 1.0)
        further += rng.random(size)
        return np.floor(further, out=further).astype(np.int64) + 1
