"""What every count of tokens gives."""

from abc import abstractmethod
from typing import Annotated, ClassVar, Final

import numpy as np

from simulator.core.arrays import IntArray
from simulator.core.component import Component, OneOf
from simulator.core.input_files.short_forms import Short
from simulator.core.prompt_lengths import PROMPT_STEP

TOKEN_BITS: Final = 24
"""Bits that hold one side of a call's tokens, where both are carried as one number."""
MOST_TOKENS: Final = 2**TOKEN_BITS - 1
"""On either side of a call; the longest contexts hold a tenth of it."""

RAREST = 1e-12
"""Longest prompts that bring this share of all tokens at most are not told apart."""


class Tokens(Component):
    """A random whole number of tokens, at least one."""

    short: ClassVar[Short | None] = Short("count", "fixed")

    @property
    @abstractmethod
    def mean_tokens(self) -> float:
        """Its mean."""

    @abstractmethod
    def above(self, count: int) -> tuple[float, float]:
        """Return the chance that there are more than ``count``, from 1 on, and how many of the mean those bring."""

    def by_prompt(self) -> list[tuple[int, float, float]]:
        """Return the classes of prompts, each with its chance and its part of the mean; the rarest are one."""
        found: list[tuple[int, float, float]] = []
        chance, mean = 1.0, self.mean_tokens
        least = mean * RAREST
        while mean > 0:
            number = len(found) + 1
            chance_above, mean_above = self.above(number * PROMPT_STEP)
            if mean_above <= least:
                chance_above = mean_above = 0.0
            found.append((number, chance - chance_above, mean - mean_above))
            chance, mean = chance_above, mean_above
        return [each for each in found if each[2] > 0]

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> IntArray:
        """Return ``size`` independent counts, each from 1 to `MOST_TOKENS`."""


AnyTokens = Annotated[Tokens, OneOf("simulator.backends.tokens")]
"""How many tokens."""
