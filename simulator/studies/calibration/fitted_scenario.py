"""Scenarios of a log's population and traffic, with the machines, plans and prices of another one."""

from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from simulator.core.errors import UserError
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.studies.calibration.fitting import UserFit
from simulator.studies.calibration.parts import monday_after, parts_of, parts_of_rates
from simulator.studies.calibration.rates import RateFit


def scenario_with(base: Scenario | Path | None, overrides: Mapping[str, Any]) -> Scenario:
    """Return a scenario, that of a file or the starter, with some of its first level replaced."""
    if isinstance(base, Scenario):
        return base.with_(**overrides)
    if base is not None:
        return load_scenario(base, overrides)
    with resources.as_file(resources.files("simulator.scenario") / "starter.yaml") as starter:
        return load_scenario(starter, overrides)


def following_parts(fit: UserFit | RateFit, last: datetime) -> dict[str, Any]:
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

    Raises
    ------
    UserError
        If the log names no users and nobody said how many there are.
    """
    begins = monday_after(last)
    start = {"start": f"{begins:%Y-%m-%dT%H:%M}"}
    after_s = (begins - last).total_seconds()
    if isinstance(fit, UserFit):
        return {**start, **parts_of(fit, growth_until_s=fit.length_s + after_s)}
    parts = parts_of_rates(fit, after_s=after_s)
    if "population" not in parts:
        raise UserError("the log names no users, so that no scenario follows; say how many there are (population)")
    return {**start, **parts}
