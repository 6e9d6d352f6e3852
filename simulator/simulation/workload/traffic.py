"""What came, in numbers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Traffic:
    """What came, whatever the plan."""

    logins: int
    busiest_minute: int
    """Requests in the busiest minute."""
    daily_active_fraction: float | None
    """None where the horizon is shorter than a day."""
    weekly_active_fraction: float | None = None
    """Mean over whole weeks from time 0; None where the horizon is shorter than one."""
    monthly_active_fraction: float | None = None
    """Mean over whole stretches of 28 days from time 0; None where the horizon is shorter than one."""
    dispersion_1s: float | None = None
    """Variance/mean of the requests of each second inside the hour; None where there are none."""
    dispersion_60s: float | None = None
    """The same of each minute."""
    arrivals: tuple[int, ...] = ()
    """Requests of each hour, when they come; Hours has them when they are answered."""
