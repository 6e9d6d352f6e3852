"""The same number of tokens in every call."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from typing_extensions import override

from simulator.backends.tokens.base import MOST_TOKENS, Tokens
from simulator.core.arrays import IntArray
from simulator.core.units import Count


class FixedTokens(Tokens):
    """The same number of tokens in every call."""

    kind: Literal["fixed"] = "fixed"
    count: Annotated[Count, Field(le=MOST_TOKENS, examples=["2_000"])]
    """How many."""

    @property
    @override
    def mean_tokens(self) -> float:
        return float(self.count)

    @override
    def above(self, count: int) -> tuple[float, float]:
        return (1.0, float(self.count)) if self.count > count else (0.0, 0.0)

    @override
    def draw(self, rng: np.random.Generator, size: int) -> IntArray:
        return np.full(size, self.count, dtype=np.int64)
