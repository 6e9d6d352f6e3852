"""A bill in the FinOps foundation's format, FOCUS 1.0 to 1.3, as AWS exports it: CSV or Parquet [1]_.

References
----------
.. [1] focus.finops.org/focus-specification, and "FOCUS 1.0 with AWS columns" of AWS Data Exports, whose own columns
   name the usage.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import override

from simulator.core.tables import column_names
from simulator.prices.importers.base import Imported
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
    naming = (
        AWS
        if set(AWS) <= set(present)
        else ("ServiceName", next((each for each in NAMES if each in present), NAMES[0]))
    )
    wanted = dict.fromkeys((*naming, *TEXTS, QUANTITY, cost, *(each.column for each in where)))
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
        keys = [service, usage, *(operation or [pa.array([""] * len(days))]), region, currency, why_not]
        invoice.add(keys, amounts, numbers(rows[cost], cost, path), days)
    return invoice


class Focus(InvoiceImporter):
    """Prices really paid: contracted, effective or list (``--rate``) cost over quantity, of what AWS charged as usage.

    Taxes, credits, purchases and corrections are left out.
    """

    kind: Literal["focus"] = "focus"

    @override
    def read(self, path: Path) -> Imported:
        rate = self.check_rate(path)
        return self.made_of(read_focus(path, rate), path, rate)
