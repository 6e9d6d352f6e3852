"""An object store: paid by the request, whatever the size, and by what is held."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from typing_extensions import override

from simulator.core.usage import Usage
from simulator.plans.billing_mode.base import BillingMode, Rented, StoreUse, batch_writes, other_writes, reads, storage

STORES = ("s3_standard",)


class Objects(BillingMode):
    """Batch runs write `rows_per_object` rows at once; a read fetches one row, as an object or as a range of one.

    What is computed online or after an event is written as an object of its own.
    """

    kind: Literal["objects"] = "objects"
    by_objects: ClassVar[bool] = True
    paid_by: ClassVar[str] = "the request"

    @classmethod
    @override
    def recognises(cls, meter: str) -> bool:
        return meter in STORES

    @override
    def used(self, store: Rented, use: StoreUse) -> Iterator[Usage]:
        if use.batch_rows is not None:
            yield batch_writes(store.meter, use.batch_rows / store.rows_per_object, use)
        yield from other_writes(store.meter, use)
        yield reads(store.meter, use)
        yield storage(store.meter, use)
