"""The most active."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from simulator.core.arrays import BitSet
from simulator.core.units import Fraction
from simulator.plans.scope.base import Expectation, Moment, Scope


class MostActive(Scope):
    """The share of all users who log in most often, by their true rates: the best that a fixed choice can do."""

    is_fixed: ClassVar[bool] = True
    needs_rates: ClassVar[bool] = True
    kind: Literal["most_active"] = "most_active"
    share_fraction: Annotated[Fraction, Field(examples=["20 %"])]
    """How many of all users, those who never log in included; of users alike the last numbers are taken."""

    @override
    def expected_users(self, expected: Expectation) -> float:
        return expected.users * self.share_fraction

    @override
    def members(self, moment: Moment) -> BitSet:
        return moment.most_active(self.share_fraction)
