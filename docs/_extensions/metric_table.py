"""The reference of the metrics: every name, what it is in, which way is better, what it means."""

from simulator.studies.metric_kinds import HIGHER_IS_BETTER, LOWER_IS_BETTER, Unit
from simulator.studies.metric_kinds import unit_of as kind_of
from simulator.studies.metric_meanings import MEANINGS
from simulator.studies.table_units import NUMBER, unit_of


def markdown() -> str:
    """Return a definition for every metric, in the order in which reports show them."""
    lines: list[str] = []
    for group, meanings in MEANINGS.items():
        lines += ["", f"## {group}", ""]
        for name, meaning in meanings.items():
            lines += [f"`{name}`", f": {meaning} *({_told(name)})*", ""]
    return "\n".join(lines)


def _told(name: str) -> str:
    kinds = {Unit.SHARE: "a share", Unit.NUMBER: "a number"}
    unit = unit_of(name) if unit_of(name) != NUMBER else kinds.get(kind_of(name), "")
    better = {name in LOWER_IS_BETTER: "lower is better", name in HIGHER_IS_BETTER: "higher is better"}.get(True)
    return f"{unit}{f', {better}' if better else ''}"
