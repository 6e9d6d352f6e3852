"""Everyone."""

from typing import ClassVar, Literal

from typing_extensions import override

from simulator.core.arrays import BitSet
from simulator.plans.scope.base import Expectation, Moment, Scope


class Everyone(Scope):
    """All users, whether they come or not."""

    is_for_all: ClassVar[bool] = True
    is_fixed: ClassVar[bool] = True
    kind: Literal["everyone"] = "everyone"

    @override
    def expected_users(self, expected: Expectation) -> float:
        return float(expected.users)

    @override
    def members(self, moment: Moment) -> BitSet:
        return moment.everyone()
