"""A store whose capacity to write and to read is bought by the hour, used or not."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from typing_extensions import override

from simulator.core.steps import started_steps
from simulator.core.units import KIB_PER_GIB
from simulator.core.usage import Driver, Usage
from simulator.plans.billing_mode.base import BillingMode, Rented, StoreUse, storage

STORES = ("dynamodb_provisioned",)
WRITE_STEP_GIB, READ_STEP_GIB = 1 / KIB_PER_GIB, 4 / KIB_PER_GIB
"""What a unit writes, and reads with strong consistency, in a second, as AWS defines the units of DynamoDB. [GiB]"""
UNIT_HOURS = "unit h"


class Provisioned(BillingMode):
    """Units of write and of read capacity are paid by the hour, as with DynamoDB's provisioned mode.

    A unit writes a row of up to 1 KiB, or reads one of up to 4 KiB, in a second; larger rows take a unit for each
    started step. Write capacity is the store's `write_capacity`.
    """

    kind: Literal["provisioned"] = "provisioned"
    by_capacity: ClassVar[bool] = True
    paid_by: ClassVar[str] = "the capacity bought"

    @classmethod
    @override
    def recognises(cls, meter: str) -> bool:
        return meter in STORES

    @override
    def fault(self, store: Rented) -> str | None:
        if store.write_capacity_per_s is None:
            return f"{store.meter} is paid by the capacity that is bought; give 'write_capacity', such as 50_000/s"
        return None

    @override
    def used(self, store: Rented, use: StoreUse) -> Iterator[Usage]:
        assert store.write_capacity_per_s is not None
        yield Usage(
            "write capacity",
            f"{store.meter}/write_capacity",
            store.write_capacity_per_s * started_steps(use.row_gib, WRITE_STEP_GIB) * use.hours,
            UNIT_HOURS,
            Driver.POPULATION,
            after_events=use.batch_rows is None and use.nearline_rows is not None,
            computes_ahead=use.batch_rows is not None or use.nearline_rows is not None,
            stores=True,
        )
        bought = store.read_capacity_per_s is not None
        per_s = use.busiest_reads_per_s if store.read_capacity_per_s is None else store.read_capacity_per_s
        yield Usage(
            "read capacity",
            f"{store.meter}/read_capacity",
            per_s * started_steps(use.row_gib, READ_STEP_GIB) * use.hours,
            UNIT_HOURS,
            Driver.POPULATION if bought else Driver.TRAFFIC,
            stores=True,
        )
        yield storage(store.meter, use)
