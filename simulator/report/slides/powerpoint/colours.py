"""Colours on a light and on a dark background."""

from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_PATTERN, MSO_THEME_COLOR

from simulator.report.slides.deck import Paint

_PATTERNS = {"..": MSO_PATTERN.DOTTED_DIAMOND, "xx": MSO_PATTERN.DIAGONAL_CROSS}
_BRIGHT = 0.55
"""Luminance from which on text is dark."""
_INKS = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0xFF, 0xFF, 0xFF)
BAD = {False: RGBColor(0xB3, 0x26, 0x1E), True: RGBColor(0xFF, 0x8A, 0x80)}
"""Of broken bounds, by whether the background is dark."""
FAINT = {False: RGBColor(0xD9, 0xD9, 0xD9), True: RGBColor(0x40, 0x40, 0x40)}
"""Of the lines behind bars."""
TEXT = MSO_THEME_COLOR.TEXT_1


def colour_of(paint: Paint, *, on_dark: bool) -> RGBColor:
    """Return a paint's colour, mixed with the background by its fading."""
    background = 0.0 if on_dark else 255.0
    strong = RGBColor.from_string((paint.colour_on_dark if on_dark else paint.colour).removeprefix("#"))
    return RGBColor(*(round(part + (background - part) * paint.fading) for part in strong))


def ink_on(colour: RGBColor) -> RGBColor:
    """Return the colour of text on a background."""
    red, green, blue = (part / 255 for part in colour)
    return _INKS[0.299 * red + 0.587 * green + 0.114 * blue < _BRIGHT]


def fill(there: Any, paint: Paint | None, *, on_dark: bool) -> None:
    """Paint an area; without a paint it cannot be seen."""
    if paint is None:
        there.background()
        return
    colour = colour_of(paint, on_dark=on_dark)
    if paint.hatch not in _PATTERNS:
        there.solid()
        there.fore_color.rgb = colour
        return
    there.patterned()
    there.pattern = _PATTERNS[paint.hatch]
    there.back_color.rgb = colour
    there.fore_color.rgb = ink_on(colour)
