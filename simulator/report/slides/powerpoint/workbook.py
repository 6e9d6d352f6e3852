"""The workbook in a chart, which opens when somebody edits it: every number that is drawn, and those beside them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter

from simulator.report.slides.deck import Column

SHEET = "Sheet1"
UNDATED = datetime(2000, 1, 1)  # noqa: DTZ001  (files of the same study are the same bytes)
_WIDTH = 14


@dataclass(frozen=True)
class Sheet:
    """Columns below each other's names; the first holds what the rows are called."""

    columns: Sequence[Column]

    def values(self, place: int) -> str:
        """Return where the values of a column are."""
        letter = xlsxwriter.utility.xl_col_to_name(place)
        return f"{SHEET}!${letter}$2:${letter}${len(self.columns[place].values) + 1}"

    def name(self, place: int) -> str:
        """Return where its name is."""
        return f"{SHEET}!${xlsxwriter.utility.xl_col_to_name(place)}$1"

    def content(self) -> bytes:
        """Return the workbook's file; text stays text, whatever it begins with."""
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"in_memory": True, "nan_inf_to_errors": True}) as book:
            book.set_properties({"created": UNDATED})
            sheet = book.add_worksheet(SHEET)
            sheet.set_column(0, len(self.columns), _WIDTH)
            for place, column in enumerate(self.columns):
                sheet.write_string(0, place, column.name)
                for row, value in enumerate(column.values, 1):
                    if column.formulas and column.formulas[row - 1]:
                        sheet.write_formula(row, place, column.formulas[row - 1], None, value)
                    elif isinstance(value, str):
                        sheet.write_string(row, place, value)
                    elif value is not None:
                        sheet.write_number(row, place, value)
        return file.getvalue()
