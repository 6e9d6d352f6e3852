"""A small model of clients who wait for a slot, give up, and come again: a list of events, and a queue."""

import heapq
import itertools
import math
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from handmade_requests import Request


@dataclass(frozen=True)
class Rules:
    slots: int = 2
    service_s: float = 3.0
    patience_s: float = math.inf
    queue_limit: float = math.inf
    attempts: int = 0
    backoff_s: float = 2.0
    longest_backoff_s: float = 60.0
    fresh_s: float = -math.inf
    """How long a row is served as it is; with the value given, nothing is kept."""
    revalidates: bool = False
    """Whether older rows are served too, and computed again meanwhile."""
    falls_back: bool = False


@dataclass(eq=False)
class Work:
    """A computation that is asked for, by a request or in the background, and the requests that wait for it."""

    asked_s: float
    user: int
    in_background: bool = False
    attempt: int = 0
    start_s: float = math.inf
    followers_s: list[float] = field(default_factory=list)


class ImpatientClients:
    """What is counted has the engine's names."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.free, self.queue = rules, rules.slots, deque[Work]()
        self.events, self.numbers = list[tuple[float, int, Callable[..., None], Work]](), itertools.count()
        self.made_s, self.under_way = dict[int, float](), dict[int, Work]()
        self.counts = Counter[str]()
        self.sums = dict.fromkeys(("wait_s", "latency_s", "age_s"), 0.0)

    def run(self, requests: Iterable[Request]) -> None:
        for time_s, user in requests:
            self.at(time_s, self.arrive, Work(time_s, user))
        while self.events:
            now, _, happens, work = heapq.heappop(self.events)
            happens(now, work)

    def at(self, time_s: float, happens: Callable[..., None], work: Work) -> None:
        heapq.heappush(self.events, (time_s, next(self.numbers), happens, work))

    def arrive(self, now: float, work: Work) -> None:
        rules, made_s, other = self.rules, self.made_s.get(work.user, -math.inf), self.under_way.get(work.user)
        if other and not other.in_background:
            if other.start_s < math.inf:
                self.answer(
                    now, "cached", other.start_s + rules.service_s, other.start_s, other.start_s + rules.service_s
                )
            else:
                other.followers_s.append(now)
        elif now <= made_s + rules.fresh_s:
            self.answer(now, "cached", now, made_s, now)
        elif rules.revalidates and work.user in self.made_s:
            self.answer(now, "cached", now, made_s, now)
            if not other:
                self.under_way[work.user] = again = Work(now, work.user, in_background=True)
                self.counts["revalidated"] += 1
                self.ask(now, again)
        else:
            if rules.fresh_s > 0:
                self.under_way[work.user] = work
            self.ask(now, work)

    def ask(self, now: float, work: Work) -> None:
        if self.free > 0:
            self.begin(now, work)
        elif len(self.queue) < self.rules.queue_limit:
            self.queue.append(work)
            if not work.in_background and self.rules.patience_s < math.inf:
                self.at(now + self.rules.patience_s, self.give_up, work)
        else:
            self.counts["refusals"] += 1
            self.fail(now, work, "refused")

    def give_up(self, now: float, work: Work) -> None:
        if work in self.queue:
            self.queue.remove(work)
            self.fail(now, work, "timed_out")

    def fail(self, now: float, work: Work, why: str) -> None:
        rules = self.rules
        if work.attempt < rules.attempts:
            self.counts["retried"] += 1
            self.at(now + min(rules.backoff_s * 2**work.attempt, rules.longest_backoff_s), self.ask, work)
            work.attempt += 1
            return
        self.under_way.pop(work.user, None)
        if work.in_background:
            self.counts["revalidated"] -= 1
            self.counts["dropped"] += 1
        for asked_s in [*([] if work.in_background else [work.asked_s]), *work.followers_s]:
            self.counts[why] += 1
            if rules.falls_back and work.user in self.made_s:
                self.counts["fell_back"] += 1
                self.answer(asked_s, "cached", now, self.made_s[work.user], now)
            else:
                self.answer(asked_s, "defaulted", now, now, now)

    def begin(self, now: float, work: Work) -> None:
        self.free -= 1
        self.counts["calls"] += 1
        work.start_s, done_s = now, now + self.rules.service_s
        self.at(done_s, self.end, work)
        if not work.in_background:
            self.answer(work.asked_s, "computed", done_s, now, now)
        for asked_s in work.followers_s:
            self.answer(asked_s, "cached", done_s, now, done_s)

    def end(self, now: float, work: Work) -> None:
        self.free += 1
        if self.under_way.get(work.user) is work:
            del self.under_way[work.user]
            self.made_s[work.user] = work.start_s
        if self.queue:
            self.begin(now, self.queue.popleft())

    def answer(self, asked_s: float, by: str, answered_s: float, made_s: float, waited_until_s: float) -> None:
        self.counts[by] += 1
        self.sums["wait_s"] += waited_until_s - asked_s
        self.sums["latency_s"] += answered_s - asked_s
        self.sums["age_s"] += answered_s - made_s
