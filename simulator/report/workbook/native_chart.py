"""A native chart of a workbook: how all of them look, and where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.report.workbook.spreadsheet import Sheet

SIZE_PX = {"width": 800, "height": 420}
ROWS = 22
"""That a chart is high."""
GRID = "#D9D9D9"
_TITLE, _AXIS = {"size": 13, "bold": True, "color": "#1A1A1A"}, {"size": 10, "bold": False}


@dataclass(frozen=True)
class Look:
    """What a chart says of itself."""

    title: str
    """In words; or the address of the cell that has it."""
    unit: str
    """Of its numbers."""
    description: str
    """For readers who do not see it."""
    number: str = "General"
    """How its axis writes numbers."""
    is_log: bool = False
    """Whether that axis is logarithmic."""
    from_zero: bool = True
    """Whether a linear axis begins at 0; it does not where there are numbers below."""
    has_legend: bool = True
    is_in_cell: bool = False
    """Whether the title is a cell's address."""
    along: str = ""
    """What a chart of lines goes along; empty for bars."""
    along_number: str = "General"
    """How that axis writes numbers."""


def place(sheet: Sheet, chart: Any, look: Look, row: int, column: int) -> None:
    """Finish a chart, and put it on a sheet with its corner in a cell."""
    # Words that begin with "=", as the name of a plan may, would be taken for a cell.
    title = f"={look.title}" if look.is_in_cell else f" {look.title}" if look.title.startswith("=") else look.title
    chart.set_title({"name": title, "name_font": _TITLE, "overlay": False})
    numbers: Mapping[str, Any] = {
        "name": look.unit,
        "name_font": _AXIS,
        "num_format": look.number,
        "major_gridlines": {"visible": True, "line": {"color": GRID}},
        **({"log_base": 10} if look.is_log else {"min": 0} if look.from_zero else {}),
    }
    if look.along:
        along = {"name": look.along, "name_font": _AXIS, "num_format": look.along_number}
        chart.set_x_axis({**along, "label_position": "low"})
        chart.set_y_axis(numbers)
    else:  # bars from the top down, with their numbers below
        chart.set_x_axis({**numbers, "label_position": "high"})
        chart.set_y_axis({"reverse": True, "num_font": _AXIS})
    chart.set_legend({"position": "bottom"} if look.has_legend else {"none": True})
    chart.set_size(SIZE_PX)
    said = look.description if look.is_in_cell else f"{look.title}. {look.description}"
    sheet.made.insert_chart(row, column, chart, {"description": said, "object_position": 3})
