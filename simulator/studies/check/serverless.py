"""Instances that come with the requests: how many start, live, run, and are refused."""

from simulator.core.units import MINUTE_S
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import serverless_world
from simulator.theory.queueing import erlang_b
from simulator.theory.serverless import live_instances

_REPLICATIONS = 20


def group() -> Group:
    """Return the checks of serverless backends."""
    return Group("serverless", (_kept(2.0, 2.0, MINUTE_S), _published(), _refused(9.0, 10)))


def cold_fraction(outcome: Outcome) -> float:
    """Return the share of requests that start an instance."""
    counts = outcome.fleets[0].counts
    return counts["cold_starts"] / counts["calls"]


def running_mean(outcome: Outcome) -> float:
    """Return how many instances work, on average."""
    return float(outcome.busy_replica_s.sum()) / outcome.horizon_s


def live_mean(outcome: Outcome) -> float:
    """Return how many instances live, on average."""
    return float(outcome.provisioned_replica_s.sum()) / outcome.horizon_s


def _kept(rate_per_s: float, service_s: float, keep_alive_s: float) -> Experiment:
    """Check instances that start at once: what theory says of them is exact."""
    theory = live_instances(rate_per_s, service_s, keep_alive_s)
    what = f"kept {keep_alive_s / MINUTE_S:g} min"
    checks = (
        Check(f"cold starts, {what}", theory.cold_fraction, cold_fraction),
        Check(f"live instances, {what}", theory.live_mean, live_mean),
        Check(f"running instances, {what}", theory.running_mean, running_mean),
    )

    def world(seed: int) -> Scenario:
        return serverless_world(rate_per_s, service_s, keep_alive_s, seed=seed)

    return Experiment(what, simulated(world), _REPLICATIONS, checks)


def _published() -> Experiment:
    """Check the first example of SimFaaS (Mahmoudi and Khazaei, 2021), whose cold requests take 0.253 s longer."""
    rate_per_s, warm_s, startup_s, keep_alive_s = 0.9, 1.991, 0.253, 10 * MINUTE_S
    theory = live_instances(rate_per_s, warm_s, keep_alive_s, cold_service_s=warm_s + startup_s)

    def world(seed: int) -> Scenario:
        return serverless_world(rate_per_s, warm_s, keep_alive_s, startup_s=startup_s, seed=seed)

    checks = (
        Check("cold starts, SimFaaS", theory.cold_fraction, cold_fraction),
        Check("live instances, SimFaaS", theory.live_mean, live_mean),
    )
    return Experiment("SimFaaS", simulated(world), _REPLICATIONS, checks)


def _refused(load: float, limit: int) -> Experiment:
    rate_per_s = 20.0

    def world(seed: int) -> Scenario:
        return serverless_world(rate_per_s, load / rate_per_s, MINUTE_S, concurrency=limit, seed=seed)

    check = Check(
        f"refused beyond {limit} in progress", float(erlang_b(load, limit)), readings.share_of_requests("defaulted")
    )
    return Experiment("refused", simulated(world), _REPLICATIONS, (check,))
