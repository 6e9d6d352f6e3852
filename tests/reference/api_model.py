"""A plain model of an external API: two buckets with a level each, and the time of the prompt cache's last use."""

import csv
import math
from collections import Counter

import numpy as np

from simulator.backends.api import Api

MINUTE_S = 60.0
ROUNDING = 1e-8
"""Of a bucket's content: what the last digits of its level may add up to."""


def calls_in(api: Api) -> np.ndarray:
    """Read the calls of a file, row by row, without the program."""
    assert api.tokens is not None
    with api.tokens.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([(int(row[api.tokens.input]) << 24) + int(row[api.tokens.output]) for row in rows], dtype=np.int64)


class Bucket:
    """What a limit has left; it fills up within the time over which it holds, and then no further."""

    def __init__(self, per_minute: int | None, window_s: float, least: float = 0.0) -> None:
        self.per_s = math.inf if per_minute is None else per_minute / MINUTE_S
        self.most = max(self.per_s * window_s, least)
        self.left, self.looked_s = self.most, 0.0

    def has(self, t: float, amount: float) -> bool:
        """Fill up to the moment ``t``, and tell whether there is so much."""
        if math.isfinite(self.most):
            self.left = min(self.left + (t - self.looked_s) * self.per_s, self.most)
        self.looked_s = t
        return amount <= self.left + ROUNDING * self.most

    def take(self, amount: float) -> None:
        self.left -= amount


class ApiModel:
    """A provider, and the tokens that it has counted."""

    def __init__(self, api: Api, begin_s: float) -> None:
        self.api = api
        self.requests = Bucket(api.requests_per_minute, api.limit_window_s, least=1.0)
        self.tokens = Bucket(api.tokens_per_minute, api.limit_window_s)
        self.requests.looked_s = self.tokens.looked_s = begin_s
        self.prefix_used_s = -math.inf
        self.counts: Counter[str] = Counter()

    def call(self, t: float, tokens: int, factor: float, *, counts: bool) -> float | None:
        """Return how long a call takes; None if it is refused."""
        inputs, outputs = divmod(tokens, 2**24)
        cache, first = self.api.prompt_cache, self.api.first_token
        shared = cached = 0
        if cache:
            shared = min(cache.prefix, inputs)
            cached = shared if t - self.prefix_used_s <= cache.lifetime_s else 0
        limited = inputs + outputs - (0 if cache is None or cache.limited else cached)
        has_requests, has_tokens = self.requests.has(t, 1), self.tokens.has(t, limited)
        if not (has_requests and has_tokens):
            return None
        self.requests.take(1)
        self.tokens.take(limited)
        self.prefix_used_s = t
        if counts:
            found = {"input": inputs - shared, "cached": cached, "written": shared - cached, "output": outputs}
            self.counts.update({f"{name}_tokens": number for name, number in found.items()})
        reading_s = (inputs - cached) * first.per_input_token_s
        return (first.base_s + reading_s + outputs * self.api.per_token_s) * factor
