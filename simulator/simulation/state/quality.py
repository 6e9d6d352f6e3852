"""The quality of an answer, request by request: age, age of the model and latency come together in one product.

quality = accuracy(model age) / a0 x [floor + (1 - floor) 2^(-age / half-life)] x max(0, 1 - loss x latency), where a0
is the initial accuracy of the scenario's model, so that a plan with a better model has a quality above 1. The default
response has a quality of its own, from which latency takes the same share. What is not stated is a factor of 1.
"""

import math

from simulator.core.jit import inlined
from simulator.scenario.schema import Scenario
from simulator.simulation.state.records import Record

STEPS_PER_S = 10.0
"""Latency is judged by steps of 100 ms. [1/s]"""


@inlined
def add_quality(arrival_s: float, latency_s: float, age_s: float, made_s: float, rules: Record, counts: Record) -> None:
    """Add the quality of a prediction served.

    ``made_s`` says which model made it: the one in service then, known to a tick of the store, whose rows keep their
    times rounded down to it.
    """
    quality = max(1.0 - rules.latency_loss_per_s * latency_s, 0.0)
    if rules.decay_per_s > 0.0:
        quality *= rules.quality_floor + (1.0 - rules.quality_floor) * math.exp(-rules.decay_per_s * age_s)
    if rules.judges_models:
        cutoff_s = 0.0
        if rules.trained_every_s > 0.0:
            cutoff_s = (
                math.floor((made_s + rules.tick_s - rules.training_s) / rules.trained_every_s) * rules.trained_every_s
            )
        model_age_s = max(arrival_s + latency_s - cutoff_s, 0.0)
        quality *= max(rules.accuracy_initial - rules.accuracy_loss_per_s * model_age_s, rules.accuracy_floor)
    counts.quality += quality


@inlined
def add_default_quality(latency_s: float, rules: Record, counts: Record) -> None:
    """Add the quality of a default response."""
    counts.quality += rules.default_quality * max(1.0 - rules.latency_loss_per_s * latency_s, 0.0)


def set_quality_rules(rules: Record, scenario: Scenario, plan_name: str) -> None:
    """Write down what a plan's answers are worth."""
    plan, model, value = scenario.plans[plan_name], scenario.model, scenario.value
    if value is not None:
        rules["default_quality"] = value.default_quality_fraction
        rules["latency_loss_per_s"] = value.latency_loss_per_100ms_fraction * STEPS_PER_S
    rules["quality_floor"] = model.quality_floor_fraction
    rules["decay_per_s"] = math.log(2.0) / model.half_life_s if model.half_life_s else 0.0
    rules["values"] = scenario.asks_for_quality
    accuracy, training = scenario.accuracy(plan), scenario.training(plan)
    if accuracy is not None and model.accuracy is not None:
        best = model.accuracy.initial_fraction
        rules["judges_models"] = True
        rules["accuracy_initial"] = accuracy.initial_fraction / best
        rules["accuracy_loss_per_s"] = accuracy.loss_per_s / best
        rules["accuracy_floor"] = accuracy.floor_fraction / best
    if training is not None:
        rules["trained_every_s"] = training.every_s
        rules["training_s"] = training.duration_s
