import numpy as np
from drawn_scenarios import a_scenario

from simulator.plans.served_model import Training
from simulator.simulation.calendar.due_runs import training_ends_s
from simulator.simulation.calendar.timing import runs_from_s

HOUR_S = 3600.0


def test_trainings_end_at_multiples_of_their_period_and_their_duration_also_before_the_start() -> None:
    training = Training.model_validate({"every": "6 h", "instance": "t", "machines": 2, "machine_hours": 4})
    assert (training.ends_between(-7 * HOUR_S, 9 * HOUR_S) / HOUR_S).tolist() == [-4, 2, 8]


def test_a_span_holds_the_training_that_ends_as_it_begins_and_not_the_one_as_it_ends() -> None:
    training = Training.model_validate({"every": "6 h", "instance": "t", "machine_hours": 2})
    assert (training.ends_between(2 * HOUR_S, 8 * HOUR_S) / HOUR_S).tolist() == [2]
    assert training.ends_between(3 * HOUR_S, 4 * HOUR_S).size == 0


def test_the_trainings_of_a_plan_go_from_before_its_oldest_rows_to_the_horizon() -> None:
    scenario = a_scenario()
    for plan in scenario.plans:
        ends_s = np.array(training_ends_s(scenario, plan))
        every_s, takes_s = 53 * 60.0, 0.35 * HOUR_S
        assert np.all(np.abs((ends_s - takes_s) / every_s - np.round((ends_s - takes_s) / every_s)) < 1e-9)
        assert ends_s[0] < runs_from_s(scenario, plan)
        assert scenario.horizon_s <= ends_s[-1] < scenario.horizon_s + every_s
        assert np.allclose(np.diff(ends_s), every_s)


def test_a_plan_may_serve_a_model_that_is_trained_otherwise_or_none_that_is() -> None:
    own = {"every": "1 h", "instance": "t", "machine_hours": 0.5}
    plans = {"own": {"on_miss": "compute", "backend": "live", "training": own}}
    assert [end_s / HOUR_S for end_s in training_ends_s(a_scenario(plans=plans), "own")][-6:-1] == [
        0.5,
        1.5,
        2.5,
        3.5,
        4.5,
    ]
    untrained = a_scenario(model={"feature_lag": "5 s"})
    assert training_ends_s(untrained, "on demand") == ()
