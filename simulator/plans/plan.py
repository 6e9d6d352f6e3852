"""A plan: one way to serve, composed of choices."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from simulator.core.component import Part
from simulator.core.input_files.short_forms import Short
from simulator.core.key_kind import KeyKind
from simulator.core.units import DAY_S, KIB_PER_GIB, ClockSeconds, Gib, PositiveSeconds, Seconds, write_duration
from simulator.plans.cache.base import AnyCache
from simulator.plans.scope.base import AnyScope
from simulator.plans.scope.everyone import Everyone
from simulator.plans.served_model import Accuracy, Training
from simulator.plans.store import Store

BackendName = Annotated[str, Field(min_length=1, max_length=80)]


class OnMiss(StrEnum):
    """What answers a request for which the store has no prediction that may be served."""

    COMPUTE = "compute"
    """An online computation, while the user waits."""
    DEFAULT = "default"
    """The default response, such as a popular list."""
    STORED = "stored"
    """Whatever is stored, however old; the default where nothing is."""


class OnFailure(StrEnum):
    """What answers a request whose computation was refused, or for which it has waited too long."""

    DEFAULT = "default"
    """The default response."""
    STORED = "stored"
    """Whatever is stored, however old; the default where nothing is."""


class Precompute(Part):
    """Predictions computed ahead, on a schedule."""

    short: ClassVar[Short | None] = Short("backend")

    every_s: PositiveSeconds = DAY_S
    """Time between the starts of two runs."""
    at_s: ClockSeconds = 0.0
    """Time of day of a run's start."""
    clock: Literal["home", "local"] = "home"
    """Whose time of day: that of the scenario's `start`, with one run for all; or the users' own, with a run for each
    of their time zones, on workers of its own. Then `every` must divide 24 h, and changes of the clock shift the runs.
    """
    incremental: bool = False
    """Whether a run leaves out those users of its scope who have not logged in since the start of the run before."""
    after_training: bool = False
    """Whether a run also starts whenever a retraining ends. If another run is then going, it starts right after that,
    for those whom it would have computed for at the retraining's end (a provider's jobs overlap, and it starts at
    once); if the schedule has one then, that one is it."""
    scope: AnyScope = Everyone()
    """Whom a run computes predictions for."""
    publish: Literal["rolling", "atomic"] = "rolling"
    """Whether each shard is visible when it is written, or all of them when the last is."""
    backend: BackendName
    """What computes them."""

    @property
    def is_for_all(self) -> bool:
        """Whether each run computes predictions for all users."""
        return self.scope.is_for_all and self.clock == "home" and not self.incremental

    @model_validator(mode="after")
    def _check_local(self) -> Self:
        if self.clock == "local" and not (DAY_S / self.every_s).is_integer():
            raise ValueError(
                f"'every' ({write_duration(self.every_s)}) must divide 24 h where 'clock' is local, so that runs come "
                "at the same times every day; write e.g. 24 h, 12 h or 6 h"
            )
        return self


class Stream(Part):
    """What carries the events to the computation."""

    short: ClassVar[Short | None] = Short("meter")

    meter: Annotated[str, Field(min_length=1, max_length=80)] = "kinesis_on_demand"
    """What the price book calls it."""
    event_size_gib: Gib = 1 / KIB_PER_GIB
    """Size of an event as it is charged: Kinesis rounds each up to whole KiB."""


class Refresh(Part):
    """Nearline computation: a user's prediction is computed again after an event, while nobody waits."""

    short: ClassVar[Short | None] = Short("backend")

    on: Literal["login", "request"] = "login"
    """What an event is: the last request of a login, or every request."""
    lag_s: Seconds = 0.0
    """Time from an event to its computation, after the debounce time."""
    debounce_s: Seconds = 0.0
    """An event that another of the same user follows within this time is left to that one."""
    backend: BackendName
    """What computes; where it is the plan's own, both share its queue."""
    stream: Annotated[Stream | None, KeyKind.PRICE] = None
    """What carries the events, and is paid for; without it they cost nothing."""


class Plan(Part):
    """One way to serve: what is computed ahead, what is kept, what is computed again, and what a miss does."""

    precompute: Precompute | None = None
    """Predictions computed ahead."""
    cache: AnyCache | None = None
    """How long an online prediction may be served again; without it each is used once."""
    refresh: Refresh | None = None
    """Predictions computed after events (nearline)."""
    on_miss: OnMiss
    """What answers when the store has nothing to serve."""
    backend: BackendName | None = None
    """What computes online."""
    on_failure: OnFailure = OnFailure.DEFAULT
    """What answers when the backend refuses, or takes too long to begin, after all retries."""
    store: Store | None = None
    """Where this plan keeps its predictions, if not in the scenario's store; none of that one's keys hold here."""
    accuracy: Accuracy | None = None
    """Of the model that this plan serves, where it is another than the scenario's."""
    training: Training | None = None
    """Of the model that this plan serves, where it is another than the scenario's."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        computes = self.on_miss is OnMiss.COMPUTE
        if computes and self.backend is None:
            raise ValueError("computes on a miss and needs a 'backend' that does")
        if not computes and self.backend is not None:
            raise ValueError(
                f"never computes online (on_miss: {self.on_miss}); leave out 'backend' or write on_miss: compute"
            )
        if not computes and self.cache is not None:
            raise ValueError(
                f"never computes online (on_miss: {self.on_miss}); there is nothing for the 'cache' to keep"
            )
        if not computes and self.on_failure is not OnFailure.DEFAULT:
            raise ValueError(
                f"never computes online (on_miss: {self.on_miss}), and no computation can fail; leave out 'on_failure'"
            )
        if self.on_failure is OnFailure.STORED and not self.has_store:
            raise ValueError("stores nothing that 'on_failure: stored' could answer with; give a cache or precompute")
        if self.store is not None and not self.has_store:
            raise ValueError("keeps no predictions (no precompute, cache or refresh); leave out 'store'")
        if not computes and self.precompute is None and self.refresh is None:
            raise ValueError(
                "computes nothing at all; give 'precompute' or 'refresh', or on_miss: compute and a 'backend'"
            )
        return self

    @property
    def has_store(self) -> bool:
        """Whether it keeps predictions."""
        return self.precompute is not None or self.cache is not None or self.refresh is not None

    @property
    def revalidates(self) -> bool:
        """Whether rows that are served are computed again meanwhile."""
        return self.cache is not None and self.cache.fresh_for_s < self.cache.kept_for_s

    @property
    def computes_in_background(self) -> bool:
        """Whether it computes predictions that no request waits for, so that nobody may ever read them."""
        return self.precompute is not None or self.refresh is not None or self.revalidates
