"""The choice between plans: the best, what is as good, what is not decided, and how sure that is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.core.selection import Against, Standing, against_best, probability_right
from simulator.studies.aim import Aim


@dataclass(frozen=True)
class Selection:
    """What is chosen of the plans that meet every bound and keep up."""

    best: str | None
    """The recommended plan; none where none can be recommended."""
    confidence: float
    """Of all that is said here at once."""
    indifference_fraction: float
    """Of the best's cost; so much less would not change the choice."""
    against: Mapping[str, Against] = field(default_factory=dict)
    """The others, in the scenario's order, as they stand against it."""

    @classmethod
    def of(cls, best: str, losses: Mapping[str, Sequence[float]], cost_usd: float, aim: Aim) -> "Selection":
        """Return the choice.

        Parameters
        ----------
        best
            The plan with the least mean loss.
        losses
            By plan and replication: cost, or cost less value; those who have more replications than others are compared
            on the ones that both have. [USD per 30-day month]
        cost_usd
            The best's cost. [USD per 30-day month]
        aim
            What is asked of it.
        """
        rule, indifference_usd = aim.rule(len(losses)), aim.indifference_fraction * abs(cost_usd)
        against = {
            name: against_best(_gaps(each, losses[best]), rule, indifference_usd)
            for name, each in losses.items()
            if name != best
        }
        return cls(best, aim.confidence, aim.indifference_fraction, against)

    @property
    def as_good(self) -> tuple[str, ...]:
        """Those that surely cost no more than the indifference above the best."""
        return self._standing(Standing.AS_GOOD)

    @property
    def no_better(self) -> tuple[str, ...]:
        """Those that may be as good or worse, and are not better by more than the indifference."""
        return self._standing(Standing.NO_BETTER)

    @property
    def undecided(self) -> tuple[str, ...]:
        """Those that may be better, by more than the indifference."""
        return self._standing(Standing.UNDECIDED)

    @property
    def near(self) -> tuple[str, ...]:
        """Those of which chance alone may be all that sets them apart; with one replication, only equal ones."""
        return tuple(name for name, each in self.against.items() if each.estimate.includes_zero)

    @property
    def probability(self) -> float:
        """The least probability that no plan is better by more than the indifference; NaN where nothing says it."""
        return math.nan if self.best is None else probability_right([each.doubt for each in self.against.values()])

    def standing(self, plan: str) -> Standing | None:
        """Return how a plan stands; None for the best, and for those that are not chosen from."""
        return self.against[plan].standing if plan in self.against else None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "best": self.best,
            "as_good": list(self.as_good),
            "undecided": list(self.undecided),
            "confidence": self.confidence,
            "indifference": self.indifference_fraction,
            "probability": self.probability,
            "against_best": {
                name: {"standing": each.standing, **each.estimate.as_dict(), "more_replications": each.more}
                for name, each in self.against.items()
            },
        }

    def _standing(self, standing: Standing) -> tuple[str, ...]:
        return tuple(name for name, each in self.against.items() if each.standing is standing)


def _gaps(losses: Sequence[float], of_best: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(losses, of_best, strict=False)]
