"""When the models of a plan come into service: each from when its training ends, until the next one's does.

A prediction is made with the model in service at its feature snapshot (batch) or at the start of its computation
(online), and a stored row keeps that model until it is rewritten. A model's age is the time from its data's cutoff, the
start of its training, to the answer. `quality` works it out request by request.
"""

import numpy as np

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import FloatArray
from simulator.simulation.timing import begin_s


def training_ends(scenario: Scenario, plan_name: str) -> FloatArray:
    """Return when the trainings of a plan's model end, from the simulation's begin to before the horizon.

    Returns
    -------
    array
        Ascending; empty where nothing is trained. [s]
    """
    training = scenario.training(scenario.plans[plan_name])
    if training is None:
        return np.empty(0)
    return training.ends_between(begin_s(scenario, plan_name), scenario.horizon_s)
