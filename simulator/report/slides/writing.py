"""A study written as slides."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from simulator.core.errors import UserError
from simulator.report.brief import Brief
from simulator.report.documents import written_whole
from simulator.studies.sweep import Sweep

NAME = "slides.pptx"
"""In the folder of a run."""


def write_slides(
    study: Brief | Sweep, path: Path, template: str | Path | None, only: Sequence[str], *, replaces: bool
) -> Path:
    """Write a deck of a run or a sweep, and return where it is.

    Parameters
    ----------
    study
        What it tells of.
    path
        Where to.
    template
        A presentation or template, whose size, layouts, colours and fonts are used, and none of its slides.
    only
        The slides that are wanted, by name; all where none is.
    replaces
        Whether it may take the place of a file.

    Raises
    ------
    UserError
        If python-pptx is not installed, the template is none, there are no such slides, or it cannot be written.
    """
    if importlib.util.find_spec("pptx") is None:
        raise UserError("slides need python-pptx: pip install '.[slides]' in predcost's folder")
    from simulator.report.slides import comparison_deck, sweep_deck  # noqa: PLC0415  (matplotlib's titles come along)
    from simulator.report.slides.choosing import chosen  # noqa: PLC0415
    from simulator.report.slides.powerpoint.writing import write  # noqa: PLC0415

    if isinstance(study, Sweep):
        deck = chosen(sweep_deck.sweep_deck(study), only, sweep_deck.NAMES)
    else:
        deck = chosen(comparison_deck.comparison_deck(study), only, comparison_deck.NAMES)
    with written_whole(path, replaces=replaces) as staged:
        write(deck, staged, None if template is None else Path(template))
    return path
