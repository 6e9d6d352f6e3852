"""How a check of the engine came out: tables for a terminal of 80 columns, and a JSON object."""

import math
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report.layout import Fitted
from simulator.report.tables import BAD
from simulator.studies.check.comparing import Finding
from simulator.studies.check.study import FALSE_ALARM, CheckReport

AGREES, DIFFERS = "agrees", "differs"


def check_table(report: CheckReport) -> Iterator[RenderableType]:
    """Yield the verdict, the table of all checks, and how they are judged."""
    yield Text(verdict(report), style=BAD if report.failures else "bold green")
    yield Fitted(lambda width: [_table(report, width)])
    yield Text(
        f"Errors are standard errors, from the spread between independent simulations. A check fails beyond |z| = "
        f"{report.threshold_z:.1f}: a right engine fails one of the {len(report.findings)} with a probability of "
        f"{FALSE_ALARM:g} in all.",
        style="dim",
    )


def verdict(report: CheckReport) -> str:
    """Return the outcome in one line."""
    count, chance = (
        len(report.findings),
        f"expected of {len(report.findings)} fair checks {report.expected_largest_z:.1f}",
    )
    largest = f"largest |z| {report.largest_z:.1f}, {chance}"
    if not report.failures:
        return f"all {count} agree: {largest}"
    failed = "; ".join(f"{finding.group}: {finding.what}" for finding in report.failures)
    return f"{len(report.failures)} of {count} differ: {failed} ({largest})"


def as_json(report: CheckReport) -> dict[str, Any]:
    """Return what ``predcost check --json`` prints; an infinite z, of a deviation without any error, is None."""
    return {
        "version": version("predcost"),
        "seed": report.seed,
        "full": report.full,
        "checks": [_as_json(finding, report) for finding in report.findings],
        "largest_z": _finite(report.largest_z),
        "expected_largest_z": report.expected_largest_z,
        "threshold_z": report.threshold_z,
        "false_alarm_probability": FALSE_ALARM,
        "agree": not report.failures,
        "verdict": verdict(report),
    }


def _as_json(finding: Finding, report: CheckReport) -> dict[str, Any]:
    return {
        "group": finding.group,
        "what": finding.what,
        "theory": finding.theory,
        "simulation": finding.distance.mean,
        "standard_error": finding.distance.standard_error,
        "z": _finite(finding.distance.z),
        "agrees": report.agrees(finding),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _table(report: CheckReport, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), width=width)
    table.add_column("what", ratio=1)
    for column in ("theory", "simulation", "error", "z", "verdict"):
        table.add_column(column, justify="right", no_wrap=True)
    group = ""
    for finding in report.findings:
        if finding.group != group:
            table.add_section()
            table.add_row(Text(finding.group, style="bold"))
        group = finding.group
        _add(table, finding, agrees=report.agrees(finding))
    return table


def _add(table: Table, finding: Finding, *, agrees: bool) -> None:
    found = finding.distance
    numbers = f"{finding.theory:.4g}", f"{found.mean:.5g}", f"{found.standard_error:.2g}", f"{found.z:+.1f}"
    style = "" if agrees else BAD
    table.add_row(
        Text(f"  {finding.what}", style=style),
        *(Text(cell, style=style) for cell in (*numbers, AGREES if agrees else DIFFERS)),
    )
