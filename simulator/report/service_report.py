"""What a benchmark says of a fleet: as parts of a scenario in YAML, as tables for a terminal of 80 columns, as JSON."""

import io
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from ruamel.yaml import YAML

from simulator.report import format as form
from simulator.report.json_report import finite
from simulator.report.layout import sentences
from simulator.report.tables import BAD, BEST
from simulator.studies.calibration.fitting import Fitted
from simulator.studies.calibration.service.calibrating import ServiceCalibration
from simulator.studies.calibration.service.closed_loop import closed
from simulator.studies.calibration.service.fitting import ServiceFit
from simulator.studies.calibration.service.parts import duration

DIGITS: Final = 4


def fit_sentence(found: ServiceCalibration) -> str:
    """Return whether the fleet does what was measured."""
    if not found.compared:
        return (
            "Nothing was played: no row tells clients that wait for answers, and their throughput."
            if not closed(found.measurement.rows)
            else "Nothing was played, so that nothing says whether the fleet does in the loop what was measured."
        )
    off = [each for each in found.compared if not each.is_good]
    worst = max(found.compared, key=lambda each: abs(each.error))
    if not off:
        return (
            f"A fleet with these parts, in the same closed loop, does what was measured: all {len(found.compared)} "
            f"numbers are within {abs(worst.error):.1%}."
        )
    return (
        f"A fleet with these parts, in the same closed loop, is farther off than 10 % in {len(off)} of "
        f"{len(found.compared)} numbers, at most {worst.error:+.0%} ({worst.metric})."
    )


def capacity_sentence(found: ServiceCalibration) -> str:
    """Return what one replica does at most, and that this is no rate at which people can come."""
    fit = found.fit
    slots, best, slot_s = int(fit.slots.count.value), fit.best, fit.best.service_s.value
    batch = f" in batches of {best.batch}" if best.batch > 1 else ""
    busy = (
        f"A slot, busy {_time(slot_s)} at a time{batch}, does"
        if slots == 1
        else (f"{slots} slots, busy {_time(slot_s)} at a time{batch}, do")
    )
    return (
        f"{busy} at most {slots * best.per_s:.4g} predictions/s. That is its capacity at 100 % load: clients that wait "
        "for their answers never ask for more, but people who come at that rate whether or not others were answered "
        f"wait ever longer.{_alone(found.fit)}"
    )


def _alone(fit: ServiceFit) -> str:
    """Return that the parts gather no requests, where the most is done in batches."""
    best, first = fit.best, fit.points[0]
    if best.batch == 1 or first.batch > 1 or fit.together:
        return ""
    alone_s = fit.line.at_s(1) if fit.shape == "affine" and fit.line is not None else first.service_s.value
    return (
        f" The parts compute each request alone, which is {fit.slots.count.value / alone_s:.4g} requests/s at most; to "
        f"have them gathered, add batching: {{max: {best.batch}, hold: TIME}} to the fleet."
    )


def service_report(found: ServiceCalibration) -> Iterator[RenderableType]:
    """Yield what is printed."""
    yield Text(fit_sentence(found), style="bold")
    yield Text(source_sentence(found), style="dim")
    for why, count in found.measurement.skipped.items():
        yield Text(f"left out: {count:,} row{'s' * (count != 1)}: {why}", style="dim")
    yield _parameters(found)
    yield Text(f"The service time is {found.fit.why}.")
    if len(found.fit.points) > 1:
        yield _by_batch(found)
    yield Text(capacity_sentence(found))
    yield from sentences("What else the files say", tuple(form.capital(f"{each}.") for each in found.measurement.facts))
    if found.compared:
        yield _played(found)
    yield from sentences("What speaks against it", tuple(form.capital(f"{each}.") for each in found.why))


def source_sentence(found: ServiceCalibration) -> str:
    """Return what was read."""
    return f"{found.measurement.recognised}. {_count(found)}"


def parameter_rows(found: ServiceCalibration) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Return the table of the scenario's numbers: its heads, and its rows."""
    rows = [(key, _value(key, each.value), _interval(key, each)) for key, each in found.parameters.items()]
    return ("key", "value", "95 %"), rows


def played_rows(found: ServiceCalibration) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Return the table of what was played: its heads, and its rows."""
    rows = [(each.metric, f"{each.log:.4g}", f"{each.fit:.4g}", f"{each.error:+.1%}") for each in found.compared]
    return ("in the same closed loop", "file", "fleet", "error"), rows


def _count(found: ServiceCalibration) -> str:
    measurement = found.measurement
    return f"{measurement.read:,} rows read, {len(measurement.rows):,} measurement{'s' * (len(measurement.rows) != 1)}"


def _table(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(head, overflow="fold", justify="right" if place else "left")
    return table


def _time(seconds: float) -> str:
    return duration(seconds, DIGITS)


def _value(key: str, value: float) -> str:
    if math.isnan(value):
        return "?"
    return _time(value) if key.rpartition(".")[2] in {"fixed", "per_item", "time"} else f"{value:.4g}"


def _interval(key: str, each: Fitted) -> str:
    if math.isnan(each.low) and math.isnan(each.high):
        return "not known"
    if math.isnan(each.high):
        return f"at least {_value(key, each.low)}"
    return f"{_value(key, each.low)} to {_value(key, each.high)}"


def _parameters(found: ServiceCalibration) -> Table:
    heads, rows = parameter_rows(found)
    table = _table(*heads)
    for cells in rows:
        table.add_row(*map(Text, cells))
    return table


def _by_batch(found: ServiceCalibration) -> Table:
    line = found.fit.line
    table = _table(
        "clients" if found.fit.together else "batch size",
        "measured",
        "predictions/s on a slot",
        *(("line", "error") if line else ()),
    )
    for place, point in enumerate(found.fit.points):
        cells = [str(point.batch), _time(point.service_s.value), f"{point.per_s:.4g}"]
        if line is not None:
            cells += [_time(line.at_s(point.batch)), f"{line.errors[place]:+.1%}"]
        table.add_row(*(Text(cell, style=BEST if point == found.fit.best else "") for cell in cells))
    return table


def _played(found: ServiceCalibration) -> Table:
    heads, rows = played_rows(found)
    table = _table(*heads)
    for each, (*cells, error) in zip(found.compared, rows, strict=True):
        table.add_row(*map(Text, cells), Text(error, style=BEST if each.is_good else BAD))
    return table


def service_json(found: ServiceCalibration) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    content = {
        "recognised": found.measurement.recognised,
        "rows": found.measurement.read,
        "skipped": dict(found.measurement.skipped),
        "parameters": {
            key: {"value": each.value, "low": each.low, "high": each.high} for key, each in found.parameters.items()
        },
        "held_out": {each.metric: {"log": each.log, "fit": each.fit, "error": each.error} for each in found.compared},
        "verdict": {"fits": found.fits, "recommendation_changes": None, "why": list(found.why)},
        "parts": found.parts,
    }
    return {key: finite(value) for key, value in content.items()}


def service_parts_text(found: ServiceCalibration) -> str:
    """Return the parts as YAML, with where they are from; `run` takes them below a scenario's ``backends``."""
    head = [f"From {found.measurement.recognised}: {_count(found)}.", f"The service time is {found.fit.why}."]
    for key, each in found.parameters.items():
        head.append(f"{key}: {_value(key, each.value)}, 95 %: {_interval(key, each)}")
    head += [fit_sentence(found), capacity_sentence(found), *found.measurement.facts, *found.why]
    head.append("Not measured, so put in your own: the instance and the number of replicas.")
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 110
    yaml.default_flow_style = None
    yaml.dump(found.parts, text)
    return "".join(f"# {form.one_line(line)}\n" for line in head) + text.getvalue()
