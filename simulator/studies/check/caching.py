"""What caches answer, and how old their answers are."""

import math

from simulator.core.units import MINUTE_S
from simulator.studies.check import readings
from simulator.studies.check.comparing import Check, Experiment, Group, simulated
from simulator.studies.check.worlds import CACHE_HALF_LIFE_S, CACHE_TTL_S, cached_world
from simulator.theory.caching import (
    fixed_ttl_freshness,
    gamma_fixed_ttl_hit_fraction,
    gamma_fixed_ttl_mean_age_s,
    revalidating_mean_age_s,
    sliding_ttl_hit_fraction,
    sliding_ttl_mean_age_s,
)
from simulator.theory.freshness import change_rate_per_s

_REPLICATIONS = 10
_READS_PER_TTL = 0.8
_PER_S = _READS_PER_TTL / CACHE_TTL_S
hit_ratio = readings.share_of_requests("cached")


def group() -> Group:
    """Return the checks of caching."""
    return Group("caching", (*(_fixed(shape) for shape in (math.inf, 0.3)), _sliding(), _revalidating()))


def _age(what: str, theory_s: float) -> Check:
    return Check(f"age, {what} [min]", theory_s / MINUTE_S, lambda outcome: readings.mean_age_s(outcome) / MINUTE_S)


def _fixed(shape: float) -> Experiment:
    who = "users alike" if math.isinf(shape) else f"gamma {shape:g}"
    hit = float(gamma_fixed_ttl_hit_fraction(shape, _PER_S, CACHE_TTL_S))
    change_per_s = float(change_rate_per_s(CACHE_HALF_LIFE_S))
    fresh = float(fixed_ttl_freshness(hit, CACHE_TTL_S, change_per_s))
    return Experiment(
        f"TTL, {who}",
        simulated(lambda seed: cached_world(shape, _READS_PER_TTL, seed=seed)),
        _REPLICATIONS,
        (
            Check(f"hits, TTL, {who}", hit, hit_ratio),
            _age(f"TTL, {who}", float(gamma_fixed_ttl_mean_age_s(shape, _PER_S, CACHE_TTL_S))),
            Check(f"fresh, TTL, {who}", fresh, readings.fresh_fraction(change_per_s)),
        ),
    )


def _sliding() -> Experiment:
    """Of users alike: some gamma users read so often that their predictions' age has no end."""
    hit = float(sliding_ttl_hit_fraction(_PER_S, CACHE_TTL_S))
    age = _age("sliding TTL", float(sliding_ttl_mean_age_s(_PER_S, CACHE_TTL_S)))
    sample = simulated(lambda seed: cached_world(math.inf, _READS_PER_TTL, "sliding", "40 h", seed=seed))
    return Experiment("sliding TTL", sample, _REPLICATIONS, (Check("hits, sliding TTL", hit, hit_ratio), age))


def _revalidating() -> Experiment:
    kind = "stale_while_revalidate"
    age = _age("revalidated", float(revalidating_mean_age_s(_PER_S, CACHE_TTL_S)))
    begun = Check(
        "requests that revalidate",
        1 / (1 + _READS_PER_TTL),
        readings.share_of_requests("revalidated"),
    )
    sample = simulated(lambda seed: cached_world(math.inf, _READS_PER_TTL, kind, "40 h", seed=seed))
    return Experiment(kind, sample, _REPLICATIONS, (age, begun))
