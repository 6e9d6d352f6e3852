"""Puts what is made from the code into pages, where they have a comment that says so.

On GitHub the comment is not seen, and the page says where else the same is to be found.
"""

import importlib
import re
from pathlib import Path
from typing import Any

import numpy.typing as npt
from sphinx.util.typing import stringify_annotation

from simulator.core.arrays import FloatArray

THE_OTHERS = "<!-- pages that are listed nowhere above -->"
ONLY_THERE = re.compile(r"<!-- only on GitHub -->.*?(?=<!--)", re.DOTALL)
PAGES = re.compile(r"<!-- pages, as far as they are there: (.*) -->")
"""In a list of pages: those of them that are there."""
REFERENCE = re.compile(r"^(\s*)\.\. \[\d+\] ")
"""A source in a docstring; its other lines are indented by three, as those of a list are here."""
SHORT_TYPES = {
    stringify_annotation(kind, mode): name
    for kind, name in ((npt.ArrayLike, "ArrayLike"), (FloatArray, "FloatArray"))
    for mode in ("fully-qualified-except-typing", "smart")
}
"""What types are called that are written out at great length."""
MARKS = {
    "<!-- every key of a scenario -->": "scenario_keys",
    "<!-- every command -->": "commands",
    "<!-- every metric -->": "metric_table",
    "<!-- every public name -->": "public_names",
    "<!-- every closed form -->": "closed_forms",
}
"""Which module makes what stands in place of a comment."""


def fill(app: Any, page: str, source: list[str]) -> None:
    """Put what is made from the code into a page's source, before it is read."""
    del page
    source[0] = ONLY_THERE.sub("", source[0])
    source[0] = PAGES.sub(lambda found: _there(Path(app.srcdir), found[1].split()), source[0])
    if THE_OTHERS in source[0]:
        source[0] = source[0].replace(THE_OTHERS, _unlisted(Path(app.srcdir), source[0]))
    for mark, module in MARKS.items():
        if mark in source[0]:
            source[0] = source[0].replace(mark, importlib.import_module(module).markdown())


def _there(folder: Path, pages: list[str]) -> str:
    return "\n".join(page for page in pages if (folder / f"{page}.md").is_file())


def _unlisted(folder: Path, listed: str) -> str:
    """Return the pages of a folder that a list of pages lacks, so that a new page is found without being listed."""
    lines = {line.strip() for line in listed.splitlines()}
    return "\n".join(page.stem for page in sorted(folder.glob("*.md")) if page.stem not in {*lines, "index"})


def list_sources(app: Any, what: str, name: str, told: Any, options: Any, lines: list[str]) -> None:
    """Make a list of a docstring's numbered sources, as numbers must be unique on a page."""
    del app, what, name, told, options
    lines[:] = [REFERENCE.sub(r"\1*  ", line) for line in lines]


def shorten_types(*of: Any) -> tuple[str | None, str | None]:
    """Call types by their names in a signature; Sphinx hands over what it is of, the signature and what it returns."""
    *_, signature, returned = of
    for long, short in SHORT_TYPES.items():
        signature, returned = (each and each.replace(long, short) for each in (signature, returned))
    return signature, returned


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx."""
    app.connect("source-read", fill)
    app.connect("autodoc-process-docstring", list_sources)
    app.connect("autodoc-process-signature", shorten_types)
    return {"parallel_read_safe": True}
