"""Markdown as GitHub reads it: tables, text that shows itself as it is, and long tables folded away."""

import re
from collections.abc import Iterator, Sequence
from html import escape

from simulator.report import format as form

MOST_ROWS = 12
"""Longer tables are folded."""
_SPECIAL = re.compile(r"[\\`*_\[\]<>|#~&]|\$(?!\d)")
"""A dollar that no digit follows may end a formula; ``$3`` never does."""
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
"""What would tell somebody of that name."""


def table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    aligned: Sequence[str] | None = None,
    *,
    is_folded: bool | None = None,
) -> Iterator[str]:
    """Yield a table below its title.

    Parameters
    ----------
    title
        As text.
    heads, rows
        The cells, as Markdown.
    aligned
        How columns are aligned, as Markdown says it; by default to the left.
    is_folded
        Whether it is folded away; by default where it is long.
    """
    folded = len(rows) > MOST_ROWS if is_folded is None else is_folded
    yield f"<details><summary>{escape(form.one_line(title))}</summary>" if folded else f"**{written(title)}**"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join(aligned or [':--'] * len(heads))} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
    if folded:
        yield "</details>"
        yield ""


def written(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return text and _MENTION.sub("@<!-- -->", _SPECIAL.sub(r"\\\g<0>", form.one_line(text)))


def code(text: str) -> str:
    """Return text as code, in a cell of a table too."""
    clean = form.one_line(text).replace("|", "\\|")
    return f"`` {clean} ``" if "`" in clean else f"`{clean}`"
