"""Everyone."""

from typing import Literal

from typing_extensions import override

from simulator.plans.scope.base import Scope


class Everyone(Scope):
    """All users, whether they come or not."""

    kind: Literal["everyone"] = "everyone"

    @override
    def expected_users(self, users: int) -> float:
        return float(users)
