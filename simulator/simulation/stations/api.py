"""The hot loop of calls to an external API: its rate limits, its prompt cache, its tokens.

A limit is a bucket that holds a window's worth and is refilled without a pause; it is kept as the moment at which it
will be full again, which needs no looking at the clock. A limit that is not there takes no time to refill.
"""

from typing import Final

from simulator.backends.tokens.base import MOST_TOKENS, TOKEN_BITS
from simulator.core.jit import inlined
from simulator.core.prompt_lengths import PROMPT_STEP
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import Int

ROUNDING_S: Final = 1e-6
"""What the clock's last digits may add up to when a whole window's calls come at one moment."""
REFUSED: Final = -1.0


@inlined
def call(
    t: float,
    tokens: Int,
    factor: float,
    counts: bool,  # noqa: FBT001  (kernels take no keywords)
    own: Record,
) -> float:
    """Return how long a call takes until its answer is whole, or `REFUSED`. [s]

    Parameters
    ----------
    t
        When; calls come in order of time. [s]
    tokens
        Input tokens x 2^24 + output tokens.
    factor
        The random factor on its time.
    counts
        Whether its tokens do: whether what asks for it came within the horizon.
    own
        The record of CALLS.
    """
    inputs = tokens >> TOKEN_BITS
    outputs = tokens & MOST_TOKENS
    shared = min(inputs, own.prefix)
    cached = shared if t - own.prefix_used_s <= own.prefix_kept_s else 0
    limited = inputs + outputs - (0 if own.prefix_limited else cached)
    requests_full_s = max(own.requests_full_s, t) + own.request_room_s
    tokens_full_s = max(own.tokens_full_s, t) + limited * own.token_room_s
    if requests_full_s - t > own.request_bucket_s + ROUNDING_S or tokens_full_s - t > own.token_bucket_s + ROUNDING_S:
        return REFUSED
    own.requests_full_s = requests_full_s
    own.tokens_full_s = tokens_full_s
    own.prefix_used_s = t
    if counts:
        own.input_tokens += inputs - shared
        own.cached_tokens += cached
        own.written_tokens += shared - cached
        own.output_tokens += outputs
        by_kind = own.by_prompt[(inputs + PROMPT_STEP - 1) // PROMPT_STEP]
        by_kind[0] += inputs - shared
        by_kind[1] += cached
        by_kind[2] += shared - cached
        by_kind[3] += outputs
    return float((own.first_token_s + (inputs - cached) * own.input_token_s + outputs * own.output_token_s) * factor)
