"""The presentation that a deck is made in: the built-in one, or a user's own with its layouts, size and fonts."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER as KIND
from pptx.opc.constants import RELATIONSHIP_TYPE as RELATION
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from simulator.core.errors import UserError
from simulator.report.slides.powerpoint.places import Box

_TITLES = {KIND.TITLE, KIND.CENTER_TITLE}
_FOOTERS = {KIND.DATE, KIND.FOOTER, KIND.SLIDE_NUMBER}
_CONTENT = {KIND.OBJECT, KIND.BODY}
_AS_TEMPLATE = b"presentationml.template.main+xml"
_AS_PRESENTATION = b"presentationml.presentation.main+xml"
_TYPES = "[Content_Types].xml"
_DARK = 0.5
_FOOT_IN = 0.35


@dataclass(frozen=True)
class Template:
    """An empty presentation, and what of it is used."""

    presentation: Any
    opening: Any
    """The layout of the title slide."""
    titled: Any
    """The layout of slides with a title and something drawn."""
    worded: Any
    """The layout of slides with a title and paragraphs."""
    body: Box
    """Where something is drawn, with the line at its foot."""
    is_dark: bool
    """Whether text is light."""


def opened(path: Path | None) -> Template:
    """Return the built-in presentation, or a user's own without its slides.

    Raises
    ------
    UserError
        If the file is no presentation or template, or has no layout with a title.
    """
    presentation = _built_in() if path is None else _read(path)
    _drop_slides(presentation)
    layouts = [layout for master in presentation.slide_masters for layout in master.slide_layouts]
    usable = [layout for layout in layouts if _title_of(layout) is not None]
    if not usable:
        raise UserError(f"--template {path}: none of its {len(layouts)} layouts has a place for a title; add one")
    worded = min(usable, key=_unlike_content)
    middle = presentation.slide_height // 2
    titled = min(usable, key=lambda layout: _unlike_drawing(layout, middle))
    opening = min(usable, key=_unlike_opening)
    body = _body(presentation, titled, worded)
    return Template(presentation, opening, titled, worded, body, _is_dark(titled.slide_master))


def _read(path: Path) -> Any:
    try:
        content = _without_template_type(path.read_bytes())
    except OSError as error:
        raise UserError(f"--template {path}: {error.strerror or error}") from None
    except (zipfile.BadZipFile, KeyError):
        raise UserError(f"--template {path}: is no .pptx or .potx file") from None
    try:
        return Presentation(io.BytesIO(content))
    except (KeyError, ValueError, AttributeError, etree.XMLSyntaxError):
        raise UserError(f"--template {path}: is no presentation; give a .pptx or .potx file") from None


def _without_template_type(content: bytes) -> bytes:
    """Return a template as the presentation that it is but for its type, and a presentation as it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        types = whole.read(_TYPES)
        if b"macroEnabled" in types:
            raise KeyError(_TYPES)
        if _AS_TEMPLATE not in types:
            return content
        changed = io.BytesIO()
        with zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as copy:
            for name in whole.namelist():
                part = types.replace(_AS_TEMPLATE, _AS_PRESENTATION) if name == _TYPES else whole.read(name)
                copy.writestr(name, part)
    return changed.getvalue()


def _drop_slides(presentation: Any) -> None:
    """Take a template's own slides out, and all that speaks of them; what nothing leads to is not written."""
    part, root = presentation.part, presentation.element
    slides = root.sldIdLst
    for slide in list(slides) if slides is not None else []:
        part.rels.pop(slide.rId)
        slides.remove(slide)
    for shows in root.findall(qn("p:custShowLst")):
        root.remove(shows)
    extensions = root.find(qn("p:extLst"))
    for extension in list(extensions) if extensions is not None else []:
        if any(etree.QName(child).localname == "sectionLst" for child in extension):
            extensions.remove(extension)
    if extensions is not None and not len(extensions):
        root.remove(extensions)
    for rels, kind in ((part.rels, RELATION.VIEW_PROPS), (part.package._rels, RELATION.THUMBNAIL)):  # noqa: SLF001
        for number in [number for number, relation in rels.items() if relation.reltype == kind]:
            rels.pop(number)  # which slide was shown last, and a picture of it


def _placeholders(layout: Any) -> Iterator[Any]:
    for shape in layout.placeholders:
        is_placed = None not in (shape.left, shape.top, shape.width, shape.height)
        if is_placed and shape.placeholder_format.type not in _FOOTERS:
            yield shape


def _title_of(layout: Any) -> Any:
    """Return a layout's title, if it is written across."""
    found = (shape for shape in _placeholders(layout) if shape.placeholder_format.type in _TITLES)
    title = next(found, None)
    return title if title is None or title.width > title.height else None


def _others(layout: Any) -> list[Any]:
    return [shape for shape in _placeholders(layout) if shape.placeholder_format.type not in _TITLES]


def _content_of(layout: Any) -> Any | None:
    """Return the place of a layout for paragraphs, the largest below its title."""
    title = _title_of(layout)
    found = [
        shape
        for shape in _others(layout)
        if shape.placeholder_format.type in _CONTENT
        and shape.element.ph.get("orient") != "vert"
        and shape.top >= title.top + title.height // 2
    ]
    return max(found, key=lambda shape: shape.width * shape.height, default=None)


def _unlike_content(layout: Any) -> tuple[bool, int, int]:
    content = _content_of(layout)
    if content is None:
        return True, len(_others(layout)), 0
    return False, len(_others(layout)), -content.width * content.height


def _unlike_drawing(layout: Any, middle: int) -> tuple[bool, int]:
    """Return how little a layout has room for something drawn: none where its title is in the lower half."""
    title = _title_of(layout)
    return title.top + title.height > middle, len(_others(layout))


def _unlike_opening(layout: Any) -> tuple[bool, int]:
    kinds = [shape.placeholder_format.type for shape in _placeholders(layout)]
    return KIND.SUBTITLE not in kinds, len(kinds)


def content_of(slide: Any) -> Any | None:
    """Return the largest place of a slide for paragraphs; None where it has none."""
    kinds = _CONTENT | {KIND.SUBTITLE}
    found = [shape for shape in slide.placeholders if shape.placeholder_format.type in kinds]
    return max(found, key=lambda shape: shape.width * shape.height, default=None)


def _body(presentation: Any, titled: Any, worded: Any) -> Box:
    """Return where something is drawn: where the layout for paragraphs has them, or all below the title."""
    title, content = _title_of(titled), _content_of(worded)
    top = title.top + title.height
    if content is not None and content.top >= top - title.height // 2:
        bottom = content.top + content.height
        box = (content.left, max(content.top, top), content.width, bottom - max(content.top, top))
    else:
        feet = [shape.top for shape in titled.placeholders if shape.placeholder_format.type in _FOOTERS]
        bottom = min([presentation.slide_height - Inches(_FOOT_IN), *(foot for foot in feet if foot > top)])
        box = (title.left, top, title.width, bottom - top)
    return Box(*(Emu(length).inches for length in box))


def _is_dark(master: Any) -> bool:
    """Return whether a master's background is dark, as far as its theme says it."""
    theme = etree.fromstring(master.part.part_related_by(RELATION.THEME).blob)
    mapped = master.element.find(qn("p:clrMap")).get("bg1", "lt1")
    solid = master.element.find(f".//{qn('p:bgPr')}/{qn('a:solidFill')}")
    if solid is not None and solid.find(qn("a:srgbClr")) is not None:
        return _luminance(solid.find(qn("a:srgbClr")).get("val")) < _DARK
    if solid is not None and solid.find(qn("a:schemeClr")) is not None:
        named = solid.find(qn("a:schemeClr")).get("val")
        mapped = master.element.find(qn("p:clrMap")).get(named, named)
    colour = theme.find(f".//{qn('a:clrScheme')}/{qn(f'a:{mapped}')}")
    if colour is None or not len(colour):
        return False
    return _luminance(colour[0].get("lastClr") or colour[0].get("val") or "FFFFFF") < _DARK


def _luminance(colour: str) -> float:
    try:
        red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (0, 2, 4))
    except ValueError:
        return 1.0
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _built_in() -> Any:
    """Return python-pptx's own presentation, made 16:9, with titles that have room for a sentence."""
    presentation = Presentation()
    was = presentation.slide_width
    presentation.slide_width = Inches(13.333)
    wider = presentation.slide_width / was
    master = presentation.slide_master
    for shapes in (master.shapes, *(layout.shapes for layout in master.slide_layouts)):
        for shape in shapes:
            if shape.element.spPr.find(qn("a:xfrm")) is not None:
                shape.left, shape.width = Emu(round(shape.left * wider)), Emu(round(shape.width * wider))
    for shape in master.placeholders:
        kind = shape.placeholder_format.type
        if kind is KIND.TITLE:
            shape.left, shape.top, shape.width, shape.height = map(Inches, (0.6, 0.35, 12.13, 1.0))
        elif kind is KIND.BODY:
            shape.left, shape.top, shape.width, shape.height = map(Inches, (0.6, 1.4, 12.13, 5.45))
        else:
            shape.top = Inches(6.95)
    _set_type(master.element)
    opening = presentation.slide_layouts[0]
    for shape, size_pt, place in zip(
        opening.placeholders, (36, 20), ((0.9, 1.6, 11.5, 2.0), (0.9, 3.8, 11.5, 1.8)), strict=False
    ):
        shape.left, shape.top, shape.width, shape.height = map(Inches, place)
        _set_level(shape, size_pt)
    return presentation


def _set_level(placeholder: Any, size_pt: int) -> None:
    style = placeholder.element.txBody.find(qn("a:lstStyle"))
    level = style.find(qn("a:lvl1pPr"))
    if level is None:
        level = etree.SubElement(style, qn("a:lvl1pPr"))
    level.set("algn", "l")
    text = level.find(qn("a:defRPr"))
    if text is None:
        text = etree.SubElement(level, qn("a:defRPr"))
    text.set("sz", str(Pt(size_pt).centipoints))


def _set_type(master: Any) -> None:
    """Set titles to the left and bold, and paragraphs in sizes for sentences."""
    title = master.find(f".//{qn('p:titleStyle')}/{qn('a:lvl1pPr')}")
    title.set("algn", "l")
    title.find(qn("a:defRPr")).set("sz", str(Pt(26).centipoints))
    title.find(qn("a:defRPr")).set("b", "1")
    for level, size in enumerate((20, 18, 16, 14, 14), 1):
        style = master.find(f".//{qn('p:bodyStyle')}/{qn(f'a:lvl{level}pPr')}/{qn('a:defRPr')}")
        style.set("sz", str(Pt(size).centipoints))
