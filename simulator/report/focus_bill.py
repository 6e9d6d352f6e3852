"""A plan's bill in the FinOps foundation's format, FOCUS 1.2, for the tools that read invoices [1]_.

A forecast is of no provider and of no account; the price book stands for the one, and the scenario for the other.

References
----------
.. [1] focus.finops.org/focus-specification/v1-2
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from types import MappingProxyType
from typing import Any, Final

from simulator.core.units import MONTH_S
from simulator.prices.bill import Bill, BillLine
from simulator.report import format as form
from simulator.studies.comparison import Comparison, PlanResult

CATEGORIES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "instance": ("Compute", "Virtual Machines"),
        "aws_lambda": ("Compute", "Serverless Compute"),
        "aws_lambda_arm": ("Compute", "Serverless Compute"),
        "dynamodb_on_demand": ("Databases", "NoSQL Databases"),
        "dynamodb_provisioned": ("Databases", "NoSQL Databases"),
        "feature_store": ("Databases", "NoSQL Databases"),
        "redis": ("Databases", "Caching"),
        "elasticache": ("Databases", "Caching"),
        "s3_standard": ("Storage", "Object Storage"),
        "egress": ("Networking", "Content Delivery"),
        "kinesis_on_demand": ("Integration", "Messaging"),
        "llm": ("AI and Machine Learning", "Generative AI"),
    }
)
"""Service category and subcategory by the first part of a meter."""
OTHER: Final = ("Other", "Other (Other)")
COMMITTED, STANDARD, SPOT = "Committed", "Standard", "Dynamic"
_EMPTY: Final = ("AvailabilityZone", "CapacityReservationId", "CapacityReservationStatus", "ChargeClass", "InvoiceId")
_NO_COMMITMENT: Final = tuple(
    f"CommitmentDiscount{what}" for what in ("Category", "Id", "Name", "Quantity", "Status", "Type", "Unit")
)


def focus_rows(comparison: Comparison, plan: str) -> Iterator[dict[str, Any]]:
    """Yield a row for every line of a plan's bill, as FOCUS has it.

    Costs are of a 30-day month from the scenario's start on: at the list, with what is off it by contract, and as it is
    billed, with commitments.
    """
    result = comparison.plans[plan]
    listed = _lines(result, comparison, discounts=(), commitments=())
    contracted = _lines(result, comparison, commitments=())
    for number, line in enumerate(result.bill.lines):
        before = [lines[number] if number < len(lines) else line for lines in (listed, contracted)]
        yield dict(sorted({**_common(comparison, plan), **_row(line, *before)}.items()))


def _lines(result: PlanResult, comparison: Comparison, **terms: tuple[Any, ...]) -> tuple[BillLine, ...]:
    book = comparison.book.model_copy(update=terms)
    return Bill.of(result.bill.usages, book, result.bill.horizon_s).lines


def _common(comparison: Comparison, plan: str) -> dict[str, Any]:
    scenario = comparison.scenario
    begin = scenario.start.astimezone(UTC)
    begins, ends = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (begin, begin + timedelta(seconds=MONTH_S)))
    region = comparison.book.energy.grid.region if comparison.book.energy and comparison.book.energy.grid else None
    issuer = form.one_line(comparison.book.name)
    return {
        **dict.fromkeys((*_EMPTY, *_NO_COMMITMENT)),
        "BillingAccountId": form.one_line(scenario.name),
        "BillingAccountName": form.one_line(scenario.name),
        "BillingAccountType": "Scenario",
        "BillingCurrency": comparison.book.currency,
        "BillingPeriodStart": begins,
        "BillingPeriodEnd": ends,
        "ChargePeriodStart": begins,
        "ChargePeriodEnd": ends,
        "InvoiceIssuerName": issuer,
        "PricingCurrency": comparison.book.currency,
        "ProviderName": issuer,
        "PublisherName": issuer,
        "RegionId": region,
        "RegionName": region,
        "ResourceId": None,
        "ResourceName": None,
        "ResourceType": None,
        "SubAccountId": form.one_line(plan),
        "SubAccountName": form.one_line(plan),
        "SubAccountType": "Plan",
        "Tags": json.dumps({"plan": plan}, ensure_ascii=False),
        "x_IsForecast": True,
    }


def _row(line: BillLine, listed: BillLine, contracted: BillLine) -> dict[str, Any]:
    family, _, kind = line.meter.partition("/")
    category, subcategory = CATEGORIES.get(family, OTHER)
    is_unused = line is listed  # what a commitment leaves unused is on no bill without it
    purchase = SPOT if kind.endswith("/spot") else COMMITTED if "/reserved_" in kind else STANDARD
    found = {
        "BilledCost": line.usd_per_month,
        "ChargeCategory": "Purchase" if is_unused else "Usage",
        "ChargeDescription": form.one_line("; ".join(filter(None, (line.item, line.detail)))),
        "ChargeFrequency": "Recurring" if is_unused else "Usage-Based",
        "ConsumedQuantity": None if is_unused else line.quantity,
        "ConsumedUnit": None if is_unused else line.unit,
        "ContractedCost": contracted.usd_per_month,
        "ContractedUnitPrice": contracted.price_usd,
        "EffectiveCost": line.usd_per_month,
        "ListCost": listed.usd_per_month,
        "ListUnitPrice": listed.price_usd,
        "PricingCategory": purchase,
        "PricingQuantity": line.quantity,
        "PricingUnit": line.unit,
        "ServiceCategory": category,
        "ServiceName": family,
        "ServiceSubcategory": subcategory,
        "SkuId": line.meter,
        "SkuMeter": line.meter,
        "SkuPriceDetails": json.dumps({"x_Source": line.source, "x_Date": line.date}, ensure_ascii=False),
        "SkuPriceId": line.meter,
    }
    in_currency = {"ContractedUnitPrice", "EffectiveCost", "ListUnitPrice"}
    return {**found, **{f"PricingCurrency{name}": found[name] for name in in_currency}}


def focus_csv(comparison: Comparison, plan: str) -> str:
    """Return `focus_rows` as CSV; what there is not is empty."""
    rows, text = list(focus_rows(comparison, plan)), io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["BilledCost"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
