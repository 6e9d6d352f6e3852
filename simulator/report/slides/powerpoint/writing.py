"""A deck written as a PowerPoint file: its text, tables and charts on a template's own layouts."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches, Pt

from simulator.report.slides import fitting
from simulator.report.slides.deck import Bars, Deck, Lines, Opening, Slide, Table, Words
from simulator.report.slides.powerpoint.charts import add_bars, add_lines, describe
from simulator.report.slides.powerpoint.colours import TEXT
from simulator.report.slides.powerpoint.places import Box, box_of, inches
from simulator.report.slides.powerpoint.tables import LEAST_PT, add_table, row_height_in
from simulator.report.slides.powerpoint.template import Template, content_of, opened
from simulator.report.slides.powerpoint.workbook import UNDATED

TITLE_SIZES_PT = (44, 40, 36, 32, 28, 26, 24, 22, 20, 18, 16, 14)
WORD_SIZES_PT = (20, 18, 16, 14, 12)
CAPTION_SIZES_PT, FOOT_SIZES_PT = (14, 12), (10,)
_CAPTION_IN, _FOOT_IN, _GAP_IN = 0.4, 0.38, 0.08
_INSET_IN = 0.1
"""Of text in its box, left and right."""
_BULLET_IN = 0.4
_NUMBER_FIELD = "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}"


def write(deck: Deck, path: Path, template: Path | None = None) -> None:
    """Write a deck; equal decks give equal bytes.

    Raises
    ------
    UserError
        If the template is none.
    """
    used = opened(template)
    for slide in deck.slides:
        for page in _pages(used, slide):
            _add_slide(used, page, deck.foot)
    _set_properties(used.presentation, deck.title)
    content = io.BytesIO()
    used.presentation.save(content)
    path.write_bytes(_undated(content.getvalue()))


def _set_properties(presentation: Any, title: str) -> None:
    about = presentation.core_properties
    about.title, about.author, about.last_modified_by = title[:255], "predcost", "predcost"
    about.created = about.modified = UNDATED
    about.revision = 1


def _undated(content: bytes) -> bytes:
    """Return a file of parts without the time at which each was written."""
    undated = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(undated, "w") as copy:
        for name in whole.namelist():
            part = zipfile.ZipInfo(name, UNDATED.timetuple()[:6])
            copy.writestr(part, whole.read(name), zipfile.ZIP_DEFLATED)
    return undated.getvalue()


def _add_slide(used: Template, slide: Slide, foot: str) -> None:
    body = slide.body
    layout = used.opening if isinstance(body, Opening) else used.worded if isinstance(body, Words) else used.titled
    page = used.presentation.slides.add_slide(layout)
    _fill_title(page, slide.title)
    if isinstance(body, Opening | Words):
        there = content_of(page) or page.shapes.add_textbox(*inches(used.body))
        if isinstance(body, Words):
            _leave_room_for_foot(there)
        _fill_words(there, body.paragraphs, body.size_pt if isinstance(body, Words) else None)
    else:
        _add_drawn(used, page, slide)
    if not isinstance(body, Opening):
        _add_foot(used, page, foot)
    _finish(page, slide.notes, layout)


def _leave_room_for_foot(there: Any) -> None:
    box = box_of(there)
    there.left, there.top, there.width = (Inches(length) for length in (box.left, box.top, box.width))
    there.height = Inches(box.height - _FOOT_IN)


def _add_drawn(used: Template, page: Any, slide: Slide) -> None:
    body, box, dark = slide.body, used.body, used.is_dark
    if slide.caption:
        _add_line(page, Box(box.left, box.top, box.width, _CAPTION_IN), slide.caption, CAPTION_SIZES_PT, "Caption", 1)
    place = _drawing_box(box, slide)
    if isinstance(body, Table):
        place = replace(place, left=place.left + _INSET_IN, width=place.width - 2 * _INSET_IN)
        frame = add_table(page.shapes, body, place, on_dark=dark)
    elif isinstance(body, Bars):
        frame = add_bars(page.shapes, body, place, on_dark=dark)
    else:
        assert isinstance(body, Lines)
        frame = add_lines(page.shapes, body, place, on_dark=dark)
    describe(frame, f"predcost {slide.name}", body.alt)


def _drawing_box(box: Box, slide: Slide) -> Box:
    above = _CAPTION_IN + _GAP_IN if slide.caption else 0.0
    return Box(box.left, box.top + above, box.width, box.height - above - _FOOT_IN)


def _add_line(page: Any, box: Box, text: str, sizes_pt: Sequence[int], name: str, lines: int) -> None:
    """Add text in the largest size that has room in its lines, or as much of it as there is room for."""
    shape = page.shapes.add_textbox(*inches(box))
    shape.name = name
    frame = shape.text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    frame.margin_top = frame.margin_bottom = 0
    room = box.width - 2 * _INSET_IN
    size_pt = next((size for size in sizes_pt if fitting.lines_of(text, size, room) <= lines), sizes_pt[-1])
    frame.text = fitting.cut(text, size_pt, room, lines)
    font = frame.paragraphs[0].runs[0].font
    font.size = Pt(size_pt)
    font.color.theme_color = TEXT


def _add_foot(used: Template, page: Any, foot: str) -> None:
    box = used.body
    place = Box(box.left, box.top + box.height - _FOOT_IN + 0.02, box.width, _FOOT_IN - 0.02)
    _add_line(page, place, foot, FOOT_SIZES_PT, "Source", 2)


def _fill_title(slide: Any, text: str) -> None:
    """Write a title at the size that the template has, or at one that has room."""
    shape = next(each for each in slide.placeholders if each.element is slide.shapes.title.element)
    box = box_of(shape)
    own = _own_size_pt(shape)
    sizes = [size for size in (own, *TITLE_SIZES_PT) if size <= own]
    room = box.width - 2 * _INSET_IN
    for size in sizes:
        if fitting.height_in([text], size * fitting.BOLD, room) <= box.height - 0.06:
            break
    lines = max(1, int((box.height - 0.06) / (size * fitting.LINE_HEIGHT / fitting.POINTS_PER_INCH)))
    shape.text_frame.text = fitting.cut(text, size * fitting.BOLD, room, lines)
    if size != own:
        shape.text_frame.paragraphs[0].runs[0].font.size = Pt(size)
    tree = slide.shapes._spTree  # noqa: SLF001  (what is read first comes first)
    tree.remove(shape.element)
    tree.insert(2, shape.element)


def _own_size_pt(shape: Any) -> float:
    """Return the size of a title as layout and master have it."""
    kind = shape.placeholder_format.type
    layout = shape.part.slide_layout
    here = [each.element for each in layout.placeholders if each.placeholder_format.type is kind]
    master = layout.slide_master.element
    for element in (*here, *master.findall(f"{qn('p:txStyles')}/{qn('p:titleStyle')}")):
        found = element.find(f".//{qn('a:lvl1pPr')}/{qn('a:defRPr')}[@sz]")
        if found is not None:
            return int(found.get("sz")) / 100
    return TITLE_SIZES_PT[0]


def _fill_words(shape: Any, paragraphs: Sequence[str], size_pt: int | None) -> None:
    box, frame = box_of(shape), shape.text_frame
    room = box.width - 2 * _INSET_IN - _BULLET_IN
    size = size_pt or fitting.largest_size(paragraphs, WORD_SIZES_PT, room, box.height - 0.1) or LEAST_PT
    frame.word_wrap = True
    for place, text in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
        run = paragraph.add_run()
        run.text = text
        run.font.size = Pt(size)
        if place:
            paragraph.space_before = Pt(size * 0.5)
        else:
            paragraph.space_before = Pt(0)


def _pages(used: Template, slide: Slide) -> Iterator[Slide]:
    """Yield a slide, or as many as its rows or paragraphs need."""
    body = slide.body
    if isinstance(body, Words):
        room = used.body.width - 2 * _INSET_IN - _BULLET_IN
        heights = [fitting.height_in([text], LEAST_PT, room) * 1.25 for text in body.paragraphs]
        parts = fitting.pages(heights, used.body.height - _FOOT_IN - 0.2)
        bodies: list[Words | Table] = [Words(body.paragraphs[start:end]) for start, end in parts]
    elif isinstance(body, Table):
        place = _drawing_box(used.body, slide)
        heights = [row_height_in(row, body, place.width - 2 * _INSET_IN, LEAST_PT) for row in body.rows]
        parts = fitting.pages(heights[1:], place.height - heights[0])
        bodies = [replace(body, rows=[body.rows[0], *body.rows[1 + start : 1 + end]]) for start, end in parts]
    else:
        yield slide
        return
    if len(bodies) == 1:
        yield slide
        return
    for number, part in enumerate(bodies, 1):
        yield replace(slide, title=f"{slide.title} ({number} of {len(bodies)})", body=replace(part, size_pt=LEAST_PT))


def _finish(slide: Any, notes: Sequence[str], layout: Any) -> None:
    """Take away places that nothing was put in, add the slide's number where the template has one, and the notes."""
    for shape in list(slide.placeholders):
        if not (shape.has_text_frame and shape.text_frame.text):
            shape.element.getparent().remove(shape.element)
    for shape in layout.placeholders:
        if shape.placeholder_format.type is PP_PLACEHOLDER.SLIDE_NUMBER:
            _add_number(slide, shape)
    slide.notes_slide.notes_text_frame.text = "\n".join(notes)


def _add_number(slide: Any, of_layout: Any) -> None:
    slide.shapes.clone_placeholder(of_layout)
    paragraph = slide.shapes[-1].text_frame.paragraphs[0]._p  # noqa: SLF001  (python-pptx has no fields)
    text = '<a:rPr lang="en-US"/><a:t>#</a:t>'
    paragraph.append(parse_xml(f'<a:fld {nsdecls("a")} id="{_NUMBER_FIELD}" type="slidenum">{text}</a:fld>'))
