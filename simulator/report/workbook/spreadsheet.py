"""Sheets of a workbook: cells, styles, names and how they are printed, in one way for all."""

import datetime as dt
import math
import re
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from simulator.report import format as form
from simulator.report.workbook.formulas import Cells, Term

CREATED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""What every workbook says of its making, so that the same run makes the same bytes."""
MOST_NAME_LETTERS = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST_NAME = 200
A4 = 9
MOST_LETTERS_A_PAGE = 280
"""So wide may a sheet be that is printed on one page."""
WIDE_SCALE = 55
"""That others are printed at. [percent]"""
FONT_PT, LINE_PT = 11.0, 15.0
_ROOMY = 1.08
"""Fonts differ, and lines end before a word."""
_WIDTH = 8.43
"""Of a column that has none of its own. [letters]"""
_HEADS = ("head", "head_indented", "head_right")

USD, UNIT_USD, LOT_USD = "$#,##0.00", "$#,##0.00########", "$#,##0.0000##"
COUNT, SHARE, SECONDS = "count", "0.00##%", "seconds"
"""Formats of cells; counts and times have decimals by their size, as formats with conditions lose the sign of numbers
below 0 in LibreOffice."""
_WHOLE, _WHOLE_FROM = "#,##0", 100.0
_DECIMALS = {COUNT: "#,##0.0##", SECONDS: "#,##0.00####"}
INK, QUIET, HEAD, INPUT, INPUT_INK, WARN = "#1A1A1A", "#595959", "#E8EEF4", "#FFF8E1", "#0B3D91", "#B3261E"
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 16, "font_color": INK},
    "subtitle": {"font_color": QUIET},
    "answer": {"font_size": 12, "text_wrap": True, "valign": "top"},
    "lead": {"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"},
    "warning": {"bold": True, "font_color": WARN, "text_wrap": True, "valign": "top"},
    "section": {"bold": True, "font_size": 12, "font_color": INK, "bottom": 1},
    "head": {"bold": True, "bg_color": HEAD, "text_wrap": True, "valign": "bottom", "bottom": 1},
    "head_indented": {
        "bold": True,
        "align": "left",
        "bg_color": HEAD,
        "text_wrap": True,
        "valign": "bottom",
        "indent": 1,
        "bottom": 1,
    },
    "head_right": {
        "bold": True,
        "bg_color": HEAD,
        "text_wrap": True,
        "valign": "bottom",
        "align": "right",
        "bottom": 1,
    },
    "text": {"valign": "top"},
    "after_number": {"valign": "top", "align": "left", "indent": 1},
    "right": {"valign": "top", "align": "right"},
    "bad": {"valign": "top", "italic": True, "font_color": WARN},
    "best": {"valign": "top", "bold": True, "bg_color": "#DDEFE6"},
    "rank": {"valign": "top", "align": "center"},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "quiet": {"font_color": QUIET, "text_wrap": True, "valign": "top"},
    "note": {"font_color": QUIET, "valign": "top", "align": "left", "indent": 1, "text_wrap": True},
    "strong": {"bold": True, "valign": "top"},
    "link": {"font_color": INPUT_INK, "underline": 1, "valign": "top"},
    "input": {"bg_color": INPUT, "font_color": INPUT_INK, "border": 1, "border_color": "#D9B84A", "valign": "top"},
    "name": {"font_color": QUIET, "valign": "top", "align": "left", "indent": 1},
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
        self._sheets: list[Sheet] = []
        self._sheet_names: set[str] = set()
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for sheet in self._sheets:
                sheet.set_up_print()
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
        self._sheets.append(Sheet(self, made, self._title))
        return self._sheets[-1]

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
        self.pages = 0
        """On so many it is printed, one below the other; 0 for as many as it takes."""
        self._frozen = 0
        self._prefix = "'" + self.name.replace("'", "''") + "'!"
        self._own = re.compile(r"(?<!')" + re.escape(self._prefix) + r"(\$[A-Z]+\$\d+(?::\$[A-Z]+\$\d+)?)")
        made.set_landscape()
        made.set_paper(A4)
        made.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        made.set_header(f"&L{_in_header(title)}&R{_in_header(self.name)}")
        made.set_footer("&R&P / &N")
        made.hide_gridlines(2)
        made.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # values are shown as the scenario states them
        self._widths: dict[int, float] = {}
        self._lines: dict[int, int] = {}

    def widths(self, *widths: float) -> None:
        """Set the widths of the first columns. [letters]"""
        for place, width in enumerate(widths):
            self.columns(place, 1, width)

    def columns(self, first: int, count: int, width: float, *, hidden: bool = False) -> None:
        """Set the width of neighbouring columns. [letters]"""
        if count > 0:
            self.made.set_column(first, first + count - 1, width, None, {"hidden": hidden})
            if not hidden:
                self._widths |= dict.fromkeys(range(first, first + count), width)

    def set_up_print(self) -> None:
        """Print all columns on a page where they can be read there, else on pages side by side."""
        if sum(self._widths.values()) <= MOST_LETTERS_A_PAGE:
            self.made.fit_to_pages(1, self.pages)
            return
        self.made.set_print_scale(WIDE_SCALE)
        self.made.print_across()
        self.made.repeat_columns(0, self._frozen)

    def freeze(self, row: int, column: int = 0, repeated: tuple[int, int] | None = None) -> None:
        """Keep what is above a row and left of a column in sight, and repeat rows on every printed page."""
        self.made.freeze_panes(row, column)
        self._frozen = max(column - 1, 0)
        self.made.repeat_rows(*(repeated or (max(row - 1, 0), max(row - 1, 0))))

    def text(self, row: int, column: int, text: str, look: str = "text") -> None:
        """Write text, whatever it begins with, in a row that is high enough for it."""
        style = self.book.style(look)
        if not text:
            self.made.write_blank(row, column, None, style)
            return
        text = form.one_line(text)
        self.made.write_string(row, column, text, style)
        if LOOKS[look].get("text_wrap"):
            lines = math.ceil(len(text) * _ROOMY / self._widths.get(column, _WIDTH))
            if lines > self._lines.get(row, 1 if look not in _HEADS else 0):
                self._lines[row] = lines
                self.made.set_row(row, lines * LINE_PT + 1)

    def heads(
        self, row: int, texts: Sequence[str], left: int = 1, column: int = 0, texts_at: Container[int] = ()
    ) -> None:
        """Write the heads of columns; all but the first ``left``, and some behind, are of numbers."""
        for place, text in enumerate(texts):
            look = "head" if place < left else "head_indented" if place in texts_at else "head_right"
            self.text(row, column + place, text, look)

    def paragraph(self, row: int, text: str, look: str, last_column: int) -> None:
        """Write a sentence over all columns up to one, as high as it takes."""
        style, larger = self.book.style(look), float(LOOKS[look].get("font_size", FONT_PT)) / FONT_PT
        self.made.merge_range(row, 0, row, last_column, "", style)
        text = form.one_line(text) if text else text
        self.made.write_string(row, 0, text, style)
        letters = sum(self._widths.get(column, _WIDTH) for column in range(last_column + 1))
        lines = max(math.ceil(len(text) * larger / letters), 1)
        self.made.set_row(row, lines * LINE_PT * larger + 2)

    def number(self, row: int, column: int, value: float, number: str = "", look: str = "number") -> Term:
        """Write a number; what is not finite stays empty."""
        style = self.book.style(look, _format(number, value))
        if math.isfinite(value):
            self.made.write_number(row, column, value, style)
        else:
            self.made.write_blank(row, column, None, style)
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
        style = self.book.style(look, _format(number, value))
        self.made.write_formula(row, column, f"={self._nearby(text)}", style, shown)

    def allow(self, row: int, column: int, most: float | None) -> None:
        """Let an input be a number from 0 on, up to the most that it may be."""
        rule = (
            {"criteria": ">=", "value": 0} if most is None else {"criteria": "between", "minimum": 0, "maximum": most}
        )
        said = "A number from 0 on." if most is None else "A share from 0 % to 100 %."
        told = {"validate": "decimal", "error_title": "Not a possible value", "error_message": said}
        self.made.data_validation(row, column, row, column, {**rule, **told})

    def conditional(
        self, first_row: int, first_column: int, row: int, column: int, rule: Mapping[str, Any], look: Mapping[str, Any]
    ) -> None:
        """Let cells look otherwise where a rule holds."""
        self.made.conditional_format(first_row, first_column, row, column, {**rule, "format": self.book.made(look)})

    def address(self, row: int, column: int) -> str:
        """Return a cell's address, with the sheet."""
        return f"{self._prefix}{_absolute(row, column)}"

    def span(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """Return the address of a block of cells, both corners in it."""
        return f"{self.address(*first)}:{_absolute(*last)}"

    def cells(self, first: tuple[int, int], last: tuple[int, int], values: Sequence[float]) -> Cells:
        """Return neighbouring cells with their values."""
        return Cells(self.span(first, last), tuple(values))

    def link(self, row: int = 0, column: int = 0) -> str:
        """Return what a link to one of its cells says."""
        return f"#{self._prefix}{xl_col_to_name(column)}{row + 1}"

    def _nearby(self, text: str) -> str:
        """Return a formula whose own sheet's cells are relative, so that it can be copied and sorted."""
        return str(self._own.sub(lambda found: found.group(1).replace("$", ""), text))


def _format(number: str, value: float | str) -> str:
    """Return how a spreadsheet writes a value; whole numbers and large ones without decimals."""
    if number not in _DECIMALS or isinstance(value, str):
        return _WHOLE if number in _DECIMALS else number
    is_whole = value == round(value) if math.isfinite(value) else True
    return _WHOLE if is_whole or abs(value) >= _WHOLE_FROM else _DECIMALS[number]


def _absolute(row: int, column: int) -> str:
    return str(xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True))


def _cut(name: str, tail: str) -> str:
    return f"{form.shortened(name, MOST_NAME_LETTERS - len(tail))}{tail}".rstrip("'")


def _in_header(text: str) -> str:
    return form.shortened(text, 80).replace("&", "&&")
