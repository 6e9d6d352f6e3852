"""What a log says of its users, or of rates alone: as tables for a terminal of 80 columns, and as JSON."""

import math
from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report import format as form
from simulator.report.json_report import finite
from simulator.report.layout import sentences
from simulator.report.tables import BAD, BEST
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.fitting import HOME, Fitted, UserFit
from simulator.studies.calibration.held_out import Compared, HeldOut
from simulator.studies.calibration.lapsing import Lapsing
from simulator.studies.calibration.rates import RateFit
from simulator.studies.calibration.robots import ROBOT, ROBOT_FRACTION, ROBOT_TIMES
from simulator.studies.calibration.user_zones import Zones

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
    off, unsure = len(verdict.bad), len(verdict.unsure)
    by_chance = f"{unsure} {'is' if unsure == 1 else 'are'} farther off than is asked, as chance alone may do"
    if not off:
        return by_chance if unsure else "no number is farther off than is asked"
    told = f"{off} number{' is' if off == 1 else 's are'} farther off than is asked"
    return f"{told}; {by_chance}" if unsure else told


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
    yield Text(f"{found.recognised}. {span(found)}", style="dim")
    yield from (Text(line, style="dim") for line in left_out_lines(found))
    yield _parameters(found)
    if isinstance(found.fit, RateFit):
        yield from _unusual(found.fit)
    else:
        yield Text("Times between a user's events", style="bold")
        yield Text("\n".join(found.gap_histogram))
    if found.verdict is not None:
        yield _held_out(found.verdict)
    yield from sentences("What speaks against it", tuple(map(sentence, found.why)))


def left_out_lines(found: Calibration) -> Iterator[str]:
    """Yield what of the log was left out, by reason."""
    for why, count in found.skipped.items():
        if why != ROBOT:
            yield f"left out: {count:,} rows with {why}"
    robots = found.robots
    if robots is None:
        return
    much = f"more than {ROBOT_FRACTION:.0%} of all events and {ROBOT_TIMES:g} times as many as users do on average"
    if robots.users:
        share = f"with {robots.events:,} events, {robots.fraction:.1%}"
        who = "1 user who is hardly a person" if robots.users == 1 else f"{robots.users} users who are hardly persons"
        yield f"left out: {who}, {share} of all: each made {much}"
    else:
        yield f"left out: nobody as a robot, as no user makes {much}"


def sentence(why: str) -> str:
    """Return what speaks against a fit as a sentence; a key stays as it is written."""
    first = why.split(maxsplit=1)[0]
    return f"{why if {'.', '_'} & set(first) else form.capital(why)}."


def span(found: Calibration) -> str:
    """Return how much the log is, and of when."""
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
    heads, rows = parameter_rows(found)
    table = _table(heads)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _table(heads: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for head in heads:
        table.add_column(head, overflow="fold", justify="left" if head == heads[0] else "right")
    return table


def parameter_rows(found: Calibration) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Return the table of the scenario's numbers: its heads, and its rows."""
    rows = [
        (key, value_text(key, each.value), f"{value_text(key, each.low)} to {value_text(key, each.high)}")
        for key, each in found.fit.parameters.items()
    ]
    return ("key", "value", "95 % of chance alone"), rows


def value_text(key: str, value: float) -> str:
    """Return a number of a scenario as people read it."""
    if key.endswith((".gap.mean", ".think_time.mean")):
        return form.duration(value)
    if key.endswith((".probability", ".growth_per_week")) or key.startswith(f"{HOME}."):
        return f"{value * 100:.3g} %"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"  # noqa: PLR2004


def _held_out(verdict: HeldOut) -> Table:
    heads, rows = held_out_rows(compared := shown_of(verdict))
    table = _table(heads)
    for each, (*cells, error) in zip(compared, rows, strict=True):
        style = BAD if each.is_off else BEST if each.is_good and each.good_within is not None else ""
        table.add_row(*map(Text, cells), Text(error, style=style))
    return table


def shown_of(verdict: HeldOut) -> list[Compared]:
    """Return what tells most of how users come."""
    return [each for each in verdict.compared if not verdict.knows_users or any(part in each.metric for part in SHOWN)]


def held_out_rows(compared: Sequence[Compared]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Return the table of the held-out end: its heads, and its rows."""
    rows = [(each.metric, f"{each.log:.4g}", f"{each.fit:.4g}", f"{each.error:+.1%}") for each in compared]
    return ("held-out end", "log", "fit", "error"), rows


def calibration_json(found: Calibration) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    verdict = found.verdict
    held = (
        {}
        if verdict is None
        else {each.metric: {"log": each.log, "fit": each.fit, "error": each.error} for each in verdict.compared}
    )
    lapsing = found.fit.lapsing if isinstance(found.fit, UserFit) else None
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
        "unusual": [
            {"begins": each.begins.isoformat(), "hours": each.hours, "multiplier": each.multiplier}
            for each in found.fit.weekly.unusual
        ],
        "parts": found.parts,
    }
    if found.zones is not None:
        content["zones"] = _zones(found.zones)
    if found.robots is not None:
        content["robots"] = {
            "users": found.robots.users,
            "events": found.robots.events,
            "fraction": found.robots.fraction,
        }
    if lapsing is not None:
        content["lapsing"] = _lapsing(lapsing)
    return {key: finite(value) for key, value in content.items()}


def _zones(found: Zones) -> dict[str, Any]:
    """Return what was made of the column of time zones."""
    homes = found.homes
    return {
        "users": dict(homes.users),
        "users_of_several": homes.several,
        "put_into_others": list(found.few),
        "rows_without": homes.rows_without,
        "rows_not_understood": homes.rows_unknown,
    }


def _lapsing(found: Lapsing) -> dict[str, Any]:
    """Return how users drop out: no keys of a scenario, which has none who do."""
    numbers = {key: getattr(found, key) for key in ("r", "alpha_days", "a", "b", "lapsed_fraction")}
    return {"model": found.model, **numbers, "alive": found.pool.alive, "joining_per_day": found.pool.joining_per_day}


def _fitted(each: Fitted) -> dict[str, float]:
    return {"value": each.value, "low": each.low, "high": each.high}
