"""A difference as Markdown for a pull request: what matters is seen, all else is folded away."""

from collections.abc import Iterator, Sequence

from simulator.report import format as form
from simulator.report.diff_rows import HEADS, Row, rows_of
from simulator.report.diff_words import findings_said, headline, sentences
from simulator.report.markdown import code, table, written
from simulator.studies.difference import Diff
from simulator.studies.gates import Finding, Ruling

_MARKS = {Ruling.BROKEN: ":x:", Ruling.KEPT: ":white_check_mark:", Ruling.UNDECIDED: ":grey_question:"}
_ALIGNED = (":--", "--:", "--:", "--:", "--:", ":--")


def diff_markdown(diff: Diff, findings: Sequence[Finding] = (), *, is_all: bool = False) -> str:
    """Return what `predcost diff --format markdown` prints."""
    return "\n".join(_lines(diff, findings, is_all=is_all)).rstrip() + "\n"


def _lines(diff: Diff, findings: Sequence[Finding], *, is_all: bool) -> Iterator[str]:
    yield f"### {written(headline(diff))}"
    yield ""
    yield f"{' → '.join(code(label) for label in diff.labels)}"
    yield ""
    for ruling, said in findings_said(findings):
        yield f"- {_MARKS[ruling]} {written(said)}"
    if findings:
        yield ""
    rows = [(change.key, change.before_text, change.after_text) for change in diff.changed]
    if rows:
        cells = [(code(key), written(before), written(after)) for key, before, after in rows]
        yield from table(f"What the scenarios say else ({len(rows)})", ("key", "before", "now"), cells)
    for plan in diff.plans:
        if is_all or not diff.is_same(plan):
            yield from _plan(diff, plan, is_all=is_all)
    for sentence in sentences(diff):
        yield f"- {written(sentence)}"


def _plan(diff: Diff, plan: str, *, is_all: bool) -> Iterator[str]:
    rows = rows_of(diff, plan, is_all=is_all)
    whole, items = [row for row in rows if not row.is_item], [row for row in rows if row.is_item]
    if not whole:
        return
    yield from table(f"{form.one_line(plan)}", HEADS, [_cells(row) for row in whole], _ALIGNED)
    if items:
        title = f"{form.one_line(plan)}: cost by line of the bill"
        yield from table(title, HEADS, [_cells(row) for row in items], _ALIGNED, is_folded=True)


def _cells(row: Row) -> tuple[str, ...]:
    cells = [written(cell.strip()) for cell in row.cells]
    return tuple(f"**{cell}**" if row.is_decided and place == 3 and cell else cell for place, cell in enumerate(cells))  # noqa: PLR2004
