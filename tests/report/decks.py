"""What is in a deck, as somebody else would read it: the slides, their charts, and the workbooks in these."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from pptx import Presentation
from pptx.oxml.ns import qn

RANGE = re.compile(r"'?(.+?)'?!\$([A-Z]+)\$(\d+)(?::\$([A-Z]+)\$(\d+))?")
PREFIX = "predcost "


def slides_of(path: Path) -> dict[str, Any]:
    """Return the slides with something drawn, by the name of what is drawn; of several pages the first."""
    found: dict[str, Any] = {}
    for slide in Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.name.startswith(PREFIX):
                found.setdefault(shape.name.removeprefix(PREFIX), slide)
    return found


def chart_of(slide: Any) -> Any:
    return next(shape.chart for shape in slide.shapes if shape.has_chart)


def table_of(slide: Any) -> list[list[str]]:
    table = next(shape.table for shape in slide.shapes if shape.has_table)
    return [[cell.text for cell in row.cells] for row in table.rows]


def charts_of(path: Path) -> Iterator[Any]:
    for slide in Presentation(str(path)).slides:
        yield from (shape.chart for shape in slide.shapes if shape.has_chart)


def sheet_of(chart: Any, *, formulas: bool = False) -> Any:
    blob = chart.part.chart_workbook.xlsx_part.blob
    return openpyxl.load_workbook(io.BytesIO(blob), data_only=not formulas).active


def cells(sheet: Any, reference: str) -> list[Any]:
    match = RANGE.fullmatch(reference)
    assert match is not None
    assert match[1] == sheet.title
    there = sheet[f"{match[2]}{match[3]}:{match[4] or match[2]}{match[5] or match[3]}"]
    return [cell.value for row in there for cell in row]


def references(chart: Any) -> Iterator[tuple[str, list[str | None]]]:
    """Yield where a chart says that its numbers and texts are, and those that it draws."""
    for found in chart._chartSpace.iter(qn("c:numRef"), qn("c:strRef")):
        cache = found.find(qn("c:numCache")) if found.tag == qn("c:numRef") else found.find(qn("c:strCache"))
        drawn: list[str | None] = [None] * int(cache.find(qn("c:ptCount")).get("val"))
        for point in cache.findall(qn("c:pt")):
            drawn[int(point.get("idx"))] = point.find(qn("c:v")).text
        yield found.find(qn("c:f")).text, drawn


def whiskers(chart: Any) -> list[tuple[list[float], list[float]]]:
    """Return how far the intervals of each series reach below and above, in its order."""
    found = []
    for bars in chart._chartSpace.iter(qn("c:errBars")):
        sides = [bars.find(qn(side)).iter(qn("c:v")) for side in ("c:minus", "c:plus")]
        found.append(tuple([float(value.text) for value in side] for side in sides))
    return found  # type: ignore[return-value]
