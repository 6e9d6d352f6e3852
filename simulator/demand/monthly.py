"""The gamma shape of login rates that a share of monthly active users asks for.

Let a window be reached from A days of primary logins on average (without return visits, its own length). Of users
whose rates are Gamma(shape a, mean r per day), e^(-H(A)) stay away from it, H(A) = a ln(1 + r A / a). One known value
of H, or the mean r itself, leaves one free number, the shape, and the monthly H rises with it: the more alike users
are, the more of them come within a month.
"""

import functools
import math
from dataclasses import dataclass
from typing import Final

LEAST_SHAPE: Final = 1e-3
"""Below it a handful of users make nearly all logins; products lie between 0.01 and 4.6."""
_ALIKE: Final = 1e9
"""Shapes from here on are infinite: everyone is alike."""
_ALL: Final = 1 - 2**-53
_HALVINGS: Final = 200


@dataclass(frozen=True)
class Known:
    """What is known of the users who are not dormant, and how far the windows reach."""

    daily_hazard: float | None
    """-ln of the share that stays away on a day; None where the mean is known instead."""
    rate_per_day: float
    """Mean primary logins per user and day, where the daily share is not known."""
    day_days: float
    """Days of primary logins from which a day is reached."""
    month_days: float
    """The same of a month."""

    def monthly_hazard(self, shape: float) -> float:
        """Return -ln of the share that stays away for a month at a shape."""
        if self.daily_hazard is None:
            reached = self.rate_per_day * self.month_days
            return reached if math.isinf(shape) else shape * math.log1p(reached / shape)
        if math.isinf(shape):
            return self.daily_hazard * self.month_days / self.day_days
        x = self.daily_hazard / shape  # r A / a = e^x - 1 of a day; in logarithms, as e^x overflows
        log_reached = x + math.log(-math.expm1(-x)) + math.log(self.month_days / self.day_days)
        return shape * (max(log_reached, 0.0) + math.log1p(math.exp(-abs(log_reached))))

    def monthly_range(self) -> tuple[float, float]:
        """Return the shares active in a month that the least shape and users who are all alike give."""
        least, most = (self.monthly_hazard(shape) for shape in (LEAST_SHAPE, math.inf))
        return -math.expm1(-least), -math.expm1(-most)


@functools.lru_cache(maxsize=256)
def shape_for(known: Known, monthly_fraction: float) -> float:
    """Return the gamma shape that gives a share active in a month; the nearest possible where none does."""
    wanted = -math.log1p(-min(monthly_fraction, _ALL))
    low, high = math.log(LEAST_SHAPE), math.log(_ALIKE)
    if wanted >= known.monthly_hazard(_ALIKE):
        return math.inf
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if known.monthly_hazard(math.exp(middle)) < wanted:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
