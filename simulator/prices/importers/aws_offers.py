"""AWS' own price list: an offer file of a service, or what ``aws pricing get-products`` prints of one.

An offer file has products by SKU, and terms by SKU and offer; what the command prints has a product with its terms in
each entry [1]_.

References
----------
.. [1] docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal

from typing_extensions import override

from simulator.prices.book import PriceGroup
from simulator.prices.importers.aws_usage import Counted, Step, counted, prices
from simulator.prices.importers.base import Imported, Importer, LeftOut, Reading, file_date, json_of
from simulator.prices.price import Price

LARGEST_OFFER_BYTES: Final = 2**30
"""The offers of EC2 in one region take some 400 MB."""
USD: Final = "USD"
MACHINES: Final = "Compute Instance"
ORDINARY: Final[Mapping[str, tuple[str, ...]]] = {
    "tenancy": ("Shared",),
    "preInstalledSw": ("NA",),
    "capacitystatus": ("Used",),
    "marketoption": ("OnDemand",),
}
"""What a machine's product says that is bought as it is; where one says otherwise, its price is of something else."""
TERMS: Final[Mapping[str, str]] = {"1yr": "reserved_1y", "3yr": "reserved_3y"}


class AwsOffers(Importer):
    """Prices of EC2, DynamoDB, Lambda, S3, Kinesis, ElastiCache and of what leaves AWS.

    Machines are those that run Linux, shared and without further software: on demand, and reserved for a year or three
    (standard, nothing paid upfront). Everything else is named as left out.
    """

    kind: Literal["aws-offers"] = "aws-offers"

    @override
    def read(self, path: Path) -> Imported:
        reading = Reading(path)
        offers = _Offers(json_of(path, LARGEST_OFFER_BYTES), reading)
        reading.done()
        region = self.region_of({product.region for product in offers.products if product.region}, path)
        found: dict[str, Price] = {}
        for product in offers.products:
            if product.region in ("", region):
                for price in offers.prices(product):
                    _add(found, price, reading)
        reading.done()
        left_out = LeftOut.by_reason(offers.left_out)
        where = f"AWS price list of {offers.code}{f' in {region}' if region else ''}, from {path.name}"
        group = PriceGroup(source=where, date=offers.date or file_date(path), prices=tuple(found.values()))
        return Imported(self.book_of(path, [group], left_out), left_out)


def _add(found: dict[str, Price], price: Price, reading: Reading) -> None:
    first = found.setdefault(price.meter, price)
    if first.model_copy(update={"source": ""}) != price.model_copy(update={"source": ""}):
        reading.wrong(None, price.meter, "has two prices that differ; the list may hold more than one place or version")


@dataclass(frozen=True)
class _Product:
    sku: str
    family: str
    attributes: Mapping[str, str]

    @property
    def region(self) -> str:
        return self.attributes.get("regionCode") or self.attributes.get("fromRegionCode") or ""

    @property
    def name(self) -> str:
        return self.attributes.get("usagetype") or self.sku


@dataclass
class _Offers:
    """The products of a list and their terms."""

    data: Any
    reading: Reading
    products: list[_Product] = field(default_factory=list)
    terms: defaultdict[str, dict[str, list[Any]]] = field(default_factory=lambda: defaultdict(dict))
    """By SKU, then by kind of term."""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    code: str = "a service"
    date: str = ""

    def __post_init__(self) -> None:
        data = self.data
        if isinstance(data, dict) and isinstance(data.get("products"), dict) and isinstance(data.get("terms"), dict):
            self._take_file(data)
        elif isinstance(data, dict) and isinstance(data.get("PriceList"), list):
            self._take_printed(data["PriceList"])
        else:
            self.reading.wrong(
                None, "", "must be an offer file, with 'products' and 'terms', or have a 'PriceList' of products"
            )

    def _take_file(self, data: Mapping[str, Any]) -> None:
        self.code, self.date = str(data.get("offerCode") or self.code), str(data.get("publicationDate") or "")[:10]
        for sku, product in data["products"].items():
            self._take(str(sku), product)
        for kind, by_sku in data["terms"].items():
            for sku, offers in by_sku.items() if isinstance(by_sku, dict) else ():
                self.terms[sku][kind] = list(offers.values()) if isinstance(offers, dict) else []

    def _take_printed(self, entries: list[Any]) -> None:
        for number, entry in enumerate(entries):
            try:
                found = json.loads(entry) if isinstance(entry, str) else entry
                sku = str(found["product"]["sku"])
                self.terms[sku] = {kind: list(offers.values()) for kind, offers in found.get("terms", {}).items()}
            except (ValueError, TypeError, KeyError, AttributeError):
                self.reading.wrong(None, f"PriceList[{number}]", "must be a product with its SKU and its terms")
                continue
            self._take(sku, found["product"])
            self.code, self.date = str(found.get("serviceCode") or self.code), str(found.get("publicationDate"))[:10]

    def _take(self, sku: str, product: Any) -> None:
        attributes = product.get("attributes") if isinstance(product, dict) else None
        if not isinstance(attributes, dict):
            self.reading.wrong(None, sku, "must be a product with its attributes")
            return
        texts = {str(key): str(value) for key, value in attributes.items()}
        self.products.append(_Product(sku, str(product.get("productFamily", "")), texts))

    def prices(self, product: _Product) -> Iterator[Price]:
        """Yield the prices of a product that a meter here counts; note what is left out."""
        stated = product.attributes
        service = stated.get("servicecode") or self.code
        how = counted(service, stated.get("usagetype", ""), stated.get("operation", ""))
        odd = next((key for key, usual in ORDINARY.items() if stated.get(key, usual[0]) not in usual), None)
        if how is None or (product.family.startswith(MACHINES) and odd is not None):
            self.left_out.append(
                (f"no meter counts {product.family or 'it'}{f' of another {odd}' if odd else ''}", product.name)
            )
            return
        terms = self.terms.get(product.sku, {})
        offers = terms.get("OnDemand", [])
        if len(offers) != 1:
            self.left_out.append(("no price on demand" if not offers else "several prices on demand", product.name))
        else:
            yield from self._on_demand(product, how, offers[0])
        if product.family.startswith(MACHINES):
            for offer in terms.get("Reserved", []):
                yield from self._reserved(product, offer)

    def _on_demand(self, product: _Product, how: Counted, offer: Any) -> Iterator[Price]:
        steps = self._steps(product, offer)
        if steps is None:
            return
        if not any(step.usd for step in steps):
            self.left_out.append(("a price of 0, which stands for what is not sold so", product.name))
        elif steps[0].begin != 0 or any(one.end != two.begin for one, two in pairwise(steps)):
            self.reading.wrong(
                None, product.sku, "has steps with gaps between them; they must follow one another from 0"
            )
        else:
            yield from prices(how, steps)

    def _steps(self, product: _Product, offer: Any) -> list[Step] | None:
        """Return the steps of an offer in their order; None where its currency is another."""
        dimensions = offer.get("priceDimensions") if isinstance(offer, dict) else None
        if not isinstance(dimensions, dict) or not dimensions:
            self.reading.wrong(None, product.sku, "has an offer without 'priceDimensions'")
            return None
        found = []
        for each in dimensions.values():
            per_unit = each.get("pricePerUnit") if isinstance(each, dict) else None
            if not isinstance(per_unit, dict) or USD not in per_unit:
                currency = ", ".join(map(str, per_unit or ())) or "no currency"
                self.left_out.append((f"prices in {currency}; only USD is read", product.name))
                return None
            usd = self.reading.amount(per_unit[USD], None, f"{product.sku}.pricePerUnit")
            begin, end = (self._bound(each.get(key), product) for key in ("beginRange", "endRange"))
            found.append(Step(begin or 0.0, math.inf if end is None else end, usd or 0.0))
        return sorted(found, key=lambda step: step.begin)

    def _bound(self, stated: Any, product: _Product) -> float | None:
        if stated in (None, "", "Inf"):
            return None
        return self.reading.amount(
            stated, None, f"{product.sku}.range", "is no number from 0 where a step begins or ends"
        )

    def _reserved(self, product: _Product, offer: Any) -> Iterator[Price]:
        """Yield the hourly price of a standard reservation of which nothing is paid upfront."""
        stated = offer.get("termAttributes", {}) if isinstance(offer, dict) else {}
        term = TERMS.get(str(stated.get("LeaseContractLength")))
        if term is None or stated.get("OfferingClass") != "standard" or stated.get("PurchaseOption") != "No Upfront":
            self.left_out.append(("reservations that are convertible or paid upfront", product.name))
            return
        steps = self._steps(product, offer)
        machine = product.attributes.get("instanceType", "")
        if steps and len(steps) == 1 and steps[0].usd and machine and "/" not in machine:
            yield Price(meter=f"instance/{machine}/{term}", unit="h", usd=steps[0].usd)
