"""Which plans of which scenarios are one simulation, so that none is done twice: prices and weights change none."""

from collections.abc import Hashable
from dataclasses import replace

from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import earliest_s
from simulator.simulation.outcome import FleetUse, Outcome, ServiceUse
from simulator.simulation.usage import usage_of
from simulator.studies.run_folder import digest

_NO_NAME, _NO_BOOK, _NO_MONEY = "-", "-", 1.0


def simulation_digest(scenario: Scenario, plan_name: str) -> Hashable:
    """Return what is equal for two plans of two scenarios where their simulations are the same, to the last bit.

    That is what the plan and its backends state, and what draws requests: of other plans only how early they begin.
    """
    return digest(_alone(scenario, plan_name)), plan_name, earliest_s(scenario), scenario.tells_rows


def _alone(scenario: Scenario, plan_name: str) -> Scenario:
    """Return a scenario with one plan, and with prices and weights at some neutral value."""
    plan = scenario.plans[plan_name]
    names = [*scenario.online_names(plan), *([plan.precompute.backend] if plan.precompute else [])]
    changes: dict[str, object] = {
        "name": _NO_NAME,
        "plans": {plan_name: plan},
        "backends": {name: _without_price(scenario, name) for name in dict.fromkeys(names)},
        "slo": scenario.slo.model_copy(update={"latency_p99_s": None, "age_p95_s": None, "default_fraction": None}),
        "prices": _NO_BOOK,
        "replications": 1,
    }
    if scenario.value is not None:
        changes["value"] = scenario.value.model_copy(update={"per_request_usd": _NO_MONEY})
    return scenario.model_copy(update=changes)


def _without_price(scenario: Scenario, backend_name: str) -> object:
    backend = scenario.backends[backend_name]
    pipeline = getattr(backend, "feature_pipeline", None)
    if pipeline is None:
        return backend
    return backend.model_copy(update={"feature_pipeline": pipeline.model_copy(update={"cost_usd": _NO_MONEY})})


def restated(outcome: Outcome, scenario: Scenario) -> Outcome:
    """Return the outcome of a simulation as that of another scenario of which it is a simulation too.

    Its usage says what that scenario states of prices.
    """
    both: tuple[FleetUse | ServiceUse, ...] = (*outcome.fleets, *outcome.services)
    uses = {use.backend: use for use in both}
    online: list[FleetUse | ServiceUse] = [uses[name] for name in scenario.online_names(scenario.plans[outcome.plan])]
    tally, traffic = outcome.counted.tally, outcome.traffic
    usage = usage_of(scenario, outcome.plan, tally, traffic, online, outcome.batch, outcome.store)
    beside = tuple((weight, restated(other, scenario)) for weight, other in outcome.beside)
    return replace(outcome, usage=tuple(usage), beside=beside)
