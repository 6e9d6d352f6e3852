"""Which plans of a scenario can be played on a log, which says who asks when and nothing else."""

from collections.abc import Mapping
from pathlib import Path

from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.core.tables import name_of
from simulator.plans.plan import Plan
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario


def unplayable(base: Scenario | Path | None) -> dict[str, str]:
    """Return the plans of a scenario, or of a file's, that no log can be played with, and why.

    Raises
    ------
    UserError
        If the file is no valid scenario, or none of its plans can be played.
    """
    if base is None:
        return {}
    scenario = load_scenario(base) if isinstance(base, Path) else base
    found = {name: why for name, plan in scenario.plans.items() if (why := _why_not(plan)) is not None}
    if len(found) == len(scenario.plans):
        told = "; ".join(f"{shown(name)} {why}" for name, why in found.items())
        where = name_of(base) if isinstance(base, Path) else "the scenario"
        raise UserError(f"--scenario: none of the plans of {where} can be played on a log: {told}")
    return found


def without(plans: Mapping[str, str]) -> dict[str, None]:
    """Return what deletes plans of a scenario."""
    return {f'plans."{name}"': None for name in plans}


def _why_not(plan: Plan) -> str | None:
    if plan.refresh is not None and plan.refresh.on == "login":
        return "refreshes after each login, and a log does not say which request ends one; write on: request"
    if plan.precompute is not None and plan.precompute.scope.needs_rates:
        kind = plan.precompute.scope.kind
        return f"goes by login rates ({kind}), and a log does not say those of its users; take active_within"
    return None
