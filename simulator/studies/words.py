"""Amounts and lists in the words of a recommendation."""

from collections.abc import Sequence

from simulator.core.estimate import CONFIDENCE
from simulator.core.units import write_share

CENT_USD = 0.01


def of_chance(confidence: float = CONFIDENCE) -> str:
    """Return what an interval is; what is not known of the inputs is not in it."""
    return f"{write_share(confidence)} of chance alone"


def usd(amount: float) -> str:
    """Return an amount of 0 or more as people write it."""
    if 0 < amount < CENT_USD:
        return "less than a cent"
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:,.2f}"  # noqa: PLR2004  (cents matter below $100)


def owed(amount: float) -> str:
    """Return an amount that may be below 0, as a net value."""
    return f"-{usd(-amount)}" if amount < 0 else usd(amount)


def percent(share: float) -> str:
    """Return a share of 0 to 1 with three digits."""
    return f"{share * 100:.3g} %"


def quality(share: float) -> str:
    """Return a quality of 0 to 1 with four digits, as models differ by tenths of a percent."""
    return f"{share * 100:.4g} %"


def about_usd(amount: float) -> str:
    """Return an amount of 0 or more at two digits."""
    rounded = float(f"{amount:.2g}")
    return f"${rounded:,.0f}" if rounded >= 10 else usd(rounded)  # noqa: PLR2004  (two digits are no cents from there)


def listed(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
