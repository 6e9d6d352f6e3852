"""A bill in the FinOps foundation's format, FOCUS 1.0 to 1.3: CSV or Parquet [1]_.

Of AWS' export all is understood that its own columns name; of others, from 1.1 on, machines by the hour.

References
----------
.. [1] focus.finops.org/focus-specification, and "FOCUS 1.0 with AWS columns" of AWS Data Exports, whose own columns
   name the usage.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import override

from simulator.core.tables import column_names
from simulator.prices.importers.base import Imported
from simulator.prices.importers.focus_usage import operation_of
from simulator.prices.importers.invoices import (
    Invoice,
    InvoiceImporter,
    Where,
    first_true,
    not_wanted,
    numbers,
    rows_of,
    texts,
)

COSTS: Final = {"contracted": "ContractedCost", "effective": "EffectiveCost", "list": "ListCost"}
AWS: Final = ("x_ServiceCode", "x_UsageType", "x_Operation")
"""Columns of AWS' own that name the usage."""
MACHINES: Final = ("SkuPriceDetails", "PricingCategory", "PricingUnit")
"""What tells machines apart in anybody's bill."""
NAMES: Final = ("SkuMeter", "SkuId", "ChargeDescription")
"""What names it in other bills: the first of them that there is."""
TEXTS: Final = ("RegionId", "BillingCurrency", "ChargeCategory", "ChargeClass", "ChargePeriodStart")
QUANTITY: Final = "PricingQuantity"


def read_focus(path: Path, rate: str, where: Sequence[Where] = ()) -> Invoice:
    """Return a bill in FOCUS, summed.

    Parameters
    ----------
    path
        The file.
    rate
        Which cost: contracted, effective or list.
    where
        What rows must say to be counted.

    Raises
    ------
    UserError
        If it cannot be read, or lacks a column.
    """
    present, invoice, cost = column_names(path), Invoice(), COSTS[rate]
    is_of_aws = set(AWS) <= set(present)
    naming = AWS if is_of_aws else ("ServiceName", next((each for each in NAMES if each in present), NAMES[0]))
    machines = MACHINES if not is_of_aws and set(MACHINES) <= set(present) else ()
    wanted = dict.fromkeys((*naming, *machines, *TEXTS, QUANTITY, cost, *(each.column for each in where)))
    for rows in rows_of(path, tuple(wanted)):
        service, usage, *operation = (texts(rows[name]) for name in naming)
        region, currency, category, kind, days = (texts(rows[name]) for name in TEXTS)
        amounts = numbers(rows[QUANTITY], QUANTITY, path)
        why_not = first_true(
            len(days),
            {
                "rows that are not wanted": not_wanted(rows, where),
                "charges that are no usage": pc.not_equal(category, "Usage"),
                "corrections of earlier bills": pc.equal(kind, "Correction"),
                "no quantity": pc.less_equal(amounts, 0.0),
            },
        )
        operation = operation or [_operations(rows, machines)]
        keys = [service, usage, *operation, region, currency, why_not]
        invoice.add(keys, amounts, numbers(rows[cost], cost, path), days)
    return invoice


def _operations(rows: Mapping[str, pa.Array], machines: Sequence[str]) -> pa.Array:
    """Return what rows say of their machines; nothing where the bill has not all the columns that say it."""
    if not machines:
        return pa.array([""] * len(next(iter(rows.values()))))
    details, category, unit = (rows[name] for name in machines)
    told = zip(details.to_pylist(), texts(category).to_pylist(), texts(unit).to_pylist(), strict=True)
    return pa.array([operation_of(*each) for each in told], pa.string())


class Focus(InvoiceImporter):
    """Prices really paid: contracted, effective or list (``--rate``) cost over quantity, of what is charged as usage.

    Of AWS all that it names as it does elsewhere; of others machines with Linux by the hour, on demand and spot. Taxes,
    credits, purchases and corrections are left out.
    """

    kind: Literal["focus"] = "focus"

    @override
    def read(self, path: Path) -> Imported:
        rate = self.check_rate(path)
        return self.made_of(read_focus(path, rate), path, rate)
