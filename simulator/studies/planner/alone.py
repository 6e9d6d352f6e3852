"""One plan by closed forms, as it is or changed, without what the others would take to estimate."""

from collections.abc import Mapping

from simulator.core.errors import UserError
from simulator.core.estimate import Estimate
from simulator.plans.plan import Plan
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison
from simulator.studies.planner.estimating import World
from simulator.studies.verdict import violations


def plan_alone(scenario: Scenario, name: str, plan: Plan | None = None) -> Scenario:
    """Return the scenario with one of its plans alone, or with another one in its place."""
    return scenario.model_copy(update={"plans": {name: plan or scenario.plans[name]}})


def metrics_alone(scenario: Scenario, name: str, book: PriceBook, *, waits: bool = True) -> Mapping[str, float]:
    """Return the metrics of one plan by closed forms; none where no closed form is known or the plan cannot be.

    Parameters
    ----------
    scenario, name
        The plan, and its scenario, which may have others.
    book
        The prices.
    waits
        Whether latencies are wanted too.
    """
    try:
        found = World.of(plan_alone(scenario, name)).estimate(name, book, waits=waits)
    except UserError:
        return {}
    return {} if found.no_form else {metric: value.value for metric, value in found.metrics.items()}


def stated_as(comparison: Comparison, name: str) -> str:
    """Return what the scenario calls a plan of a comparison, which may have given it another name."""
    outcomes = comparison.plans[name].outcomes
    return outcomes[0].plan if outcomes else name


def keeps_bounds(scenario: Scenario, metrics: Mapping[str, float]) -> bool:
    """Return whether metrics keep the bounds of the scenario."""
    return not violations(scenario.slo, {name: Estimate(value, value, value) for name, value in metrics.items()})


def is_silent(comparison: Comparison) -> bool:
    """Return whether closed forms say nothing.

    They do where too little was simulated, where the file of a replay may be gone, and of clients who wait.
    """
    traffic = comparison.scenario.traffic
    return comparison.is_too_little or traffic.replay is not None or traffic.closed_loop is not None
