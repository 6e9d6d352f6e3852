"""A bill in the FinOps foundation's format, FOCUS 1.0 to 1.3, as AWS exports it: CSV or Parquet [1]_.

References
----------
.. [1] focus.finops.org/focus-specification, and "FOCUS 1.0 with AWS columns" of AWS Data Exports, whose own columns
   name the usage.
"""

from pathlib import Path
from typing import Literal

import pyarrow.compute as pc
from typing_extensions import override

from simulator.prices.importers.base import Imported
from simulator.prices.importers.invoices import Invoice, InvoiceImporter, first_true, numbers, rows_of, texts

COSTS = {"contracted": "ContractedCost", "effective": "EffectiveCost", "list": "ListCost"}
TEXTS = (
    "x_ServiceCode",
    "x_UsageType",
    "x_Operation",
    "RegionId",
    "BillingCurrency",
    "ChargeCategory",
    "ChargeClass",
    "ChargePeriodStart",
)


class Focus(InvoiceImporter):
    """Prices really paid: contracted, effective or list (``--rate``) cost over quantity, of what AWS charged as usage.

    Taxes, credits, purchases and corrections are left out.
    """

    kind: Literal["focus"] = "focus"

    @override
    def read(self, path: Path) -> Imported:
        rate, invoice = self.check_rate(path), Invoice()
        cost, quantity = COSTS[rate], "PricingQuantity"
        for rows in rows_of(path, (*TEXTS, quantity, cost)):
            service, usage, operation, region, currency, category, kind, days = (texts(rows[name]) for name in TEXTS)
            amounts = numbers(rows[quantity], quantity, path)
            why_not = first_true(
                len(days),
                {
                    "charges that are no usage": pc.not_equal(category, "Usage"),
                    "corrections of earlier bills": pc.equal(kind, "Correction"),
                    "no quantity": pc.less_equal(amounts, 0.0),
                },
            )
            keys = [service, usage, operation, region, currency, why_not]
            invoice.add(keys, amounts, numbers(rows[cost], cost, path), days)
        return self.made_of(invoice, path, rate)
