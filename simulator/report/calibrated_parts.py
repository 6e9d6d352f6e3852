"""What a log says of its users as the parts of a scenario in YAML, with where they are from."""

import io
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from simulator.report import format as form
from simulator.report.calibration_report import left_out_lines, sentence, span, value_text, verdict_sentence
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.fitting import UserFit

WIDTH: Final = 116
PER_LINE: Final = 12
"""Weights of hours: half a day."""
_WEIGHTS: Final = re.compile(r"^( *)weights: \[(.*)\]$", re.MULTILINE)


def parts_text(found: Calibration) -> str:
    """Return the parts as YAML, with where they are from; `run` takes them in a scenario."""
    return commented(source_lines(found)) + "".join(part_text(found, part, found.parts[part]) for part in found.parts)


def source_lines(found: Calibration) -> list[str]:
    """Return where the parts are from, and whether one may decide by them."""
    name, more = form.one_line(found.logs[0].name), len(found.logs) - 1
    logs = f"{name} and {more} more" if more else name
    source = found.recognised if found.recognised.startswith(f"{name}: ") else f"{logs}, {found.recognised}"
    over = "users" if isinstance(found.fit, UserFit) else "days"
    head = [f"From {source}.", f"{span(found)}. Intervals are 95 % of chance alone, over {over}."]
    return [*head, verdict_sentence(found), *map(sentence, (*left_out_lines(found), *found.why))]


def part_text(found: Calibration, part: str, stated: Any) -> str:
    """Return a part as YAML, below the numbers that it is made of and their intervals."""
    lines = []
    for key, each in found.fit.parameters.items():
        if key.startswith(f"{part}."):
            value, low, high = (value_text(key, number) for number in (each.value, each.low, each.high))
            lines.append(f"{key}: {value} ({low} to {high})")
    return commented(lines) + _yaml({part: _with_meanings(found, part, stated)})


def commented(lines: Iterable[str]) -> str:
    """Return lines as comments of YAML, broken where they are long."""
    broken = (part for line in lines for part in textwrap.wrap(form.one_line(line), WIDTH, break_on_hyphens=False))
    return "".join(f"# {line}\n" for line in broken)


def _yaml(content: Mapping[str, Any]) -> str:
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 100_000
    yaml.default_flow_style = None
    yaml.dump(dict(content), text)
    return _WEIGHTS.sub(_half_days, text.getvalue())


def _half_days(found: "re.Match[str]") -> str:
    """Return the weights of hours in lines of half a day, as people look for an hour."""
    weights = found[2].split(", ")
    lines = (", ".join(weights[place : place + PER_LINE]) for place in range(0, len(weights), PER_LINE))
    inside = f",\n{found[1]}  ".join(lines)
    return f"{found[1]}weights: [\n{found[1]}  {inside}]"


def _with_meanings(found: Calibration, part: str, stated: Mapping[str, Any]) -> CommentedMap:
    """Return a part, a line for each of its keys, those of the population with what they say."""
    plain = CommentedMap({key: _plain(value) for key, value in stated.items()})
    plain.fa.set_block_style()
    if part != "population":
        return plain
    grown = ", grown until then" if "growth_per_week" in found.parts.get("traffic", {}) else ""
    came = f"{found.fit.seen_users:,} of them came in the log" if isinstance(found.fit, UserFit) else "as was said"
    meanings = {
        "users": came,
        "logins_per_day": f"mean over all of them{grown}",
        "shape": "how different they are: small = few come often; inf = all alike",
        "dormant": "share that never comes",
    }
    column = max(len(f"  {key}: {value}") for key, value in plain.items()) + 2
    for key in plain.keys() & meanings.keys():
        plain.yaml_add_eol_comment(meanings[key], key, column)
    return plain


def _plain(value: Any) -> Any:
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, Mapping) else value
