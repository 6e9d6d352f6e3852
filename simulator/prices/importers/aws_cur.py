"""AWS' cost and usage report 2.0, a data export: CSV or Parquet [1]_.

References
----------
.. [1] docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from typing_extensions import override

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

TEXTS: Final = (
    "line_item_product_code",
    "line_item_usage_type",
    "line_item_operation",
    "product_region_code",
    "line_item_currency_code",
    "line_item_line_item_type",
    "line_item_usage_start_date",
)
USAGE_COLUMN: Final = TEXTS[1]
QUANTITY: Final = "line_item_usage_amount"
UNBLENDED: Final = "line_item_unblended_cost"
LIST: Final = "pricing_public_on_demand_cost"
RESERVED: Final = "reservation_effective_cost"
PLANNED: Final = "savings_plan_savings_plan_effective_cost"
_COSTS: Final = {"contracted": (UNBLENDED,), "effective": (UNBLENDED, RESERVED, PLANNED), "list": (LIST,)}
USAGE, BY_RESERVATION, BY_PLAN = "Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"


def read_cur(path: Path, rate: str, where: Sequence[Where] = ()) -> Invoice:
    """Return a report, summed; see `focus.read_focus`."""
    invoice, costs = Invoice(), _COSTS[rate]
    wanted = dict.fromkeys((*TEXTS, QUANTITY, *costs, *(each.column for each in where)))
    for rows in rows_of(path, tuple(wanted)):
        service, usage, operation, region, currency, kind, days = (texts(rows[name]) for name in TEXTS)
        amounts = numbers(rows[QUANTITY], QUANTITY, path)
        reserved, planned = pc.equal(kind, BY_RESERVATION), pc.equal(kind, BY_PLAN)
        is_usage = pc.or_(pc.equal(kind, USAGE), pc.or_(reserved, planned))
        why_not = first_true(
            len(kind),
            {
                "rows that are not wanted": not_wanted(rows, where),
                "charges that are no usage": pc.invert(is_usage),
                "no quantity": pc.less_equal(amounts, 0.0),
                "covered by a reservation, which has no contracted rate": pc.and_(
                    reserved, pa.scalar(value=rate == "contracted")
                ),
            },
        )
        cost = numbers(rows[costs[0]], costs[0], path)
        if rate == "effective":
            cost = pc.if_else(reserved, numbers(rows[RESERVED], RESERVED, path), cost)
            cost = pc.if_else(planned, numbers(rows[PLANNED], PLANNED, path), cost)
        invoice.add([service, usage, operation, region, currency, why_not], amounts, cost, days)
    return invoice


class AwsCur(InvoiceImporter):
    """Prices really paid: contracted, effective or list (``--rate``) cost over quantity, of what was charged as usage.

    What a reservation covers has no contracted price of its own, and is left out of that rate; the effective one has
    what the reservation or the savings plan costs for it.
    """

    kind: Literal["aws-cur"] = "aws-cur"

    @override
    def read(self, path: Path) -> Imported:
        rate = self.check_rate(path)
        return self.made_of(read_cur(path, rate), path, rate)
