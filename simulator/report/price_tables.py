"""Price books as tables for a terminal."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.core.units import write_share, write_size
from simulator.prices.book import PriceBook
from simulator.prices.detail import price_text
from simulator.prices.price import Price
from simulator.prices.terms import Commitment, Discount
from simulator.report import format as form
from simulator.report.layout import Fitted


def books_table(books: Sequence[PriceBook]) -> RenderableType:
    """Return the books: their names, how many prices each has, and of when."""
    return Fitted(lambda width: [_books_table(books, width)])


def _books_table(books: Sequence[PriceBook], width: int) -> Table:
    table = _table(width)
    table.add_column("book", overflow="fold", ratio=2)
    table.add_column("prices", justify="right", no_wrap=True)
    table.add_column("of", overflow="fold", ratio=3)
    for book in books:
        table.add_row(Text(book.name), Text(form.count(len(book.prices))), Text("; ".join(_dates(book))))
    return table


def books_json(books: Sequence[PriceBook]) -> list[dict[str, Any]]:
    """Return the books for JSON."""
    return [{"name": book.name, "prices": len(book.prices), "dates": _dates(book)} for book in books]


def _dates(book: PriceBook) -> list[str]:
    """Return what dates the prices, the commonest first."""
    return [date for date, _ in Counter(price.date for price in book.prices).most_common()]


def book_tables(book: PriceBook, glob: str) -> Iterator[RenderableType]:
    """Yield the prices whose meters fit a glob, a table for each source and day, then the terms and the notes."""
    yield Text(book.name, style="bold")
    for (source, date), prices in _by_source(book, glob).items():
        yield Text(f"{source}, {date}", style="dim")
        yield Fitted(lambda width, prices=prices: [_prices_table(prices, width)])  # type: ignore[misc]
    terms: tuple[Discount | Commitment, ...] = (*book.discounts, *book.commitments)
    for term in terms:
        if glob == "*" or any(term.holds_for(price.meter) for price in matching(book, glob)):
            yield Text(f"{term_text(term)}: {term.source}, {term.date}")
    for each in book.unpriced:
        if fnmatchcase(each.meter, glob) or fnmatchcase(f"{each.meter}/", glob):
            yield Text(f"no price for {each.meter}: {each.why}", style="dim")
    if book.notes and glob == "*":
        yield Text(form.one_line(book.notes), style="dim")


def matching(book: PriceBook, glob: str) -> tuple[Price, ...]:
    """Return the prices whose meters fit a glob."""
    return tuple(price for price in book.prices if fnmatchcase(price.meter, glob))


def book_json(book: PriceBook, glob: str) -> dict[str, Any]:
    """Return the prices whose meters fit a glob, and the terms, for JSON."""
    stated = book.model_dump(mode="json", exclude_none=True)
    prices = [price.model_dump(mode="json", exclude_none=True, exclude_defaults=True) for price in matching(book, glob)]
    return {
        "name": book.name,
        "notes": book.notes.strip(),
        "prices": _without_infinity(prices),
        "unpriced": stated["unpriced"],
        "discounts": stated["discounts"],
        "commitments": stated["commitments"],
        "energy": stated.get("energy"),
    }


def _without_infinity(prices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the prices as JSON can hold them: the last tier states no end."""
    for price in prices:
        for tier in price.get("tiers", ()):
            if tier.get("up_to") == float("inf"):
                del tier["up_to"]
    return prices


def term_text(term: Discount | Commitment) -> str:
    """Return what is agreed, in a line."""
    if isinstance(term, Discount):
        return f"{write_share(term.share_fraction)} off {term.meters} ({term.name})"
    off = write_share(term.discount_fraction)
    return f"{term.usd_per_h:g} USD/h committed to, which cover {term.meters} at {off} off ({term.name})"


def _by_source(book: PriceBook, glob: str) -> Mapping[tuple[str, str], list[Price]]:
    found: dict[tuple[str, str], list[Price]] = {}
    for price in matching(book, glob):
        found.setdefault((price.source, price.date), []).append(price)
    return found


def _prices_table(prices: Sequence[Price], width: int) -> Table:
    table = _table(width)
    meters = max(len(price.meter) for price in prices)
    table.add_column("meter", overflow="fold", width=min(meters, width // 2))
    table.add_column("price", overflow="fold", ratio=1)
    table.add_column("unit", no_wrap=True)
    for price in prices:
        table.add_row(Text(price.meter), Text(_terms(price)), Text(price.unit))
    return table


def _terms(price: Price) -> str:
    """Return a price with all that belongs to it."""
    parts = [price_text(price) + (f" for {price.per:,.10g}" if price.per != 1 else "")]
    if price.free:
        parts.append(f"{price.free:,.10g} a month free")
    if price.size_step_gib is not None:
        parts.append(f"per started {write_size(price.size_step_gib)}")
    return "; ".join(parts)


def _table(width: int) -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width)
