"""What a closed form says of a metric, and how far it is to be believed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a value was come by."""

    EXACT = "exact"
    """A simulation differs from it by chance alone."""
    APPROXIMATE = "approximate"
    """It leaves something out."""


@dataclass(frozen=True)
class Value:
    """A metric by closed form."""

    value: float
    kind: Kind
    leaves_out: tuple[str, ...] = ()
    """What it leaves out; nothing where it is exact."""

    @classmethod
    def of(cls, value: float, leaves_out: Sequence[str]) -> "Value":
        """Return a value that leaves something out, or nothing."""
        told = tuple(dict.fromkeys(leaves_out))
        return cls(value, Kind.APPROXIMATE if told else Kind.EXACT, told)


@dataclass(frozen=True)
class Gaps:
    """What a plan's closed forms leave out, part by part."""

    traffic: Sequence[str] = ()
    shares: Sequence[str] = ()
    """Of what answers requests."""
    rows: Sequence[str] = ()
    """Of what becomes of rows, beyond the shares."""
    ages: Sequence[str] = ()
    runs: Sequence[str] = ()
    usage: Sequence[str] = ()
    """Of what online backends use."""
    waits: Sequence[str] = ()
    """Of how long they let wait, beyond that."""
    bill: Sequence[str] = ()
    """Of the bill, beyond all that."""

    def values(self, metrics: Mapping[str, float]) -> Iterator[tuple[str, Value]]:
        """Yield each metric with what it leaves out."""
        for name, value in metrics.items():
            yield name, Value.of(value, self._of(name))

    def _of(self, metric: str) -> list[str]:
        parts: list[Sequence[str]] = [self.traffic]
        parts += next((found for starts, found in self._by_name() if metric.startswith(starts)), [])
        return [told for part in parts for told in part]

    def _by_name(self) -> Iterator[tuple[tuple[str, ...], list[Sequence[str]]]]:
        """Yield what the beginnings of names have to do with, the first that fits first."""
        busiest = ["the peak of one minute, which is chance"]
        active = ["growth, spikes and the differences between days"]
        yield ("logins", "requests_per_s_mean"), []
        yield ("requests_per_s_peak",), [busiest]
        yield ("daily_active", "weekly_active", "monthly_active"), [active]
        yield ("requests_per_batch",), [self.shares, self.usage]
        yield ("requests",), []
        yield ("predictions_computed_batch",), [self.rows]
        yield ("predictions_wasted", "wasted_fraction"), [self.shares, self.rows]
        yield (
            ("predictions_computed", "coverage", "cache_hit_ratio", "computed_", "default_"),
            [self.shares, self.usage],
        )
        yield ("age_", "stale_fraction"), [self.shares, self.ages]
        waits = [self.shares, self.usage, self.waits]
        yield ("latency_", "wait", "timeout_", "refused_", "slo_", "replicas_peak", "retries"), waits
        yield ("replicas_", "utilisation", "instance_"), [self.shares, self.usage]
        yield ("batch_", "deadline_", "lost_"), [self.runs]
        everything = [self.shares, self.rows, self.runs, self.usage, self.bill]
        yield ("cost_", "wasted_usd", "kwh", "kg_", "net_value", "value_"), everything
