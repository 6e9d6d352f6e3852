"""SkyPilot's catalogue of a provider's machines, ``vms.csv``.

A machine has a row for each zone of a region. Its on-demand price is the same in all of them; its spot price is not,
and the lowest is taken, as SkyPilot itself takes it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from typing_extensions import override

from simulator.prices.importers.base import Imported, Importer, Reading, Row, file_date, table
from simulator.prices.importers.instances import HourlyPrices

COLUMNS = {"on_demand": "Price", "spot": "SpotPrice"}


class SkyPilot(Importer):
    """Columns ``InstanceType``, ``Price``, ``Region``, and ``SpotPrice`` if present.

    References
    ----------
    .. [1] skypilot-org/skypilot-catalog, README.md, "Schema V8".
    """

    kind: Literal["skypilot"] = "skypilot"

    @override
    def read(self, path: Path) -> Imported:
        rows, reading = self.of_region(table(path, ("InstanceType", "Price", "Region")), "Region", path), Reading(path)
        hourly, source, date = HourlyPrices(reading), f"SkyPilot's catalogue, {path.name}", file_date(path)
        named = [row for row in rows if row.cells["InstanceType"].strip()]  # accelerators that are sold by themselves
        for purchase, column in COLUMNS.items():
            for row, usd in _lowest(named, column, reading):
                hourly.add(row, reading.text(row, "InstanceType"), purchase, usd, source, date)
        reading.done()
        return Imported(self.book_of(path, tuple(hourly.groups())), hourly.left_out + len(rows) - len(named))


def _lowest(rows: Iterable[Row], column: str, reading: Reading) -> Iterable[tuple[Row, float | None]]:
    """Yield each machine's first row and its lowest price, None where it has none."""
    first: dict[str, Row] = {}
    lowest: dict[str, float] = {}
    for row in rows:
        instance = row.cells["InstanceType"].strip()
        first.setdefault(instance, row)
        usd = reading.usd(row, column)
        if usd:
            lowest[instance] = min(usd, lowest.get(instance, usd))
    return [(row, lowest.get(instance)) for instance, row in first.items()]
