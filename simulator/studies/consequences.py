"""What follows from a scenario before anything is simulated: rates, loads, rows, memory."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from simulator.backends.answers.facts import Pricing
from simulator.backends.answers.usage import Metered
from simulator.backends.base import OnlineBackend
from simulator.core.units import (
    DAY_S,
    DAYS_PER_WEEK,
    MONTH_S,
    MONTHLY_ACTIVE_DAYS,
    about_duration,
    write_clock,
)
from simulator.core.usage import Driver, Usage
from simulator.demand.demand import Rates
from simulator.plans.plan import Plan
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.due_runs import timetables
from simulator.simulation.calendar.timing import begin_s
from simulator.studies.batch_sizes import batch_sizes
from simulator.studies.cache_beginning import cache_beginning
from simulator.studies.closed_form_size import asked_of_backend
from simulator.studies.memory import memory_bytes
from simulator.studies.publication import Publication
from simulator.studies.replay_facts import move_of, replay_facts

MANY_PER_S = 1000
"""Rates from here on are written as whole numbers. [1/s]"""


_ACTIVE_IN: Final = (("daily active", 1), ("weekly active", DAYS_PER_WEEK), ("monthly active", MONTHLY_ACTIVE_DAYS))
"""In days."""


@dataclass(frozen=True)
class Consequence:
    """Something that follows from a scenario."""

    subject: str
    """``traffic``, or the plan that it is about."""
    what: str
    value: str
    """With its unit."""


def consequences(scenario: Scenario, book: PriceBook | None = None) -> tuple[Consequence, ...]:
    """Return what follows from a scenario, in the order in which it is told; without prices, no costs are."""
    load = scenario.demand.expected_rates(scenario.horizon_s)
    pricing = None if book is None else _priced_by(book)
    plans = (
        fact
        for plan in scenario.plans
        for fact in (*_plan(scenario, plan, load), *_calls(scenario, plan, load, pricing))
    )
    return (*_traffic(scenario, load), *plans)


def _traffic(scenario: Scenario, load: Rates) -> Iterator[Consequence]:
    yield Consequence("traffic", "users", f"{scenario.population.users:,}")
    if scenario.traffic.closed_loop is None:
        yield from _logins(scenario)
    yield from _not_measured(scenario)
    yield from _requests(scenario, load)
    if scenario.value is not None:
        worth_usd = scenario.value.per_request_usd * load.mean_per_s * MONTH_S
        said = f"{worth_usd:,.0f} USD; the weights of 'value' are the scenario's own, not facts"
        yield Consequence("traffic", "value per month at quality 1", said)


def _logins(scenario: Scenario) -> Iterator[Consequence]:
    demand, returns, recorded = scenario.demand, scenario.traffic.returns, scenario.demand.recorded
    yield Consequence("traffic", "logins per user and day", f"{demand.mean_logins_per_user_day:.4g}")
    if returns:
        primary = demand.mean_logins_per_user_day / returns.logins_per_primary
        yield Consequence("traffic", "of these, primary logins", f"{primary:.4g}")
    if recorded is not None:
        yield Consequence("traffic", "events in the file", f"{recorded.events:,.0f}")
        yield Consequence("traffic", "time in the file", about_duration(recorded.length_s))
        for what, value in replay_facts(scenario):
            yield Consequence("traffic", what, value)
        move = move_of(scenario)
        if move is not None and move.advice and scenario.traffic.replay and scenario.traffic.replay.speed == 1:
            yield Consequence("traffic", "warning", move.advice)
    if recorded is not None and recorded.users is not None:
        yield Consequence("traffic", "users in the file", f"{recorded.users:,}")
    else:
        yield from _active(scenario)


def _active(scenario: Scenario) -> Iterator[Consequence]:
    """Say who is active, where users are drawn by the population's shape, as often as there are logins."""
    population, demand = scenario.population, scenario.demand
    factor = demand.mean_logins_per_user_day / population.mean_logins_per_user_day(demand.clusters())
    shares = {what: demand.share_active_at(factor, days) for what, days in _ACTIVE_IN}
    for what, share in shares.items():
        yield Consequence("traffic", what, _percent(share))
    counts = " / ".join(f"{share * population.users:,.0f}" for share in shares.values())
    yield Consequence("traffic", "DAU / WAU / MAU (28 d)", counts)
    for group in population.groups:
        if group.monthly_active_fraction is not None:
            which = f" of '{group.name}'" if population.segments else ""
            yield Consequence("traffic", f"shape{which}, solved for", f"{group.shape_for(demand.clusters()):.4g}")


def _requests(scenario: Scenario, load: Rates) -> Iterator[Consequence]:
    total = load.mean_per_s * scenario.horizon_s
    closed_loop = scenario.traffic.closed_loop
    if closed_loop is not None:
        total += closed_loop.clients  # each may be about to ask as the horizon begins
        yield Consequence("traffic", "clients who wait", f"{closed_loop.clients:,}")
        yield Consequence("traffic", "requests per second, if nobody queues", f"{load.mean_per_s:,.4g}")
        yield Consequence("traffic", "requests in the horizon, at most about", f"{total:,.0f}")
        return
    yield Consequence("traffic", "requests per second, mean", f"{load.mean_per_s:,.4g}")
    yield Consequence("traffic", "requests per second, busiest hour", f"{load.peak_per_s:,.4g}")
    yield Consequence("traffic", "requests in the horizon", f"{total:,.0f}")


def _not_measured(scenario: Scenario) -> Iterator[Consequence]:
    """Say which of the active shares a run will not have, as its horizon holds no whole window of them."""
    too_long = [(what, days) for what, days in _ACTIVE_IN if days * DAY_S > scenario.horizon_s]
    if too_long:
        what = " and ".join(filter(None, (", ".join(name for name, _ in too_long[:-1]), too_long[-1][0])))
        least = f"takes a horizon of {too_long[0][1]} d"
        if len(too_long) > 1:
            least = f"take horizons of {', '.join(str(days) for _, days in too_long[:-1])} and {too_long[-1][1]} d"
        yield Consequence("traffic", "not in a run's metrics", f"{what}: to be counted {least} or more")


def _plan(scenario: Scenario, name: str, load: Rates) -> Iterator[Consequence]:
    plan = scenario.plans[name]
    fleet = scenario.online_backend(plan)
    yield from _runs(scenario, name)
    for batch in batch_sizes(scenario, name):
        yield Consequence(name, f"largest throughput of a {batch.batches.where} of '{batch.backend}'", batch.rates)
    if fleet:
        mean, peak = load.mean_per_s * fleet.full_batch_work_s, load.peak_per_s * fleet.full_batch_work_s
        yield Consequence(name, _if_all(fleet), f"{mean:.3g} Erlang, busiest hour {peak:.3g}")
        for what, value in fleet.facts(asked_of_backend(scenario, name, load)):
            yield Consequence(name, what, value)
    limit_gib = scenario.store_of(plan).size_limit_gib
    if plan.has_store and limit_gib is not None:
        room = int(limit_gib / scenario.model.prediction_size_gib)
        yield Consequence(name, "room in the store", f"{room:,} predictions")
    yield from _refresh(scenario, plan, name, load)
    yield from _model(scenario, name)
    yield Consequence(name, "simulated from", f"{about_duration(-begin_s(scenario, name))} before the start")
    beginning = cache_beginning(scenario, name)
    if beginning is not None:
        yield Consequence(name, "the cache begins", beginning)
    yield Consequence(name, "memory, about", f"{memory_bytes(scenario, name, load.peak_per_s) / 2**30:.2g} GiB")


def _if_all(backend: OnlineBackend) -> str:
    in_batches = ", in full batches" if backend.computes_together else ""
    return f"offered load if all is computed{in_batches}"


def _calls(scenario: Scenario, name: str, load: Rates, pricing: Pricing | None) -> Iterator[Consequence]:
    plan = scenario.plans[name]
    ahead, online = scenario.batch_backend(plan), scenario.online_backend(plan)
    if ahead is not None:
        for what, value in ahead.row_facts(pricing):
            yield Consequence(name, what, value)
    if online is not None:
        for what, value in online.call_facts(asked_of_backend(scenario, name, load), pricing):
            yield Consequence(name, what, value)


def _priced_by(book: PriceBook) -> Pricing:
    """Return what a price book makes of what is used within a month."""

    def usd(used: Iterable[Metered]) -> float:
        usages = [
            Usage(
                each.what,
                each.meter,
                each.quantity,
                each.unit,
                Driver.TRAFFIC,
                stand_in=each.stand_in,
                if_priced=each.if_priced,
                by_prompt=each.by_prompt,
            )
            for each in used
        ]
        return Bill.of(usages, book, MONTH_S).total_usd_per_month

    return usd


def _runs(scenario: Scenario, name: str) -> Iterator[Consequence]:
    run, precompute = Publication.of(scenario, name), scenario.plans[name].precompute
    if run is None or precompute is None:
        return
    tables = timetables(scenario, name)
    if precompute.clock == "local":
        yield Consequence(name, "runs side by side", f"{len(tables):,}, one for each time zone")
    yield Consequence(name, "rows per run", f"{run.rows:,.0f}")
    yield Consequence(name, "rows per day", f"{run.rows * len(tables) * DAY_S / precompute.every_s:,.0f}")
    yield Consequence(name, "expected makespan", about_duration(run.makespan_s))
    yield Consequence(name, "a run is limited by", _limit(run))
    yield from _reclaims(scenario, name, round(run.rows))
    if run.backend.overlaps:
        if run.makespan_s > precompute.every_s:
            going = (
                f"{math.ceil(run.makespan_s / precompute.every_s):,}; the provider takes jobs while others are with it"
            )
            yield Consequence(name, "runs under way at a time, up to", going)
        if run.write_s > precompute.every_s:
            late = f"writing a run takes {about_duration(run.write_s)}, and one is due every"
            every = about_duration(precompute.every_s)
            yield Consequence(name, "warning", f"{late} {every}: rows become visible later and later")
    elif run.makespan_s > precompute.every_s:
        yield Consequence(name, "warning", "a run takes longer than the time to the next, which is then skipped")
    clock_s, available_s, needed_per_s = scenario.slo.batch_deadline_s, run.available_s, run.writes_needed_per_s
    if clock_s is None or available_s is None or needed_per_s is None:
        return
    spare_s = available_s - run.makespan_s
    late = "before" if spare_s >= 0 else "after"
    yield Consequence(
        name, "published", f"{about_duration(abs(spare_s))} {late} the deadline of {write_clock(clock_s)}"
    )
    enough = f"{_per_s(needed_per_s)} writes per second"
    never = f"no write capacity is enough: computing alone takes {about_duration(run.unlimited_s)}"
    yield Consequence(name, "to publish by then", enough if math.isfinite(needed_per_s) else never)


def _reclaims(scenario: Scenario, name: str, rows: int) -> Iterator[Consequence]:
    plan = scenario.plans[name]
    cluster = scenario.batch_backend(plan)
    if cluster is not None and cluster.is_reclaimed:
        reclaims = cluster.expected_reclaims(rows, scenario.store_of(plan).writes_per_s)
        said = f"{reclaims:.3g}; the expected makespan has the work that is done again"
        yield Consequence(name, "workers reclaimed per run, about", said)


def _limit(run: Publication) -> str:
    """Say whether computing or writing decides when a run is published."""
    computing = f"computing alone takes {about_duration(run.compute_s)}, start-up included"
    if math.isinf(run.writes_per_s):
        return f"computing: {computing}, and writes have no limit"
    writing = f"writing alone {about_duration(run.write_s)}"
    what = "write capacity" if run.is_limited_by_writes else "computing"
    return f"{what}: {computing}, {writing} at {_per_s(run.writes_per_s)} rows per second"


def _per_s(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= MANY_PER_S else f"{rate:.3g}"


def _refresh(scenario: Scenario, plan: Plan, name: str, load: Rates) -> Iterator[Consequence]:
    fleet = scenario.refreshing_backend(plan)
    if plan.refresh is None or fleet is None:
        return
    per_login = scenario.traffic.session.requests.mean_per_login
    events = 1.0 / per_login if plan.refresh.on == "login" else 1.0
    mean, peak = load.mean_per_s * events, load.peak_per_s * events
    yield Consequence(name, "refreshes per day, at most", f"{mean * DAY_S:,.0f}")
    work = f"{mean * fleet.full_batch_work_s:.3g} Erlang, busiest hour {peak * fleet.full_batch_work_s:.3g}"
    yield Consequence(name, "offered load of refreshes, at most", work)
    if fleet.most_replicas is None:
        return
    most = fleet.most_replicas * fleet.slots_per_replica
    if plan.refresh.backend != plan.backend and mean * fleet.full_batch_work_s > most:
        yield Consequence(name, "warning", f"at most {most:,} slots refresh; they may not keep up with the events")


def _model(scenario: Scenario, name: str) -> Iterator[Consequence]:
    training = scenario.training(scenario.plans[name])
    if training is not None:
        takes_s, every_s = training.duration_s, training.every_s
        ages = f"{about_duration(takes_s)} to {about_duration(takes_s + every_s)} where computed on demand"
        yield Consequence(name, "age of the model", ages)
        yield Consequence(name, "training", f"{training.machine_hours * MONTH_S / every_s:,.4g} machine-hours a month")


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
