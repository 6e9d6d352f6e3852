from collections.abc import Iterator

from drawn_scenarios import a_scenario

from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.simulation.simulate import simulate

RETURNS = {"probability": "40 %", "gap": {"kind": "lognormal", "mean": "2 h", "cv": 1.5}}


def with_returns() -> Scenario:
    return a_scenario().with_(traffic__return_visits=RETURNS, traffic__burstiness={"cv": 0.5, "every": "1 min"})


def counts(outcome: Outcome) -> tuple[object, ...]:
    return outcome.traffic, int(outcome.counted.tally["requests"])


def outcomes(block_s: float | None = None) -> Iterator[Outcome]:
    scenario = with_returns()
    for plan in scenario.plans:
        yield simulate(scenario, plan, block_s=block_s)


def test_all_plans_see_the_same_logins_and_requests_wherever_they_begin() -> None:
    assert len({repr(counts(outcome)) for outcome in outcomes()}) == 1


def test_blocks_change_nothing() -> None:
    for one, other in zip(outcomes(), outcomes(block_s=3 * 3600.0), strict=True):
        assert counts(one) == counts(other)
        assert dict(one.counted.tally) == dict(other.counted.tally)
