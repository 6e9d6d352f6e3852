"""Machines as FOCUS tells them apart, whoever's bill it is: by what stands in ``SkuPriceDetails`` [1]_.

References
----------
.. [1] focus.finops.org, FOCUS 1.1 to 1.3, column SKU Price Details: ``InstanceType``, ``OperatingSystem`` and others;
   a provider's own begin with ``x_``. Pricing Category is Standard, Dynamic (spot) or Committed; Pricing Unit such as
   ``Hours`` or ``100 Hours``.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from simulator.prices.importers.aws_usage import Counted

MARK: Final = "FOCUS: "
"""What an operation begins with that is made of these columns."""
NOTHING: Final = "-"
_HOURS: Final = re.compile(r"(?:(\d+(?:\.\d+)?) )?Hours?")
_PURCHASES: Final[Mapping[str, str]] = MappingProxyType({"Standard": "on_demand", "Dynamic": "spot"})


def operation_of(details: object, category: str, unit: str) -> str:
    """Return what a row says of its machine, in one text; empty where it is no machine.

    Parameters
    ----------
    details
        ``SkuPriceDetails``: JSON, or pairs as Parquet has them.
    category, unit
        ``PricingCategory`` and ``PricingUnit``.
    """
    said = _said(details)
    machine = said.get("InstanceType") or said.get("x_InstanceType")
    if not machine or not isinstance(machine, str):
        return ""
    system = said.get("OperatingSystem") or said.get("x_OperatingSystem") or NOTHING
    return MARK + "; ".join((machine, str(system), category or NOTHING, unit or NOTHING))


def _said(details: object) -> Mapping[str, Any]:
    if isinstance(details, str):
        try:
            details = json.loads(details)
        except ValueError:
            return {}
    if isinstance(details, (list, tuple)):
        return {str(each[0]): each[1] for each in details if isinstance(each, (list, tuple)) and len(each) == 2}  # noqa: PLR2004
    return details if isinstance(details, Mapping) else {}


def counted_machine(operation: str) -> Counted | None:
    """Return how a machine's hours are counted here; None where it runs another system than Linux, or is committed."""
    machine, system, category, unit = operation.removeprefix(MARK).rsplit("; ", 3)
    hours, purchase = _HOURS.fullmatch(unit), _PURCHASES.get(category)
    if hours is None or purchase is None or system.lower() != "linux" or "/" in machine:
        return None
    return Counted((f"instance/{machine}/{purchase}",), "h", float(hours[1] or 1.0))
