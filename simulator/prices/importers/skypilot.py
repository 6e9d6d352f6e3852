"""SkyPilot's catalogue of a provider's machines, ``vms.csv``.

A machine has a row for each zone of a region. Its on-demand price is the same in all of them; its spot price is not,
and the lowest is taken, as SkyPilot itself takes it.

Google sells accelerators apart from machines, and so the list has rows of both. Most machines can be had without one;
those of its families A and G cannot, and their rows are the price of the host alone.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from typing_extensions import override

from simulator.prices.importers.base import Imported, Importer, Reading, Row, file_date, table
from simulator.prices.importers.instances import HourlyPrices

COLUMNS = {"on_demand": "Price", "spot": "SpotPrice"}
Accelerator = tuple[str, float]
"""Its name, and how many."""
ACCELERATOR_OF: Final[Mapping[str, Accelerator]] = MappingProxyType(
    {
        **{f"a2-highgpu-{count}g": ("A100", count) for count in (1, 2, 4, 8)},
        "a2-megagpu-16g": ("A100", 16),
        **{f"a2-ultragpu-{count}g": ("A100-80GB", count) for count in (1, 2, 4, 8)},
        **{f"g2-standard-{cores}": ("L4", 1) for cores in (4, 8, 12, 16, 32)},
        "g2-standard-24": ("L4", 2),
        "g2-standard-48": ("L4", 4),
        "g2-standard-96": ("L4", 8),
        **{f"a3-highgpu-{count}g": ("H100", count) for count in (1, 2, 4, 8)},
        "a3-megagpu-8g": ("H100-MEGA", 8),
        "a3-ultragpu-8g": ("H200", 8),
        "a4-highgpu-8g": ("B200", 8),
    }
)
"""What Google's machines have built in, as SkyPilot names it: skypilot-org/skypilot, sky/catalog/gcp_catalog.py,
``_ACC_INSTANCE_TYPE_DICTS``, at 00526108."""
_NOT_WITHOUT: Final = re.compile(r"[ag][0-9]+[a-z]?-")
"""What names of Google's machines begin with that cannot be had without an accelerator: A2, A3, A4, A4X, G2, G4 and
whatever follows (cloud.google.com/compute/docs/accelerator-optimized-machines)."""
HOST_ALONE = "machines that cannot be had without their accelerator, whose price the list lacks"
AMBIGUOUS = "machines that the list has with several accelerators"
APART = "accelerators that are sold apart from machines"


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
        hourly, date = HourlyPrices(reading), file_date(path)
        sold_apart = _SoldApart([row for row in rows if not _cell(row, "InstanceType")])
        left_out: dict[tuple[str, str], None] = {}
        for name, machine in _machines(rows).items():
            accelerators = {(_cell(row, "AcceleratorName"), _cell(row, "AcceleratorCount")) for row in machine}
            built_in = "" in accelerators.pop() and bool(_NOT_WITHOUT.match(name))
            if accelerators:
                left_out[AMBIGUOUS, name] = None
                continue
            needs = ACCELERATOR_OF.get(name) if built_in else None
            if built_in and (needs is None or not sold_apart.has(needs)):
                left_out[HOST_ALONE, name] = None
                continue
            source = f"SkyPilot's catalogue, {path.name}"
            if needs is not None:
                source += f"; the machine and its {needs[1]:g} {needs[0]}"
            for purchase, column in COLUMNS.items():
                usd = _lowest(machine, column, needs, sold_apart, reading)
                hourly.add(machine[0], reading.text(machine[0], "InstanceType"), purchase, usd, source, date)
        reading.done()
        more = (*left_out, *((APART, f"{count:g} {what}") for what, count in sold_apart.unused()))
        told = hourly.left_out(*more)
        return Imported(self.book_of(path, tuple(hourly.groups()), told), told)


def _cell(row: Row, column: str) -> str:
    return row.cells.get(column, "").strip()


def _machines(rows: Sequence[Row]) -> Mapping[str, list[Row]]:
    """Return the rows of each machine."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if _cell(row, "InstanceType"):
            found[_cell(row, "InstanceType")].append(row)
    return found


@dataclass
class _SoldApart:
    """Accelerators that the list prices without a machine."""

    rows: Sequence[Row]
    used: set[Accelerator] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._rows: defaultdict[Accelerator, dict[str, Row]] = defaultdict(dict)
        for row in self.rows:
            self._rows[_accelerator(row)].setdefault(_zone(row), row)

    def has(self, wanted: Accelerator) -> bool:
        """Return whether there is a price of it anywhere."""
        return wanted in self._rows

    def row(self, wanted: Accelerator, zone: str) -> Row | None:
        """Return what it costs in a zone."""
        self.used.add(wanted)
        return self._rows[wanted].get(zone)

    def unused(self) -> Iterator[Accelerator]:
        """Yield what no machine has built in."""
        return (each for each in self._rows if each not in self.used)


def _accelerator(row: Row) -> Accelerator:
    try:
        return _cell(row, "AcceleratorName"), float(_cell(row, "AcceleratorCount") or 1)
    except ValueError:
        return f"{_cell(row, 'AcceleratorName')} {_cell(row, 'AcceleratorCount')}", 1.0


def _zone(row: Row) -> str:
    return _cell(row, "AvailabilityZone") or _cell(row, "Region")


def _lowest(
    machine: Sequence[Row], column: str, needs: Accelerator | None, sold_apart: _SoldApart, reading: Reading
) -> float | None:
    """Return a machine's lowest price in any zone, with the accelerator that it needs; None where it has none. [USD]"""
    found: list[float] = []
    for row in machine:
        usd = reading.usd(row, column)
        if usd and needs is not None:
            other = sold_apart.row(needs, _zone(row))
            beside_usd = None if other is None else reading.usd(other, column)
            usd = usd + beside_usd if beside_usd else None
        if usd:
            found.append(usd)
    return min(found, default=None)
