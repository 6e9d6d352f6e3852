"""A store that is paid by the row: written, read, and held."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from typing_extensions import override

from simulator.core.usage import Usage
from simulator.plans.billing_mode.base import BillingMode, Rented, StoreUse, batch_writes, other_writes, reads, storage


class Rows(BillingMode):
    """Each row written or read is paid for, and so is the room, as with a key-value store on demand."""

    kind: Literal["rows"] = "rows"
    paid_by: ClassVar[str] = "the row"

    @classmethod
    @override
    def recognises(cls, meter: str) -> bool:
        """Return False: it is what every store is that no other billing mode recognises."""
        return False

    @override
    def used(self, store: Rented, use: StoreUse) -> Iterator[Usage]:
        if use.batch_rows is not None:
            yield batch_writes(store.meter, use.batch_rows, use)
        yield from other_writes(store.meter, use)
        yield reads(store.meter, use)
        yield storage(store.meter, use)
