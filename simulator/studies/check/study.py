"""The engine against every closed form: run all checks, and judge them together."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from simulator.studies.check import (
    batch,
    batching,
    caching,
    demand,
    freshness,
    nearline,
    queueing,
    rate_limit,
    serverless,
    waste,
)
from simulator.studies.check.comparing import (
    Check,
    Experiment,
    Finding,
    Group,
    distance,
    expected_largest_z,
    threshold_z,
)

FALSE_ALARM: Final = 1e-4
"""Probability that a right engine fails, over all checks together."""
FULL: Final = 5
"""Replications of the full form, for each of the short form."""
_GROUPS: Final = (demand, freshness, caching, nearline, queueing, batching, serverless, rate_limit, batch, waste)
"""A file for each group, in the order of the report."""


@dataclass(frozen=True)
class CheckReport:
    """What came of all checks."""

    seed: int
    full: bool
    findings: tuple[Finding, ...]

    @property
    def largest_z(self) -> float:
        """The largest distance between simulation and theory, in standard errors."""
        return max(abs(finding.distance.z) for finding in self.findings)

    @property
    def expected_largest_z(self) -> float:
        """What the largest would be on average if only chance were at work."""
        return expected_largest_z(len(self.findings))

    @property
    def threshold_z(self) -> float:
        """The distance beyond which a check fails: Bonferroni's, for so many checks."""
        return threshold_z(len(self.findings), FALSE_ALARM)

    def agrees(self, finding: Finding) -> bool:
        """Whether chance explains how far simulation and theory are apart."""
        return abs(finding.distance.z) <= self.threshold_z

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The checks that do not agree."""
        return tuple(finding for finding in self.findings if not self.agrees(finding))


def groups() -> tuple[Group, ...]:
    """Return all checks, by subject."""
    return tuple(module.group() for module in _GROUPS)


def simulations(checked: tuple[Group, ...], *, full: bool) -> int:
    """Return how many simulations there are to do."""
    factor = FULL if full else 1
    return sum(experiment.replications * factor for group in checked for experiment in group.experiments)


def run_checks(
    checked: tuple[Group, ...], seed: int = 1, *, full: bool = False, on_sample: Callable[[str], None] = lambda _: None
) -> CheckReport:
    """Simulate all experiments, and compare them with theory.

    Parameters
    ----------
    checked
        The checks, such as `groups` returns.
    seed
        Chooses the random numbers of all of them.
    full
        Whether to run the full form, of more replications.
    on_sample
        Called with an experiment's subject after each of its simulations.
    """
    findings = [finding for group in checked for finding in _findings(group, seed, FULL if full else 1, on_sample)]
    return CheckReport(seed, full, tuple(findings))


def _findings(group: Group, seed: int, factor: int, on_sample: Callable[[str], None]) -> Iterator[Finding]:
    for experiment in group.experiments:
        own_seed = zlib.crc32(f"{seed} {group.title} {experiment.name}".encode())
        samples = []
        for replication in range(experiment.replications * factor):
            samples.append(_values(experiment, experiment.sample(own_seed, replication)))
            on_sample(group.title)
        for check, values in zip(experiment.checks, zip(*samples, strict=True), strict=True):
            together = [value for of_sample in values for value in of_sample]
            yield Finding(group.title, check.what, check.theory, distance(together, check.theory))


def _values(experiment: Experiment, sample: Any) -> list[list[float]]:
    """Return what each check reads from a sample, which is then no longer kept."""
    return [_read(check, sample) for check in experiment.checks]


def _read(check: Check, sample: Any) -> list[float]:
    value = check.value(sample)
    return [value] if isinstance(value, int | float) else list(value)
