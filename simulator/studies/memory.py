"""How much memory simulations take, and how much there is."""

import os
from pathlib import Path

import numpy as np

from simulator.core.units import DAY_S, DAYS_PER_WEEK, MONTHLY_ACTIVE_DAYS
from simulator.plans.plan import Plan
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.workload.recency import Recency

WORD_BYTES = 4
BITS_PER_BYTE = 8
BYTES_PER_REQUEST = 110
"""Measured: a request in the arrays of its block, the pool of its session and the scratch of sorting."""
BYTES_PER_PENDING_VISIT = 24
"""Rough: a return visit to come, with places to spare."""
SETS_PER_RUN = 6
"""Rough: sets of users that are held while a run's members are found."""
PROCESS_BYTES = 240e6
"""Measured: Python and its libraries; the first run on a machine, which compiles, takes 400 MB more."""
MEMINFO = Path("/proc/meminfo")
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def memory_bytes(scenario: Scenario, plan: str, peak_per_s: float) -> float:
    """Return about what a process takes that simulates one plan, with so many requests in the busiest hour. [1/s]"""
    return process_bytes(scenario, peak_per_s) + variant_bytes(scenario, plan)


def process_bytes(scenario: Scenario, peak_per_s: float) -> float:
    """Return about what a process takes whatever it simulates: its libraries, the requests, and the count of users.

    Parameters
    ----------
    scenario
        What is simulated.
    peak_per_s
        Requests in the busiest hour. [1/s]
    """
    windows = sum(days * DAY_S <= scenario.horizon_s for days in (1, DAYS_PER_WEEK, MONTHLY_ACTIVE_DAYS))
    counted = windows * scenario.population.users / BITS_PER_BYTE
    block = peak_per_s * scenario.demand.interval_s * BYTES_PER_REQUEST
    return PROCESS_BYTES + counted + block + _pending_bytes(scenario)


def variant_bytes(scenario: Scenario, plan: str) -> float:
    """Return about what a plan takes beside that: its store, and whom its runs compute for."""
    table = scenario.population.users * WORD_BYTES * _tables(scenario, scenario.plans[plan])
    return table + _scope_bytes(scenario, plan)


def available_bytes() -> float:
    """Return how much memory new processes may take: what is free, and what a container's limit leaves.

    Infinity where the system does not tell.
    """
    return min(_free_bytes(), _left_bytes())


def _free_bytes() -> float:
    """Return what the machine has free, or could free at once."""
    try:
        for line in MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 2**10
    except OSError:
        pass
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _left_bytes() -> float:
    """Return what the limits of this process's control group, and of those around it, leave; version 1 or 2."""
    left = float("inf")
    try:
        lines = OWN_CGROUP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return left
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            root = CGROUPS / controllers
            own = root / path.lstrip("/")
            names = (
                ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
            )
            for folder in (own, *own.parents):
                left = min(left, _number(folder / names[0]) - _used(folder, names[1]))
                if folder == root:
                    break
    return left


def _used(folder: Path, name: str) -> float:
    """Return what a control group uses, less the files in memory that could make room at once."""
    used = _number(folder / name)
    if used == float("inf"):
        return 0.0
    try:
        told = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
    except OSError:
        return used
    return used - float(told.get("inactive_file", 0))


def _number(path: Path) -> float:
    """Return the number that a file tells; infinity where there is none."""
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such file, or "max"
        return float("inf")


def _tables(scenario: Scenario, plan: Plan) -> int:
    """Return how many numbers are kept for each user: the row, and what debounce, sliding and eviction go by."""
    if not plan.has_store:
        return 0
    debounced = plan.refresh is not None and plan.refresh.debounce_s > 0
    slides = plan.cache is not None and plan.cache.slides
    return 1 + debounced + slides + (scenario.store_of(plan).size_limit_gib is not None)


def _scope_bytes(scenario: Scenario, name: str) -> float:
    """Return the room of the users' last logins and of the sets of users that runs compute for."""
    precompute, recency = scenario.plans[name].precompute, Recency.of(scenario, name)
    if precompute is None or precompute.is_for_all:
        return 0.0
    last = np.dtype(recency.dtype).itemsize if recency else 0
    sets = SETS_PER_RUN + len(timetables(scenario, name))
    return scenario.population.users * (last + sets / BITS_PER_BYTE)


def _pending_bytes(scenario: Scenario) -> float:
    """Return the room of the return visits that are still to come."""
    returns = scenario.traffic.returns
    if returns is None:
        return 0.0
    demand = scenario.demand
    logins_per_s = demand.mean_requests_per_s / demand.traffic.session.requests.mean_per_login
    pending = logins_per_s * returns.probability_fraction * returns.mean_lag_s
    return pending * BYTES_PER_PENDING_VISIT
