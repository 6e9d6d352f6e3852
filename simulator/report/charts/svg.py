"""A picture as SVG to stand in a page: with title and description, and nothing that a strict policy forbids."""

import io
import re
import warnings
from html import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from simulator.report.charts.look import MISSING_GLYPH, Slide

HASH_SALT = "predcost"
"""Equal figures give equal bytes."""


def svg_of(figure: Figure, name: str) -> str:
    """Return a figure as an ``<svg>`` element to put into a page, the same for the same figure.

    It has ``<title>`` and ``<desc>``, draws letters as paths, and has neither scripts nor styles, so that it is shown
    under ``default-src 'none'``; its ids begin with the name, so that several stand in one page.

    Parameters
    ----------
    figure
        What to write.
    name
        Letters, digits and hyphens; another for each picture of a page.
    """
    written = io.StringIO()
    with warnings.catch_warnings(), mpl.rc_context({"svg.hashsalt": HASH_SALT, "svg.fonttype": "path"}):
        warnings.filterwarnings("ignore", message=MISSING_GLYPH)
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    found = _METADATA.sub("", written.getvalue()[written.getvalue().index("<svg") :])
    found = _STYLE_ELEMENT.sub("", _COMMENT.sub("", found))
    found = _STYLE.sub(lambda style: _attributes(style[1]), found)
    found = _ID.sub(rf'\1="{name}-\2"', found)
    found = _REFERENCE.sub(rf"\1{name}-", found)
    return _EMPTY_DEFS.sub("", found.replace("<svg ", f"<svg {_LINES} {_named(name)} ", 1)).replace(
        ">", f">\n{_said(figure, name)}", 1
    )


_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
_STYLE_ELEMENT = re.compile(r"<style.*?</style>\s*", re.DOTALL)
_EMPTY_DEFS = re.compile(r"<defs>\s*</defs>\s*")
_STYLE = re.compile(r'style="([^"]*)"')
_ID = re.compile(r'\b(id)="([^"]*)"')
_REFERENCE = re.compile(r'((?:xlink:href="|url\()#)')
_LINES = 'stroke-linejoin="round" stroke-linecap="butt"'
"""What matplotlib has in a style for all of a picture."""


def _attributes(style: str) -> str:
    """Return a style as attributes: ``fill: none; stroke: #000`` as ``fill="none" stroke="#000"``."""
    parts = (part.partition(":") for part in style.split(";") if part.strip())
    return " ".join(f'{key.strip()}="{value.strip()}"' for key, _, value in parts)


def _named(name: str) -> str:
    return f'role="img" aria-labelledby="{name}-title {name}-desc"'


def _said(figure: Figure, name: str) -> str:
    title, description = (figure.title, figure.description) if isinstance(figure, Slide) else ("", "")
    return f'<title id="{name}-title">{escape(title)}</title>\n<desc id="{name}-desc">{escape(description)}</desc>'
