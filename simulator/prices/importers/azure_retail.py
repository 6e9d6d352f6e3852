"""Azure's retail prices, as ``prices.azure.com/api/retail/prices`` answers: a page of it, or a list of its items [1]_.

References
----------
.. [1] learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from typing_extensions import override

from simulator.core.units import DAY_S, HOUR_S
from simulator.prices.importers.base import Imported, Importer, Reading, Row, file_date, json_of
from simulator.prices.importers.instances import HourlyPrices

MACHINES: Final = "Virtual Machines"
TERMS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {"1 Year": ("reserved_1y", 1), "3 Years": ("reserved_3y", 3)}
)
YEAR_H: Final = 365 * DAY_S / HOUR_S
NEEDED: Final = ("armRegionName", "currencyCode", "retailPrice", "serviceName", "skuName", "type", "unitOfMeasure")


class AzureRetail(Importer):
    """Prices of virtual machines that run Linux: on demand, spot, and reserved for a year or three.

    A reservation's price is that of its whole term, and is spread over the hours of it.
    """

    kind: Literal["azure-retail"] = "azure-retail"

    @override
    def read(self, path: Path) -> Imported:
        data, reading = json_of(path), Reading(path)
        rows, more = list(_rows(data, reading)), isinstance(data, dict) and bool(data.get("NextPageLink"))
        reading.done()
        rows = [row for row in rows if row.cells["serviceName"] == MACHINES] or rows
        hourly, others = HourlyPrices(reading), list[tuple[str, str]]()
        for row in self.of_region(rows, "armRegionName", path):
            why = _not_ours(row.cells)
            if why:
                others.append((why, row.cells.get("skuName") or row.cells.get("meterName") or "?"))
                continue
            self._add(row, hourly, reading, path)
        reading.done()
        if more:
            others.append(("the answer goes on at NextPageLink, and only this page of it is here", "NextPageLink"))
        left_out = hourly.left_out(*others)
        return Imported(self.book_of(path, tuple(hourly.groups()), left_out), left_out)

    def _add(self, row: Row, hourly: HourlyPrices, reading: Reading, path: Path) -> None:
        cells = row.cells
        usd = reading.amount(cells["retailPrice"], None, f"Items[{row.line - 1}].retailPrice")
        purchase, years = "spot" if cells["skuName"].endswith(" Spot") else "on_demand", 0
        if cells["type"] == "Reservation":
            purchase, years = TERMS[cells["reservationTerm"]]
        if years and usd is not None:
            usd /= years * YEAR_H
        date = cells.get("effectiveStartDate", "")[:10] or file_date(path)
        source = f"Azure retail prices in {cells['armRegionName']}, from {path.name}"
        hourly.add(row, reading.text(row, "armSkuName"), purchase, usd, source, date)


def _rows(data: Any, reading: Reading) -> Iterator[Row]:
    items = data.get("Items") if isinstance(data, dict) else data
    if not isinstance(items, list):
        reading.wrong(None, "", "must be an answer with 'Items', or a list of them")
        return
    for place, item in enumerate(items):
        missing = [key for key in NEEDED if not isinstance(item, dict) or key not in item]
        if missing:
            reading.wrong(None, f"Items[{place}]", f"has no {', '.join(missing)}")
        else:
            yield Row(place + 1, {key: "" if value is None else str(value) for key, value in item.items()})


def _not_ours(cells: Mapping[str, str]) -> str:
    """Return why a price is not read; empty where it is."""
    sku, product, kind = cells.get("skuName", ""), cells.get("productName", ""), cells["type"]
    reasons = {
        f"no meter counts {cells['serviceName']}": cells["serviceName"] != MACHINES,
        f"prices in {cells['currencyCode']}; only USD is read": cells["currencyCode"] != "USD",
        f"prices per {cells['unitOfMeasure']}": cells["unitOfMeasure"] != "1 Hour",
        "machines with Windows": "Windows" in product,
        "low priority, which became spot": sku.endswith(" Low Priority"),
        "reservations of another term": kind == "Reservation" and cells.get("reservationTerm") not in TERMS,
        f"prices of type {kind}": kind not in {"Reservation", "Consumption"},
        "machines of Cloud Services or dedicated hosts": "Dedicated" in product or "Cloud Services" in product,
        "prices from some quantity on": cells.get("tierMinimumUnits", "") not in {"", "0", "0.0"},
    }
    return next((why for why, holds in reasons.items() if holds), "")
