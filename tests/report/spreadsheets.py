"""Workbooks read, changed and recalculated as somebody else would."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from simulator.report import format as form
from simulator.studies.comparison import Comparison
from simulator.studies.consumption import PRICED, STATED_RANGES

LIVE = tuple(name for name in PRICED if name not in STATED_RANGES)
SOFFICE = shutil.which("soffice")


def shown(path: Path, *, in_part: bool = False) -> Any:
    """Return what the cells of a workbook show; of one that is read in part, a sheet once it is asked for."""
    return openpyxl.load_workbook(path, data_only=True, read_only=in_part)


def inputs(book: Any) -> dict[str, float]:
    """Return the value of every input, by the name that formulas know it by."""
    return {name: book["Prices"][_cell(each)].value for name, each in book.defined_names.items()}


def changed(path: Path, values: Mapping[str, float], to: Path) -> None:
    """Save a workbook with other inputs, and without the values that its formulas showed."""
    names, prices = _places(path)
    with zipfile.ZipFile(path) as parts, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in parts.namelist():
            text = parts.read(part)
            if part.startswith("xl/worksheets/sheet"):
                text = _SHOWN.sub(rb"\1", text)
            if part == prices:
                for name, value in values.items():
                    cell = re.compile(rb'(<c r="%s"[^>]*><v>)[^<]*' % names[name].encode())
                    text, found = cell.subn(rb"\g<1>" + repr(float(value)).encode(), text)
                    assert found == 1, name
            copy.writestr(part, text)


_SHOWN = re.compile(rb"(<f>[^<]*</f>)<v>[^<]*</v>")


def _places(path: Path) -> tuple[dict[str, str], str]:
    """Return the cell of every input by its name, and the part of the file that has their sheet."""
    book = openpyxl.load_workbook(path, read_only=True)
    names = {name: _cell(each) for name, each in book.defined_names.items()}
    number = book.sheetnames.index("Prices") + 1
    book.close()
    return names, f"xl/worksheets/sheet{number}.xml"


def recalculated(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Return the workbooks as LibreOffice saves them, which knows no value that they do not say."""
    assert SOFFICE is not None
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    into = ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out")]
    subprocess.run([SOFFICE, "--headless", profile, *into, *paths], check=True, capture_output=True, timeout=900)
    return [folder / "out" / path.name for path in paths]


def formulas(path: Path) -> Iterator[tuple[str, str]]:
    """Yield sheet and cell of every formula."""
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows():
            yield from ((sheet.title, cell.coordinate) for cell in row if cell.data_type == "f")


def bills(book: Any) -> dict[str, dict[str, float]]:
    """Return what each line of each plan's bill costs and the total; lines with one name are added."""
    found: dict[str, dict[str, float]] = {}
    for sheet in book:
        if not sheet.title.startswith("Bill "):
            continue
        rows = list(sheet.iter_rows(min_row=6, values_only=True))
        cost = rows[0].index("USD per 30-day month")
        lines: dict[str, float] = {}
        for row in rows[1:]:
            lines[row[0]] = lines.get(row[0], 0.0) + row[cost]
            if row[0] == "total":
                break
        found[sheet["A1"].value.removeprefix("Bill: ")] = lines
    return found


def ranking(book: Any) -> dict[str, dict[str, Any]]:
    """Return the rows of the ranking on the summary, the first first, by plan and column."""
    rows = [list(row) for row in book["Summary"].iter_rows(values_only=True)]
    head = next(place for place, row in enumerate(rows) if row[0] == "rank")
    names = [f"{name} of {rows[head][place - 1]}" if name == "low" else name for place, name in enumerate(rows[head])]
    found: dict[str, dict[str, Any]] = {}
    for row in rows[head + 1 :]:
        if not isinstance(row[0], (int, float)):
            break
        found[row[1]] = dict(zip(names, row, strict=True))
    return found


def metrics(book: Any) -> dict[str, dict[str, list[float]]]:
    """Return mean, low and high, where there is an interval, by plan and metric."""
    rows = list(book["Comparison"].iter_rows(min_row=4, values_only=True))
    plans = {name: column for column, name in enumerate(rows[0]) if name is not None}
    return {
        plan: {row[1]: [value for value in row[column : column + 3] if value is not None] for row in rows[2:]}
        for plan, column in plans.items()
    }


def check(book: Any, comparison: Comparison) -> None:
    """Check that a workbook shows the bills and the metrics that need prices."""
    found, of_all = bills(book), metrics(book)
    assert set(found) == set(map(form.one_line, comparison.plans))
    for plan in comparison.plans.values():
        name = form.one_line(plan.name)
        expected: dict[str, float] = {}
        for line in plan.bill.lines:
            expected[line.item] = expected.get(line.item, 0.0) + line.usd_per_month
        unused = {item: 0.0 for item in found[name] if item.startswith("unused ")}
        assert found[name] == pytest.approx({**unused, **expected, "total": plan.bill.total_usd_per_month}, abs=1e-7)
        for each in LIVE:
            if each in plan.metrics:
                wanted = plan.metrics[each]
                ends = [] if len(plan.values) == 1 else [wanted.low, wanted.high]
                assert of_all[name][each] == pytest.approx([wanted.mean, *ends], rel=1e-9, abs=1e-7)
    losses = {form.one_line(name): plan.rank[:3] for name, plan in comparison.plans.items()}
    shown_order = [losses[name] for name in ranking(book)]
    # Plans that cost the same but for rounding, as where a commitment covers all, may stand in either order.
    for one, other in zip(shown_order, (losses[form.one_line(name)] for name in comparison.ranking), strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def _cell(name: Any) -> str:
    sheet, cell = name.attr_text.split("!")
    assert sheet.strip("'") == "Prices"
    return str(cell.replace("$", ""))
