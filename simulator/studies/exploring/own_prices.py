"""Prices that somebody moves: a book to lay over the one that a scenario names."""

from collections.abc import Mapping, Sequence

from simulator.core.errors import UserError
from simulator.prices.bill import charged_meter
from simulator.prices.book import PriceBook, PriceGroup
from simulator.scenario.schema import Scenario
from simulator.simulation.usage import no_usage
from simulator.studies.planner.estimating import World

PRICES = "prices."
"""What the keys of prices begin with; a meter follows."""
OWN = "moved in the explorer, from "


def used_meters(scenario: Scenario, book: PriceBook, plans: Sequence[str]) -> frozenset[str]:
    """Return the meters of the book that some plans are charged by."""
    used = (charged_meter(usage, book) for name in plans for usage in no_usage(scenario, name))
    return frozenset(meter for meter in used if meter is not None and book.find(meter) is not None)


def price_knob_keys(scenario: Scenario, book: PriceBook, plans: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the keys of all prices that plans are charged by; by default of all plans, what most is paid at first."""
    meters = used_meters(scenario, book, tuple(plans or scenario.plans))
    if plans is not None:
        return tuple(f"{PRICES}{meter}" for meter in sorted(meters))
    spent = spent_usd(scenario, book)
    return tuple(f"{PRICES}{meter}" for meter in sorted(meters, key=lambda meter: (-spent.get(meter, 0.0), meter)))


def spent_usd(scenario: Scenario, book: PriceBook) -> Mapping[str, float]:
    """Return what all plans pay at each meter's price, by closed forms. [USD per 30-day month]"""
    world, found = World.of(scenario), dict[str, float]()
    for name in scenario.plans:
        bill = world.estimate(name, book, waits=False).bill
        for line in bill.lines if bill else ():
            found[line.meter] = found.get(line.meter, 0.0) + line.usd_per_month
    return found


def with_price(book: PriceBook, key: str, times: float) -> PriceBook:
    """Return a book with another price for a meter, so many times what it has."""
    return book.under(moved_prices(book, {key: times}))


def moved_prices(book: PriceBook, times: Mapping[str, float]) -> PriceBook:
    """Return a book of the prices that were moved and nothing else, to be laid over the one that they come from.

    Parameters
    ----------
    book
        The one that they come from.
    times
        By key, how many times what the book has.

    Raises
    ------
    UserError
        If the book has no price for a meter.
    """
    groups = list[PriceGroup]()
    for key, factor in times.items():
        price = book.find(key.removeprefix(PRICES))
        if price is None:
            raise UserError(book.missing(key.removeprefix(PRICES)))
        source = f"{OWN}{price.source}: {factor:.12g} times it"
        moved = price.scaled(factor).model_copy(update={"source": source})
        groups.append(PriceGroup(source=source, date=price.date, prices=(moved,)))
    return PriceBook(name="explored prices", groups=tuple(groups))
