"""What nearline refresh gives, against closed forms."""

import math
from typing import Any

import pytest
from replicated import agree_each, replicate

from simulator.simulation.outcome import Outcome
from simulator.studies.check.nearline import recomputes_per_user_s
from simulator.studies.check.worlds import EVENTS_PER_S, NEARLINE_USERS, nearline_world
from simulator.theory.freshness import debounced_prediction_age_s, debounced_recomputes_per_s

REPLICATIONS = 12


def fleet(service: str, replicas: int) -> dict[str, Any]:
    return {
        "kind": "fleet",
        "instance": "f",
        "service_time": {"kind": "affine", "fixed": service},
        "capacity": {"kind": "fixed", "replicas": replicas},
    }


def outcomes_of(refresh: dict[str, Any], late: dict[str, Any] | None = None, **traffic: Any) -> list[Outcome]:
    return replicate(nearline_world(refresh, late=late, **traffic), "nearline", REPLICATIONS)


@pytest.mark.parametrize("window_s", [0.0, 600.0, 2400.0])
def test_recomputes_and_ages_are_those_of_a_debounce_that_restarts(window_s: float) -> None:
    """A row is as old as the gaps back to the first one longer than W, less W."""
    outcomes = outcomes_of({"on": "login", "debounce": f"{window_s} s"})
    expected = float(debounced_recomputes_per_s(EVENTS_PER_S, window_s, restarting=True))
    agree_each(outcomes, recomputes_per_user_s, expected, noise=0.01)
    expected_s = float(debounced_prediction_age_s(EVENTS_PER_S, window_s))
    agree_each(outcomes, lambda o: o.counted.age.mean, expected_s, noise=0.01, bias=1.0)


def test_events_that_come_within_the_lag_are_not_known() -> None:
    """Rows are of the events up to a lag ago: their ages are exponential, as the time since any event is."""
    outcomes = outcomes_of({"on": "login", "lag": "20 min"})
    agree_each(outcomes, recomputes_per_user_s, EVENTS_PER_S, noise=0.01)
    agree_each(outcomes, lambda o: o.counted.age.mean, 1 / EVENTS_PER_S, noise=0.01, bias=1.0)
    median_s = math.log(2) / EVENTS_PER_S
    agree_each(outcomes, lambda o: o.counted.age.quantile(0.5), median_s, noise=0.02, bias=0.005 * median_s)


def test_a_login_is_one_event_and_its_requests_are_several() -> None:
    session = {"requests": {"kind": "geometric", "mean": 5}, "think_time": {"kind": "exponential", "mean": "10 s"}}
    by_login = outcomes_of({"on": "login"}, session=session)
    agree_each(by_login, recomputes_per_user_s, EVENTS_PER_S, noise=0.01)
    by_request = outcomes_of({"on": "request"}, session=session)
    agree_each(by_request, recomputes_per_user_s, 5 * EVENTS_PER_S, noise=0.01)


def test_a_queue_of_the_refreshing_backend_keeps_nobody_waiting() -> None:
    """The fleet that refreshes is at 95 % and its queue is long; those who have a row are served at once."""
    busy = fleet(f"{0.95 / (EVENTS_PER_S * NEARLINE_USERS)} s", 1)
    for outcome in outcomes_of({"on": "login"}, busy):
        answering, refreshing = outcome.fleets
        assert refreshing.busy_replica_s.sum() / refreshing.provisioned_replica_s.sum() > 0.9
        assert answering.busy_replica_s.sum() < 1e-4 * answering.provisioned_replica_s.sum()
        assert outcome.counted.latency.quantile(0.999) < 0.0021
        tally = outcome.counted.tally
        assert tally["precomputed"] > 0.999 * tally["requests"]
