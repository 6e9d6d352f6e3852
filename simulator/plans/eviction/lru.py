"""Least recently used."""

from typing import Literal

from typing_extensions import override

from simulator.plans.eviction.base import Eviction


class LeastRecentlyUsed(Eviction):
    """The row that has not been read or written for longest makes room."""

    kind: Literal["lru"] = "lru"

    @property
    @override
    def reading_renews(self) -> bool:
        return True
