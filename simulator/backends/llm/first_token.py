"""How long a language model takes until its answer begins."""

from typing import ClassVar

from simulator.core.component import Part
from simulator.core.input_files.short_forms import Short
from simulator.core.units import Seconds


class FirstToken(Part):
    """Time to the first token: the way to the provider and back, its queue, and the reading of the prompt."""

    short: ClassVar[Short | None] = Short("base")

    base_s: Seconds = 0.0
    """What it takes whatever the prompt."""
    per_input_token_s: Seconds = 0.0
    """Time per token of the prompt that is not read from the prompt cache."""
