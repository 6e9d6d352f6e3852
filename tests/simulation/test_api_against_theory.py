"""Plans on an external API against what is known of them without simulating."""

import math
from typing import Any

import pytest
from replicated import DAY_S, agree_each, replicate

from simulator.backends.api import Api
from simulator.core.units import HOUR_S
from simulator.prices.bill import Bill
from simulator.prices.loading import load_book
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import Outcome

REPLICATIONS = 12
USERS = 100_000
NIGHTLY = {"precompute": {"every": "24 h", "backend": "bought"}, "on_miss": "default"}
ON_DEMAND = {"on_miss": "compute", "backend": "bought"}


def api_world(rate_per_s: float, plans: dict[str, Any], **api: Any) -> Scenario:
    """Return Poisson requests, all from users alike, and an API that answers 2,000 tokens with 300 in 3.4 s."""
    return Scenario.model_validate(
        {
            "seed": 3,
            "horizon": "2 h",
            "warmup": "10 min",
            "population": {
                "users": USERS,
                "logins_per_day": f"{rate_per_s * DAY_S / USERS}/day",
                "shape": "inf",
            },
            "backends": {
                "bought": {
                    "kind": "api",
                    "model": "gpt-4.1-mini",
                    "input_tokens": {"kind": "fixed", "count": 2_000},
                    "output_tokens": {"kind": "fixed", "count": 300},
                    "first_token": {"base": "400 ms"},
                    "per_token": "10 ms",
                    **api,
                }
            },
            "plans": plans,
            "prices": ["aws-us-east-1", "llm-2025-09"],
        }
    )


def counts(outcome: Outcome) -> Any:
    return outcome.services[0].counts


def on_demand(rate_per_s: float, replications: int = REPLICATIONS, **api: Any) -> list[Outcome]:
    return replicate(api_world(rate_per_s, {"plan": ON_DEMAND}, **api), "plan", replications)


def test_answers_take_the_first_token_and_every_token_written() -> None:
    noise = {"kind": "lognormal", "cv": 0.4}
    written = {"kind": "lognormal", "mean": 300, "cv": 0.7}
    outcomes = on_demand(2.0, noise=noise, output_tokens=written)
    agree_each(outcomes, lambda o: o.counted.latency.mean, 0.4 + 300 * 0.01)


def test_tokens_used_are_the_mean_tokens_of_every_call() -> None:
    outcomes = on_demand(2.0, input_tokens={"kind": "lognormal", "mean": 2_000, "cv": 1.2})
    agree_each(outcomes, lambda o: counts(o)["input_tokens"] / counts(o)["calls"], 2_000)
    for outcome in outcomes:
        assert counts(outcome)["calls"] == outcome.counted.tally["requests"]
        assert counts(outcome)["output_tokens"] == 300 * counts(outcome)["calls"]


@pytest.mark.parametrize("calls_per_lifetime", [0.4, 2.0])
def test_the_prompt_cache_is_warm_as_often_as_a_sliding_cache_is_hit(calls_per_lifetime: float) -> None:
    lifetime_s = 40.0
    cache = {"prefix": 1_500, "lifetime": f"{lifetime_s} s"}
    outcomes = on_demand(calls_per_lifetime / lifetime_s, 30, prompt_cache=cache)
    warm = -math.expm1(-calls_per_lifetime)
    agree_each(outcomes, lambda o: counts(o)["cached_tokens"] / counts(o)["calls"] / 1_500, warm)


@pytest.mark.parametrize("limits", [{"requests_per_minute": 60}, {"tokens_per_minute": 60 * 2_300}])
def test_too_many_requests_are_answered_at_the_rate_of_the_limit_and_the_others_get_the_default(
    limits: dict[str, int],
) -> None:
    """As many as come when nobody tries again; five a second ask for the one that there is room for."""
    for outcome in on_demand(5.0, 3, retries=None, **limits):
        assert outcome.counted.tally["computed"] == pytest.approx(2 * HOUR_S, abs=2)
        assert outcome.counted.tally["refused"] == outcome.counted.tally["defaulted"]


def test_trying_again_adds_calls_and_no_room() -> None:
    scenario = api_world(5.0, {"plan": ON_DEMAND}, requests_per_minute=60)
    for outcome in replicate(scenario, "plan", 3):
        # those of the warm-up that come again in the horizon take as much of its room as its last ones leave to others
        assert outcome.counted.tally["computed"] == pytest.approx(2 * HOUR_S, abs=20)
        assert counts(outcome)["refused"] == counts(outcome)["retried"] + outcome.counted.tally["refused"]
        assert counts(outcome)["retried"] > outcome.counted.tally["refused"]
        assert metrics_of(scenario, outcome)["refused_fraction"] == pytest.approx(0.8, abs=0.02)


def test_a_batch_pays_where_half_of_it_is_read() -> None:
    """At half the price, the batch costs as much as computing on demand what half of the users ask for."""
    scenario = api_world(1.0, {"nightly": NIGHTLY, "on demand": ON_DEMAND})
    book = load_book(scenario.prices)
    usd: dict[str, float] = {}
    asked = 0.0
    for plan in scenario.plans:
        outcome = replicate(scenario, plan, 1)[0]
        bill = Bill.of(outcome.usage, book, scenario.horizon_s)
        usd[plan] = sum(line.usd for line in bill.lines if line.meter.startswith("llm/"))
        asked = outcome.counted.tally["requests"]
    runs = scenario.horizon_s / DAY_S
    assert usd["nightly"] == pytest.approx(runs * USERS * (2_000 * 0.2 + 300 * 0.8) / 1e6, rel=1e-9)
    assert usd["on demand"] == pytest.approx(asked * (2_000 * 0.4 + 300 * 1.6) / 1e6, rel=1e-9)
    assert (usd["nightly"] / (runs * USERS)) / (usd["on demand"] / asked) == pytest.approx(0.5, rel=1e-9)


def test_an_api_has_no_replicas_and_says_nothing_of_them() -> None:
    scenario = api_world(1.0, {"plan": ON_DEMAND})
    outcome = replicate(scenario, "plan", 1)[0]
    assert isinstance(scenario.backends["bought"], Api)
    assert outcome.fleets == ()
    assert not {"replicas_mean", "utilisation", "refused_fraction"} & metrics_of(scenario, outcome).keys()
