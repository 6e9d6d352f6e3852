"""Scenarios of a log's population and traffic, with the machines, plans and prices of another one."""

from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.calibration.fitting import UserFit
from simulator.studies.calibration.parts import monday_after, parts_of


def scenario_with(base: Scenario | Path | None, overrides: Mapping[str, Any]) -> Scenario:
    """Return a scenario, that of a file or the starter, with some of its first level replaced."""
    if isinstance(base, Scenario):
        return base.with_(**overrides)
    if base is not None:
        return load_scenario(base, overrides)
    with resources.as_file(resources.files("simulator.scenario") / "starter.yaml") as starter:
        return load_scenario(starter, overrides)


def following_parts(fit: UserFit, last: datetime) -> dict[str, Any]:
    """Return what a scenario states that begins on the Monday after a log.

    Parameters
    ----------
    fit
        What was fitted to the log; where it grows, it is taken to go on doing so until then.
    last
        When the log ends.

    Returns
    -------
    dict
        ``start``, ``population`` and ``traffic``.
    """
    begins = monday_after(last)
    until_s = fit.length_s + (begins - last).total_seconds()
    return {"start": f"{begins:%Y-%m-%dT%H:%M}", **parts_of(fit, growth_until_s=until_s)}
