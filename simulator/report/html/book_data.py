"""A price book as a page needs it, to write it out again with other figures."""

from collections.abc import Iterable
from typing import Any

from simulator.prices.book import PriceBook
from simulator.prices.energy import Energy, instance_of
from simulator.prices.writing import stated_prices, write_book

Json = dict[str, Any]


def book_data(book: PriceBook, meters: Iterable[str]) -> Json:
    """Return a book with the prices of some meters and all its terms; `book.js` writes it as YAML."""
    used = book.only(meters)
    return {
        "name": f"{book.name}, as set in the report",
        "groups": [
            {"source": group.source, "date": group.date, "prices": list(stated_prices(group))} for group in used.groups
        ],
        "discounts": _terms(used, "discounts"),
        "commitments": _terms(used, "commitments"),
        "energy": _energy_of(book.energy, used.meters) if book.energy is not None else "",
    }


def _terms(book: PriceBook, kind: str) -> list[Json]:
    return [each.model_dump(mode="json", exclude_defaults=True) for each in getattr(book, kind)]


def _energy_of(energy: Energy, meters: Iterable[str]) -> str:
    """Return what a book says of the energy of the instances that are used, as YAML."""
    instances = {instance_of(meter) for meter in meters}
    groups = (
        group.model_copy(update={"instances": tuple(each for each in group.instances if each.instance in instances)})
        for group in energy.watts
    )
    kept = energy.model_copy(update={"watts": tuple(group for group in groups if group.instances)})
    name, _, text = write_book(PriceBook(name="energy", energy=kept)).partition("\n")
    assert name.startswith("name:")
    return text
