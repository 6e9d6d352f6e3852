"""First in, first out."""

from typing import Literal

from typing_extensions import override

from simulator.plans.eviction.base import Eviction


class FirstInFirstOut(Eviction):
    """The row that has not been written for longest makes room, however often it is read."""

    kind: Literal["fifo"] = "fifo"

    @property
    @override
    def reading_renews(self) -> bool:
        return False
