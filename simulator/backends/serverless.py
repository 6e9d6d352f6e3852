"""Serverless functions: an instance for each request in progress, billed for the time it works."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from typing_extensions import override

from simulator.backends.answers.facts import Asked, Fact
from simulator.backends.answers.findings import Finding, Warned
from simulator.backends.answers.steady import AskedHours, SteadyHours, mixed, thinned
from simulator.backends.answers.usage import Metered, OnlineUse
from simulator.backends.base import OnlineBackend
from simulator.backends.noise.base import Noise
from simulator.backends.online.kinds import SERVERLESS
from simulator.backends.service_time.base import AnyServiceTime
from simulator.core.arrays import FloatArray
from simulator.core.duration.base import AnyDuration
from simulator.core.key_kind import KeyKind
from simulator.core.units import MINUTE_S, Count, Gib, Seconds

MOST_INSTANCES = 2**20
STEADY_RATES = 24
"""Rates at which closed forms are asked; others lie between."""
STEADY_SAMPLE = 2**13
"""Service times and starts that closed forms reckon with."""


class Serverless(OnlineBackend):
    """Instances that come with the requests: one for each in progress, started where none is idle.

    An idle instance is used again, the one that became idle last first, until it has been idle for the keep-alive.
    A request that finds as many in progress as may be is refused.
    """

    kind: Literal["serverless"] = "serverless"
    memory_gib: Annotated[Gib, Field(examples=["2 GiB"]), KeyKind.PRICE]
    """Memory of an instance, which it is billed for; on AWS Lambda its share of a processor grows with it."""
    service_time: AnyServiceTime
    """How long a prediction takes on an instance that is warm."""
    startup: AnyDuration
    """How long an instance takes to start (an instance cold start): the request that it starts for waits so long."""
    keep_alive_s: Seconds = 10 * MINUTE_S
    """How long an idle instance is kept; 10 min is what was measured on AWS Lambda (mikhail.io, "AWS Lambda Cold Starts
    After 10 Minutes", August 2019), which promises nothing."""
    concurrency: Annotated[Count, Field(le=MOST_INSTANCES)] = 1000
    """Requests in progress at a time; one more is refused. 1,000 is what an AWS account has per region before it asks
    for more (AWS Lambda quotas)."""
    bills_startup: bool = True
    """Whether an instance's start is billed too, as AWS does with every function since 2025-08-01."""
    billing_step_s: Seconds = 0.001
    """What the billed time of each request is rounded up to a multiple of: 1 ms on AWS Lambda since 2020-12-01; 0 for
    none."""
    meter: Annotated[str, Field(min_length=1, max_length=80), KeyKind.PRICE] = "aws_lambda"
    """What the price book calls it: `<meter>/gb_second` and `<meter>/request` are priced."""

    @property
    @override
    def noise(self) -> Noise:
        return self.service_time.noise

    @property
    @override
    def mean_service_s(self) -> float:
        return self.service_time.mean_s(1)

    @property
    @override
    def refuses(self) -> bool:
        return True

    @property
    @override
    def kernel(self) -> int:
        return SERVERLESS

    @property
    @override
    def has_replicas(self) -> bool:
        return True

    @property
    @override
    def most_instances(self) -> int:
        return self.concurrency

    @override
    def draw_startups_s(self, rng: np.random.Generator, size: int) -> FloatArray:
        return self.startup.draw_s(rng, size)

    @property
    @override
    def hours_are_alike(self) -> bool:
        return False

    @override
    def own_station_values(self) -> Mapping[str, float]:
        return {
            "queue_limit": 0,
            "keep_alive_s": self.keep_alive_s,
            "concurrency": self.concurrency,
            "bills_startup": self.bills_startup,
            "billing_step_s": self.billing_step_s,
        }

    @override
    def facts(self, asked: Asked) -> Iterator[Fact]:
        """Yield how many instances live, if so many requests come and all are computed."""
        from simulator.theory.serverless import live_instances  # noqa: PLC0415  (scipy: start-up time)

        there = live_instances(asked.per_s, self.mean_service_s, self.keep_alive_s)
        yield "live instances in that hour, about", f"{there.live_mean:,.3g}"
        yield "of its requests, those that start one, about", f"{there.cold_fraction * 100:.3g} %"
        busy = asked.per_s * (self.mean_service_s + there.cold_fraction * self.startup.typical_s)
        if busy > self.concurrency:
            yield (
                "warning",
                f"{busy:,.4g} requests in progress, and only {self.concurrency:,} may be (concurrency)",
            )

    @override
    def steady(self, asked: AskedHours) -> SteadyHours:
        """Return it from the long-run state of the instances at each rate."""
        from simulator.theory.serverless import live_instances  # noqa: PLC0415  (scipy: start-up time)

        per_s = np.maximum(asked.per_s, 1e-9)
        levels = np.geomspace(per_s.min() * 0.999, per_s.max() * 1.001, STEADY_RATES)
        limit = self.concurrency if self._may_be_full(float(levels[-1])) else None
        cold_s = self.mean_service_s + self.startup.typical_s
        there = [
            live_instances(rate, self.mean_service_s, self.keep_alive_s, limit=limit, cold_service_s=cold_s)
            for rate in levels.tolist()
        ]

        def at(values: list[float]) -> FloatArray:
            return np.asarray(np.interp(np.log(per_s), np.log(levels), values))

        refused = at([one.refused_fraction for one in there])
        cold = np.clip(at([one.cold_fraction for one in there]) / np.maximum(1 - refused, 1e-12), 0.0, 1.0)
        calls = asked.computations * (1 - refused)
        service_s = self.mean_service_s * self.noise.draw(np.random.default_rng(0), STEADY_SAMPLE)
        started_s = self.startup.draw_s(np.random.default_rng(1), STEADY_SAMPLE)
        billed_s = calls * (self.mean_service_s + self.billing_step_s / 2)
        if self.bills_startup:
            billed_s = billed_s + calls * cold * self.startup.typical_s
        alive = at([one.live_mean for one in there])
        return SteadyHours(
            busy_replica_s=calls * (self.mean_service_s + cold * self.startup.typical_s),
            provisioned_replica_s=alive * asked.length_s,
            replicas_peak=min(float(alive.max()) + 3 * math.sqrt(float(alive.max())), float(self.concurrency)),
            given_up=np.zeros(per_s.size),
            refused=refused,
            waited=mixed(np.zeros(1), started_s, cold),
            answered=mixed(service_s, service_s + started_s, cold),
            service_s=thinned(service_s),
            counts={
                "calls": float(calls.sum()),
                "cold_starts": float((calls * cold).sum()),
                "billed_s": float(billed_s.sum()),
            },
            leaves_out=("instances that go and come as the rate changes", "what is tried again")
            if self.retries and limit
            else ("instances that go and come as the rate changes",),
        )

    def _may_be_full(self, per_s: float) -> bool:
        """Return whether so many requests a second ever find as many in progress as may be."""
        busy = per_s * (self.mean_service_s + self.startup.typical_s)
        return busy + 6 * math.sqrt(busy) >= self.concurrency

    @override
    def warnings(self, found: Finding) -> Iterator[Warned]:
        """Warn of nothing: what is not busy goes, and what is refused is told of every backend that refuses."""
        yield from ()

    @override
    def used(self, use: OnlineUse) -> Iterator[Metered]:
        billed_gib_s = use.counts["billed_s"] * self.memory_gib
        yield Metered("compute", f"{self.meter}/gb_second", billed_gib_s, "GiB s")
        yield Metered("invocations", f"{self.meter}/request", use.counts["calls"], "request")
