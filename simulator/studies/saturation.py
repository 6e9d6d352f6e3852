"""Whether a plan keeps up with what is asked of it: stable, backlogged for a while, or overloaded."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import numpy as np

from simulator.backends.base import OnlineBackend
from simulator.core.arrays import BoolArray, FloatArray, IntArray
from simulator.core.units import DAY_S, HOUR_S, about_duration
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import QUEUE_STEP_S, FleetUse, Outcome

SHORTEST_BACKLOG_S = 0.2
"""A queue is a backlog where the slots that serve would need longer to work it off, ..."""
SHORTEST_BACKLOG_SERVICES = 2.0
"""... and longer than so many service times, ..."""
MOST_LOAD = 0.95
"""... and where a fleet that keeps up at this load has so many waiting by chance ..."""
MOST_CHANCE = 1e-4
"""... in one of so many horizons only."""
CERTAIN_DEVIATIONS = 4.0
"""More is asked than can be done where it is by so many standard deviations of what random requests bring."""
MOST_GIVE_UPS_FRACTION = 0.05
"""A plan is overloaded where more of the horizon's requests give up or are refused; backlogged, where an hour's do."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Verdict(StrEnum):
    """How a plan stands up to what is asked of it, from good to bad."""

    STABLE = "stable"
    """No queue becomes a backlog."""
    BACKLOGGED = "backlogged"
    """One builds up for a while and clears, or a batch run meets its successor."""
    OVERLOADED = "overloaded"
    """It cannot do what is asked of it: a queue still grows at the end, or too many give up."""


@dataclass(frozen=True)
class Saturation:
    """A verdict, since when it holds, and why."""

    verdict: Verdict = Verdict.STABLE
    since_s: float = math.nan
    """When it began, from the scenario's start; NaN where nothing did. [s]"""
    since: str | None = None
    """The same as a date and time of the scenario's clock."""
    reason: str = ""

    def as_dict(self) -> dict[str, str | None]:
        """Return it for JSON."""
        return {"verdict": self.verdict.value, "since": self.since, "reason": self.reason or None}

    @property
    def severity(self) -> tuple[int, float]:
        """What the worst is found by: the verdict, then the earliest beginning."""
        return list(Verdict).index(self.verdict), -self.since_s


STABLE = Saturation()


def saturation_of(scenario: Scenario, outcomes: tuple[Outcome, ...]) -> Saturation:
    """Return the worst that any part of a plan was in, in any replication."""
    return _worst(each for outcome in outcomes for each in _of_outcome(scenario, outcome))


def saturation_of_backend(scenario: Scenario, outcomes: Sequence[Outcome], name: str) -> Saturation:
    """Return the worst that one of a plan's online backends was in, in any replication."""
    return _worst(each for outcome in outcomes for each in _of_backend(scenario, outcome, name))


def _worst(found: Iterable[Saturation]) -> Saturation:
    return max(found, key=lambda each: each.severity, default=STABLE)


def _of_outcome(scenario: Scenario, outcome: Outcome) -> Iterator[Saturation]:
    for name in scenario.online_names(scenario.plans[outcome.plan]):
        yield from _of_backend(scenario, outcome, name)
    yield from _of_runs(scenario, outcome)


def _of_backend(scenario: Scenario, outcome: Outcome, name: str) -> Iterator[Saturation]:
    """Tell of the queue where there is one, and of those who left the backend that answers, whatever it is.

    The queue of clients who wait for their answers is never longer than they are many: it is no backlog that grows.
    """
    plan, backend = scenario.plans[outcome.plan], scenario.online(name)
    who = f"'{name}': " if len(scenario.online_names(plan)) > 1 else ""
    for use in outcome.fleets:
        if use.backend == name and backend.has_queue and scenario.traffic.closed_loop is None:
            yield from _of_queue(_Queue(scenario, outcome, backend, use, who))
    if name == plan.backend:
        yield from _of_give_ups(scenario, outcome, who)


@dataclass(frozen=True)
class _Queue:
    """The queue of one backend in one outcome, by steps of time."""

    scenario: Scenario
    outcome: Outcome
    backend: OnlineBackend
    use: FleetUse
    who: str

    @property
    def slots(self) -> IntArray:
        """Slots that served at each look at the queue."""
        return self.use.serving * self.backend.slots_per_replica

    @property
    def is_backlog(self) -> BoolArray:
        """Whether the queue was a backlog at each look: a long wait, and more than chance brings at a load of 0.95.

        Where no slot serves whoever waits is one, unless the fleet may be without a replica: a request that has one
        ordered waits for its start.
        """
        return np.asarray(self.is_long & (self.use.waiting > self._most_by_chance) | self._is_left)

    @property
    def is_long(self) -> BoolArray:
        """Whether who came last would wait for long at each look."""
        shortest_s = max(SHORTEST_BACKLOG_S, SHORTEST_BACKLOG_SERVICES * self.backend.service_times_s[-1])
        slots = self.slots
        if self.backend.scales_to_zero:
            slots = np.maximum(slots, self.backend.slots_per_replica)
        return np.asarray(self.use.waiting * self.backend.full_batch_work_s > shortest_s * slots)

    @property
    def _is_left(self) -> BoolArray:
        """Whether anybody waited at each look with no replica there, or to come."""
        if self.backend.scales_to_zero:
            return np.zeros(self.slots.size, dtype=np.bool_)
        return np.asarray((self.slots == 0) & (self.use.waiting > 0))

    @property
    def variability(self) -> float:
        """Variance of the work of so many random requests as come one at a time on average, relative to its square."""
        together = len(self.backend.service_times_s) - 1
        return 1.0 + together * self.backend.noise.cv_squared

    @property
    def _most_by_chance(self) -> float:
        """How many wait in a queue that keeps up at MOST_LOAD, but in one horizon of 1 / MOST_CHANCE.

        In heavy traffic the number waiting is above n with a probability of about e^(-theta n), theta being
        2 (1 - load) / variability, which of exponential times is the -ln(load) of M/M/c but for 3 %. A stretch above n
        begins (1 - load)^2 times as often for each request that could be done. With batches, so many more may wait as
        two of them hold.
        """
        theta = 2.0 * (1.0 - MOST_LOAD) / self.variability
        could = float(self.use.ready_replica_s.sum()) * self.backend.slots_per_replica / self.backend.full_batch_work_s
        together = len(self.backend.service_times_s) - 1
        return 2.0 * together + max(math.log(max(could, 1.0) * (1.0 - MOST_LOAD) ** 2 / MOST_CHANCE), 0.0) / theta

    def time_s(self, look: int) -> float:
        """Return when the queue was looked at. [s]"""
        return min(look * QUEUE_STEP_S, self.outcome.horizon_s)

    def found(self, verdict: Verdict, since_s: float, reason: str) -> Saturation:
        """Return a verdict on it."""
        return Saturation(verdict, since_s, _stamp(self.scenario, since_s), f"{self.who}{reason}")

    @property
    def gone(self) -> float:
        """How many gave up waiting for it, or were refused by it, at last."""
        answers = self.use.backend == self.scenario.plans[self.outcome.plan].backend
        return float(_gone(self.outcome).sum()) if answers else 0.0


def _of_queue(queue: _Queue) -> Iterator[Saturation]:
    """Tell of the longest backlog; of one that is still there at the end, whether it grows."""
    waiting, spans = queue.use.waiting, list(_spans(queue.is_backlog))
    ends_long = bool(spans) and spans[-1][1] == waiting.size - 1
    if not ends_long and _asks_too_much(queue):
        since_s = queue.time_s(spans[0][0] if spans else int(np.argmax(queue.is_long)))
        yield queue.found(Verdict.OVERLOADED, since_s, _too_much(queue))
        return
    if not spans:
        return
    first, last = spans[-1]
    hour_before = max(waiting.size - 1 - round(HOUR_S / QUEUE_STEP_S), first)
    still_grows = ends_long and waiting[last] > waiting[hour_before]
    if still_grows:
        since_s = queue.time_s(first)
        limit = f"more comes than {_slots(queue, last)} can do" if queue.slots[last] else "no replica serves"
        reason = f"since {_clock(queue.scenario, since_s)} {limit}; {waiting[last]:,} wait at the end"
        yield queue.found(Verdict.OVERLOADED, since_s, reason)
        return
    asked_s, had_s = _offered(queue)
    if ends_long and asked_s > had_s > 0:
        yield queue.found(Verdict.OVERLOADED, queue.time_s(spans[0][0]), _too_much(queue))
        return
    worst = max(spans, key=lambda span: int(waiting[span[0] : span[1] + 1].max()))
    yield _backlog(queue, worst, len(spans))


def _backlog(queue: _Queue, span: tuple[int, int], times: int) -> Saturation:
    first, last = span
    peak = first + int(np.argmax(queue.use.waiting[first : last + 1]))
    begin_s, end_s = queue.time_s(max(first - 1, 0)), queue.time_s(min(last + 1, queue.use.waiting.size - 1))
    until = _clock(queue.scenario, end_s, after_s=begin_s)
    longest = f"{queue.use.waiting[peak]:,} waited by {_clock(queue.scenario, queue.time_s(peak), after_s=begin_s)}"
    others = f" (and {times - 1} more)" if times > 1 else ""
    busy = f"{_slots(queue, peak)} busy" if queue.slots[peak] else "no replica there"
    said = f"{_clock(queue.scenario, begin_s)} to {until}{others}, {longest}, {busy}"
    return queue.found(Verdict.BACKLOGGED, begin_s, said)


def _asks_too_much(queue: _Queue) -> bool:
    """Whether those who wait at the end, for long, are what all slots could not do, beyond chance.

    Those who gave up are told of by their number.
    """
    asked_s, had_s = _offered(queue)
    asked_s -= queue.gone * queue.backend.full_batch_work_s
    if not queue.is_long[-1] or had_s <= 0:
        return False
    deviation = math.sqrt(queue.variability * queue.backend.full_batch_work_s / asked_s)
    return asked_s / had_s > 1.0 + CERTAIN_DEVIATIONS * deviation


def _too_much(queue: _Queue) -> str:
    asked_s, had_s = _offered(queue)
    return f"{asked_s / had_s:.0%} of what all slots can do is asked; {queue.use.waiting[-1]:,} wait at the end"


def _offered(queue: _Queue) -> tuple[float, float]:
    """Return the slot-seconds of work that was asked for within the horizon, and those that were ready. [s]"""
    left = float(queue.use.waiting[-1] - queue.use.waiting[0]) + queue.gone
    slots = queue.backend.slots_per_replica
    done_s = queue.use.full_batch_replica_s * slots
    return done_s + left * queue.backend.full_batch_work_s, float(queue.use.ready_replica_s.sum()) * slots


def _of_give_ups(scenario: Scenario, outcome: Outcome, who: str) -> Iterator[Saturation]:
    """Tell of requests that gave up or were refused: too many of all, or too many of an hour."""
    hours = outcome.hours
    gone, all_ = _gone(outcome), hours.requests
    share = gone.sum() / all_.sum() if all_.sum() else 0.0
    shares = np.divide(gone, all_, out=np.zeros_like(gone), where=all_ > 0)
    if share > MOST_GIVE_UPS_FRACTION:
        since_s = float(hours.start_s[int(np.argmax(shares > MOST_GIVE_UPS_FRACTION))])
        reason = f"{who}{share:.1%} of the requests give up or are refused"
        yield Saturation(Verdict.OVERLOADED, since_s, _stamp(scenario, since_s), reason)
        return
    worst = int(np.argmax(shares))
    if shares[worst] > MOST_GIVE_UPS_FRACTION:
        begin_s = float(hours.start_s[worst])
        span = f"{_clock(scenario, begin_s)} to {_clock(scenario, begin_s + HOUR_S, after_s=begin_s)}"
        reason = f"{who}{span}, {shares[worst]:.1%} of the requests gave up or were refused"
        yield Saturation(Verdict.BACKLOGGED, begin_s, _stamp(scenario, begin_s), reason)


def _gone(outcome: Outcome) -> FloatArray:
    """Return how many requests of each hour gave up waiting, or were refused, at last."""
    return np.asarray(outcome.hours.timed_out + outcome.hours.refused)


def _of_runs(scenario: Scenario, outcome: Outcome) -> Iterator[Saturation]:
    """Tell of batch runs that met their successors, or of a store that they do not leave a pause."""
    plan, batch = scenario.plans[outcome.plan], outcome.batch
    precompute, backend = plan.precompute, scenario.batch_backend(plan)
    if precompute is None or batch is None or backend is None:
        return
    write_s = batch.mean_run_rows / scenario.store_of(plan).writes_per_s
    if backend.overlaps and write_s > precompute.every_s:
        reason = f"writing a run takes {about_duration(write_s)}, and one is due every"
        found = f"{reason} {about_duration(precompute.every_s)}: rows become visible later and later"
        yield Saturation(Verdict.OVERLOADED, 0.0, _stamp(scenario, 0.0), found)
    if not batch.missed_s:
        return
    since_s = batch.missed_s[0]
    mean_s = float(np.mean([run.makespan_s for run in batch.runs])) if batch.runs else math.inf
    if mean_s > precompute.every_s:
        takes = f"takes {about_duration(mean_s)} on average" if batch.runs else "is not done within the horizon"
        reason = f"a batch run {takes}, and one is due every {about_duration(precompute.every_s)}"
        yield Saturation(Verdict.OVERLOADED, since_s, _stamp(scenario, since_s), reason)
        return
    due = len(batch.runs) + batch.missed
    first = f"the first on {_clock(scenario, since_s)}"
    reason = f"{batch.missed} of {due} batch runs did not start, {first}: the one before was still going"
    yield Saturation(Verdict.BACKLOGGED, since_s, _stamp(scenario, since_s), reason)


def _spans(marked: BoolArray) -> Iterator[tuple[int, int]]:
    """Yield the first and the last place of each stretch that is marked."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    yield from ((int(first), int(end) - 1) for first, end in turns.reshape(-1, 2))


def _slots(queue: _Queue, look: int) -> str:
    slots = int(queue.slots[look])
    return f"all {slots:,} slots" if slots > 1 else "its only slot"


def _stamp(scenario: Scenario, time_s: float) -> str:
    return (scenario.demand.home_start + timedelta(seconds=time_s)).isoformat(timespec="minutes")


def _clock(scenario: Scenario, time_s: float, after_s: float | None = None) -> str:
    """Return ``Friday 19:40``, with the date after the first week; without the day where it is that of ``after_s``."""
    at = scenario.demand.home_start + timedelta(seconds=round(time_s / 60) * 60)
    clock = f"{at:%H:%M}"
    if after_s is not None and (scenario.demand.home_start + timedelta(seconds=after_s)).date() == at.date():
        return clock
    date = f" {at:%Y-%m-%d}" if scenario.horizon_s > 7 * DAY_S else ""
    return f"{DAYS[at.weekday()]}{date} {clock}"
