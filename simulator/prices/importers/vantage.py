"""Vantage's ``instances.json``, the table behind ec2instances.info: AWS instances in all regions.

An entry is an instance; ``pricing`` has a region, an operating system, and then prices a machine-hour as text, such as
``{"ondemand": "0.096", "spot_avg": "0.04", "reserved": {"yrTerm1Standard.noUpfront": "0.06"}}``.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from typing_extensions import override

from simulator.prices.importers.base import Imported, Importer, Reading, Row, file_date, json_of
from simulator.prices.importers.instances import HourlyPrices

LARGEST_BYTES: Final = 2**29
SYSTEM: Final = "linux"
RESERVED: Final[Mapping[str, str]] = MappingProxyType(
    {"yrTerm1Standard.noUpfront": "reserved_1y", "yrTerm3Standard.noUpfront": "reserved_3y"}
)
SPOT: Final = ("spot_avg", "spot", "spot_min")
"""Of several the first that an entry has: the mean over the zones says more than their lowest."""


class Vantage(Importer):
    """Prices of machines that run Linux: on demand, spot, and reserved with nothing paid upfront."""

    kind: Literal["vantage"] = "vantage"

    @override
    def read(self, path: Path) -> Imported:
        data, reading = json_of(path, LARGEST_BYTES), Reading(path)
        entries = dict(_entries(data, reading))
        reading.done()
        region = self.region_of({each for pricing in entries.values() for each in pricing}, path)
        hourly, date = HourlyPrices(reading), file_date(path)
        for place, (instance, pricing) in enumerate(entries.items()):
            row, source = Row(place + 1, {"instance_type": instance}), f"{path.name} of ec2instances.info, {region}"
            name = reading.text(row, "instance_type")
            for purchase, stated, of in _stated(pricing.get(region)):
                usd = reading.amount(stated, None, f"{instance}.pricing.{region}.{SYSTEM}.{of}")
                hourly.add(row, name, purchase, usd, f"{source}{'' if purchase != 'spot' else f' ({of})'}", date)
        reading.done()
        left_out = hourly.left_out()
        return Imported(self.book_of(path, tuple(hourly.groups()), left_out), left_out)


def _entries(data: Any, reading: Reading) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(data, list):
        reading.wrong(None, "", "must be a list of instances, as instances.json is")
        return
    seen: set[str] = set()
    for place, entry in enumerate(data):
        name, pricing = (entry.get(key) for key in ("instance_type", "pricing")) if isinstance(entry, dict) else ("", 0)
        if not isinstance(name, str) or not name or not isinstance(pricing, dict):
            reading.wrong(None, f"[{place}]", "must be an instance, with 'instance_type' and 'pricing'")
        elif name in seen:
            reading.wrong(None, f"[{place}]", f"'{name}' appears a second time")
        else:
            seen.add(name)
            yield name, pricing


def _stated(pricing: Any) -> Iterator[tuple[str, Any, str]]:
    """Yield how an instance is bought, its price as it is written, and what the list calls it."""
    found = pricing.get(SYSTEM) if isinstance(pricing, dict) else None
    if not isinstance(found, dict):
        return
    yield "on_demand", _number(found.get("ondemand")), "ondemand"
    spot = next((key for key in SPOT if _number(found.get(key))), None)
    if spot is not None:
        yield "spot", _number(found[spot]), spot
    reserved = found.get("reserved")
    for key, purchase in RESERVED.items():
        if isinstance(reserved, dict) and _number(reserved.get(key)):
            yield purchase, _number(reserved[key]), f"reserved.{key}"


def _number(stated: Any) -> Any:
    """Return a price as it is written; None for what stands for none."""
    return None if stated in (None, "", "N/A", "n/a") else stated
