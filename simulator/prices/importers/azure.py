"""A table of Azure's on-demand prices."""

from pathlib import Path
from typing import Literal

from typing_extensions import override

from simulator.prices.importers.base import Imported, Importer, Reading, table
from simulator.prices.importers.instances import HourlyPrices


class Azure(Importer):
    """Columns ``price_date``, ``region``, ``vm_size``, ``on_demand_usd_per_hour``."""

    kind: Literal["azure"] = "azure"

    @override
    def read(self, path: Path) -> Imported:
        column = "on_demand_usd_per_hour"
        rows = self.of_region(table(path, ("price_date", "region", "vm_size", column)), "region", path)
        reading = Reading(path)
        hourly = HourlyPrices(reading)
        for row in rows:
            source = f"Azure on-demand prices in {row.cells['region']}, from {path.name}"
            instance, date = reading.text(row, "vm_size"), row.cells["price_date"]
            hourly.add(row, instance, "on_demand", reading.usd(row, column), source, date)
        reading.done()
        left_out = hourly.left_out()
        return Imported(self.book_of(path, tuple(hourly.groups()), left_out), left_out)
