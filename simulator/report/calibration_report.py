"""What a log says of its users, or of rates alone: as parts of a scenario, as tables for a terminal, as JSON."""

import io
import math
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from ruamel.yaml import YAML

from simulator.report import format as form
from simulator.report.json_report import finite
from simulator.report.layout import sentences
from simulator.report.tables import BAD, BEST
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.held_out import HeldOut
from simulator.studies.calibration.rates import RateFit

MOST_UNUSUAL = 20
"""Stretches of unusual hours that are shown."""
SHOWN = ("daily_active", "weekly_active", "monthly_active", "requests_per_s", "cache_hit", "wasted", "variance")


def verdict_sentence(found: Calibration) -> str:
    """Return whether one may decide by the fit."""
    verdict = found.verdict
    if verdict is None:
        return "Nothing was held out, so that nothing says whether the fit is good enough to decide by."
    held = form.exact_duration(verdict.length_s)
    if not verdict.knows_users:
        return _rates_sentence(verdict, held)
    return f"On the last {held} of the log and on the fit to what came before {_same(verdict)}; {_close(verdict)}."


def _close(verdict: HeldOut) -> str:
    off = len(verdict.bad)
    if not off:
        return "no number is farther off than is asked"
    return f"{off} number{' is' if off == 1 else 's are'} farther off than is asked"


def _rates_sentence(verdict: HeldOut, held: str) -> str:
    """Return how far rates are apart, which is no verdict on a decision."""
    plans = list(
        dict.fromkeys(name for name, found, _ in (each.metric.partition(": ") for each in verdict.compared) if found)
    )
    each = f"'{plans[0]}' makes" if len(plans) == 1 else f"{len(plans)} plans without memory make"
    of_plans = f" and what {each} of them" if plans else ""
    apart = f"rates{of_plans} were compared, and nothing that depends on who comes back"
    return f"On the last {held} of the log and on the fit to what came before, {apart}; {_close(verdict)}."


def _same(verdict: HeldOut) -> str:
    log, fit = verdict.on_log, verdict.on_fit
    if log is None and fit is None:
        return "no plan meets every bound"
    if log == fit:
        return f"the recommendation is the same, {fit}"
    names = f"{log or 'no plan'} on the log, {fit or 'no plan'} on the fit"
    if not verdict.recommendation_changes:
        return f"the recommendation is as good: {names}, which costs no percent more"
    worse = (
        f"costs {verdict.loses_fraction:.0%} more there"
        if verdict.loses_fraction < float("inf")
        else "breaks a bound there"
    )
    return f"the recommendation is not the same: {names}, which {worse}"


def calibration_report(found: Calibration) -> Iterator[RenderableType]:
    """Yield what is printed."""
    yield Text(verdict_sentence(found), style="bold")
    yield Text(f"{found.recognised}. {_span(found)}", style="dim")
    for why, count in found.skipped.items():
        yield Text(f"left out: {count:,} rows with {why}", style="dim")
    yield _parameters(found)
    if isinstance(found.fit, RateFit):
        yield from _unusual(found.fit)
    else:
        yield Text("Times between a user's events", style="bold")
        yield Text("\n".join(found.gap_histogram))
    if found.verdict is not None:
        yield _held_out(found.verdict)
    yield from sentences("What speaks against it", tuple(form.capital(f"{each}.") for each in found.why))


def _span(found: Calibration) -> str:
    when = f"{found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC"
    if isinstance(found.fit, RateFit):
        return f"{found.fit.total:,.0f} events, users unknown, {when}"
    events, users = found.rows - sum(found.skipped.values()), found.fit.seen_users
    return f"{events:,} events of {users:,} users, {when}"


def _unusual(fit: RateFit) -> Iterator[RenderableType]:
    """Yield the hours that were kept out of the profile, those in which most was missing or too much first."""
    hours = sorted(fit.weekly.unusual, key=lambda each: -each.hours * abs(math.log(max(each.multiplier, 1e-3))))
    if not hours:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("unlike all other weeks, from", "hours", "times the usual"):
        table.add_column(head, overflow="fold", justify="left" if head.startswith("unlike") else "right")
    for each in sorted(hours[:MOST_UNUSUAL], key=lambda each: each.begins):
        local = each.begins.astimezone(ZoneInfo(fit.zone))
        table.add_row(Text(f"{local:%a %Y-%m-%d %H:%M}"), Text(f"{each.hours}"), Text(f"{each.multiplier:.2g}"))
    yield table
    if len(hours) > MOST_UNUSUAL:
        yield Text(f"and {len(hours) - MOST_UNUSUAL} more stretches", style="dim")


def _parameters(found: Calibration) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("key", "value", "95 % of chance alone"):
        table.add_column(head, overflow="fold", justify="left" if head == "key" else "right")
    for key, each in found.fit.parameters.items():
        table.add_row(Text(key), Text(_number(each.value)), Text(f"{_number(each.low)} to {_number(each.high)}"))
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"  # noqa: PLR2004


def _held_out(verdict: HeldOut) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for head in ("held-out end", "log", "fit", "error"):
        table.add_column(head, overflow="fold", justify="left" if head == "held-out end" else "right")
    for each in verdict.compared:
        if not verdict.knows_users or any(part in each.metric for part in SHOWN):
            style = "" if each.good_within is None else BEST if each.is_good else BAD
            table.add_row(
                Text(each.metric),
                Text(f"{each.log:.4g}"),
                Text(f"{each.fit:.4g}"),
                Text(f"{each.error:+.1%}", style=style),
            )
    return table


def calibration_json(found: Calibration) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    verdict = found.verdict
    held = (
        {}
        if verdict is None
        else {each.metric: {"log": each.log, "fit": each.fit, "error": each.error} for each in verdict.compared}
    )
    content = {
        "recognised": found.recognised,
        "rows": found.rows,
        "skipped": dict(found.skipped),
        "parameters": {key: _fitted(each) for key, each in found.fit.parameters.items()},
        "held_out": held,
        "verdict": {
            "fits": None if verdict is None else found.fits,
            "recommendation_changes": None if verdict is None else verdict.recommendation_changes,
            "why": list(found.why),
        },
        "unusual": [
            {"begins": each.begins.isoformat(), "hours": each.hours, "multiplier": each.multiplier}
            for each in found.fit.weekly.unusual
        ],
        "parts": found.parts,
    }
    return {key: finite(value) for key, value in content.items()}


def _fitted(each: Fitted) -> dict[str, float]:
    return {"value": each.value, "low": each.low, "high": each.high}


def parts_text(found: Calibration) -> str:
    """Return the parts as YAML, with where they are from; `run` takes them in a scenario."""
    over = "days" if isinstance(found.fit, RateFit) else "users"
    head = [f"From {found.recognised}:", f"{_span(found)}. Intervals are 95 % of chance alone, over {over}."]
    for key, each in found.fit.parameters.items():
        head.append(f"{key}: {_number(each.value)}, {_number(each.low)} to {_number(each.high)}")
    head += [verdict_sentence(found), *found.why]
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 110
    yaml.default_flow_style = None
    yaml.dump(_plain(found.parts), text)
    return "".join(f"# {form.one_line(line)}\n" for line in head) + text.getvalue()


def _plain(value: Any) -> Any:
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, Mapping) else value
