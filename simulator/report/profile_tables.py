"""Named profiles as a table for a terminal."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.demand.profile.named import Entry
from simulator.report.layout import Fitted

NOTE = "Use one by its name: traffic: {profile: commuters}; hours are local time."


def profiles_table(entries: Sequence[Entry]) -> RenderableType:
    """Return the profiles: what each is, when it peaks, and where it is from."""
    return Group(Fitted(lambda width: [_table(entries, width)]), Text(NOTE))


def _table(entries: Sequence[Entry], width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, width=width, show_lines=True)
    table.add_column("profile", no_wrap=True)
    table.add_column("peak", no_wrap=True)
    table.add_column("what it is, and from where", ratio=1)
    for entry in entries:
        about = Group(Text(entry.description), Text(f"{entry.source}. {entry.licence}, {entry.date}", style="dim"))
        table.add_row(Text(entry.name), Text(f"{entry.peak}\n{entry.peak_weight:.2g} x mean"), about)
    return table


def profiles_json(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the profiles for JSON."""
    return [
        {
            "name": entry.name,
            "description": entry.description,
            "source": entry.source,
            "licence": entry.licence,
            "date": entry.date,
            "peak": entry.peak,
            "peak_weight": entry.peak_weight,
        }
        for entry in entries
    ]
