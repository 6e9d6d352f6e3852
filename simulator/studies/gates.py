"""Bounds on what may change: broken only where chance alone would not have done it, and not decided where it may."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean
from typing import Final

from simulator.core.errors import UserError, did_you_mean
from simulator.core.estimate import Estimate
from simulator.core.input_files.wording import one_line, shortened
from simulator.studies.consumption import STATED_RANGES
from simulator.studies.difference import Diff, MetricChange
from simulator.studies.metric_kinds import METRICS, Unit, unit_of
from simulator.studies.plan_pairs import PlanPairs

EXAMPLE: Final = "write e.g. 'plans.cached.cost_usd_per_month > +5%'"
EVERY: Final = "*"
_GATE: Final = re.compile(
    r'\s*plans\.(?P<plan>"[^"]+"|.+)\.(?P<metric>\w+)\s*(?P<side>[<>])\s*(?P<sign>[+-]?)\s*(?P<amount>[^<>=]+)\Z'
)
_PERCENT: Final = re.compile(r"\s*([0-9_.]+)\s*(%|pp)\s*\Z")


class Against(StrEnum):
    """What a bound is a bound of."""

    SHARE = "share"
    """Of the change, as a share of what was before."""
    CHANGE = "change"
    """Of the change itself."""
    LEVEL = "level"
    """Of what is now, whatever it was."""


class Ruling(StrEnum):
    """Whether a bound is broken."""

    KEPT = "kept"
    """The whole interval lies within it."""
    BROKEN = "broken"
    """The whole interval lies beyond it."""
    UNDECIDED = "not decided"
    """It lies in the interval, or there is none."""


@dataclass(frozen=True)
class Gate:
    """A bound on a metric of a plan, or of every plan."""

    text: str
    """As it was given."""
    plan: str
    metric: str
    is_above: bool
    """Whether it is broken by what lies above it."""
    bound: float
    against: Against

    @classmethod
    def read(cls, text: str) -> "Gate":
        """Return what a text such as ``plans.on demand.latency_p99_s > +20 ms`` says.

        An amount with a sign is about the change, one without about what is now. Percents with a sign are relative to
        what was before; ``pp`` are percentage points.

        Raises
        ------
        UserError
            If it is none.
        """
        label = f"--fail-if '{shortened(one_line(text), 80)}'"
        match = _GATE.match(text)
        if match is None:
            raise UserError(f"{label}: cannot be read as plans.NAME.METRIC, > or <, and an amount; {EXAMPLE}")
        metric = match["metric"]
        if metric not in METRICS:
            meant = [known for known in METRICS if metric in known] or METRICS  # of cost, those of cost alone
            raise UserError(f"{label}: there is no metric '{metric}'; {did_you_mean(metric, meant)}")
        if metric in STATED_RANGES:
            raise UserError(f"{label}: what makes '{metric}' uncertain is no chance, and no replication shows it")
        try:
            bound, against = _amount(match["sign"], match["amount"].strip(), unit_of(metric))
        except ValueError as error:
            raise UserError(f"{label}: {error}") from None
        return cls(one_line(text), match["plan"].strip('"'), metric, match["side"] == ">", bound, against)


def _amount(sign: str, text: str, unit: Unit) -> tuple[float, Against]:
    """Return a bound, and what of.

    Raises
    ------
    ValueError
        If it is none for a metric of this unit.
    """
    factor = -1.0 if sign == "-" else 1.0
    match = _PERCENT.match(text)
    if match is not None and (unit is not Unit.SHARE or sign or match[2] == "pp"):
        share = float(match[1].replace("_", "")) / 100
        if match[2] == "pp" and unit is not Unit.SHARE:
            raise ValueError(f"'{text}' is percentage points, and the metric is no share; write e.g. '+{unit.example}'")
        if not sign:
            raise ValueError(f"'{text}' has no sign; write '+{text}' or '-{text}' for a change")
        return factor * share, Against.SHARE if match[2] == "%" else Against.CHANGE
    try:
        amount = unit.read(text)
    except ValueError as error:
        raise ValueError(f"{error}; '+5%' is a change relative to what was, '+{unit.example}' one by so much") from None
    return factor * amount, Against.CHANGE if sign else Against.LEVEL


def read_gates(texts: Iterable[str]) -> tuple[Gate, ...]:
    """Return all gates.

    Raises
    ------
    UserError
        If any is none; the message says what is wrong with each.
    """
    found, faults = [], []
    for text in texts:
        try:
            found.append(Gate.read(text))
        except UserError as error:
            faults.append(str(error))
    if faults:
        raise UserError("\n".join(faults))
    return tuple(dict.fromkeys(found))


def check_gates(gates: Iterable[Gate], pairs: PlanPairs) -> None:
    """Check that every gate is about plans that two scenarios have, before anything is simulated.

    Raises
    ------
    UserError
        If one is not; the message says all.
    """
    faults = []
    for gate in gates:
        try:
            _plans_of(gate, pairs)
        except UserError as error:
            faults.append(f"--fail-if '{gate.text}': {error}")
    if faults:
        raise UserError("\n".join(faults))


def _plans_of(gate: Gate, pairs: PlanPairs) -> list[str]:
    return list(pairs.same) if gate.plan == EVERY else [pairs.find(gate.plan)]


@dataclass(frozen=True)
class Finding:
    """What has become of a gate for one plan."""

    gate: Gate
    change: MetricChange
    ruling: Ruling
    beyond: Estimate
    """How far what is now lies above the bound."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"gate": self.gate.text, **self.change.as_dict(), "ruling": str(self.ruling)}


def judged(diff: Diff, gates: Sequence[Gate]) -> tuple[Finding, ...]:
    """Return what has become of gates, for every plan that they are about.

    Raises
    ------
    UserError
        If a gate is about a plan that both do not have, or a metric that cannot be compared; the message says all.
    """
    found, faults = list[Finding](), []
    for gate in gates:
        try:
            found += _findings(diff, gate)
        except UserError as error:
            faults.append(f"--fail-if '{gate.text}': {error}")
    if faults:
        raise UserError("\n".join(faults))
    return tuple(found)


def _findings(diff: Diff, gate: Gate) -> Iterator[Finding]:
    if gate.metric in diff.not_compared:
        raise UserError(
            f"'{gate.metric}' means something else than before, as {diff.not_compared[gate.metric]} changed"
        )
    plans = _plans_of(gate, diff.pairs)
    having = [plan for plan in plans if gate.metric in diff.metrics(plan)]
    if not having:
        whose = "no plan" if gate.plan == EVERY else f"'{plans[0]}' does not"
        has = "has" if gate.plan == EVERY else "have"
        raise UserError(f"{whose} {has} '{gate.metric}' both before and now")
    for plan in having:
        yield _finding(diff, gate, plan)


def _finding(diff: Diff, gate: Gate, plan: str) -> Finding:
    ones, others = diff.samples(plan, gate.metric)
    if gate.against is Against.LEVEL:
        beyond = Estimate.of([value - gate.bound for value in others])
    elif gate.against is Against.CHANGE:
        beyond = diff.estimate([value - gate.bound for value in others], ones)
    else:
        before = fmean(ones)
        if before == 0:
            raise UserError(f"'{gate.metric}' of '{plan}' was 0, and percents of that are nothing; give an amount")
        factor = 1 + gate.bound * math.copysign(1.0, before)
        beyond = diff.estimate(others, [factor * value for value in ones])
    is_same = ones == others and gate.against is not Against.LEVEL
    return Finding(gate, diff.change(plan, gate.metric), _ruling(gate, beyond, is_same=is_same), beyond)


def _ruling(gate: Gate, beyond: Estimate, *, is_same: bool) -> Ruling:
    """Return whether a gate is broken; of what is the same to the last digit there is no chance."""
    low, high = (beyond.mean, beyond.mean) if is_same else (beyond.low, beyond.high)
    if not gate.is_above:
        low, high = -high, -low
    if math.isnan(low):
        return Ruling.UNDECIDED
    return Ruling.BROKEN if low > 0 else Ruling.KEPT if high <= 0 else Ruling.UNDECIDED
