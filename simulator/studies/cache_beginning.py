"""In what state a plan's cache begins, and how near that is to its long run."""

import math

from simulator.core.units import about_duration
from simulator.plans.plan import Plan
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import (
    CACHE_LIFETIMES,
    cache_kept_s,
    draws_cache,
    runs_replace_online_rows,
)


def cache_beginning(scenario: Scenario, plan_name: str) -> str | None:
    """Return in what state the cache of a plan begins, in words; None for a plan without one."""
    plan = scenario.plans[plan_name]
    if plan.cache is None:
        return None
    if draws_cache(scenario, plan):
        return "; ".join(["in its long run, each user's row drawn", *_nearness(scenario, plan)])
    if runs_replace_online_rows(plan):
        return "with the run before the start, which replaces the rows of all who came before it"
    lead = f"grows over {CACHE_LIFETIMES} lifetimes ({about_duration(CACHE_LIFETIMES * plan.cache.fresh_for_s)})"
    if scenario.traffic.replay is not None:
        return f"{lead} before the start, from what the file has there: from empty if it has nothing"
    why = "its rows depend on who is in the scope of each run"
    if plan.refresh:
        why = "its rows depend on events"
    elif not scenario.store_of(plan).reading_renews:
        why = "rows are evicted however recently they were read"
    return f"nearly in its long run: {why}, so that it {lead} before the start"


def _nearness(scenario: Scenario, plan: Plan) -> list[str]:
    """Return what is not exact about the rows that are drawn."""
    cache, said = plan.cache, list[str]()
    assert cache is not None
    if scenario.store_of(plan).size_limit_gib is not None:
        said.append("as if all rows were evicted after the same time unused, which is near for a store of many rows")
    if cache.slides or math.isinf(cache.kept_for_s):
        said.append(f"rows older than {about_duration(cache_kept_s(plan))} are taken to be that old")
    return said
