"""The users: how many there are and how often each of them logs in."""

import math
import sys
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from simulator.core.component import Part, key_of
from simulator.core.key_kind import KeyKind
from simulator.core.units import DAY_S, MONTHLY_ACTIVE_DAYS, Count, Fraction, Number, PerDay, write_share
from simulator.demand.clusters import Clusters
from simulator.demand.monthly import Known, shape_for

MOST_USERS = 2**31 - 1
"""Users are numbered with 32-bit integers."""
MOST_LOGINS_PER_DAY = DAY_S
"""How often the user behind a typical login may log in: once a second. Beyond, shape and share do not fit a day."""
DIGITS = 3
"""Of what would be right, as it is written."""
SHARES_TOLERANCE = 1e-6
"""Shares written in percent must add up to 1 within this."""


class Activity(Part):
    """How often the users of a group log in: gamma-distributed login rates of a given mean and shape."""

    daily_active_fraction: Fraction | None = None
    """Share of all the group's users with at least one login a day (the DAU share)."""
    logins_per_day: PerDay | None = None
    """Mean logins per user and day over all the group's users, return visits included; instead of `daily_active`."""
    shape: Annotated[Number, Field(gt=0)] | None = None
    """Gamma shape of the users' login rates; `inf` = everyone alike. Asked for, as products differ from 0.01 to 4.6."""
    monthly_active_fraction: Annotated[Fraction | None, Field(examples=["35 %"])] = None
    """Share of all the group's users with at least one login in 28 days, instead of `shape`, which is solved for."""
    dormant_fraction: Fraction = 0.0
    """Share of the group that never logs in."""

    @property
    def states_activity(self) -> bool:
        """Whether exactly one of `daily_active` and `logins_per_day` is given."""
        return (self.daily_active_fraction is None) != (self.logins_per_day is None)

    def mean_rate_per_day(self, clusters: Clusters | None = None) -> float:
        """Return the mean primary logins per day of a user who is not dormant.

        A DAU share p among the not dormant asks for shape x ((1-p)^(-1/shape) - 1), divided by the days that a day is
        reached from where there are return visits.
        """
        awake = 1.0 - self.dormant_fraction
        if self.logins_per_day is not None:
            logins = self.logins_per_day / awake
            return logins / clusters.logins_per_primary if clusters else logins
        assert self.daily_active_fraction is not None
        rate = _mean_rate_per_day(self.daily_active_fraction / awake, self.shape_for(clusters))
        return rate / clusters.reach_days() if clusters else rate

    def shape_for(self, clusters: Clusters | None = None) -> float:
        """Return the gamma shape: the one that is given, or the one that `monthly_active` asks for."""
        if self.shape is not None:
            return self.shape
        assert self.monthly_active_fraction is not None
        return shape_for(self._known(clusters), self.monthly_active_fraction / (1.0 - self.dormant_fraction))

    def _known(self, clusters: Clusters | None) -> Known:
        """Return what the shape is solved from."""
        day, month = (clusters.reach_days(days) if clusters else days for days in (1.0, float(MONTHLY_ACTIVE_DAYS)))
        if self.daily_active_fraction is None:
            return Known(None, self.mean_rate_per_day(clusters), day, month)
        return Known(-math.log1p(-self.daily_active_fraction / (1.0 - self.dormant_fraction)), 0.0, day, month)

    def unreachable(self, clusters: Clusters | None = None) -> str | None:
        """Return what is wrong with `monthly_active` where no shape gives it."""
        if self.monthly_active_fraction is None:
            return None
        awake = 1.0 - self.dormant_fraction
        least, most = (share * awake for share in self._known(clusters).monthly_range())
        if least <= self.monthly_active_fraction <= most:
            return None
        given = (
            f"logins_per_day {self.logins_per_day:.4g}/day"
            if self.daily_active_fraction is None
            else f"daily_active {write_share(self.daily_active_fraction)}"
        )
        with_returns = " and these return visits" if clusters else ""
        return (
            f"{write_share(self.monthly_active_fraction)} cannot be reached with {given}{with_returns}; it must be "
            f"from {math.ceil(least * 1e4) / 100:.4g} % (the same few come again and again) to "
            f"{math.floor(most * 1e4) / 100:.4g} % (everyone alike)"
        )

    def active_within(self, days: float, factor: float = 1.0, clusters: Clusters | None = None) -> float:
        """Return the share of the group active within some days of mean weight, at ``factor`` times the logins."""
        shape = self.shape_for(clusters)
        rate = factor * (clusters.reach_days(days) if clusters else days) * self.mean_rate_per_day(clusters)
        absent = math.exp(-rate) if math.isinf(shape) else (1 + rate / shape) ** -shape
        return (1 - self.dormant_fraction) * (1 - absent)

    def faults(self) -> list[str]:
        """Return what contradicts itself."""
        if not self.states_activity:
            return ["needs either 'daily_active', e.g. '2 %', or 'logins_per_day', e.g. '0.3/day', and not both"]
        if self.shape is not None and self.monthly_active_fraction is not None:
            return ["has both 'shape' and 'monthly_active'; leave out one, as each follows from the other"]
        if self.shape is None and self.monthly_active_fraction is None:
            needed = "needs 'shape', the gamma shape of the users' login rates, e.g. 0.12 (inf = everyone alike), or "
            return [f"{needed}'monthly_active', the share who come within 28 days, e.g. '35 %'"]
        if self.dormant_fraction == 1:
            return ["'dormant' is 100 %: nobody would ever log in"]
        faults = []
        for key, share in (
            ("daily_active", self.daily_active_fraction),
            ("monthly_active", self.monthly_active_fraction),
        ):
            if share == 0:
                faults.append(f"'{key}' is 0 %: nobody would ever log in")
            elif share is not None and share >= 1 - self.dormant_fraction:
                awake = f"the share that is not dormant ({write_share(1 - self.dormant_fraction)})"
                meant = "; write '1 %' if that is meant" if share == 1 else ""
                faults.append(f"'{key}' ({write_share(share)}) must be below {awake}{meant}")
        if faults or self.unreachable():
            return faults
        return self._heavy_faults(self.shape_for())

    def _heavy_faults(self, shape: float) -> list[str]:
        """Return that a few users would log in more often than a day has room for.

        The user behind a typical login logs in m (1 + 1/shape) times a day, m being the mean of all.
        """
        mean = self.mean_rate_per_day()
        typical = mean * (1.0 + 1.0 / shape)
        if typical <= MOST_LOGINS_PER_DAY:
            return []
        if self.daily_active_fraction is None:
            assert self.logins_per_day is not None
            stated = f"'logins_per_day' ({self.logins_per_day:.6g})"
            limit = _down(MOST_LOGINS_PER_DAY / (1.0 + 1.0 / shape) * (1.0 - self.dormant_fraction))
            lower = f"a 'logins_per_day' of at most '{limit:g}/day'"
        else:
            stated = f"'daily_active' ({write_share(self.daily_active_fraction)})"
            active = _active_share(MOST_LOGINS_PER_DAY / (1.0 + 1.0 / shape), shape) * (1.0 - self.dormant_fraction)
            lower = f"a 'daily_active' of at most '{_down(active * 100.0):g} %'"
        least = self._least_shape()
        larger = "" if least is None else f"a 'shape' from {least:g} on, or "
        dormant = ", or a smaller 'dormant'" if self.dormant_fraction > 0 else ""
        implied = f"{_many(mean)} logins per user and day, and {_many(typical)} of the user behind a typical login"
        bound = f"at most {MOST_LOGINS_PER_DAY:,.0f}, one a second"
        return [f"{stated} and 'shape' ({shape:g}) imply {implied}: {bound}; take {larger}{lower}{dormant}"]

    def _least_shape(self) -> float | None:
        """Return about the smallest shape with which the users' logins fit into a day; None where none does."""
        low, high = math.log(sys.float_info.min), math.log(sys.float_info.max)
        if not self._fits(math.exp(high)):
            return None
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (low, middle) if self._fits(math.exp(middle)) else (middle, high)
        return _up(math.exp(high))

    def _fits(self, shape: float) -> bool:
        mean = self.model_copy(update={"shape": shape, "monthly_active_fraction": None}).mean_rate_per_day()
        return mean * (1.0 + 1.0 / shape) <= MOST_LOGINS_PER_DAY


def _mean_rate_per_day(active: float, shape: float) -> float:
    """Return shape x ((1-p)^(-1/shape) - 1) for a share p of active users; infinity beyond what numbers hold."""
    if active >= 1.0:
        return math.inf
    log_absent = math.log1p(-active)
    if math.isinf(shape):
        return -log_absent
    try:
        return shape * math.expm1(-log_absent / shape)
    except OverflowError:
        return math.inf


def _active_share(rate_per_day: float, shape: float) -> float:
    """Return the share of active users that a mean rate gives."""
    return -math.expm1(-rate_per_day if math.isinf(shape) else -shape * math.log1p(rate_per_day / shape))


def _up(number: float) -> float:
    """Return a number rounded up to DIGITS digits, and a little more than rounding itself."""
    step = 10.0 ** (math.floor(math.log10(number)) + 1 - DIGITS)
    return math.ceil(number / step + 1e-6) * step


def _down(number: float) -> float:
    """Return a number rounded down to DIGITS digits, and a little more than rounding itself."""
    step = 10.0 ** (math.floor(math.log10(number)) + 1 - DIGITS)
    return math.floor(number / step - 1e-6) * step


def _many(number: float) -> str:
    return f"{number:,.3g}" if math.isfinite(number) else "more than 1e308"


class Segment(Activity):
    """A group of users with habits of its own."""

    name: Annotated[str, Field(min_length=1, max_length=80), KeyKind.STUDY]
    """What the group is called."""
    share_fraction: Annotated[Fraction, Field(gt=0, examples=["30 %"])]
    """Its share of all users; the shares add up to 100 %."""


def _need_no_users(schema: dict[str, Any]) -> None:
    schema.pop("required", None)  # a replay's file may tell how many there are


class Population(Activity):
    """All users, in one group or in several segments."""

    model_config = ConfigDict(json_schema_extra=_need_no_users)
    users: Annotated[Count, Field(le=MOST_USERS, examples=["100M"])]
    """How many users there are, such as `100M`."""
    segments: Annotated[list[Segment], Field(max_length=100)] = []
    """Groups with their own habits, instead of `daily_active`, `logins_per_day`, `shape` and `dormant`."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        faults = self._segment_faults() if self.segments else self.faults()
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _segment_faults(self) -> list[str]:
        faults = [f"segment '{segment.name}' {fault}" for segment in self.segments for fault in segment.faults()]
        total = sum(segment.share_fraction for segment in self.segments)
        if abs(total - 1) > SHARES_TOLERANCE:
            faults.append(f"the segments' shares add up to {total:.6g}, and must add up to 1 (100 %)")
        given = sorted(
            key_of(name) for name, field in Activity.model_fields.items() if getattr(self, name) != field.default
        )
        repeated = sorted({one.name for one in self.segments if [s.name for s in self.segments].count(one.name) > 1})
        if repeated:
            faults.append(f"two segments have the same name: {', '.join(repeated)}")
        if given:
            faults.append(f"has both segments and {', '.join(given)}; give the habits in the segments")
        return faults

    @property
    def groups(self) -> list[Segment]:
        """The segments; a population without any is one segment."""
        if self.segments:
            return self.segments
        habits = {name: getattr(self, name) for name in Activity.model_fields}
        return [Segment.model_construct(name="everyone", share_fraction=1.0, **habits)]

    def share_active_at(self, factor: float = 1.0, days: float = 1, clusters: Clusters | None = None) -> float:
        """Return the share of all users active within some days if everyone logged in ``factor`` times as often.

        Parameters
        ----------
        factor
            How many times as often; the return visits of a login stay as they are.
        days
            Length of the window; 1 gives the DAU share. [day]
        clusters
            The return visits, if logins have any.
        """
        return sum(group.share_fraction * group.active_within(days, factor, clusters) for group in self.groups)

    def mean_logins_per_user_day(self, clusters: Clusters | None = None) -> float:
        """Return the mean logins per day over all users, dormant ones and return visits included."""
        primary = sum(g.share_fraction * (1 - g.dormant_fraction) * g.mean_rate_per_day(clusters) for g in self.groups)
        return primary * clusters.logins_per_primary if clusters else primary
