"""A table of AWS instance types: on-demand prices, estimates of spot prices, and watts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from typing_extensions import override

from simulator.prices.energy import Energy, InstanceWatts, WattGroup
from simulator.prices.importers.base import Imported, Importer, Reading, Row, table
from simulator.prices.importers.instances import HourlyPrices

WATTS_WITHIN = 0.3
WATTS_WHY = (
    "the watts are estimates from stress tests of some machines, carried over to others by their thermal design power; "
    "they leave out disks and network cards"
)


class AwsInstances(Importer):
    """Columns ``price_date``, ``region``, ``instance_type``, ``on_demand_usd_per_hour``, and further ones if present.

    These are ``spot_est_usd_per_hour``, ``watt_idle`` and ``watt_100``.
    """

    kind: Literal["aws-instances"] = "aws-instances"

    @override
    def read(self, path: Path) -> Imported:
        needed = ("price_date", "region", "instance_type", "on_demand_usd_per_hour")
        rows, reading = self.of_region(table(path, needed), "region", path), Reading(path)
        hourly = HourlyPrices(reading)
        for row in rows:
            instance, date = reading.text(row, "instance_type"), row.cells["price_date"]
            for purchase, column, source in (
                ("on_demand", "on_demand_usd_per_hour", f"on-demand prices of {path.name}"),
                ("spot", "spot_est_usd_per_hour", f"estimates of spot prices of {path.name}"),
            ):
                if column in row.cells:
                    hourly.add(row, instance, purchase, reading.usd(row, column), source, date)
        watts = tuple(_watts(rows, reading))
        reading.done()
        energy = Energy(watts=(_watt_group(path, rows[0], watts),)) if watts else None
        left_out = hourly.left_out()
        return Imported(self.book_of(path, tuple(hourly.groups()), left_out, energy=energy), left_out)


def _watts(rows: list[Row], reading: Reading) -> Iterator[InstanceWatts]:
    for row in rows:
        idle_w, full_w = reading.watts(row, "watt_idle"), reading.watts(row, "watt_100")
        if idle_w is None or full_w is None:
            continue
        if full_w < idle_w:
            reading.wrong(row.line, "watt_100", f"{full_w:g} W at full load is less than {idle_w:g} W idle")
            continue
        yield InstanceWatts(instance=row.cells["instance_type"], idle=idle_w, full=full_w)


def _watt_group(path: Path, first: Row, watts: tuple[InstanceWatts, ...]) -> WattGroup:
    return WattGroup(
        source=f"watts of {path.name}",
        date=first.cells["price_date"],
        within=WATTS_WITHIN,
        why=WATTS_WHY,
        instances=watts,
    )
