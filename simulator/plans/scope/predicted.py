"""Those whom a login predictor names."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from simulator.core.arrays import BitSet
from simulator.core.units import Fraction
from simulator.plans.scope.base import Expectation, Moment, Scope


class Predicted(Scope):
    """The users whom a predictor of some precision and recall takes to log in before the next run is due.

    Each user who will log in is named with a probability of ``recall``. Of the others so many are named at random that
    the expected share of the named who log in is ``precision``, or all of them where there are fewer.
    """

    looks_ahead: ClassVar[bool] = True
    kind: Literal["predicted"] = "predicted"
    precision_fraction: Annotated[Fraction, Field(gt=0, examples=["60 %"])]
    """Share of the named users who log in before the next run is due."""
    recall_fraction: Annotated[Fraction, Field(examples=["80 %"])]
    """Share of the users who log in before the next run is due that are named."""

    @override
    def expected_users(self, expected: Expectation) -> float:
        coming = expected.users * expected.share_active(expected.every_s)
        return self.recall_fraction * coming + min(self._wrong(coming), expected.users - coming)

    @override
    def members(self, moment: Moment) -> BitSet:
        coming = moment.logging_in(moment.start_s, moment.next_s)
        others = moment.everyone() & ~coming
        wrong, candidates = self._wrong(moment.count(coming)), moment.count(others)
        found = moment.some_of(coming, self.recall_fraction)
        return found | moment.some_of(others, min(wrong / candidates, 1.0) if candidates else 0.0)

    def _wrong(self, coming: float) -> float:
        """Return how many users to name wrongly where so many log in."""
        return self.recall_fraction * coming * (1.0 - self.precision_fraction) / self.precision_fraction
