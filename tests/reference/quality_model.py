"""The quality of one answer, as MODEL.md section 8 has it, in plain Python."""

import bisect

from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import origin_s

DAY_S = 86400.0


class QualityModel:
    """What the answers of one plan are worth; its models are listed, one training after the other."""

    def __init__(self, scenario: Scenario, plan_name: str, tick_s: float) -> None:
        plan, self.model, self.value = scenario.plans[plan_name], scenario.model, scenario.value
        self.accuracy, self.tick_s = plan.accuracy or scenario.model.accuracy, tick_s
        training = plan.training or scenario.model.training
        self.in_service_from_s, self.cutoffs_s = [float("-inf")], [0.0]
        if training is not None:
            takes_s = training.machine_hours * 3600 / training.machines
            first = int((origin_s(scenario, plan_name) - takes_s) // training.every_s) - 2
            last = int(scenario.horizon_s * 2 // training.every_s) + 2
            self.cutoffs_s = [k * training.every_s for k in range(first, last)]
            self.in_service_from_s = [cutoff_s + takes_s for cutoff_s in self.cutoffs_s]

    def of(self, arrival_s: float, latency_s: float, age_s: float | None, made_s: float | None) -> float:
        """Return the quality of an answer; without an age it is the default response."""
        loss = self.value.latency_loss_per_100ms_fraction if self.value else 0.0
        by_latency = max(0.0, 1 - loss * latency_s / 0.1)
        if age_s is None or made_s is None:
            return (self.value.default_quality_fraction if self.value else 0.0) * by_latency
        half_life_s, floor = self.model.half_life_s, self.model.quality_floor_fraction
        by_age = 1.0 if half_life_s is None else floor + (1 - floor) * 0.5 ** (age_s / half_life_s)
        return self._by_model(arrival_s + latency_s, made_s) * by_age * by_latency

    def _by_model(self, answered_s: float, made_s: float) -> float:
        if self.accuracy is None or self.model.accuracy is None:
            return 1.0
        place = bisect.bisect_right(self.in_service_from_s, made_s + self.tick_s) - 1
        age_days = max(answered_s - self.cutoffs_s[place], 0.0) / DAY_S
        now = self.accuracy.initial_fraction - self.accuracy.loss_per_day_fraction * age_days
        return max(self.accuracy.floor_fraction, now) / self.model.accuracy.initial_fraction
