"""Every plan by closed forms, under the metric names of a simulation, in milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from typing_extensions import override

from simulator.core.arrays import FloatArray
from simulator.core.units import HOUR_S
from simulator.demand.profile.base import SLOT_S
from simulator.plans.plan import OnFailure, OnMiss, Plan
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.metrics import metrics_of
from simulator.simulation.outcome import Outcome
from simulator.studies.closed_form_size import closed_form_replicas
from simulator.studies.consumption import Consumption, with_prices
from simulator.studies.planner.ahead import Runs, add_ahead, runs_of
from simulator.studies.planner.ahead import kept_s as ahead_kept_s
from simulator.studies.planner.answers import Answers
from simulator.studies.planner.cached import FOLLOWED_S, add_cached, warm_s
from simulator.studies.planner.expected import Online, asked_hours, outcome_of, traffic_of
from simulator.studies.planner.nearline import add_nearline
from simulator.studies.planner.sessions import Sessions
from simulator.studies.planner.values import Gaps, Value
from simulator.studies.planner.visitors import Visitors
from simulator.studies.prices_needed import check_prices
from simulator.studies.spike_months import weighted_scenarios

BETWEEN = "what lies between the times at which the law of latency is looked at"
_OF_VISITORS = ("start", "horizon_s", "population", "traffic")
"""What of a scenario decides who comes when."""
UNKNOWN = ("dispersion_1s", "dispersion_60s", "quality_mean", "value_usd_per_month", "net_value_usd_per_month")


@dataclass(frozen=True, repr=False)
class PlanEstimate:
    """One plan by closed forms."""

    name: str
    metrics: Mapping[str, Value]
    """By name; those of a simulation that no closed form gives are absent."""
    bill: Bill | None
    """None where no closed form says what the plan uses."""
    no_form: str = ""
    """Why hardly anything is known of it; empty where that is not so."""
    no_waits: str = ""
    """Why its latency is not known; empty where it is."""

    @override
    def __repr__(self) -> str:
        return f"<PlanEstimate of {self.name!r}>"


@dataclass(frozen=True)
class Estimates:
    """All plans of a scenario by closed forms."""

    scenario: Scenario
    """With the fleets sized that were to be."""
    book: PriceBook
    plans: Mapping[str, PlanEstimate]


def estimates_of(scenario: Scenario, book: PriceBook) -> Estimates:
    """Return every plan by closed forms.

    Raises
    ------
    UserError
        If the book lacks a price that a plan needs.
    """
    check_prices(scenario, book)
    world = World.of(scenario)
    return Estimates(world.scenario, book, {name: world.estimate(name, book) for name in scenario.plans})


@dataclass(frozen=True)
class World:
    """A scenario as closed forms see it, whatever the plan."""

    scenario: Scenario
    visitors: Visitors
    sessions: Sessions
    edges_s: FloatArray
    """Of the hours that all is told for, cut where spikes begin and end. [s]"""
    requests: FloatArray
    """Expected in each."""

    @classmethod
    def of(cls, scenario: Scenario) -> "World":
        """Return it, its fleets sized."""
        scenario = _sized(scenario)
        visitors = Visitors.of(scenario, max(_back_s(scenario, plan) for plan in scenario.plans.values()))
        sessions = Sessions.of(scenario.traffic.session)
        edges_s = _edges_s(scenario)
        requests = np.diff(visitors.up_to(edges_s), axis=0) @ visitors.users * sessions.requests
        return cls(scenario, visitors, sessions, edges_s, requests)

    def elsewhere(self, scenario: Scenario) -> "World":
        """Return another scenario's world; its visitors and sessions are these where they are the same."""
        scenario = _sized(scenario)
        same = all(getattr(scenario, part) == getattr(self.scenario, part) for part in _OF_VISITORS)
        back_s = max(_back_s(scenario, plan) for plan in scenario.plans.values())
        if same and self.visitors.edges_s[0] <= -back_s:
            return replace(self, scenario=scenario)
        return World.of(scenario)

    def estimate(self, plan_name: str, book: PriceBook, *, waits: bool = True) -> PlanEstimate:
        """Return one plan, with waits and latencies or, which is faster, without."""
        return estimate_of(self.scenario, plan_name, self.expected(plan_name, waits=waits), book)

    def expected(self, plan_name: str, *, waits: bool = True) -> "Expected":
        """Return what a plan is expected to do, with fewer spikes too where they come more or less often in a month."""
        found = _Plan(self, plan_name, waits=waits).expected()
        weight, others = weighted_scenarios(self.scenario)
        if not others:
            return found
        beside = tuple(
            (each, _Plan(World.of(other), plan_name, waits=waits).expected().outcome) for each, other in others
        )
        return replace(found, outcome=replace(found.outcome, weight=weight, beside=beside))


@dataclass(frozen=True)
class Expected:
    """What a plan is expected to do, and what that leaves out."""

    outcome: Outcome
    gaps: Gaps
    no_form: str = ""
    no_waits: str = ""
    no_ages: str = ""


def estimate_of(scenario: Scenario, plan_name: str, found: Expected, book: PriceBook) -> PlanEstimate:
    """Return what a plan that is expected to do so much is and costs."""
    values = metrics_of(scenario, found.outcome)
    if found.no_form:
        told = {name: values[name] for name in values if name in _TRAFFIC}
        return PlanEstimate(plan_name, dict(found.gaps.values(told)), None, found.no_form)
    consumption = Consumption.of(found.outcome)
    priced = with_prices(values, consumption, book)
    told = {name: value for name, value in priced.items() if not _is_unknown(name, found)}
    bill = Bill.of(consumption.usages, book, scenario.horizon_s)
    return PlanEstimate(plan_name, dict(found.gaps.values(told)), bill, no_waits=found.no_waits)


def _is_unknown(metric: str, found: Expected) -> bool:
    if metric in UNKNOWN:
        return True
    if found.no_waits and metric.startswith(("latency_", "wait", "slo_")):
        return True
    return bool(found.no_ages) and metric.startswith(("age_", "stale_"))


_TRAFFIC = frozenset(
    {
        "logins",
        "requests",
        "requests_per_s_mean",
        "requests_per_s_peak",
        "daily_active_fraction",
        "weekly_active_fraction",
        "monthly_active_fraction",
    }
)


class _Plan:
    """One plan in the making."""

    def __init__(self, world: World, plan_name: str, *, waits: bool) -> None:
        self.waits = waits
        self.world, self.scenario, self.name = world, world.scenario, plan_name
        self.plan = self.scenario.plans[plan_name]
        self.answers = Answers.none(world.edges_s, world.requests)

    def expected(self) -> Expected:
        """Return what it is expected to do."""
        world, no_form = self.world, self._no_form()
        runs = list[Runs]()
        if no_form:
            self.answers.defaulted += self.answers.requests
        else:
            runs = self._answer()
        online = [self._online(name) for name in self.scenario.online_names(self.plan)]
        traffic = traffic_of(self.scenario, world.edges_s, world.requests, world.sessions)
        outcome = outcome_of(self.scenario, self.name, self.answers, traffic, online, runs, waits=self.waits)
        no_waits = next((each.steady.no_waits for each in online if each.answers and each.steady.no_waits), "")
        slides = self.plan.cache is not None and self.plan.cache.slides
        no_ages = "rows of a sliding lifetime grow old without a bound that closed forms know" if slides else ""
        parts = [*(each.steady.no_form for each in online), *(each.each.no_form for each in runs)]
        no_form = no_form or next((why for why in parts if why), "")
        return Expected(outcome, self._gaps(runs, online), no_form, no_waits, no_ages)

    def _no_form(self) -> str:
        """Return why no closed form says what answers its requests; empty where one does."""
        plan = self.plan
        if self.scenario.traffic.closed_loop is not None:
            return "how many requests clients make who wait for their answers follows from how fast they are answered"
        if plan.refresh and (plan.cache or plan.precompute):
            return "rows after events beside a cache or batch runs: no closed form says which of them is there"
        if plan.has_store and self.scenario.store_of(plan).size_limit_gib is not None:
            return "a store of limited size: no closed form says which rows are evicted"
        if plan.precompute and plan.precompute.scope.looks_ahead:
            return "a scope that foresees logins: no closed form says who is in it, and comes"
        if plan.precompute and plan.cache and (plan.cache.slides or plan.revalidates):
            return "batch runs beside a cache whose rows are renewed: no closed form says which of them is there"
        return ""

    def _answer(self) -> list[Runs]:
        """Have all requests answered; return the runs that compute ahead."""
        world, plan, answers = self.world, self.plan, self.answers
        if plan.precompute:
            runs = runs_of(self.scenario, self.name, world.visitors)
            add_ahead(answers, world.visitors, world.sessions, self.scenario, plan, runs)
            return runs
        if plan.refresh:
            expiry_s = None if plan.on_miss is OnMiss.STORED else self.scenario.store_of(plan).expiry_s
            service_s = self.scenario.online(plan.refresh.backend).mean_service_s
            add_nearline(answers, world.visitors, world.sessions, plan, expiry_s, service_s)
        elif plan.cache:
            add_cached(answers, world.visitors, world.sessions, plan.cache)
        else:
            answers.computed += answers.requests
        return []

    def _online(self, name: str) -> Online:
        """Return what an online backend does of what is asked of it."""
        answers, plan = self.answers, self.plan
        asked = np.zeros_like(answers.requests)
        if name == plan.backend:
            asked = asked + answers.computed + answers.revalidated
        if plan.refresh and name == plan.refresh.backend:
            asked = asked + answers.refreshed
        steady = self.scenario.online(name).steady(asked_hours(self.scenario, answers.edges_s, asked))
        return Online(name, steady, name == plan.backend)

    def _gaps(self, runs: list[Runs], online: list[Online]) -> Gaps:
        plan, answers = self.plan, self.answers
        is_for_all = plan.precompute is not None and plan.precompute.is_for_all
        certain = is_for_all and self.scenario.store_of(plan).expiry_s is None
        shares = list(answers.leaves_out)
        if plan.cache:
            shares.append("requests while a computation of their user is under way")
        if plan.precompute and not certain:
            shares.append("what chance makes of publication while requests come")
        if plan.refresh:
            shares.append("visits that overlap, and computations that take other than their mean time")
        if self.scenario.traffic.returns and plan.has_store and not certain:
            shares.append("that return visits come soon after their logins")
        if plan.on_failure is OnFailure.STORED:
            shares.append("rows that answer where computations fail")
        of_runs = list(dict.fromkeys(told for each in runs for told in each.each.leaves_out))
        if any(each.skipped for each in runs):
            of_runs.append("runs that are skipped, but for their mean")
        rows = ["rows that are read as they are replaced"] if plan.has_store else []
        users = [] if is_for_all or not runs else ["growth, spikes and the hours of the week in the size of a scope"]
        return Gaps(
            traffic=self._traffic_gaps(),
            shares=shares,
            rows=rows + users,
            ages=["ages within a few minutes", *of_runs] if plan.has_store else self._computed_ages(online),
            runs=of_runs + users,
            usage=[told for each in online for told in each.steady.leaves_out],
            waits=[told for each in online for told in (*each.steady.waits_leave_out, BETWEEN)],
            bill=[],
        )

    def _computed_ages(self, online: list[Online]) -> list[str]:
        del online
        return ["how long computations take other than on average"]

    def _traffic_gaps(self) -> list[str]:
        replay = self.scenario.traffic.replay
        if replay is None:
            return []
        told = ["times inside five minutes of the file"]
        return [*told, "which users of the file come when"] if replay.user is not None else told


def _sized(scenario: Scenario) -> Scenario:
    """Return the scenario with the fleets that are to be sized as a closed form has them."""
    backends = dict(scenario.backends)
    for name, plan in scenario.plans.items():
        fleet = scenario.online(plan.backend).to_be_sized if plan.backend else None
        if plan.backend and fleet is not None:
            backends[plan.backend] = fleet.with_replicas(closed_form_replicas(scenario, name, fleet))
    return scenario if backends == dict(scenario.backends) else scenario.model_copy(update={"backends": backends})


def _back_s(scenario: Scenario, plan: Plan) -> float:
    """Return how long before the horizon logins matter to a plan. [s]"""
    back_s = HOUR_S
    if plan.cache:
        back_s = max(back_s, warm_s(plan.cache) + min(plan.cache.kept_for_s, FOLLOWED_S))
    if plan.refresh:
        expiry_s = scenario.store_of(plan).expiry_s
        back_s = max(back_s, 2 * min(expiry_s or FOLLOWED_S, FOLLOWED_S) + HOUR_S)
    if plan.precompute:
        window_s = max(plan.precompute.scope.look_back_s or 0.0, plan.precompute.every_s)
        back_s = max(back_s, ahead_kept_s(scenario, plan) + window_s + 2 * plan.precompute.every_s)
    return back_s


def _edges_s(scenario: Scenario) -> FloatArray:
    """Return the hours, cut where spikes begin and end; of a replay the five minutes that its file is known to. [s]"""
    horizon_s, start = scenario.horizon_s, scenario.demand.home_start
    turns = [at_s for spike in scenario.traffic.spikes for at_s in (spike.begins_s(start),)]
    turns += [spike.begins_s(start) + spike.duration_s for spike in scenario.traffic.spikes]
    whole = np.arange(0.0, horizon_s, HOUR_S if scenario.traffic.replay is None else SLOT_S)
    return np.unique([*whole, *(at_s for at_s in turns if 0 < at_s < horizon_s), horizon_s])
