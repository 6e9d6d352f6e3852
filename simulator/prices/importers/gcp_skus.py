"""Google's price list, as the Cloud Billing Catalog answers ``services/6F81-5844-456A/skus`` for Compute Engine [1]_.

Google sells cores, memory and accelerators apart: a machine costs its parts. What parts a machine has, its name says:
``n2-standard-8`` has eight cores, and four GB a core. Names of machines with accelerators say how many of these.

References
----------
.. [1] cloud.google.com/billing/docs/reference/rest/v1/services.skus/list
.. [2] cloud.google.com/compute/docs/machine-resource, read 2026-11: cores, memory and accelerators of each machine.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from typing_extensions import override

from simulator.prices.book import PriceGroup
from simulator.prices.importers.base import Imported, Importer, LeftOut, Reading, file_date, json_of
from simulator.prices.price import Price

GB_PER_CORE: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "n1": {"standard": 3.75, "highmem": 6.5, "highcpu": 0.9},
        "n2": {"standard": 4, "highmem": 8, "highcpu": 1},
        "n2d": {"standard": 4, "highmem": 8, "highcpu": 1},
        "e2": {"standard": 4, "highmem": 8, "highcpu": 1},
        "c2": {"standard": 4},
        "c2d": {"standard": 4, "highmem": 8, "highcpu": 2},
        "c3": {"standard": 4, "highmem": 8, "highcpu": 2},
        "c3d": {"standard": 4, "highmem": 8, "highcpu": 2},
        "t2d": {"standard": 4},
    }
)
SIZES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "n1": (1, 2, 4, 8, 16, 32, 64, 96),
        "n2": (2, 4, 8, 16, 32, 48, 64, 80, 96, 128),
        "n2d": (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224),
        "e2": (2, 4, 8, 16, 32),
        "c2": (4, 8, 16, 30, 60),
        "c2d": (2, 4, 8, 16, 32, 56, 112),
        "c3": (4, 8, 22, 44, 88, 176),
        "c3d": (4, 8, 16, 30, 60, 90, 180, 360),
        "t2d": (1, 2, 4, 8, 16, 32, 48, 60),
    }
)
"""Cores that each family's machines have; some kinds of a family lack a few of them, which nobody then asks for."""


@dataclass(frozen=True)
class Parts:
    """What a machine is made of."""

    family: str
    cores: float
    gb: float
    accelerator: str = ""
    accelerators: int = 0


WITH_ACCELERATORS: Final[Mapping[str, Parts]] = MappingProxyType(
    {
        **{f"a2-highgpu-{n}g": Parts("a2", 12 * n, 85 * n, "A100", n) for n in (1, 2, 4, 8)},
        **{f"a2-ultragpu-{n}g": Parts("a2", 12 * n, 170 * n, "A100 80GB", n) for n in (1, 2, 4, 8)},
        **{f"g2-standard-{n}": Parts("g2", n, 4 * n, "L4", 1) for n in (4, 8, 12, 16, 32)},
        **{f"g2-standard-{24 * n}": Parts("g2", 24 * n, 96 * n, "L4", 2 * n) for n in (1, 2, 4)},
        "a3-highgpu-8g": Parts("a3", 208, 1872, "H100 80GB", 8),
    }
)
PURCHASES: Final[Mapping[str, str]] = MappingProxyType(
    {"OnDemand": "on_demand", "Preemptible": "spot", "Commit1Yr": "reserved_1y", "Commit3Yr": "reserved_3y"}
)
_SPOT: Final = re.compile(r"(?:Spot )?Preemptible ")
_COMMITTED: Final = re.compile(r"Commitment(?: v1)?:? ")
_PART: Final = re.compile(
    r"(?P<family>[A-Z][0-9][A-Z]?)(?: AMD)?(?: Arm)?(?: Predefined)? Instance (?P<part>Core|Ram) running in ", re.ASCII
)
_ACCELERATOR: Final = re.compile(
    r"Nvidia (?:Tesla )?(?P<name>[A-Z][0-9]+[A-Z]?(?: 80GB)?) GPU (?:running in |attached to Spot )", re.ASCII
)
Part = tuple[str, str, str]
"""Family or accelerator, what of it, and how it is bought."""


class GcpSkus(Importer):
    """Prices of predefined machines: on demand, spot, and committed for a year or three."""

    kind: Literal["gcp-skus"] = "gcp-skus"

    @override
    def read(self, path: Path) -> Imported:
        data, reading = json_of(path), Reading(path)
        skus = list(_skus(data, reading))
        reading.done()
        region = self.region_of({each for sku in skus for each in sku["serviceRegions"]}, path)
        left_out: list[tuple[str, str]] = []
        if isinstance(data, dict) and data.get("nextPageToken"):
            left_out.append(("the answer goes on at nextPageToken, and only this page of it is here", "nextPageToken"))
        parts = _priced_parts([sku for sku in skus if region in sku["serviceRegions"]], reading, left_out)
        reading.done()
        source = f"Google Cloud Billing Catalog, {region}, from {path.name}; a machine costs its parts"
        prices = tuple(_machines(parts))
        reasons = LeftOut.by_reason(left_out)
        return Imported(
            self.book_of(path, [PriceGroup(source=source, date=file_date(path), prices=prices)], reasons), reasons
        )


def _skus(data: Any, reading: Reading) -> Iterator[Mapping[str, Any]]:
    found = data.get("skus") if isinstance(data, dict) else data
    if not isinstance(found, list):
        reading.wrong(None, "", "must be an answer with 'skus', or a list of them")
        return
    for place, sku in enumerate(found):
        keys = ("description", "category", "serviceRegions", "pricingInfo")
        missing = [key for key in keys if not isinstance(sku, dict) or key not in sku]
        if missing:
            reading.wrong(None, f"skus[{place}]", f"has no {', '.join(missing)}")
        elif not isinstance(sku["category"], dict) or not _are_texts(sku["serviceRegions"]):
            reading.wrong(
                None, f"skus[{place}]", "must have a 'category' of several keys, and names of 'serviceRegions'"
            )
        else:
            yield sku


def _are_texts(stated: Any) -> bool:
    return isinstance(stated, list) and all(isinstance(each, str) for each in stated)


def _priced_parts(
    skus: list[Mapping[str, Any]], reading: Reading, left_out: list[tuple[str, str]]
) -> dict[Part, float]:
    """Return the price of an hour of each part: of a core, of a GB, or of an accelerator. [USD]"""
    found: dict[Part, float] = {}
    for sku in skus:
        name = str(sku["description"])
        part = _part(name, str(sku["category"].get("usageType", "")))
        if part is None:
            left_out.append((f"no machine here is made of {sku['category'].get('resourceGroup') or 'it'}", name))
            continue
        usd, why = _hourly_usd(sku, reading)
        if usd is None:
            left_out.append((why, name))
        elif found.setdefault(part, usd) != usd:
            reading.wrong(None, name, f"has another price ({usd:g} USD) than an entry before ({found[part]:g} USD)")
    return found


def _part(description: str, usage_type: str) -> Part | None:
    purchase = PURCHASES.get(usage_type)
    if purchase is None:
        return None
    text = _COMMITTED.sub("", _SPOT.sub("", description, count=1), count=1)
    accelerator = _ACCELERATOR.match(text)
    if accelerator is not None:
        return accelerator["name"], "accelerator", purchase
    part = _PART.match(text)
    return None if part is None else (part["family"].lower(), part["part"].lower(), purchase)


def _hourly_usd(sku: Mapping[str, Any], reading: Reading) -> tuple[float | None, str]:
    """Return the price of an hour of a unit, or why there is none. [USD]"""
    try:
        expression = sku["pricingInfo"][-1]["pricingExpression"]
        unit, rates = expression["usageUnit"], expression["tieredRates"]
        price = rates[-1]["unitPrice"]
        currency, whole, nanos = (
            price.get("currencyCode", "USD"),
            int(price.get("units") or 0),
            int(price.get("nanos") or 0),
        )
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        reading.wrong(None, str(sku["description"]), "has no price that can be read in 'pricingInfo'")
        return None, "no price"
    if currency != "USD":
        return None, f"prices in {currency}; only USD is read"
    if str(unit) not in {"h", "GiBy.h"} or len(rates) != 1:
        return None, f"prices by {unit}{'' if len(rates) == 1 else ' in tiers'}"
    usd = reading.amount(whole + nanos / 1e9, None, str(sku["description"]))
    return (usd, "") if usd else (None, "a price of 0, which stands for what is not sold so")


def _machines(parts: Mapping[Part, float]) -> Iterator[Price]:
    """Yield the price of every machine all of whose parts are priced."""
    for purchase in PURCHASES.values():
        for name, machine in _all_machines():
            needed = [(machine.family, "core", machine.cores), (machine.family, "ram", machine.gb)]
            if machine.accelerators:
                needed.append((machine.accelerator, "accelerator", float(machine.accelerators)))
            each = [(parts.get((of, part, purchase)), count) for of, part, count in needed]
            if all(usd is not None for usd, _ in each):
                usd = sum(usd * count for usd, count in each if usd is not None)
                yield Price(meter=f"instance/{name}/{purchase}", unit="h", usd=float(f"{usd:.10g}"))


def _all_machines() -> Iterator[tuple[str, Parts]]:
    for family, kinds in GB_PER_CORE.items():
        for kind, gb in kinds.items():
            for cores in SIZES[family]:
                yield f"{family}-{kind}-{cores}", Parts(family, cores, gb * cores)
    yield from WITH_ACCELERATORS.items()
