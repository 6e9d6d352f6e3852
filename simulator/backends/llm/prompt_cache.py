"""The provider's cache of what prompts have in common."""

from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from simulator.backends.tokens.base import MOST_TOKENS
from simulator.core.component import Part
from simulator.core.input_files.short_forms import Short
from simulator.core.units import MINUTE_S, Count, PositiveSeconds

SHORT_LIFETIME_S: Final = 5 * MINUTE_S
"""What Anthropic's lower price of writing is for; the next one is for an hour. [s]"""


class PromptCache(Part):
    """All prompts begin alike, and a provider that has read this beginning a short time ago need not read it again.

    A call reads the beginning from the cache if another was admitted within the lifetime before it, which renews it;
    else it writes it. One call's beginning serves the next as soon as it is admitted. A prompt that is shorter than
    the beginning is all beginning. What is written costs as much as any input where the price book has no price for
    it: Anthropic has one for what is kept for five minutes (``cache_write``) and another for up to an hour
    (``cache_write_1h``), which holds for every longer `lifetime`; OpenAI has none. Calls of the batch tier neither read
    nor write the cache.
    """

    short: ClassVar[Short | None] = Short("prefix")

    prefix: Annotated[Count, Field(le=MOST_TOKENS, examples=["1_500"])]
    """Tokens that all prompts begin with."""
    lifetime_s: PositiveSeconds = SHORT_LIFETIME_S
    """How long after its last use the provider keeps it."""
    minimum: Annotated[Count, Field(le=MOST_TOKENS)] = 1_024
    """The shortest beginning that the provider keeps. 1,024 tokens at OpenAI and for most models of Anthropic, up to
    4,096 for others, read on 2026-11-23."""
    limited: bool = True
    """Whether tokens read from the cache count towards `tokens_per_minute`, as at OpenAI; they do not at Anthropic."""

    @property
    def is_long(self) -> bool:
        """Whether what is written pays the one-hour price."""
        return self.lifetime_s > SHORT_LIFETIME_S

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.prefix < self.minimum:
            raise ValueError(
                f"'prefix' ({self.prefix:,}) is below 'minimum' ({self.minimum:,}), the shortest that the provider "
                "keeps; leave the prompt cache out"
            )
        return self
