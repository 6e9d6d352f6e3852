"""The requests that a plan is given, where they come whether or not they are answered."""

from collections.abc import Iterator

from simulator.scenario.schema import Scenario
from simulator.simulation.workload.activity import Activity
from simulator.simulation.workload.asked import Asked, WorkloadBlock
from simulator.simulation.workload.request_stream import Stretch


class Workload:
    """Hands out the requests block by block: the same ones to every plan, with the same factors on service times.

    Parameters
    ----------
    scenario, plan_name
        Whose.
    first
        Where the plan's requests begin.
    activity
        Who is to see the logins too.
    """

    def __init__(
        self, scenario: Scenario, plan_name: str, first: Stretch | None, activity: Activity | None = None
    ) -> None:
        self._asked = Asked(scenario, plan_name)
        self._stretches = _from(first)
        self._activity = activity

    def next(self) -> WorkloadBlock | None:
        """Return the next block; none after the last."""
        at = next(self._stretches, None)
        if at is None:
            return None
        if self._activity is not None:
            self._activity.take(at.block)
        return self._asked.block(at.block.end_s, at.block.time_s, at.block.user, at)


def _from(at: Stretch | None) -> Iterator[Stretch]:
    """Yield a stretch and all that follow, without holding those that are past."""
    while at is not None:
        yield at
        at = at.next
