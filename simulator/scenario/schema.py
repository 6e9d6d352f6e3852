"""The scenario: everything a user states, validated and frozen."""

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from simulator.backends.base import AnyBackend, Backend, BatchBackend, OnlineBackend, Resizable
from simulator.core.component import Component, Part, components
from simulator.core.errors import did_you_mean
from simulator.core.input_files.reading import Tree
from simulator.core.input_files.validation import validate
from simulator.core.key_kind import KeyKind
from simulator.core.units import (
    DAY_S,
    HOUR_S,
    WEEK_S,
    ClockSeconds,
    Count,
    Fraction,
    PositiveSeconds,
    Seconds,
    about_duration,
    write_duration,
    write_size,
)
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic
from simulator.plans.plan import OnMiss, Plan, Precompute, Refresh
from simulator.plans.served_model import Accuracy, Training
from simulator.plans.store import Store
from simulator.scenario.book_names import BookNames
from simulator.scenario.file_users import with_users_of_file
from simulator.scenario.model import Model, Value
from simulator.scenario.overrides import apply_keywords, stated

Name = Annotated[str, Field(min_length=1, max_length=80)]
Contradiction = tuple[tuple[str | int, ...], str]
"""A key path and what is wrong there."""

BACKENDS = "simulator.backends"
LONGEST_S = 10 * 366 * DAY_S
QUARTER_MIN = 15
MOST_REQUESTS = 1e12
"""In a horizon: a day's work and more."""
MOST_REQUESTS_PER_S = 500_000.0
"""In the busiest hour: five minutes of them, which are in memory at once, take about 12 GB."""


def _check_start(value: object) -> object:
    if isinstance(value, (int, float)):
        raise ValueError(f"{value} is not a date and time; write e.g. 2026-03-02T00:00")  # noqa: TRY004
    return value


def _check_quarter(start: datetime) -> datetime:
    if start.minute % QUARTER_MIN or start.second or start.microsecond:
        raise ValueError(f"{start.isoformat()} must be on a quarter of an hour, as time zones and profiles are")
    return start


def _listed(kinds: list[str]) -> str:
    """Return ``a fleet, serverless or api`` for these kinds."""
    *first, last = (f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}" for kind in kinds)
    return f"{', '.join(first)} or {last}" if first else last


def _many(number: float) -> str:
    return f"{number:.3g}" if math.isfinite(number) else "more than 1e308"


class Slo(Part):
    """What answers must be like; a bound that is not given is not asked for."""

    latency_p99_s: PositiveSeconds | None = None
    """Latency that 99 % of requests must not exceed."""
    age_p95_s: PositiveSeconds | None = None
    """Age that 95 % of the predictions served must not exceed."""
    default_fraction: Annotated[Fraction | None, Field(alias="default_fraction")] = None
    """Share of requests that may get the default response."""
    batch_deadline_s: ClockSeconds | None = None
    """Time of day by which a run must be published."""


def _need_no_population(schema: dict[str, Any]) -> None:
    schema["required"] = [key for key in schema["required"] if key != "population"]


class Scenario(Part):
    """A question: who comes, what could serve them, and what they may wait for."""

    model_config = ConfigDict(json_schema_extra=_need_no_population)
    name: Annotated[Name, KeyKind.STUDY] = "Scenario"
    """What the scenario is called in reports."""
    start: Annotated[datetime, BeforeValidator(_check_start), AfterValidator(_check_quarter)] = datetime(2026, 3, 2)  # noqa: DTZ001  (a Monday; UTC where it states no zone)
    """When the horizon begins; UTC unless it says otherwise."""
    horizon_s: Annotated[PositiveSeconds, Field(le=LONGEST_S)] = WEEK_S
    """How long is counted."""
    warmup_s: Annotated[Seconds, Field(le=LONGEST_S)] = DAY_S
    """How long is simulated before it; plans that need longer to reach their long-run state begin earlier."""
    population: Population
    """The users. Where `traffic.replay` names users, what is left out of `users`, `logins_per_day` and `shape` is taken
    from its file."""
    traffic: Traffic = Traffic()
    """How their logins are spread over time."""
    model: Model = Model()
    """The model whose predictions are served."""
    store: Store = Store()
    """Where predictions are kept; a plan may have a store of its own."""
    backends: Annotated[dict[Name, AnyBackend], Field(max_length=100)] = {}
    """Where predictions are computed, by name."""
    plans: Annotated[dict[Name, Plan], Field(min_length=1, max_length=100)]
    """The ways to serve that are compared, by name."""
    slo: Annotated[Slo, KeyKind.WEIGHT] = Slo()
    """What answers must be like."""
    value: Value | None = None
    """What answers are worth, in money; without it plans are compared by cost alone."""
    prices: Annotated[BookNames, KeyKind.PRICE] = "aws-us-east-1"
    """A price book of the catalogue by its name, or a path to one; a relative path starts at the scenario's folder.
    Several may be listed: a later book's meters replace an earlier one's, and its terms hold too. A path that ends in
    ``.json`` lists token prices of language models, as LiteLLM does."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    """Which random numbers."""
    replications: Annotated[Count, Field(le=10_000), KeyKind.STUDY] = 3
    """How often everything is repeated with other random numbers."""

    @model_validator(mode="before")
    @classmethod
    def _users_of_file(cls, data: Any, info: ValidationInfo) -> Any:
        return with_users_of_file(data, info.context)

    @property
    def demand(self) -> Demand:
        """Who comes and when."""
        return Demand(self.population, self.traffic, self.start, self.horizon_s, self.tells_rows, self._answer_s)

    @property
    def _answer_s(self) -> float:
        """How long the fastest backend takes where nobody waits, on average; 0 where one may refuse at once. [s]"""
        if self.traffic.closed_loop is None:
            return 0.0
        clients, found = (
            self.traffic.closed_loop.clients,
            [self.backends.get(p.backend or "") for p in self.plans.values()],
        )
        online = [each for each in found if isinstance(each, OnlineBackend)]
        return min((0.0 if each.may_refuse(clients) else each.mean_service_s for each in online), default=0.0)

    @property
    def tells_rows(self) -> bool:
        """Whether some backend's tokens are those of the replay's rows."""
        return any(self.takes_rows(backend) for backend in self.backends.values())

    def takes_rows(self, backend: Backend | None) -> bool:
        """Return whether a call's tokens are those of the row of the replayed file that asks for it.

        They are where both are of one file and a row is one request; else calls are drawn from the file.
        """
        replay, session = self.traffic.replay, self.traffic.session
        if replay is None or replay.value is not None or backend is None or backend.token_file is None:
            return False
        return backend.token_file == replay.path and session.requests.mean_per_login == 1

    def contradictions(self) -> Iterator[Contradiction]:
        """Yield what no part alone can see: a plan names a backend that is not there, or is of another kind."""
        for name, plan in self.plans.items():
            yield from self._plan_faults(("plans", name), plan)
        if self.traffic.closed_loop is not None:
            closed_loop_faults = tuple(self._closed_loop_faults())
            yield from closed_loop_faults
            if closed_loop_faults:
                return
        yield from self._activity_faults()
        yield from self._sizing_faults()
        yield from self._store_faults(("store",), self.store)
        if self.traffic.replay is None:
            yield from self._demand_faults()

    def _plan_faults(self, path: tuple[str, ...], plan: Plan) -> Iterator[Contradiction]:
        if plan.precompute is not None:
            yield from self._backend_faults((*path, "precompute", "backend"), plan.precompute.backend, BatchBackend)
        if plan.on_miss is OnMiss.COMPUTE and plan.backend is not None:
            yield from self._backend_faults((*path, "backend"), plan.backend, OnlineBackend)
        if plan.refresh is not None:
            yield from self._refresh_faults((*path, "refresh"), plan.refresh)
        if plan.accuracy is not None and self.model.accuracy is None:
            yield (*path, "accuracy"), "quality is told relative to the scenario's model; give 'model.accuracy' too"
        if plan.precompute is not None:
            yield from self._precompute_faults((*path, "precompute"), plan.precompute)
        if plan.store is not None:
            yield from self._store_faults((*path, "store"), plan.store)

    def _closed_loop_faults(self) -> Iterator[Contradiction]:
        """Yield plans whose answers a closed loop cannot be simulated with, and clients who would ask for ever."""
        closed_loop = self.traffic.closed_loop
        assert closed_loop is not None
        thinks = closed_loop.think_time.typical_s > 0
        for name, plan in self.plans.items():
            parts = {"precompute": plan.precompute, "cache": plan.cache, "refresh": plan.refresh}
            kept = [key for key, part in parts.items() if part is not None]
            if kept:
                must = "with traffic.closed_loop each request must be computed, as it comes"
                yield ("plans", name), f"has {' and '.join(kept)}; {must}"
                continue
            backend = self.backends.get(plan.backend or "")
            if thinks or not isinstance(backend, OnlineBackend):
                continue
            if backend.may_refuse(closed_loop.clients):
                at_once = f"'{plan.backend}' may refuse a request at once, and its client would ask for ever"
                yield ("traffic", "closed_loop", "think_time"), f"{at_once}; it must be above 0 s"

    def _demand_faults(self) -> Iterator[Contradiction]:
        """Yield a demand that would fill the memory, or take days, before a simulation has said anything."""
        demand, hours = self.demand, math.ceil(max(self.horizon_s, HOUR_S) / HOUR_S)
        bound_per_s = demand.busiest_per_s_at_most(self.horizon_s)
        if bound_per_s <= MOST_REQUESTS_PER_S and bound_per_s * max(self.horizon_s, HOUR_S) <= MOST_REQUESTS:
            return  # as all others; hour by hour takes a while
        with np.errstate(over="ignore", invalid="ignore"):
            by_hour = np.nan_to_num(demand.expected_requests(0.0, hours), nan=np.inf, posinf=np.inf)
            total, busiest_per_s = float(by_hour.sum()), float(by_hour.max()) / HOUR_S
        if total <= MOST_REQUESTS and busiest_per_s <= MOST_REQUESTS_PER_S:
            return
        asked = f"{_many(total)} requests in {about_duration(self.horizon_s)}, {_many(busiest_per_s)} a second"
        bounds = f"at most {MOST_REQUESTS:,.0f} of them and {MOST_REQUESTS_PER_S:,.0f} a second"
        remedy = "'users', how often they log in, the requests of a login ('traffic.session'), growth or spikes"
        path: tuple[str, ...] = ("population",)
        who = f"{self.population.users:,} users"
        if self.traffic.closed_loop is not None:
            who, path = f"{self.traffic.closed_loop.clients:,} clients", ("traffic", "closed_loop")
            remedy = "'clients', or give a longer 'think_time'"
        said = f"{who} make {asked} in the busiest hour; every one is simulated, and {bounds}"
        yield path, f"{said} can be; lower {remedy}, or 'horizon'"

    def _activity_faults(self) -> Iterator[Contradiction]:
        """Yield shares of monthly active users that no shape gives, which depends on the return visits too."""
        population = self.population
        if not any(group.monthly_active_fraction is not None for group in population.groups):
            return
        clusters = self.demand.clusters()
        for number, group in enumerate(population.groups):
            wrong = group.unreachable(clusters)
            if wrong is not None:
                path = ("population", "segments", number) if population.segments else ("population",)
                yield (*path, "monthly_active"), wrong

    def _store_faults(self, path: tuple[str, ...], store: Store) -> Iterator[Contradiction]:
        limit_gib, size_gib = store.size_limit_gib, self.model.prediction_size_gib
        if limit_gib is not None and limit_gib < size_gib:
            given, needed = write_size(limit_gib), write_size(size_gib)
            yield (
                (*path, "size_limit"),
                f"{given} has no room for a single prediction (model.prediction_size: {needed})",
            )

    def _sizing_faults(self) -> Iterator[Contradiction]:
        """Yield what keeps a fleet from being sized to the latency bound."""
        bound_s = self.slo.latency_p99_s
        online = {name: each for name, each in self.backends.items() if isinstance(each, OnlineBackend)}
        asking = {name: each.to_be_sized for name, each in online.items() if each.to_be_sized is not None}
        if bound_s is None:
            for name in asking:
                missing = "for_slo sizes the fleet to 'slo.latency_p99', which is not given"
                yield ("backends", name, "capacity"), f"{missing}; give it, or take kind: fixed"
        for name, plan in self.plans.items():
            after = plan.refresh.backend if plan.refresh else None
            if after in asking and after != plan.backend:
                nobody = f"nobody waits for what '{after}' computes, so that capacity: for_slo cannot size it"
                yield ("plans", name, "refresh", "backend"), f"{nobody}; take kind: fixed, hourly or autoscaled"
            if bound_s is not None and plan.backend in asking:
                yield from self._hopeless_bound(name, plan, asking[plan.backend], bound_s)

    def _hopeless_bound(self, name: str, plan: Plan, fleet: Resizable, bound_s: float) -> Iterator[Contradiction]:
        """Yield a latency bound that a plan breaks even where nobody waits."""
        least_s, what = self.store_of(plan).read_latency_s, "reading the store alone takes"
        if not plan.has_store:
            least_s, what = fleet.p99_service_s(), "the service alone has a p99 of"
        if least_s > bound_s:
            told = f"{write_duration(bound_s)} cannot be met by plan '{name}', however many replicas its fleet has"
            yield ("slo", "latency_p99"), f"{told}: {what} {about_duration(least_s)}"

    def _refresh_faults(self, path: tuple[str, ...], refresh: Refresh) -> Iterator[Contradiction]:
        yield from self._backend_faults((*path, "backend"), refresh.backend, OnlineBackend)
        replay = self.traffic.replay
        if refresh.on == "login" and replay is not None and replay.events == "requests":
            unknown = f"{replay.path} holds requests, and nobody knows which of them end a login"
            yield (*path, "on"), f"{unknown}; write on: request"

    def _precompute_faults(self, path: tuple[str, ...], precompute: Precompute) -> Iterator[Contradiction]:
        replay, scope = self.traffic.replay, precompute.scope
        if replay is not None and replay.user is not None and scope.needs_rates:
            whose = f"the users in the column '{replay.user}' of {replay.path}"
            remedy = "leave out traffic.replay.user, or take active_within"
            yield (*path, "scope"), f"{scope.kind} goes by login rates, and nobody knows those of {whose}; {remedy}"
        if precompute.after_training and self.training(self.plans[path[1]]) is None:
            yield (*path, "after_training"), "there is no 'model.training' whose ends a run could follow; leave it out"

    def _backend_faults(self, path: tuple[str, ...], backend: str, wanted: type[Component]) -> Iterator[Contradiction]:
        found = self.backends.get(backend)
        kinds = _listed([kind for kind, each in components(Backend, BACKENDS).items() if issubclass(each, wanted)])
        if found is None:
            fitting = [name for name, candidate in self.backends.items() if isinstance(candidate, wanted)]
            hint = did_you_mean(backend, fitting) or f"add {kinds} to 'backends'"
            yield path, f"there is no backend '{backend}'; {hint}"
        elif not isinstance(found, wanted):
            yield path, f"backend '{backend}' is a {found.kind}, and {kinds} is needed here"

    def with_(self, **changes: object) -> Self:
        """Return the scenario with some values changed.

        Parameters
        ----------
        changes
            Values by key: ``__`` separates keys, and ``_`` stands for itself or for whatever a Python name cannot
            hold, as in ``population__users=1_000_000`` or ``plans__on_demand__backend="live"``. Values are written as
            in the file; None deletes a key. Relative paths start at the working directory.

        Raises
        ------
        InputFileError
            If the changed scenario is not valid; it holds all faults.
        UserError
            If a keyword leads nowhere or its value cannot stand in a scenario.
        """
        return validate(type(self), apply_keywords(Tree(stated(self)), changes), f"scenario '{self.name}'", Path())

    def store_of(self, plan: Plan) -> Store:
        """Return where a plan keeps its predictions."""
        return plan.store or self.store

    def batch_backend(self, plan: Plan) -> BatchBackend | None:
        """Return what computes a plan's predictions ahead, if anything does."""
        found = self.backends[plan.precompute.backend] if plan.precompute else None
        assert found is None or isinstance(found, BatchBackend)
        return found

    def online_backend(self, plan: Plan) -> OnlineBackend | None:
        """Return what computes a plan's predictions online, if anything does."""
        return self.online(plan.backend) if plan.backend else None

    def refreshing_backend(self, plan: Plan) -> OnlineBackend | None:
        """Return what computes a plan's predictions after events, if anything does."""
        return self.online(plan.refresh.backend) if plan.refresh else None

    def online_names(self, plan: Plan) -> tuple[str, ...]:
        """Return the names of a plan's online backends: what computes online first, what refreshes last."""
        names = (plan.backend, plan.refresh.backend if plan.refresh else None)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def online_backends(self, plan: Plan) -> tuple[OnlineBackend, ...]:
        """Return a plan's online backends, in the order of their names."""
        return tuple(map(self.online, self.online_names(plan)))

    def online(self, name: str) -> OnlineBackend:
        """Return the online backend of a name."""
        found = self.backends[name]
        assert isinstance(found, OnlineBackend)
        return found

    def accuracy(self, plan: Plan) -> Accuracy | None:
        """Return how accurate the model is that a plan serves, if that is known."""
        return plan.accuracy or self.model.accuracy

    def training(self, plan: Plan) -> Training | None:
        """Return how the model that a plan serves is trained again, if it is."""
        return plan.training or self.model.training

    @property
    def asks_for_quality(self) -> bool:
        """Whether anything is stated that tells better answers from worse ones."""
        return self.value is not None or self.model.accuracy is not None or self.model.quality_floor_fraction > 0
