"""How fast batches of the stated size are computed, and whether another size would be faster."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.backends.answers.batches import Batches
from simulator.scenario.schema import Scenario

WORTH_TELLING_FRACTION = 0.01
"""A rate that is so little larger is no reason to take other batches."""
MANY_PER_S = 1000


@dataclass(frozen=True)
class BatchSize:
    """The batches that a plan's backend computes."""

    backend: str
    """Its name."""
    batches: Batches

    @property
    def stated(self) -> int:
        """Predictions of a full batch."""
        return self.batches.stated

    @property
    def best(self) -> int:
        """The batch with the largest rate, among those that are known: larger ones than stated, if any are measured."""
        times = self.batches.times
        among_all = times.best_batch()
        found = times.best_batch(self.stated) if among_all is None else among_all
        assert found is not None
        return found

    @property
    def gain_fraction(self) -> float:
        """By how much the best rate is above that of the stated batch."""
        times = self.batches.times
        return times.rate_per_s(self.best) / times.rate_per_s(self.stated) - 1.0

    @property
    def other_is_better(self) -> bool:
        """Whether batches of another size are computed faster."""
        return self.gain_fraction > WORTH_TELLING_FRACTION

    @property
    def is_too_large(self) -> bool:
        """Whether smaller batches are computed faster."""
        return self.other_is_better and self.best < self.stated

    @property
    def rates(self) -> str:
        """The largest throughput, and that of the stated batch where it is another."""
        times = self.batches.times
        best = f"{_per_s(times.rate_per_s(self.best))}/s at batches of {self.best:,}"
        stated = f"{_per_s(times.rate_per_s(self.stated))}/s"
        if self.other_is_better:
            return f"{best}; at the batch of {self.stated:,} stated {stated}"
        return f"{stated} at batches of {self.stated:,}, as stated"

    @property
    def warning(self) -> str:
        """What is wrong with a batch that is too large."""
        return (
            f"batches of {self.stated:,} on '{self.backend}' are slower than smaller ones: the largest throughput of a "
            f"{self.batches.where} is {self.rates}"
        )


def batch_sizes(scenario: Scenario, plan_name: str) -> Iterator[BatchSize]:
    """Yield the batches of a plan's backends, of those that compute any."""
    plan = scenario.plans[plan_name]
    ahead = [plan.precompute.backend] if plan.precompute else []
    for name in dict.fromkeys([*ahead, *scenario.online_names(plan)]):
        batches = scenario.backends[name].batches()
        if batches is not None:
            yield BatchSize(name, batches)


def _per_s(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= MANY_PER_S else f"{rate:.3g}"
