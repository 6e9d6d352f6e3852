"""Charts that PowerPoint edits: bars and lines with the whiskers and labels that python-pptx has no words for."""

from collections.abc import Sequence
from typing import Any

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_MARKER_STYLE, XL_TICK_LABEL_POSITION
from pptx.enum.dml import MSO_LINE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from simulator.report.slides.deck import Axis, Bars, Column, Label, Line, Lines, Paint, Series
from simulator.report.slides.powerpoint.colours import FAINT, TEXT, colour_of, fill, ink_on
from simulator.report.slides.powerpoint.places import Box, inches
from simulator.report.slides.powerpoint.workbook import Sheet

SIZE_PT = 12
_GAP_PERCENT, _THIN_PERCENT = 45, 250
"""Between bars, of their width; a single one is not to fill the slide."""
_MARKS = {
    "o": XL_MARKER_STYLE.CIRCLE,
    "s": XL_MARKER_STYLE.SQUARE,
    "^": XL_MARKER_STYLE.TRIANGLE,
    "D": XL_MARKER_STYLE.DIAMOND,
    "X": XL_MARKER_STYLE.X,
    "P": XL_MARKER_STYLE.PLUS,
    "*": XL_MARKER_STYLE.STAR,
}
"""PowerPoint has fewer marks than matplotlib; where one is missing the dashes tell lines apart."""
_DASHES = (MSO_LINE.SOLID, MSO_LINE.DASH, MSO_LINE.ROUND_DOT, MSO_LINE.DASH_DOT, MSO_LINE.SQUARE_DOT)


def add_bars(shapes: Any, bars: Bars, box: Box, *, on_dark: bool) -> Any:
    """Add horizontal bars to a slide, and return their frame."""
    data = CategoryChartData()
    data.categories = list(bars.categories)
    for series in bars.series:
        data.add_series(series.name, list(series.values))
    kind = XL_CHART_TYPE.BAR_STACKED if bars.stacked else XL_CHART_TYPE.BAR_CLUSTERED
    frame = shapes.add_chart(kind, *inches(box), data)
    chart = frame.chart
    _set_text(chart)
    plot = chart.plots[0]
    plot.gap_width = max(_GAP_PERCENT, _THIN_PERCENT // len(bars.categories))
    plot.overlap = 100 if bars.stacked else 0
    plot.vary_by_categories = False
    chart.category_axis.reverse_order = True
    crosses = chart.value_axis._element.find(qn("c:crosses"))  # noqa: SLF001  (python-pptx sets the other axis')
    crosses.set("val", "max")  # numbers stay below, though the first bar is on top
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    _quieten(chart.category_axis)
    _set_axis(chart.value_axis, bars.axis, on_dark=on_dark)
    drawn_columns = [Column(each.name, each.values, each.formulas) for each in bars.series]
    columns = [Column("", bars.categories), *drawn_columns, *bars.beside]
    for drawn, series in zip(plot.series, bars.series, strict=True):
        for place, paint in enumerate(series.paints):
            fill(drawn.points[place].format.fill, paint, on_dark=on_dark)
        drawn.invert_if_negative = False
        for point in drawn._element.findall(qn("c:dPt")):  # noqa: SLF001  (PowerPoint paints bars below 0 white without)
            point.find(qn("c:idx")).addnext(parse_xml(f'<c:invertIfNegative {nsdecls("c")} val="0"/>'))
        _add_labels(drawn, series, stacked=bars.stacked, on_dark=on_dark)
        _add_whiskers(drawn, series.name, series.whiskers, columns)
    chart.part.chart_workbook.update_from_xlsx_blob(Sheet(columns).content())
    return frame


def add_lines(shapes: Any, lines: Lines, box: Box, *, on_dark: bool) -> Any:
    """Add lines over the values of a key to a slide, and return their frame."""
    frame = shapes.add_chart(*_data_of(lines, box))
    chart = frame.chart
    _set_text(chart)
    chart.has_legend = True
    chart.legend.include_in_layout = False
    chart.legend.font.size = Pt(SIZE_PT)
    chart.legend.font.color.theme_color = TEXT
    _set_axis(chart.value_axis, lines.up, on_dark=on_dark)
    if lines.across is not None:
        _set_axis(chart.category_axis, lines.across, on_dark=on_dark)
        chart.category_axis.has_major_gridlines = False
    else:
        _title(chart.category_axis, lines.key)
    first = lines.places if lines.across is not None else lines.texts
    columns = [Column(lines.key, list(first)), *(Column(line.name, list(line.values)) for line in lines.lines)]
    for place, (drawn, line) in enumerate(zip(chart.plots[0].series, lines.lines, strict=True)):
        _draw_line(drawn, line, place, on_dark=on_dark)
        _add_whiskers(drawn, line.name, line.whiskers, columns, up="y" if lines.across is not None else "")
    sheet = Sheet([*columns, Column(f"{lines.key}, as stated", list(lines.texts))])
    if lines.across is not None:
        for place, drawn in enumerate(chart.plots[0].series, 1):
            for path, where in (
                ("c:tx", sheet.name(place)),
                ("c:xVal", sheet.values(0)),
                ("c:yVal", sheet.values(place)),
            ):
                drawn._element.find(qn(path)).find(f".//{qn('c:f')}").text = where  # noqa: SLF001  (one x for all lines)
    chart.part.chart_workbook.update_from_xlsx_blob(sheet.content())
    return frame


def _data_of(lines: Lines, box: Box) -> tuple[Any, ...]:
    if lines.across is None:
        data = CategoryChartData()
        data.categories = list(lines.texts)
        for line in lines.lines:
            data.add_series(line.name, list(line.values))
        return (XL_CHART_TYPE.LINE_MARKERS, *inches(box), data)
    points = XyChartData()
    for line in lines.lines:
        series = points.add_series(line.name)
        for place, value in zip(lines.places, line.values, strict=True):
            series.add_data_point(place, value)
    return (XL_CHART_TYPE.XY_SCATTER_LINES, *inches(box), points)


def _draw_line(drawn: Any, line: Line, place: int, *, on_dark: bool) -> None:
    colour = colour_of(Paint.of(line.style), on_dark=on_dark)
    drawn.smooth = False
    drawn.format.line.width = Pt(2.25)
    drawn.format.line.dash_style = _DASHES[place % len(_DASHES)]
    drawn.marker.style = _MARKS.get(line.style.marker, XL_MARKER_STYLE.CIRCLE)
    drawn.marker.size = 8
    drawn.marker.format.fill.solid()
    for part in (drawn.format.line, drawn.marker.format.line):
        part.color.rgb = colour
    drawn.marker.format.fill.fore_color.rgb = colour


def _set_text(chart: Any) -> None:
    chart.has_legend = False
    chart.has_title = False
    chart.font.size = Pt(SIZE_PT)
    chart.font.color.theme_color = TEXT


def _set_axis(drawn: Any, axis: Axis, *, on_dark: bool) -> None:
    """Set an axis of numbers as the deck has it."""
    _quieten(drawn)
    _title(drawn, axis.title)
    drawn.tick_labels.number_format = axis.number_format
    drawn.tick_labels.number_format_is_linked = False
    drawn.minimum_scale, drawn.maximum_scale = axis.low, axis.high
    if axis.step is not None:
        drawn.major_unit = axis.step
    drawn.has_major_gridlines = True
    line = drawn.major_gridlines.format.line
    line.width = Pt(0.5)
    line.color.rgb = FAINT[on_dark]
    if axis.logarithmic:
        scaling = drawn._element.find(qn("c:scaling"))  # noqa: SLF001  (python-pptx has no logarithmic axes)
        scaling.insert(0, parse_xml(f'<c:logBase {nsdecls("c")} val="10"/>'))


def _quieten(axis: Any) -> None:
    axis.tick_labels.font.size = Pt(SIZE_PT)
    axis.tick_labels.font.color.theme_color = TEXT
    axis.format.line.width = Pt(0.75)
    axis.format.line.color.theme_color = TEXT


def _title(axis: Any, text: str) -> None:
    axis.has_title = True
    axis.axis_title.text_frame.text = text
    font = axis.axis_title.text_frame.paragraphs[0].runs[0].font
    font.size, font.bold = Pt(SIZE_PT), False
    font.color.theme_color = TEXT


def _add_labels(drawn: Any, series: Series, *, stacked: bool, on_dark: bool) -> None:
    if not any(series.labels):
        return
    pairs = enumerate(zip(series.labels, series.paints, strict=True))
    each = "".join(_label(place, label, paint, stacked, on_dark) for place, (label, paint) in pairs)
    _place_before_values(drawn, f"<c:dLbls {nsdecls('c', 'a')}>{each}{_shown(value=False)}</c:dLbls>", "c:errBars")


def _label(place: int, label: Label | None, paint: Any, stacked: bool, on_dark: bool) -> str:  # noqa: FBT001
    if label is None:
        return f'<c:dLbl><c:idx val="{place}"/><c:delete val="1"/></c:dLbl>'
    in_stack = "inBase" if label.beyond else "ctr"
    where = in_stack if stacked else "inBase" if label.inside else "outEnd"
    inside = stacked or label.inside
    ink = '<a:schemeClr val="tx1"/>'
    if inside and paint is not None:
        ink = f'<a:srgbClr val="{ink_on(colour_of(paint, on_dark=on_dark))}"/>'
    code = label.number_format.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        f'<c:dLbl><c:idx val="{place}"/><c:numFmt formatCode="{code}" sourceLinked="0"/><c:spPr/>'
        f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{SIZE_PT}00" b="0"><a:solidFill>{ink}</a:solidFill>'
        f'</a:defRPr></a:pPr><a:endParaRPr lang="en-US"/></a:p></c:txPr><c:dLblPos val="{where}"/>'
        f"{_shown(value=label.valued, name=label.named)}</c:dLbl>"
    )


def _shown(*, value: bool, name: bool = False) -> str:
    parts = {"LegendKey": False, "Val": value, "CatName": False, "SerName": name, "Percent": False, "BubbleSize": False}
    shown = "".join(f'<c:show{part} val="{int(is_shown)}"/>' for part, is_shown in parts.items())
    return f"{shown}<c:separator> </c:separator>" if name else shown


def _add_whiskers(
    drawn: Any, name: str, whiskers: Sequence[tuple[float, float] | None], columns: list[Column], up: str = ""
) -> None:
    """Add the interval of each value, as two more columns of the workbook say it."""
    if not whiskers:
        return
    parts = []
    for word, side in (("above", 1), ("below", 0)):
        lengths = [None if pair is None else pair[side] for pair in whiskers]
        columns.append(Column(f"{name}: {word}, 95 % of chance", lengths))
        where = Sheet(columns).values(len(columns) - 1)
        points = "".join(
            f'<c:pt idx="{place}"><c:v>{length!r}</c:v></c:pt>'
            for place, length in enumerate(lengths)
            if length is not None
        )
        cache = f'<c:formatCode>General</c:formatCode><c:ptCount val="{len(lengths)}"/>{points}'
        parts.append(f"<c:numRef><c:f>{where}</c:f><c:numCache>{cache}</c:numCache></c:numRef>")
    direction = f'<c:errDir val="{up}"/>' if up else ""
    ink = '<a:solidFill><a:schemeClr val="tx1"/></a:solidFill>'
    _place_before_values(
        drawn,
        f'<c:errBars {nsdecls("c", "a")}>{direction}<c:errBarType val="both"/><c:errValType val="cust"/>'
        f'<c:noEndCap val="0"/><c:plus>{parts[0]}</c:plus><c:minus>{parts[1]}</c:minus>'
        f'<c:spPr><a:ln w="15875">{ink}</a:ln></c:spPr></c:errBars>',
    )


def _place_before_values(drawn: Any, xml: str, *later: str) -> None:
    """Put a part where its kind stands in a series: before what comes later, the names and the values."""
    series, tags = drawn._element, {qn(tag) for tag in (*later, "c:cat", "c:val", "c:xVal", "c:yVal")}  # noqa: SLF001
    following = next(child for child in series if isinstance(child.tag, str) and child.tag in tags)
    following.addprevious(parse_xml(xml))


def describe(frame: Any, name: str, text: str) -> None:
    """Give a shape its name, and what is to be seen in it for those who cannot see it."""
    about = frame._element.xpath(".//p:cNvPr")[0]  # noqa: SLF001  (python-pptx has no alternative text)
    about.set("name", name)
    about.set("descr", "".join(letter if letter.isprintable() else " " for letter in text))
