"""What a log says of its users: as parts of a scenario in YAML, as tables for a terminal of 80 columns, as JSON."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

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
from simulator.studies.calibration.lapsing import Lapsing

SHOWN = ("daily_active", "weekly_active", "monthly_active", "requests_per_s", "cache_hit", "wasted", "variance")


def verdict_sentence(found: Calibration) -> str:
    """Return whether one may decide by the fit."""
    verdict = found.verdict
    if verdict is None:
        return "Nothing was held out, so that nothing says whether the fit is good enough to decide by."
    held = form.exact_duration(verdict.length_s)
    off = len(verdict.bad)
    close = "no number is farther off than is asked"
    if off:
        close = f"{off} number{' is' if off == 1 else 's are'} farther off than is asked"
    return f"On the last {held} of the log and on the fit to what came before {_same(verdict)}; {close}."


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
    yield Text("Times between a user's events", style="bold")
    yield Text("\n".join(found.gap_histogram))
    if found.verdict is not None:
        yield _held_out(found.verdict)
    yield from sentences("What speaks against it", tuple(form.capital(f"{each}.") for each in found.why))


def _span(found: Calibration) -> str:
    events, users = found.rows - sum(found.skipped.values()), found.fit.seen_users
    return f"{events:,} events of {users:,} users, {found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC"


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
        if any(part in each.metric for part in SHOWN):
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
    lapsing = found.fit.lapsing
    content: dict[str, Any] = {
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
        "parts": found.parts,
    }
    if lapsing is not None:
        content["lapsing"] = _lapsing(lapsing)
    return {key: finite(value) for key, value in content.items()}


def _lapsing(found: Lapsing) -> dict[str, Any]:
    """Return how users drop out: no keys of a scenario, which has none who do."""
    numbers = {key: getattr(found, key) for key in ("r", "alpha_days", "a", "b", "lapsed_fraction")}
    return {"model": found.model, **numbers, "alive": found.pool.alive, "joining_per_day": found.pool.joining_per_day}


def _fitted(each: Fitted) -> dict[str, float]:
    return {"value": each.value, "low": each.low, "high": each.high}


def parts_text(found: Calibration) -> str:
    """Return the parts as YAML, with where they are from; `run` takes them in a scenario."""
    head = [f"From {found.recognised}:", f"{_span(found)}. Intervals are 95 % of chance alone, over users."]
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
