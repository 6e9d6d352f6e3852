"""The scenario at another activity: what a user writes to have everybody come more or less often."""

import math
from dataclasses import dataclass
from functools import cached_property

from simulator.demand.population import Activity, Population, Segment
from simulator.scenario.schema import Scenario

STEPS = (1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 3.6, 4.0, 4.5, 5.0, 5.6, 6.3, 7.0, 8.0, 9.0)
"""Of a decade: round values, about a tenth apart, so that what is printed is what was simulated."""
MOST_TIMES = 30.0
LEAST_TIMES = 1 / 20
"""No activity is looked at that brings more or fewer times today's logins."""
HIGHEST_SHARE = 0.98
"""No daily active share is looked at above so much of those who are not dormant: logins grow without bound there."""
PERCENT = 100.0


@dataclass(frozen=True)
class Axis:
    """The activities at which a scenario can be looked at, each as the scenario itself would state it.

    That is `population.daily_active` or `population.logins_per_day`, whichever is stated; where segments have habits of
    their own, it is how many times as often everybody logs in.
    """

    scenario: Scenario

    @classmethod
    def of(cls, scenario: Scenario) -> "Axis | None":
        """Return it; None for a replay, whose file says how often people come."""
        return None if scenario.traffic.replay is not None else cls(scenario)

    @property
    def _population(self) -> Population:
        return self.scenario.population

    @property
    def key(self) -> str:
        """The key that is changed; what is multiplied where there are segments."""
        if self._population.segments:
            return "population.segments"
        shares = self._population.daily_active_fraction is not None
        return "population.daily_active" if shares else "population.logins_per_day"

    @cached_property
    def now(self) -> float:
        """Where the scenario stands."""
        if self._population.segments:
            return 1.0
        stated = self._population.daily_active_fraction
        if stated is None:
            stated = self._population.logins_per_day
        assert stated is not None
        return stated

    @cached_property
    def values(self) -> tuple[float, ...]:
        """Round values below and above today's, ascending; today's is not among them."""
        scale = PERCENT if self._shares else 1.0
        first = math.floor(math.log10(self.now * scale)) - 3
        written = [float(f"{step:.3g}e{first + decade}") for decade in range(7) for step in STEPS]
        return tuple(value for value in (each / scale for each in written) if self._is_in_range(value))

    @property
    def _shares(self) -> bool:
        return not self._population.segments and self._population.daily_active_fraction is not None

    def _is_in_range(self, value: float) -> bool:
        if math.isclose(value, self.now, rel_tol=1e-9):
            return False
        if self._shares and value > HIGHEST_SHARE * (1 - self._population.dormant_fraction):
            return False
        if self._population.segments:
            return LEAST_TIMES <= value <= MOST_TIMES
        return LEAST_TIMES <= self.times(value) <= MOST_TIMES

    def times(self, value: float) -> float:
        """Return how many times as often everybody logs in at a value."""
        now = self.scenario.demand.mean_logins_per_user_day
        return self.at(value).demand.mean_logins_per_user_day / now

    def at(self, value: float) -> Scenario:
        """Return the scenario there."""
        population = self._population
        if population.segments:
            segments = [self._times_as_often(segment, value) for segment in population.segments]
            changes: dict[str, object] = {"segments": segments}
        else:
            changes = {"daily_active_fraction" if self._shares else "logins_per_day": value}
        return self.scenario.model_copy(update={"population": population.model_copy(update=changes)})

    def _times_as_often(self, segment: Segment, times: float) -> Segment:
        if segment.logins_per_day is not None:
            return segment.model_copy(update={"logins_per_day": segment.logins_per_day * times})
        share = Activity.active_within(segment, 1, times, self.scenario.demand.clusters())
        return segment.model_copy(update={"daily_active_fraction": share})

    def text(self, value: float) -> str:
        """Return a value as people say it."""
        if self._population.segments:
            return f"{value:.3g} times the logins"
        return f"{value * PERCENT:.3g} % daily active" if self._shares else f"{value:.3g} logins per user and day"

    def short(self, value: float) -> str:
        """Return a value that another one with the words follows."""
        if self._population.segments:
            return f"{value:.3g}"
        return f"{value * PERCENT:.3g} %" if self._shares else f"{value:.3g}"
