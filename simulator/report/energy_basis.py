"""What a figure of CO2e stands on, in a sentence or two."""

from simulator.core.units import write_share
from simulator.prices.book import PriceBook


def energy_basis(book: PriceBook) -> str:
    """Return what the energy and the CO2e are reckoned from; empty where the book says nothing of it."""
    energy = book.energy
    if energy is None or energy.grid is None:
        return ""
    grid = energy.grid
    watts = sorted({group.within_fraction for group in energy.watts})
    off = " to ".join(dict.fromkeys(write_share(each) for each in (watts[0], watts[-1]))) if watts else "nothing"
    return (
        f"CO2e is an estimate for the instances alone: {grid.kg_co2e_per_kwh:g} kg/kWh in {grid.region} within "
        f"{write_share(grid.within_fraction)}, watts within {off}, PUE {grid.pue:g}. What it may be is all of these "
        "at their worst, not an interval of chance."
    )
