"""The recently active."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import override

from simulator.core.arrays import BitSet
from simulator.core.units import DAY_S, PositiveSeconds
from simulator.plans.scope.base import Expectation, Moment, Scope

LONGEST_S = 366 * DAY_S
"""Nobody keeps a longer window up to date for this purpose, and the logins of that time must be drawn or summed up."""


class ActiveWithin(Scope):
    """The users with a login in a window that ends when the run starts.

    Who leaves the scope keeps the last row until it expires (`store.expiry`) or is replaced. A simulation begins with
    the rows of those who left before, followed back to their expiry or 28 days.
    """

    kind: Literal["active_within"] = "active_within"
    window_s: Annotated[PositiveSeconds, Field(le=LONGEST_S, examples=["7 d"])]
    """How long before a run's start a login counts."""

    @property
    @override
    def look_back_s(self) -> float:
        return self.window_s

    @override
    def expected_users(self, expected: Expectation) -> float:
        return expected.users * expected.share_active(self.window_s)

    @override
    def members(self, moment: Moment) -> BitSet:
        return moment.active_since(moment.start_s - self.window_s)
