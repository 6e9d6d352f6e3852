"""A part of a node in memory, as where others fill the rest of it."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from typing_extensions import override

from simulator.core.usage import Usage
from simulator.plans.billing_mode.base import BillingMode, Rented, StoreUse


class Share(BillingMode):
    """What is held is paid by the GiB, as a part of a node's price, and reads and writes are free.

    Nobody rents out a part of a node: it is the cost of predictions that lie on nodes which are there for others and
    have the room. `nodes` is what predictions alone would take.
    """

    kind: Literal["share"] = "share"
    paid_by: ClassVar[str] = "the share of a node"

    @classmethod
    @override
    def recognises(cls, meter: str) -> bool:
        """Return False: it holds where it is asked for alone."""
        return False

    @override
    def caution(self, store: Rented) -> str | None:
        return (
            f"its store is billed as a share of a {store.meter} node, by the GiB, which nobody rents out; whole nodes "
            "of its own cost more: medium: {kind: nodes}"
        )

    @override
    def used(self, store: Rented, use: StoreUse) -> Iterator[Usage]:
        yield Usage(
            "share of a node", f"{store.meter}/storage", use.held_gib_h, "GiB h", use.follows, stores=True, holds=True
        )
