"""Sheets of a workbook: cells, styles, names and how they are printed, in one way for all."""

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from simulator.report import format as form
from simulator.report.workbook.formulas import Cells, Term

CREATED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
"""What every workbook says of its making, so that the same run makes the same bytes."""
MOST_NAME_LETTERS = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST_NAME = 200
A4 = 9

USD, UNIT_USD = "$#,##0.00", "$#,##0.00########"
COUNT, SHARE, SECONDS = "[>=100]#,##0;[=0]0;#,##0.0##", "0.00##%", "[>=100]#,##0;[=0]0;0.00####"
SIGNED_USD = "+$#,##0.00;-$#,##0.00;$0.00"
INK, QUIET, HEAD, INPUT, INPUT_INK, WARN = "#1A1A1A", "#595959", "#E8EEF4", "#FFF8E1", "#0B3D91", "#B3261E"
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": INK},
    "subtitle": {"font_color": QUIET},
    "answer": {"font_size": 12, "text_wrap": True, "valign": "top"},
    "lead": {"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"},
    "warning": {"bold": True, "font_color": WARN, "text_wrap": True, "valign": "top"},
    "section": {"bold": True, "font_size": 12, "font_color": INK, "bottom": 1},
    "head": {"bold": True, "bg_color": HEAD, "text_wrap": True, "valign": "bottom", "bottom": 1},
    "head_right": {
        "bold": True,
        "bg_color": HEAD,
        "text_wrap": True,
        "valign": "bottom",
        "align": "right",
        "bottom": 1,
    },
    "text": {"valign": "top"},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "quiet": {"font_color": QUIET, "text_wrap": True, "valign": "top"},
    "strong": {"bold": True, "valign": "top"},
    "link": {"font_color": INPUT_INK, "underline": 1, "valign": "top"},
    "input": {"bg_color": INPUT, "font_color": INPUT_INK, "border": 1, "border_color": "#D9B84A", "locked": False},
    "total": {"bold": True, "top": 1},
    "number": {"valign": "top"},
}
"""By name; a number's format is added."""


class Spreadsheet:
    """A workbook in the making; it is written when the block ends without an error."""

    def __init__(self, path: Path, title: str) -> None:
        # Names of plans are data: nothing that they begin with makes a formula or a link of them.
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"title": title, "author": "predcost", "created": CREATED})
        self._book.set_calc_mode("auto")
        self._title = title
        self._styles: dict[tuple[str, str], Any] = {}
        self._sheet_names: set[str] = set()
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._book.close()

    def sheet(self, name: str, tab: str = "") -> "Sheet":
        """Add a sheet after those that are there.

        Parameters
        ----------
        name
            What it is to be called; letters that cannot be are left out, and one that is taken is numbered.
        tab
            Colour of its tab.
        """
        made = self._book.add_worksheet(self.free_sheet_name(name))
        if tab:
            made.set_tab_color(tab)
        return Sheet(self, made, self._title)

    def free_sheet_name(self, name: str) -> str:
        """Return a name that a sheet may have and none has yet."""
        clean = form.one_line(_FORBIDDEN.sub(" ", name)).strip("'") or "sheet"
        found, number = _cut(clean, ""), 1
        while found.casefold() in self._sheet_names or found.casefold() == "history":  # which Excel keeps for itself
            number += 1
            found = _cut(clean, f" {number}")
        self._sheet_names.add(found.casefold())
        return found

    def style(self, look: str, number: str = "") -> Any:
        """Return a style of cells."""
        key = look, number
        if key not in self._styles:
            self._styles[key] = self.made({**LOOKS[look], **({"num_format": number} if number else {})})
        return self._styles[key]

    def made(self, look: Mapping[str, Any]) -> Any:
        """Return a style that is no other's."""
        return self._book.add_format(dict(look))

    def name(self, wanted: str, address: str) -> str:
        """Give a cell a name that no other has, and return it."""
        clean = _NOT_IN_NAMES.sub("_", wanted).strip("_")[:_LONGEST_NAME]
        found, number = clean, 1
        while found.casefold() in self._names:
            number += 1
            found = f"{clean}_{number}"
        self._names.add(found.casefold())
        self._book.define_name(found, f"={address}")
        return found

    def chart(self, kind: str, subtype: str = "") -> Any:
        """Return a new chart."""
        return self._book.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})


class Sheet:
    """A sheet that knows where it is."""

    def __init__(self, book: Spreadsheet, made: Any, title: str) -> None:
        self.book, self.made = book, made
        self.name: str = made.get_name()
        self._prefix = "'" + self.name.replace("'", "''") + "'!"
        self._own = re.compile(re.escape(self._prefix) + r"(\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?)")
        made.set_landscape()
        made.set_paper(A4)
        made.fit_to_pages(1, 0)
        made.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        made.set_header(f"&L{_in_header(title)}&R{_in_header(self.name)}")
        made.set_footer("&R&P / &N")
        made.hide_gridlines(2)

    def widths(self, *widths: float) -> None:
        """Set the widths of the first columns. [letters]"""
        for place, width in enumerate(widths):
            self.made.set_column(place, place, width)

    def freeze(self, row: int, column: int = 0, repeated: tuple[int, int] | None = None) -> None:
        """Keep what is above a row and left of a column in sight, and repeat rows on every printed page."""
        self.made.freeze_panes(row, column)
        self.made.repeat_rows(*(repeated or (max(row - 1, 0), max(row - 1, 0))))

    def text(self, row: int, column: int, text: str, look: str = "text") -> None:
        """Write text, whatever it begins with."""
        self.made.write_string(row, column, text, self.book.style(look))

    def heads(self, row: int, texts: Sequence[str], left: int = 1, column: int = 0) -> None:
        """Write the heads of columns; all but the first ``left`` are of numbers."""
        for place, text in enumerate(texts):
            self.text(row, column + place, text, "head" if place < left else "head_right")

    def paragraph(self, row: int, text: str, look: str, letters: int, last_column: int) -> None:
        """Write a sentence over all columns up to one, as high as it takes at so many letters a line."""
        self.made.merge_range(row, 0, row, last_column, "", self.book.style(look))
        self.text(row, 0, text, look)
        points = float(LOOKS[look].get("font_size", 11))
        lines = math.ceil(len(text) * points / 11 / letters)
        self.made.set_row(row, max(lines, 1) * points * 1.36 + 2)

    def number(self, row: int, column: int, value: float, number: str = "", look: str = "number") -> Term:
        """Write a number; what is not finite stays empty."""
        if math.isfinite(value):
            self.made.write_number(row, column, value, self.book.style(look, number))
        else:
            self.made.write_blank(row, column, None, self.book.style(look, number))
        return Term(self.address(row, column), value)

    def formula(self, row: int, column: int, term: Term, number: str = "", look: str = "number") -> Term:
        """Write a formula of a number, and return its cell."""
        self.reckoned(row, column, term.text, term.value, number, look)
        return Term(self.address(row, column), term.value)

    def reckoned(
        self, row: int, column: int, text: str, value: float | str, number: str = "", look: str = "number"
    ) -> None:
        """Write a formula with the value that it has now."""
        shown = "" if isinstance(value, float) and not math.isfinite(value) else value
        self.made.write_formula(row, column, f"={self._nearby(text)}", self.book.style(look, number), shown)

    def conditional(
        self, first_row: int, first_column: int, row: int, column: int, rule: Mapping[str, Any], look: Mapping[str, Any]
    ) -> None:
        """Let cells look otherwise where a rule holds."""
        self.made.conditional_format(first_row, first_column, row, column, {**rule, "format": self.book.made(look)})

    def address(self, row: int, column: int) -> str:
        """Return a cell's address, with the sheet."""
        return f"{self._prefix}{xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)}"

    def span(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """Return the address of a block of cells, both corners in it."""
        return f"{self.address(*first)}:{xl_rowcol_to_cell(*last, row_abs=True, col_abs=True)}"

    def cells(self, first: tuple[int, int], last: tuple[int, int], values: Sequence[float]) -> Cells:
        """Return neighbouring cells with their values."""
        return Cells(self.span(first, last), tuple(values))

    def link(self, row: int = 0, column: int = 0) -> str:
        """Return what a link to one of its cells says."""
        return f"#{self._prefix}{xl_col_to_name(column)}{row + 1}"

    def _nearby(self, text: str) -> str:
        """Return a formula whose own sheet's cells are relative, so that it can be copied and sorted."""
        return self._own.sub(lambda found: found.group(1).replace("$", ""), text)


def _cut(name: str, tail: str) -> str:
    return f"{form.shortened(name, MOST_NAME_LETTERS - len(tail))}{tail}".rstrip("'")


def _in_header(text: str) -> str:
    return form.shortened(text, 80).replace("&", "&&")
