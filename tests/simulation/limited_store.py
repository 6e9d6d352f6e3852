"""A small model of a store of limited size: an ordered dictionary, whose first user has used it longest ago."""

from collections import Counter, OrderedDict
from dataclasses import dataclass


@dataclass
class Row:
    made_s: float
    written_s: float
    served: bool


@dataclass
class Computation:
    start_s: float
    done_s: float
    evicted: bool = False


class LimitedStore:
    """Rows live for a time from when their computation starts, and have their place from then on."""

    def __init__(
        self, room: int, lifetime_s: float, service_s: float, horizon_s: float, *, reading_renews: bool = True
    ) -> None:
        self.reading_renews = reading_renews
        self.room, self.lifetime_s, self.service_s, self.horizon_s = room, lifetime_s, service_s, horizon_s
        self.places = OrderedDict[int, None]()
        self.rows = dict[int, Row]()
        self.under_way = dict[int, Computation]()
        self.counts = Counter[str]()
        self.row_s = 0.0

    def ask_through_a_cache(self, now: float, user: int) -> None:
        """Answer a request by a row, by the computation that is under way, or by one that it begins."""
        self.land(now)
        if user in self.under_way or self.fresh(now, user):
            self.counts["cached"] += 1
        else:
            self.counts["computed"] += 1
            self.compute(now, user)
        self.use_by_reading(user)

    def read(self, now: float, user: int) -> None:
        """Answer a request by a row or by the default."""
        self.land(now)
        if self.fresh(now, user):
            self.counts["precomputed"] += 1
            self.rows[user].served = True
            self.use_by_reading(user)
        else:
            self.counts["defaulted"] += 1

    def refresh(self, now: float, user: int) -> None:
        """Compute a user's row again, unless that is under way."""
        self.land(now)
        if user not in self.under_way:
            self.compute(now, user)

    def fresh(self, now: float, user: int) -> bool:
        return user in self.rows and now <= self.rows[user].made_s + self.lifetime_s

    def compute(self, now: float, user: int) -> None:
        self.under_way[user] = Computation(now, now + self.service_s)
        self.places[user] = None
        self.use(user)
        if len(self.places) > self.room:
            victim, _ = self.places.popitem(last=False)
            self.counts["evicted"] += now < self.horizon_s
            if victim in self.under_way:
                self.under_way[victim].evicted = True
            self.end(victim, now)

    def use_by_reading(self, user: int) -> None:
        if self.reading_renews:
            self.use(user)

    def use(self, user: int) -> None:
        if user in self.places:
            self.places.move_to_end(user)

    def land(self, now: float) -> None:
        """Write the rows whose computation is complete, but for those whose place was needed."""
        for user, computation in list(self.under_way.items()):
            done_s = computation.done_s
            if done_s <= now:
                del self.under_way[user]
                self.end(user, done_s)
                if computation.evicted:
                    self.count_end(done_s, served=False)
                else:
                    self.rows[user] = Row(computation.start_s, done_s, served=False)
                    self.counts["written"] += done_s < self.horizon_s

    def end(self, user: int, now: float) -> None:
        """Be done with a user's row, if there is one."""
        row = self.rows.pop(user, None)
        if row:
            end_s = min(now, row.made_s + self.lifetime_s, self.horizon_s)
            self.row_s += max(end_s - row.written_s, 0.0)
            self.count_end(now, served=row.served)

    def count_end(self, now: float, *, served: bool) -> None:
        self.counts["ended"] += now < self.horizon_s
        self.counts["wasted"] += now < self.horizon_s and not served

    def close(self) -> None:
        """Be done with the rows that have expired; the others are alive at the end, and count in the store's room."""
        self.land(self.horizon_s - 1e-6)
        for user, row in list(self.rows.items()):
            if row.made_s + self.lifetime_s < self.horizon_s:
                self.end(user, self.horizon_s - 1e-6)
            else:
                self.row_s += max(self.horizon_s - row.written_s, 0.0)
                self.counts["unserved"] += not row.served
