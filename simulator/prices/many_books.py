"""What the same usage costs at the prices of many books at once, with arrays over the books in place of bills.

It is what `Bill.of` finds, book by book, with its free units, tiers, discounts and commitments. Books that differ in
figures alone are reckoned together: those that price the same meters in as many tiers, and have terms for the same.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from simulator.core.arrays import FloatArray, IntArray
from simulator.core.units import MONTH_S
from simulator.core.usage import Usage
from simulator.prices.bill import MONTH_H, Priced, find_prices
from simulator.prices.book import PriceBook
from simulator.prices.price import Price

Shape: TypeAlias = tuple[object, ...]


@dataclass(frozen=True)
class _Figures:
    """The prices of a meter in so many books, shape (books,) but where it says otherwise."""

    usd: FloatArray
    """Tier by tier, shape (tiers, books); a single price is one tier. [USD]"""
    up_to: FloatArray
    """Where tiers end, likewise."""
    per: FloatArray
    free: FloatArray
    long_usd: FloatArray
    """Of long prompts, shape (classes, books). [USD]"""

    @classmethod
    def of(cls, prices: Sequence[Price], factor: FloatArray) -> "_Figures":
        """Return those of a price in each book, or of one price for all, each times a factor."""
        tiers = [[(tier.usd, tier.up_to) for tier in price.tiers] or [(price.usd or 0.0, math.inf)] for price in prices]
        by_tier = np.array(tiers).transpose(1, 2, 0)
        long_usd = np.array([[each.usd for each in price.long_prompts] for price in prices]).T
        per, free = np.array([[price.per, price.free] for price in prices]).T
        return cls(by_tier[:, 0] * factor, by_tier[:, 1], per, free, long_usd * factor)

    def less(self, discount_fraction: float) -> "_Figures":
        """Return the same terms at a price that is lower by a share."""
        left = 1 - discount_fraction
        return _Figures(self.usd * left, self.up_to, self.per, self.free, self.long_usd * left)

    def mean_usd(self, usage: Usage, listed: Price, pooled: float) -> FloatArray:
        """Return the mean price of a charged unit, as `detail.mean_usd` does for a single price. [USD]"""
        total = math.fsum(part for _, part in usage.by_prompt)
        if listed.long_prompts and total > 0:
            return np.asarray(self._by_prompt(usage, listed) / total / self.per)
        plain_usd = self.usd[0] / self.per
        if pooled <= 0 or (not listed.tiers and not self.free.any()):
            return np.asarray(plain_usd)
        charged = np.maximum(pooled - self.free, 0.0)
        total_usd, start = np.zeros_like(charged), 0.0
        for usd, up_to in zip(self.usd, self.up_to, strict=True):
            total_usd = total_usd + np.maximum(np.minimum(charged, up_to) - start, 0.0) * usd
            start = up_to
        return np.asarray(total_usd / self.per / pooled)

    def _by_prompt(self, usage: Usage, listed: Price) -> FloatArray:
        """Return what all tokens cost, where long prompts cost more, before it is divided by ``per``. [USD]"""
        prices_usd = np.concatenate([self.usd[:1], self.long_usd])
        each_usd = [part * prices_usd[listed.class_of(number)] for number, part in usage.by_prompt]
        return np.asarray(np.sum(each_usd, axis=0))


@dataclass(frozen=True)
class _Alike:
    """Books that differ in figures alone."""

    first: PriceBook
    places: IntArray
    """Which of all books they are."""
    figures: Callable[[str], _Figures]
    """Returns those of a meter."""
    discounts: FloatArray
    """What is left of the price, shape (discounts, books)."""
    usd_per_h: FloatArray
    """What is committed to, shape (commitments, books). [USD/h]"""
    off: FloatArray
    """How much less covered usage costs, shape (commitments, books)."""

    def total_usd(self, usages: Sequence[Usage], months: float) -> FloatArray:
        """Return what usage costs in a month, shape (books,). [USD]"""
        priced = find_prices(usages, self.first)
        quantities = [each.usage.quantity * each.price.units_per_row(each.usage.row_gib) * months for each in priced]
        pooled: defaultdict[Price, float] = defaultdict(float)
        for each, quantity in zip(priced, quantities, strict=True):
            pooled[each.listed] += quantity
        lines = [
            quantity * self._price_usd(each, pooled[each.listed])
            for each, quantity in zip(priced, quantities, strict=True)
        ]
        if not lines:
            lines = [np.zeros(self.places.shape)]
        return self._settled(np.array(lines), priced)

    def _price_usd(self, priced: Priced, pooled: float) -> FloatArray:
        """Return the price of a unit of a line before commitments. [USD]"""
        usage = priced.usage
        if usage.given_price_usd is not None:
            return np.full(self.places.shape, usage.given_price_usd)
        figures = self.figures(priced.listed.meter)
        if priced.price is not priced.listed and usage.stand_in is not None:
            figures = figures.less(usage.stand_in.discount_fraction)
        price_usd = figures.mean_usd(usage, priced.listed, pooled)
        for left, discount in zip(self.discounts, self.first.discounts, strict=True):
            if priced.is_under(discount):
                price_usd = price_usd * left
        return price_usd

    def _settled(self, before_usd: FloatArray, priced: Sequence[Priced]) -> FloatArray:
        """Return the total of lines, with what commitments cover at its discount and what they leave unused. [USD]"""
        left, after_usd, unused_usd = np.ones_like(before_usd), before_usd.copy(), np.zeros(self.places.shape)
        for usd_per_h, off, commitment in zip(self.usd_per_h, self.off, self.first.commitments, strict=True):
            held = [number for number, each in enumerate(priced) if each.is_under(commitment)]
            usage_usd = (before_usd[held] * left[held]).sum(axis=0)
            paid_usd = usd_per_h * MONTH_H
            room_usd = paid_usd / (1 - off)
            share = np.divide(room_usd, usage_usd, out=np.ones_like(room_usd), where=usage_usd > room_usd)
            after_usd[held] -= before_usd[held] * left[held] * share * off
            left[held] *= 1 - share
            unused_usd += np.where(share < 1, 0.0, np.maximum(paid_usd - usage_usd * (1 - off), 0.0))
        return np.asarray(after_usd.sum(axis=0) + unused_usd)


@dataclass(frozen=True)
class ManyBooks:
    """Price books, or draws of one book's prices; made by `of` or `drawn`."""

    number: int
    _alike: Callable[[frozenset[str]], Iterable[_Alike]] = field(repr=False)

    @classmethod
    def of(cls, books: Sequence[PriceBook]) -> "ManyBooks":
        """Return books of any kind."""
        return cls(len(books), lambda meters: _by_shape(books, meters))

    @classmethod
    def drawn(cls, book: PriceBook, factors: Mapping[str, FloatArray]) -> "ManyBooks":
        """Return as many books as there are factors: all as one book, but for the prices of some meters.

        Parameters
        ----------
        book
            The prices.
        factors
            By meter, how many times its price, shape (books,); tiers and prices of long prompts alike.

        Raises
        ------
        ValueError
            If there are none, or not as many for each meter.
        UserError
            If the book lacks a meter.
        """
        numbers = {values.size for values in factors.values()}
        if len(numbers) != 1:
            raise ValueError(f"factors have lengths {sorted(numbers)}; each meter needs as many, and there must be one")
        for meter, values in factors.items():
            book.price_of(meter)
            if not np.all((values >= 0) & np.isfinite(values)):
                raise ValueError(f"factors of {meter} must be finite and >= 0")
        (number,) = numbers
        one = np.ones(number)

        def figures(meter: str) -> _Figures:
            return _Figures.of([book.price_of(meter)], factors.get(meter, one))

        alike = _Alike(book, np.arange(number), figures, *_terms([book] * number))
        return cls(number, lambda _: [alike])

    def usd_per_month(self, usages: Sequence[Sequence[Usage]], horizon_s: float) -> FloatArray:
        """Return what each of several usages costs in a 30-day month at the prices of each book.

        Parameters
        ----------
        usages
            Quantities over the horizon.
        horizon_s
            How long they took. [s]

        Returns
        -------
        FloatArray
            Shape (usages, books). [USD]

        Raises
        ------
        UserError
            If a book lacks a meter or prices it by another unit.
        """
        found = np.empty((len(usages), self.number))
        for alike in self._alike(meters_of(usages)):
            for number, each in enumerate(usages):
                found[number, alike.places] = alike.total_usd(each, MONTH_S / horizon_s)
        return found


def meters_of(usages: Sequence[Sequence[Usage]]) -> frozenset[str]:
    """Return every meter whose price may matter for what usages cost."""
    each = {usage for used in usages for usage in used if usage.given_price_usd is None}
    others = [usage.stand_in for usage in each if usage.stand_in is not None]
    names = (*(usage.meter for usage in each), *(name for other in others for name in (other.meter, other.unless)))
    return frozenset(filter(None, names))


def _by_shape(books: Sequence[PriceBook], meters: frozenset[str]) -> Iterable[_Alike]:
    wanted = sorted(meters)
    found: defaultdict[Shape, list[int]] = defaultdict(list)
    for place, book in enumerate(books):
        found[_shape(book, wanted)].append(place)
    for places in found.values():
        alike = [books[place] for place in places]
        yield _Alike(alike[0], np.array(places), _figures_of(alike), *_terms(alike))


def _figures_of(books: Sequence[PriceBook]) -> Callable[[str], _Figures]:
    known: dict[str, _Figures] = {}

    def figures(meter: str) -> _Figures:
        if meter not in known:
            known[meter] = _Figures.of([book.price_of(meter) for book in books], np.ones(len(books)))
        return known[meter]

    return figures


def _shape(book: PriceBook, meters: Sequence[str]) -> Shape:
    """Return what books have in common that are reckoned together."""
    terms = (tuple(each.meters for each in kind) for kind in (book.discounts, book.commitments))
    return (*terms, *(price and price.shape for price in map(book.find, meters)))


def _terms(books: Sequence[PriceBook]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the figures of terms that the books have in common, each of shape (terms, books)."""
    count = len(books)
    left = np.array([[1 - each.share_fraction for each in book.discounts] for book in books])
    usd_per_h = np.array([[each.usd_per_h for each in book.commitments] for book in books])
    off = np.array([[each.discount_fraction for each in book.commitments] for book in books])
    return left.reshape(count, -1).T, usd_per_h.reshape(count, -1).T, off.reshape(count, -1).T
