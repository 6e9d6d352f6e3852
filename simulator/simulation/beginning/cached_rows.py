"""The rows that the simulation of a cache begins with: those of its long run, drawn and not grown from an empty store.

A user's rows depend on when he came, and on nothing that others do. So each user's row is drawn for himself, from his
rate, the profile (with growth, spikes and bursts) and the time to live:

- fixed, and stale-while-revalidate: the rows of a user follow one another as in a renewal process: after a row has
  ceased to be fresh, his next request makes one. Where the rate does not change, its state in the long run is known:
  fresh with probability rT / (1 + rT), of any age up to T alike. Where it does, each user begins with this law some
  lifetimes earlier (``FOLLOWED_LIFETIMES``), and is followed from row to row; what is wrong with that law is by then
  forgotten, but for the share that the tests put below their standard errors.
- sliding: a row lives for as long as no two readings lie further apart than T; that chain is followed back from its
  end.

What logins bring later, sessions and return visits, is in it: by a sample of such clusters of requests for the time
before, and by the logins themselves for the time from which requests or return visits are still to come. That the
simulation goes on from there is why both must tell of the same users.

A store of limited size holds those who used it last, and they are put there in that order. How long a row stays unused
before it goes is taken to be one time for all, the characteristic time (Che et al. 2002): wrong by a share of about one
over the square root of the rows it has room for. Of rows that have expired, whose room is needed first, none are there.
Beside a precomputation for a fixed share of the users, the others' rows are drawn.

References
----------
.. [1] H. Che, Y. Tung, Z. Wang, "Hierarchical Web Caching Systems", IEEE JSAC 20(7), 2002.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.core.arrays import HashArray, WordArray
from simulator.core.streams import stream
from simulator.core.units import DAY_S
from simulator.demand.arrivals import requests_following
from simulator.demand.bursts import Bursts
from simulator.demand.last_logins import USERS_PER_CHUNK
from simulator.demand.login_rates import LoginRates
from simulator.demand.past import Past
from simulator.demand.request_clusters import RequestClusters
from simulator.scenario.schema import Scenario
from simulator.simulation.beginning.cached_row_kernels import Clusters, Life, PastWeights, Rows, Users, visit
from simulator.simulation.beginning.renewing_rows import Beginning, draw_renewing
from simulator.simulation.beginning.sliding_rows import Chains, draw_sliding
from simulator.simulation.calendar.timing import (
    LONGEST_DRAWN_S,
    LONGEST_KEPT_S,
    begin_s,
    cache_from_s,
    cache_kept_s,
    draws_cache,
    keeps_all,
)
from simulator.simulation.state.rows import Layout

FOLLOWED_LIFETIMES = 8
"""Users are followed from row to row for so many lifetimes, where their rate changes or they come in clusters."""
FOLLOWED_S = 6 * DAY_S
"""Two lifetimes and so long are enough, ..."""
MOST_FOLLOWED_S = 56 * DAY_S
"""... and so long, if it is a lifetime: the profile of a week is then nearly its mean."""
MOST_VISITS = 256
"""Requests that a user's chain of readings is followed back for; what is left of it is exponential."""
SPARE_FRACTION = 0.05
SPARE_ERRORS = 6
"""As rows of a store of limited size, so many more are drawn than it has room for, and so many standard deviations."""


@dataclass(frozen=True)
class CachedRows:
    """The rows that one plan's cache begins with."""

    scenario: Scenario
    plan: str
    replication: int

    @property
    def exist(self) -> bool:
        """Whether they are drawn."""
        return draws_cache(self.scenario, self.scenario.plans[self.plan])

    def put(self, layout: Layout, table: WordArray, reads: WordArray, recent: WordArray) -> None:
        """Write them into a table, where there is no row yet.

        Parameters
        ----------
        layout, table
            The store.
        reads
            Gets the ticks of last readings, where the cache slides.
        recent
            Gets the ticks of last uses, where the store is of limited size.
        """
        _Drawing.of(self.scenario, self.plan, self.replication).draw(layout, table, reads, recent)
        self._visit(layout, table, reads, recent)

    def _visit(self, layout: Layout, table: WordArray, reads: WordArray, recent: WordArray) -> None:
        """Let the requests whose followers are to come make rows too, up to the beginning."""
        scenario, plan = self.scenario, self.scenario.plans[self.plan]
        from_s, end_s, cache = cache_from_s(scenario, self.plan), begin_s(scenario, self.plan), plan.cache
        assert cache is not None
        if from_s >= end_s:
            return
        limited = _room(scenario, self.plan) > 0
        drawing = _Drawing.of(scenario, self.plan, self.replication)
        life = Life(
            cache.fresh_for_s,
            cache.kept_for_s,
            scenario.store_of(plan).expiry_s or math.inf,
            drawing.characteristic_s,
            keeps_all(plan),
        )
        rows = _rows(layout, table, reads, recent, slides=cache.slides, notes_use=limited)
        for block in requests_following(scenario.demand, scenario.seed, self.replication, from_s, end_s):
            visit(block.time_s, block.user, life, rows)


def _rows(
    layout: Layout, table: WordArray, reads: WordArray, recent: WordArray, *, slides: bool, notes_use: bool
) -> Rows:
    """Return where rows are put."""
    where = (layout.shards, layout.shard_size, layout.origin_s, layout.tick_s)
    return Rows(*where, slides, notes_use, table, reads, recent)


def _room(scenario: Scenario, plan_name: str) -> int:
    """Return how many rows the store has room for; 0 for no limit."""
    limit_gib = scenario.store_of(scenario.plans[plan_name]).size_limit_gib
    return 0 if limit_gib is None else int(limit_gib / scenario.model.prediction_size_gib)


@dataclass(frozen=True)
class _Drawing:
    """What the rows of all users are drawn from."""

    scenario: Scenario
    plan: str
    replication: int
    rates: LoginRates
    past: Past
    clusters: RequestClusters
    followed_s: float
    """How long before the end of the past users begin. [s]"""
    characteristic_s: float
    """How long a row stays unused before it makes room for others; infinity for no limit. [s]"""
    drawn_s: float
    """The same for the rows that are drawn, which are more than there is room for. [s]"""

    @classmethod
    def of(cls, scenario: Scenario, plan_name: str, replication: int) -> "_Drawing":
        plan, demand, end_s = scenario.plans[plan_name], scenario.demand, cache_from_s(scenario, plan_name)
        assert plan.cache is not None
        clusters = RequestClusters.of(scenario.traffic.session, scenario.traffic.returns)
        fresh_s = min(plan.cache.fresh_for_s, LONGEST_DRAWN_S)
        followed_s = min(
            FOLLOWED_LIFETIMES * fresh_s, 2 * fresh_s + FOLLOWED_S, max(fresh_s, MOST_FOLLOWED_S)
        )  # fmt: skip
        depth_s = max(fresh_s + followed_s + clusters.longest_s, min(cache_kept_s(plan), LONGEST_DRAWN_S))
        room = _room(scenario, plan_name)
        if room:
            depth_s = max(depth_s, LONGEST_KEPT_S)
        cohorts = demand.cohorts()
        bursts = Bursts.of(demand, scenario.seed, replication)
        past = Past.of(demand, cohorts, bursts, end_s, end_s - depth_s)
        rates = LoginRates.of(cohorts, scenario.population.users)
        if past.is_flat and not clusters.longest_s:
            followed_s = 0.0
        unused_s = drawn_s = math.inf
        if room:
            more = room * SPARE_FRACTION + SPARE_ERRORS * math.sqrt(room)
            unused_s = _characteristic_s(rates, past, clusters, room)
            drawn_s = _characteristic_s(rates, past, clusters, room + more)
        return cls(scenario, plan_name, replication, rates, past, clusters, followed_s, unused_s, drawn_s)

    def draw(self, layout: Layout, table: WordArray, reads: WordArray, recent: WordArray) -> None:
        """Write the rows of all users."""
        cache, seed = self.scenario.plans[self.plan].cache, self.scenario.seed
        assert cache is not None
        renews = not cache.slides and self.characteristic_s >= cache.fresh_for_s
        rows = _rows(layout, table, reads, recent, slides=cache.slides, notes_use=math.isfinite(self.drawn_s))
        draw = self._draw_renewing if renews else self._draw_sliding
        for chunk in range(math.ceil(layout.users / USERS_PER_CHUNK)):
            first = chunk * USERS_PER_CHUNK
            rng = stream(seed, self.replication, "rows of caches", chunk)
            chance = rng.integers(1, 2**64, 1, dtype=np.uint64)
            draw(self._users(first, min(USERS_PER_CHUNK, layout.users - first), chance), rows)

    def _users(self, first: int, size: int, chance: HashArray) -> Users:
        rates = self.rates
        run = int(np.searchsorted(rates.end_user, first, side="right"))
        zone = self.past.zone_of_cohort[rates.cohort]
        return Users(first, size, run, rates.end_user, rates.logins_per_s, zone, chance)

    @cached_property
    def _weights(self) -> PastWeights:
        past = self.past
        flat = np.zeros(len(past.passed))
        if past.is_flat:
            flat = np.asarray(past.passed[:, -1] / (past.edges_s[0] - past.edges_s[-1]))
        return PastWeights(past.edges_s, past.passed, past.guide, flat)

    @cached_property
    def _sample(self) -> Clusters:
        return Clusters(self.clusters.first, self.clusters.offset_s, self.clusters.longest_s)

    def _draw_renewing(self, users: Users, rows: Rows) -> None:
        plan, past = self.scenario.plans[self.plan], self.past
        assert plan.cache is not None
        fresh_s, kept_s = plan.cache.fresh_for_s, plan.cache.kept_for_s
        kept_back_s = max(min(kept_s - fresh_s, LONGEST_DRAWN_S), self.followed_s)
        beginning = Beginning(
            past.within(self.followed_s), past.within(self.followed_s + fresh_s), past.within(kept_back_s)
        )
        life = Life(fresh_s, kept_s, math.inf, self.drawn_s, keeps_all(plan))
        draw_renewing(users, self._weights, beginning, self._sample, life, rows)

    def _draw_sliding(self, users: Users, rows: Rows) -> None:
        cache, past, clusters = self.scenario.plans[self.plan].cache, self.past, self.clusters
        assert cache is not None
        read_s = min(cache.kept_for_s, self.drawn_s)
        gap_s = min(cache.kept_for_s, self.characteristic_s)
        chains = Chains(
            clusters.reach_s(gap_s),
            read_s,
            gap_s,
            math.inf if cache.slides else cache.fresh_for_s,
            past.within(read_s + clusters.longest_s),
            np.empty(MOST_VISITS),
        )
        draw_sliding(users, self._weights, self._sample, chains, rows)


def _characteristic_s(rates: LoginRates, past: Past, clusters: RequestClusters, rows: float) -> float:
    """Return within what time so many different users make requests; infinity where the past has fewer. [s]"""
    users, zone = rates.end_user - rates.first_user, past.zone_of_cohort[rates.cohort]

    def seen(span_s: float) -> float:
        weight_s = past.within(span_s)[zone] + clusters.reach_s(span_s)
        return float(users @ -np.expm1(-rates.logins_per_s * weight_s))

    low_s, high_s = 0.0, float(past.edges_s[0] - past.edges_s[-1])
    if seen(high_s) <= rows:
        return math.inf
    while high_s - low_s > 1e-6 * high_s:
        middle_s = (low_s + high_s) / 2
        low_s, high_s = (low_s, middle_s) if seen(middle_s) > rows else (middle_s, high_s)
    return high_s
