"""A plain model of whom runs compute for, and of the rows that were there before: lists of logins, and sets of users.

It shares with the engine the random inputs: logins, last logins before the earliest beginning, users' rates, and the
numbers with which a predictor errs.
"""

import itertools
import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np

from simulator.core.streams import stream
from simulator.demand.arrivals import logins
from simulator.demand.last_logins import last_logins
from simulator.demand.login_rates import LoginRates
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar import due_runs, timing

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
LONG_AGO_S = 28 * DAY_S


@dataclass(frozen=True, order=True)
class Due:
    """A run, and where its random numbers are found."""

    time_s: float
    triggered: bool
    key: tuple[int, ...]

    @property
    def kind(self) -> str:
        return " after training" if self.triggered else ""


@dataclass
class Zone:
    """Users whose runs go by one clock."""

    users: set[int]
    dues: list[Due]

    def before(self, time_s: float) -> float:
        return max((due.time_s for due in self.dues if due.time_s < time_s), default=-math.inf)

    def after(self, time_s: float) -> float:
        return min((due.time_s for due in self.dues if due.time_s > time_s), default=math.inf)


class ScopeModel:
    """Runs and members of one plan, one replication."""

    def __init__(self, scenario: Scenario, plan_name: str, replication: int, shards: int) -> None:
        self.scenario, self.replication, self.shards = scenario, replication, shards
        self.plan = scenario.plans[plan_name]
        assert self.plan.precompute is not None
        self.ahead, self.scope = self.plan.precompute, self.plan.precompute.scope
        self.users = scenario.population.users
        self.begin_s = timing.begin_s(scenario, plan_name)
        keeps_all = "stored" in {self.plan.on_miss, self.plan.on_failure}
        kept_s = math.inf if keeps_all else scenario.store_of(self.plan).expiry_s or math.inf
        self.keeps_all = kept_s > LONG_AGO_S
        self.changes = self.ahead.incremental or self.scope.kind in {"active_within", "predicted"}
        self.origin_s = self.begin_s - (min(kept_s, LONG_AGO_S) if self.changes else 0.0)
        self.whole = self.scope.kind == "everyone" and self.ahead.clock == "home" and not self.ahead.incremental
        self.zones = self._zones(due_runs.training_ends_s(scenario, plan_name) if self.ahead.after_training else ())
        self.logins: list[list[float]] = [[] for _ in range(self.users)]
        if not self.whole:
            self._draw_logins()

    # when

    def _zones(self, triggered_s: tuple[float, ...]) -> list[Zone]:
        begin_s, end_s = (
            self.origin_s - 3 * self.ahead.every_s - DAY_S,
            self.scenario.horizon_s + 3 * self.ahead.every_s,
        )
        start, cohorts = self.scenario.demand.home_start, self.scenario.demand.cohorts()
        if self.ahead.clock == "home":
            first_s = self.ahead.at_s - start.hour * HOUR_S - start.minute * 60
            runs = range(
                math.floor((begin_s - first_s) / self.ahead.every_s), math.ceil((end_s - first_s) / self.ahead.every_s)
            )
            dues = [Due(first_s + run * self.ahead.every_s, False, (run + 1,)) for run in runs]
            dues += [Due(time_s, True, (number,)) for number, time_s in enumerate(_alone(triggered_s, dues))]
            return [Zone(set(range(self.users)), sorted(dues))]
        found: list[Zone] = []
        edges = [*cohorts.first_user.tolist(), self.users]
        for number, tz in enumerate(dict.fromkeys(cohorts.zones)):
            users = {
                user for k, lives in enumerate(cohorts.zones) if lives == tz for user in range(edges[k], edges[k + 1])
            }
            midnight = datetime.combine(start.astimezone(tz).date(), datetime.min.time())
            per_day = round(DAY_S / self.ahead.every_s)
            dues, known = [], set[float]()
            for day in range(math.floor(begin_s / DAY_S) - 2, math.ceil(end_s / DAY_S) + 2):
                for nth in range(per_day):
                    clock = midnight + timedelta(days=day, seconds=self.ahead.at_s + nth * self.ahead.every_s)
                    offset = clock.replace(tzinfo=tz).utcoffset()
                    assert offset is not None
                    time_s = (clock.replace(tzinfo=timezone(offset)) - start).total_seconds()
                    if time_s not in known:
                        dues.append(Due(time_s, False, (day * per_day + nth + 1, number)))
                    known.add(time_s)
            dues += [Due(time_s, True, (k, number)) for k, time_s in enumerate(_alone(triggered_s, dues))]
            if users:
                found.append(Zone(users, sorted(dues)))
        return found

    # who

    def _draw_logins(self) -> None:
        demand, seed, replication = self.scenario.demand, self.scenario.seed, self.replication
        past = [[due.time_s for due in zone.dues if self.origin_s <= due.time_s < self.begin_s] for zone in self.zones]
        told = [dues[-1] if self._last_login_tells() else dues[0] for dues in past if dues]
        drawn_from_s = min([self.begin_s, timing.earliest_s(self.scenario), *told])
        look_back_s = 3 * max(self.scope.look_back_s or 0.0, self.ahead.every_s)
        if demand.traffic.returns or demand.traffic.replay:
            drawn_from_s = self.origin_s - look_back_s
        else:
            for first, times in last_logins(demand, seed, replication, drawn_from_s, self.origin_s - look_back_s):
                for user, time_s in enumerate(times.tolist(), first):
                    self.logins[user] += [time_s] if time_s > -math.inf else []
        until_s = self.scenario.horizon_s + 2 * self.ahead.every_s + DAY_S
        for one in logins(demand, seed, replication, drawn_from_s, until_s):
            for user, time_s in zip(one.user.tolist(), one.time_s.tolist(), strict=True):
                self.logins[user].append(time_s)

    def _last_login_tells(self) -> bool:
        """Whether each login leads to a run."""
        if self.scope.kind == "predicted":
            return False
        gaps = [b.time_s - a.time_s for zone in self.zones for a, b in itertools.pairwise(self._past(zone))]
        return self.scope.look_back_s is None or self.scope.look_back_s >= max([self.ahead.every_s, *gaps])

    def _past(self, zone: Zone) -> list[Due]:
        return [due for due in zone.dues if self.origin_s <= due.time_s < self.begin_s]

    def _came(self, begin_s: float, end_s: float) -> set[int]:
        return {user for user, times in enumerate(self.logins) if _any_between(times, begin_s, end_s)}

    def in_order(self, users: set[int]) -> list[int]:
        """Return users as the table has them: shard by shard."""
        return sorted(users, key=lambda user: (user % self.shards, user // self.shards))

    def members(self, zone: Zone, due: Due, previous_s: float) -> list[int]:
        """Return whom a run computes for, in the table's order."""
        members = zone.users & self._in_scope(zone, due)
        if self.ahead.incremental:
            members &= self._came(previous_s, due.time_s)
        return self.in_order(members)

    def _in_scope(self, zone: Zone, due: Due) -> set[int]:
        scope = self.scope
        if scope.kind == "active_within":
            return self._came(due.time_s - scope.window_s, due.time_s)
        if scope.kind == "most_active":
            return self._most_active(scope.share_fraction)
        if scope.kind == "predicted":
            rng = stream(self.scenario.seed, self.replication, f"predicted users{due.kind}", *due.key)
            coming = zone.users & self._came(due.time_s, zone.after(due.time_s))
            others = zone.users - coming
            wrong = scope.recall_fraction * len(coming) * (1 - scope.precision_fraction) / scope.precision_fraction
            found = self._some_of(coming, scope.recall_fraction, rng)
            return found | self._some_of(others, min(wrong / len(others), 1) if others else 0, rng)
        return set(range(self.users))

    def _most_active(self, share: float) -> set[int]:
        rates = LoginRates.of(self.scenario.demand.cohorts(), self.users)
        rate = np.repeat(rates.logins_per_s, rates.end_user - rates.first_user)
        ranked = sorted(range(self.users), key=lambda user: (float(f"{rate[user]:.10e}"), user))
        return set(ranked[self.users - round(share * self.users) :])

    def _some_of(self, users: set[int], probability: float, rng: np.random.Generator) -> set[int]:
        if not probability or not users:
            return set()
        ordered, reached, taken = self.in_order(users), -1, set[int]()
        expected = len(users) * probability
        while reached < len(users):
            for gap in rng.geometric(probability, math.ceil(expected + 4 * math.sqrt(expected)) + 1).tolist():
                reached += gap
                taken |= {ordered[reached]} if reached < len(users) else set()
        return taken

    # before the beginning

    def rows(self) -> dict[int, tuple[float, bool]]:
        """Return the users who have a row at the beginning: of which run, and whether it has been served."""
        found: dict[int, float] = {}
        if not self.changes:
            return {}
        for zone in self.zones:
            past = self._past(zone)
            if past and self.ahead.incremental and self.keeps_all and self.scope.kind in {"everyone", "most_active"}:
                found |= dict.fromkeys(zone.users & self._in_scope(zone, past[0]), past[0].time_s)
            for due in past:
                found |= dict.fromkeys(self.members(zone, due, zone.before(due.time_s)), due.time_s)
        return {user: (row_s, _any_between(self.logins[user], row_s, self.begin_s)) for user, row_s in found.items()}


def _alone(triggered_s: tuple[float, ...], dues: list[Due]) -> list[float]:
    """Return the moments at which there is no run anyway."""
    return [time_s for time_s in triggered_s if all(abs(due.time_s - time_s) > 1e-3 for due in dues)]


def _any_between(times_s: list[float], begin_s: float, end_s: float) -> bool:
    """Whether one of some rising times is from one moment on and before another."""
    first = bisect_left(times_s, begin_s)
    return first < len(times_s) and times_s[first] < end_s
