from small_runs import small

from simulator.scenario.schema import Scenario
from simulator.studies.consequences import consequences

RETURNS = {"probability": "30 %", "gap": {"kind": "lognormal", "mean": "20 h", "cv": 1.5}}
ALL, PRIMARY = "logins per user and day", "of these, primary logins"


def told(scenario: Scenario) -> dict[str, str]:
    return {fact.what: fact.value for fact in consequences(scenario) if fact.subject == "traffic"}


def test_logins_of_users_are_told_with_and_without_return_visits() -> None:
    facts = told(small(traffic__return_visits=RETURNS))
    every, primary = float(facts[ALL]), float(facts[PRIMARY])
    assert abs(primary / every - 0.7) < 1e-3
    assert facts["daily active"] == told(small())["daily active"] == "2 %"
    assert PRIMARY not in told(small())


def test_a_daily_active_share_is_told_for_stated_logins() -> None:
    keen = {"users": "20k", "logins_per_day": "0.3/day", "shape": 0.5}
    plain, followed = (told(small(population=keen, traffic__return_visits=visits)) for visits in (None, RETURNS))
    assert plain[ALL] == followed[ALL] == "0.3"
    for share in ("daily active", "monthly active"):
        assert float(followed[share].removesuffix(" %")) < float(plain[share].removesuffix(" %"))


def test_requests_of_the_horizon_are_those_of_all_logins() -> None:
    keen = {"users": "20k", "logins_per_day": "0.3/day", "shape": 0.5}
    mean = "requests per second, mean"
    plain, followed = (
        float(told(small(horizon="7 d", population=keen, traffic__return_visits=visits))[mean])
        for visits in (None, RETURNS)
    )
    assert abs(followed / plain - 1) < 0.005
