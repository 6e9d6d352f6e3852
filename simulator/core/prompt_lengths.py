"""How quantities split by the length of the prompts that they belong to, in classes of a thousand tokens.

Price lists state other prices for prompts above so many thousand tokens, and there are 128, 200, 272 and more of them.
What is counted knows no prices; counted by thousands begun, it can be priced by any such list, and priced anew by
another one, to the last token.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeAlias, TypeVar

from simulator.core.arrays import IntArray

PROMPT_STEP: Final = 1_000
"""Tokens of a class. Class k holds the prompts of more than 1,000 (k - 1) and up to 1,000 k tokens."""

ByPrompt: TypeAlias = tuple[tuple[int, float], ...]
"""Classes in rising order, each with its part of a quantity; empty for what has nothing to do with prompts."""


Number = TypeVar("Number", int, IntArray)


def prompt_class(tokens: Number) -> Number:
    """Return the class of a prompt of so many tokens: its thousands begun."""
    return -(-tokens // PROMPT_STEP)


def scaled_by_prompt(parts: ByPrompt, factor: float) -> ByPrompt:
    """Return ``factor`` times each part."""
    return tuple((number, part * factor) for number, part in parts)


def mean_by_prompt(several: Iterable[ByPrompt]) -> ByPrompt:
    """Return the mean of each class's parts; a class that is not there has none."""
    found, parts = list(several), defaultdict[int, list[float]](list)
    for each in found:
        for number, part in each:
            parts[number].append(part)
    return tuple((number, math.fsum(parts[number]) / len(found)) for number in sorted(parts))
