"""A store in memory: whole nodes are rented, and reads and writes are free."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, Final, Literal

from typing_extensions import override

from simulator.core.steps import started_steps
from simulator.core.units import Gib
from simulator.core.usage import Usage
from simulator.plans.billing_mode.base import BillingMode, Rented, StoreUse

PREFIX = "elasticache/"
REDIS, REDIS_NODE = "redis", "redis/node"
"""A store whose type of node is left to the price book, and the meter of its nodes' hours."""
RESERVED_FRACTION = 0.25
"""Of a node's memory, kept free for what is not data: the default of `reserved-memory-percent` (AWS, ElastiCache User
Guide, "Managing reserved memory", read 2026-11)."""
GIB_BYTES = 2**30
MAXMEMORY_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "cache.m4.large": 6_892_593_152,
        "cache.m6g.12xlarge": 168_715_971_994,
        "cache.r5.4xlarge": 113_609_865_216,
        REDIS: 113_609_865_216,
    }
)
"""Memory of a node for data and what is reserved: AWS, ElastiCache User Guide, "Valkey and Redis OSS node-type specific
parameters", read 2026-11; redis is a cache.r5.4xlarge, as in the bundled price book. [bytes]"""


class Nodes(BillingMode):
    """As many nodes are rented as the most that is held needs, over the whole horizon; there are no copies.

    Where the store has a `size_limit`, that is the room that is rented. What a key adds to its row is left out.
    """

    kind: Literal["nodes"] = "nodes"
    paid_by: ClassVar[str] = "the node"
    room_gib: Gib | None = None
    """Room for rows on one node; it is known for the types cache.m4.large, cache.m6g.12xlarge and cache.r5.4xlarge of
    ElastiCache, and for `redis`, which is the last of these: their memory less the quarter that is reserved."""

    @classmethod
    @override
    def recognises(cls, meter: str) -> bool:
        return meter.startswith(PREFIX) or meter == REDIS

    def room_of_node_gib(self, meter: str) -> float | None:
        """Return the room for rows on one node; None where nobody knows. [GiB]"""
        known = MAXMEMORY_BYTES.get(meter.removeprefix(PREFIX))
        if self.room_gib is not None or known is None:
            return self.room_gib
        return known * (1 - RESERVED_FRACTION) / GIB_BYTES

    @override
    def fault(self, store: Rented) -> str | None:
        if self.room_of_node_gib(store.meter) is None:
            room = "medium: {kind: nodes, room: 70 GiB}"
            return f"nobody knows how much room a node of {store.meter} has; write e.g. {room}"
        return None

    @override
    def used(self, store: Rented, use: StoreUse) -> Iterator[Usage]:
        room_gib = self.room_of_node_gib(store.meter)
        assert room_gib is not None
        needed_gib = use.peak_gib if store.size_limit_gib is None else store.size_limit_gib
        hours = started_steps(needed_gib, room_gib) * use.hours
        meter = REDIS_NODE if store.meter == REDIS else store.meter
        yield Usage("store nodes", meter, hours, "h", use.follows, stores=True, holds=True)
