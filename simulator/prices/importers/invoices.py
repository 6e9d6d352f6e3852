"""What an invoice says that a unit of each kind of usage really cost: quantities and costs, summed row by row.

A price made of it is a mean over the rows: what was free, tiers and discounts are in it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.core.errors import UserError, did_you_mean
from simulator.core.tables import batches, name_of, plain
from simulator.prices.book import PriceGroup
from simulator.prices.importers.aws_usage import Counted, Step, counted, prices
from simulator.prices.importers.base import Imported, Importer, LeftOut
from simulator.prices.importers.focus_usage import MARK, counted_machine
from simulator.prices.price import Price

RATES: Final = ("contracted", "effective", "list")
DAY_LETTERS: Final = 10


class Key(NamedTuple):
    """What rows of one price have in common."""

    service: str
    usage_type: str
    operation: str
    region: str
    currency: str
    why_not: str
    """Why they are left out; empty where they are not."""

    @property
    def counted(self) -> Counted | None:
        """How a meter here counts it; None where none does."""
        if self.operation.startswith(MARK):
            return counted_machine(self.operation)
        return counted(self.service, self.usage_type, self.operation)


@dataclass
class Sums:
    """What rows of one price add up to."""

    quantity: float = 0.0
    cost: float = 0.0


@dataclass
class Invoice:
    """An invoice, read and summed."""

    sums: defaultdict[Key, Sums] = field(default_factory=lambda: defaultdict(Sums))
    first_day: str = "9999"
    last_day: str = ""

    def add(self, keys: Sequence[pa.Array], quantity: pa.Array, cost: pa.Array, days: pa.Array) -> None:
        """Take rows: the texts of `Key`, column by column, then numbers, NaN where there is none."""
        table = pa.table([*keys, quantity, cost], names=[*Key._fields, "quantity", "cost"])
        summed = table.group_by(list(Key._fields)).aggregate([("quantity", "sum"), ("cost", "sum")])
        for row in summed.to_pylist():
            sums = self.sums[Key(*(row[name] for name in Key._fields))]
            sums.quantity += row["quantity_sum"]
            sums.cost += row["cost_sum"]
        known = [str(day)[:DAY_LETTERS] for day in (pc.min(days).as_py(), pc.max(days).as_py()) if day]
        if known:
            self.first_day, self.last_day = min(self.first_day, known[0]), max(self.last_day, known[-1])


class Where(NamedTuple):
    """What a row must say to be counted: in a column, or under a key of a column of tags."""

    column: str
    key: str
    """Of the tags; empty where the column itself says it."""
    value: str

    @classmethod
    def read(cls, text: str) -> "Where":
        """Return what ``COLUMN=VALUE`` or ``COLUMN.KEY=VALUE`` says.

        Raises
        ------
        UserError
            If it has no ``=``.
        """
        what, equals, value = text.partition("=")
        column, _, key = what.strip().partition(".")
        if not equals or not column:
            raise UserError(f"--where: '{text}' must be COLUMN=VALUE, or Tags.KEY=VALUE")
        return cls(column, key.strip(), value.strip())

    def holds(self, said: Any) -> bool:
        """Return whether a cell says it."""
        if not self.key:
            return str(said) == self.value
        if isinstance(said, str):
            try:
                said = json.loads(said)
            except ValueError:
                return False
        tags = dict(said) if isinstance(said, (list, tuple)) else said  # Parquet's maps are lists of pairs
        return isinstance(tags, Mapping) and str(tags.get(self.key)) == self.value


def not_wanted(rows: Mapping[str, pa.Array], where: Sequence[Where]) -> pa.Array:
    """Return which rows do not say all that they must."""
    size = len(next(iter(rows.values())))
    found = np.zeros(size, dtype=bool)
    for each in where:
        column = rows[each.column]
        if pa.types.is_nested(column.type):
            found |= [not each.holds(said) for said in column.to_pylist()]
        else:
            encoded = column.dictionary_encode()
            held = np.array([not each.holds(said) for said in encoded.dictionary.to_pylist()] + [True])
            found |= held[pc.fill_null(encoded.indices, len(held) - 1).to_numpy(zero_copy_only=False)]
    return pa.array(found)


class InvoiceImporter(Importer):
    """Reads an invoice."""

    def check_rate(self, path: Path) -> str:
        """Return which of the rates is wanted.

        Raises
        ------
        UserError
            If there is no such rate.
        """
        rate = self.rate or RATES[0]
        if rate not in RATES:
            raise UserError(f"{path}: has no rate '{rate}'; {did_you_mean(rate, RATES)}")
        return rate

    def made_of(self, invoice: Invoice, path: Path, rate: str) -> Imported:
        """Return the book that an invoice makes.

        Raises
        ------
        UserError
            If it has several currencies, or another than USD; if a region must be chosen.
        """
        usable = {key: sums for key, sums in invoice.sums.items() if not key.why_not}
        left_out = [(key.why_not, key.usage_type or key.service or "?") for key in invoice.sums if key.why_not]
        _check_currency({key.currency for key in usable}, path)
        ours = {key: how for key in usable if (how := key.counted) is not None}
        left_out += [("no meter counts it", key.usage_type or key.service) for key in usable if key not in ours]
        region = self.region_of({key.region for key in ours}, path)
        found: dict[str, Sums] = defaultdict(Sums)
        made: dict[str, Price] = {}
        for key, how in ours.items():
            if key.region != region:
                continue
            sums = found[how.meters[0]]
            sums.quantity += usable[key].quantity
            sums.cost += usable[key].cost
            if sums.quantity > 0 and sums.cost > 0:
                step = Step(0.0, float("inf"), sums.cost / sums.quantity)
                made |= {price.meter: price for price in prices(how, [step])}
        left_out += [("it cost nothing, which says no price", meter) for meter in found if meter not in made]
        reasons = LeftOut.by_reason(left_out)
        source = f"{rate} rates of {path.name}, {invoice.first_day} to {invoice.last_day}: cost over quantity"
        group = PriceGroup(source=source, date=invoice.last_day or "unknown", prices=tuple(made.values()))
        return Imported(self.book_of(path, [group], reasons), reasons)


def _check_currency(currencies: set[str], path: Path) -> None:
    if len(currencies) > 1:
        raise UserError(f"{path}: is in several currencies ({', '.join(sorted(currencies))}), which are not mixed")
    other = currencies - {"USD"}
    if other:
        raise UserError(f"{path}: is in {other.pop()}; a book's prices are in USD, and no rate of exchange is guessed")


def rows_of(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, pa.Array]]:
    """Yield the columns of an invoice, batch by batch."""
    any_row = False
    for batch in batches(path, columns):
        any_row = any_row or batch.num_rows > 0
        yield {name: plain(batch.column(name)) for name in columns}
    if not any_row:
        raise UserError(f"{name_of(path)} has no rows")


def texts(column: pa.Array) -> pa.Array:
    """Return a column as text, empty where there is none."""
    return pc.fill_null(column.cast(pa.string()), "")


def numbers(column: pa.Array, name: str, path: Path) -> pa.Array:
    """Return a column as numbers, 0 where there is none.

    Raises
    ------
    UserError
        If something else is in it.
    """
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.replace_with_mask(column, pc.fill_null(pc.equal(column, ""), fill_value=True), pa.scalar("0"))
    try:
        found = pc.fill_null(column.cast(pa.float64()), 0.0)
    except pa.ArrowException as error:
        raise UserError(f"{name_of(path)}: column '{name}' has something that is no number: {error}") from None
    if not np.isfinite(found.to_numpy(zero_copy_only=False)).all():
        raise UserError(f"{name_of(path)}: column '{name}' has a number that is not finite")
    return found


def first_true(size: int, reasons: Mapping[str, Any]) -> pa.Array:
    """Return for each row the first reason that holds, empty where none does."""
    found = pa.array([""] * size, pa.string())
    for why, holds in reversed(list(reasons.items())):
        found = pc.if_else(pc.fill_null(holds, fill_value=False), why, found)
    return found
