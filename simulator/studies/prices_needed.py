"""Whether a price book has a price for all that a scenario's plans would use."""

from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.usage import no_usage


def check_prices(scenario: Scenario, book: PriceBook) -> None:
    """Check that every meter has a price, before anything is simulated.

    Raises
    ------
    UserError
        If the book lacks a meter or prices it by another unit; the message names every such meter.
    """
    used = {usage.meter: usage for plan in scenario.plans for usage in no_usage(scenario, plan)}
    Bill.of(used.values(), book, scenario.horizon_s)
