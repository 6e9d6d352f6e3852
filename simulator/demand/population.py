"""The users: how many there are and how often each of them logs in."""

import math
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator

from simulator.core.component import Part, key_of
from simulator.core.units import Count, Fraction, Number, PerDay
from simulator.demand.clusters import Clusters

MOST_USERS = 2**31 - 1
"""Users are numbered with 32-bit integers."""
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
        assert self.shape is not None
        log_absent = math.log1p(-self.daily_active_fraction / awake)
        rate = -log_absent if math.isinf(self.shape) else self.shape * math.expm1(-log_absent / self.shape)
        return rate / clusters.reach_days() if clusters else rate

    def active_within(self, days: float, factor: float = 1.0, clusters: Clusters | None = None) -> float:
        """Return the share of the group active within some days of mean weight, at ``factor`` times the logins."""
        assert self.shape is not None
        rate = factor * (clusters.reach_days(days) if clusters else days) * self.mean_rate_per_day(clusters)
        absent = math.exp(-rate) if math.isinf(self.shape) else (1 + rate / self.shape) ** -self.shape
        return (1 - self.dormant_fraction) * (1 - absent)

    def faults(self) -> list[str]:
        """Return what contradicts itself."""
        if not self.states_activity:
            return ["needs either 'daily_active', e.g. '2 %', or 'logins_per_day', e.g. '0.3/day', and not both"]
        if self.shape is None:
            return ["needs 'shape', the gamma shape of the users' login rates, e.g. 0.12 (inf = everyone alike)"]
        if self.dormant_fraction == 1:
            return ["'dormant' is 100 %: nobody would ever log in"]
        if self.daily_active_fraction is not None:
            if self.daily_active_fraction == 0:
                return ["'daily_active' is 0 %: nobody would ever log in"]
            if self.daily_active_fraction >= 1 - self.dormant_fraction:
                awake = f"the share that is not dormant ({1 - self.dormant_fraction:.6g})"
                return [f"'daily_active' ({self.daily_active_fraction:.6g}) must be below {awake}"]
        return []


class Segment(Activity):
    """A group of users with habits of its own."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
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
