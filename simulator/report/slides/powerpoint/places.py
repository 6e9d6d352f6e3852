"""Places on a slide."""

from dataclasses import dataclass
from typing import Any

from pptx.util import Emu, Inches


@dataclass(frozen=True)
class Box:
    """A place on a slide. [inches]"""

    left: float
    top: float
    width: float
    height: float


def box_of(shape: Any) -> Box:
    """Return where a shape is."""
    return Box(*(Emu(length).inches for length in (shape.left, shape.top, shape.width, shape.height)))


def inches(box: Box) -> list[Inches]:
    """Return a place as python-pptx takes it."""
    return [Inches(length) for length in (box.left, box.top, box.width, box.height)]
