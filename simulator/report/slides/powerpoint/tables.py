"""Tables in the theme's own style."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.util import Inches, Pt

from simulator.report.slides import fitting
from simulator.report.slides.deck import Cell, Table
from simulator.report.slides.powerpoint.colours import BAD, colour_of, fill, ink_on
from simulator.report.slides.powerpoint.places import Box, inches

CELL_SIZES_PT, LEAST_PT = (16, 14, 12), 12
_CELL_PAD_IN = 0.08
_AIR_LINES, _AIR_IN = 0.4, 0.04
"""Above and below the text of a row."""
_MOST_HIGHER_IN = 0.7
"""Rows of a map are made so much higher at most."""


def row_height_in(row: Sequence[Cell], table: Table, width_in: float, size_pt: float) -> float:
    """Return how high a row is at most. [inches]"""
    rooms = _rooms_in(table, width_in)
    lines = max(fitting.lines_of(cell.text, size_pt, room) for cell, room in zip(row, rooms, strict=True))
    return (lines * fitting.LINE_HEIGHT + _AIR_LINES) * size_pt / fitting.POINTS_PER_INCH + _AIR_IN


def _rooms_in(table: Table, width_in: float) -> list[float]:
    return [share * width_in - 2 * _CELL_PAD_IN - 0.02 for share in table.widths]


def _breaks_words(table: Table, width_in: float, size_pt: float) -> bool:
    """Return whether a word of the head or of a number would have to be broken."""
    rooms = _rooms_in(table, width_in)
    cells = ((cell, room) for row in table.rows for cell, room in zip(row, rooms, strict=True))
    told = ((cell, room) for cell, room in cells if cell.is_number)
    return any(
        fitting.width_in(word, size_pt * fitting.BOLD) > room for cell, room in told for word in cell.text.split(" ")
    )


def _size_pt(table: Table, box: Box, heights: Mapping[int, Sequence[float]]) -> int:
    """Return the largest size of letters that has room."""
    if table.size_pt is not None:
        return table.size_pt
    fit = (size for size in heights if sum(heights[size]) <= box.height and not _breaks_words(table, box.width, size))
    return next(fit, LEAST_PT)


def add_table(shapes: Any, table: Table, box: Box, *, on_dark: bool) -> Any:
    """Add a table in the theme's own style to a slide, in the largest letters that have room; return its frame."""
    heights = {size: [row_height_in(row, table, box.width, size) for row in table.rows] for size in CELL_SIZES_PT}
    size = _size_pt(table, box, heights)
    high = heights[size]
    if table.is_map:
        higher = min(max(box.height - sum(high), 0.0) / len(high), _MOST_HIGHER_IN)
        high = [high[0], *(height + higher for height in high[1:])]
    whole = replace(box, height=sum(high))
    frame = shapes.add_table(len(table.rows), len(table.widths), *inches(whole))
    drawn = frame.table
    for place, share in enumerate(table.widths):
        drawn.columns[place].width = Inches(box.width * share)
    for row, cells in enumerate(table.rows):
        drawn.rows[row].height = Inches(high[row])
        for column, cell in enumerate(cells):
            _fill_cell(drawn.cell(row, column), cell, size, is_head=row == 0, on_dark=on_dark)
    return frame


def _fill_cell(drawn: Any, cell: Cell, size_pt: float, *, is_head: bool, on_dark: bool) -> None:
    drawn.margin_left = drawn.margin_right = Inches(_CELL_PAD_IN)
    drawn.margin_top = drawn.margin_bottom = Inches(0.04)
    drawn.vertical_anchor = MSO_ANCHOR.MIDDLE
    paragraph = drawn.text_frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if cell.is_number else PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text = cell.text
    run.font.size = Pt(size_pt)
    if cell.strong or is_head:
        run.font.bold = True
    if cell.paint is not None:
        fill(drawn.fill, cell.paint, on_dark=on_dark)
        run.font.color.rgb = ink_on(colour_of(cell.paint, on_dark=on_dark))
    elif cell.bad:
        run.font.color.rgb = BAD[on_dark]
