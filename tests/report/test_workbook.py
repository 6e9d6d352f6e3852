"""A workbook shows what the run says, before anybody recalculates it."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from drawn_bills import books, usages
from hypothesis import given, settings
from hypothesis import strategies as st
from small_comparisons import with_fewer_replications
from spreadsheets import bills, check, formulas, inputs, ranking, shown

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.result import Result
from simulator.report.workbook.bill_sheets import write_bills
from simulator.report.workbook.inputs import Inputs
from simulator.report.workbook.replications import Replications
from simulator.report.workbook.spreadsheet import Spreadsheet
from simulator.report.workbook.usage import write_usage
from simulator.report.workbook.writing import write_workbook
from simulator.studies.comparison import COST, Comparison
from simulator.studies.consumption import Consumption
from simulator.studies.plan_result import priced_plan
from simulator.studies.saturation import STABLE


@pytest.fixture(scope="session")
def written(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("workbooks") / "a.xlsx"
    write_workbook(Brief(comparison), path, replaces=False)
    return path


def workbook_of(comparison: Comparison, folder: Path) -> Any:
    path = folder / "workbook.xlsx"
    write_workbook(Brief(comparison), path, replaces=True)
    return shown(path)


def test_bills_and_costs_are_those_of_the_run(written: Path, comparison: Comparison) -> None:
    check(shown(written), comparison)


@pytest.mark.parametrize("name", ["single", "valued", "crowd", "free"])
def test_so_they_are_for_one_plan_with_value_for_awkward_names_and_for_nothing(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    found: Comparison = request.getfixturevalue(name)
    check(workbook_of(found, tmp_path), found)


def test_a_plan_with_fewer_replications_is_ranked_as_the_run_ranks_it(comparison: Comparison, tmp_path: Path) -> None:
    for plan in comparison.plans:
        fewer = with_fewer_replications(comparison, plan, 1)
        check(workbook_of(fewer, tmp_path), fewer)


def test_no_cell_shows_an_error(written: Path) -> None:
    book = shown(written)
    cells = list(formulas(written))
    assert len(cells) > 500
    assert not [cell for sheet, cell in cells if str(book[sheet][cell].value).startswith("#")]


def test_what_a_plan_costs_is_the_mean_of_bills_and_its_bill_that_of_the_mean(
    written: Path, comparison: Comparison
) -> None:
    for name, row in ranking(shown(written)).items():
        assert row["cost"] == pytest.approx(comparison.plans[name].metrics[COST].mean)
        assert bills(shown(written))[name]["total"] == pytest.approx(comparison.plans[name].bill.total_usd_per_month)


def test_differences_are_those_of_the_run(written: Path, comparison: Comparison) -> None:
    rows = list(shown(written)["Differences"].iter_rows(min_row=5, max_col=7, values_only=True))
    assert len(rows) == len(comparison.differences)
    for row, found in zip(rows, comparison.differences, strict=True):
        assert (row[0], row[1]) == (found.plan, form.metric_label(found.metric))
        ends = (found.estimate.mean, found.estimate.low, found.estimate.high)
        assert row[3:6] == pytest.approx(ends, rel=1e-7, abs=1e-9)
        is_same = max(map(abs, ends)) < 1e-9
        by_chance = "may be chance alone" if found.estimate.includes_zero else "more than chance"
        assert row[6] == ("the same" if is_same else by_chance)


def test_the_answer_and_every_input_with_its_source_are_in_it(written: Path, comparison: Comparison) -> None:
    book, brief = shown(written), Brief(comparison)
    said = [cell.value for sheet in (book["Summary"], book["Notes"]) for row in sheet.iter_rows() for cell in row]
    assert {*brief.answer, brief.question, *brief.changes} <= set(said)
    rows = {row[:4] for row in book["Assumptions"].iter_rows(min_row=5, values_only=True)}
    assert ("population.users", "10000", "the scenario", None) in rows
    assert all((each.what, each.value, each.source, each.date or None) in rows for each in brief.prices)


def test_the_same_run_makes_the_same_bytes(written: Path, comparison: Comparison, tmp_path: Path) -> None:
    write_workbook(Brief(comparison), tmp_path / "b.xlsx", replaces=False)
    assert (tmp_path / "b.xlsx").read_bytes() == written.read_bytes()


def test_every_chart_has_a_text_for_those_who_do_not_see_it(written: Path) -> None:
    with zipfile.ZipFile(written) as parts:
        drawings = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/drawings/drawing")]
    assert sum(drawing.count("<xdr:graphicFrame") for drawing in drawings) == 4
    assert sum(drawing.count('descr="') for drawing in drawings) == 4


def test_sheets_print_across_the_page_with_their_heads_repeated_and_stay_in_sight(written: Path) -> None:
    for sheet in openpyxl.load_workbook(written):
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows
        assert sheet.freeze_panes
        assert sheet.sheet_properties.pageSetUpPr.fitToPage or sheet.page_setup.scale == 55


ODD = (
    "=1+1",
    "+SUM(A1)",
    "@now",
    "-2",
    "a/b:c*[d]?\\e",
    "x" * 200,
    "x" * 200 + "y",
    "'quoted'",
    "历史",
    "History",
    "<b>&amp;</b>",
)


def test_names_stay_text_whatever_they_begin_with_and_sheets_have_names_of_their_own(
    comparison: Comparison, tmp_path: Path
) -> None:
    plan = comparison.plans["on demand"]
    plans = {name: replace(plan, name=name) for name in ODD}
    scenario = comparison.scenario.model_copy(
        update={"plans": dict.fromkeys(ODD, comparison.scenario.plans["on demand"]), "name": "=HYPERLINK(1)\x07"}
    )
    path = tmp_path / "odd.xlsx"
    write_workbook(Brief(replace(comparison, scenario=scenario, plans=plans)), path, replaces=False)
    book = openpyxl.load_workbook(path)
    assert len({title.casefold() for title in book.sheetnames}) == len(book.sheetnames)
    assert all(len(title) <= 31 and not set(title) & set("[]:*?/\\") for title in book.sheetnames)
    assert book["Summary"]["A1"].value == "=HYPERLINK(1)"
    assert book["Summary"]["A1"].data_type == "s"
    names = {cell.value: cell.data_type for cell in book["Ranking"]["A"][4:]}
    assert names == dict.fromkeys(ODD, "s")


def test_a_file_that_is_there_is_replaced_only_when_that_is_wanted(comparison: Comparison, tmp_path: Path) -> None:
    result = Result(comparison)
    path = result.workbook(tmp_path / "a.xlsx")
    with pytest.raises(UserError, match="is there already"):
        result.workbook(path)
    assert result.workbook(path, force=True) == path
    with pytest.raises(UserError, match=r"must end in \.xlsx"):
        result.workbook(tmp_path / "a.xls")


def test_without_xlsxwriter_it_is_said_what_to_install(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.report.workbook.writing.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"pip install '\.\[workbook\]'"):
        Result(comparison).workbook(tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())


def test_every_input_has_a_name_and_the_value_of_the_book(written: Path, book: PriceBook) -> None:
    found = inputs(shown(written))
    assert found["price_instance_g4dn_xlarge_on_demand"] == book.price_of("instance/g4dn.xlarge/on_demand").usd
    assert found["free_dynamodb_on_demand_storage"] == book.price_of("dynamodb_on_demand/storage").free
    assert found["extra_off"] == found["extra_off_feature_store_read"] == 0


@st.composite
def comparisons(draw: st.DrawFn, like: Comparison) -> Comparison:
    """Return two plans that used what is drawn, some replications of it, at drawn prices."""
    book, plans, count = draw(books()), {}, draw(st.integers(1, 3))
    for name in list(like.plans)[:2]:
        once = draw(usages())
        factors = [draw(st.sampled_from([0.5, 1.0, 1.7, 40.0])) for _ in range(count)]
        used = [
            Consumption(
                tuple(each.scaled(factor) for each in once), like.scenario.horizon_s, 100 * factor, 0.3, 0.1, 0.7, {}
            )
            for factor in factors
        ]
        plans[name] = priced_plan(like.scenario, book, name, [{"age_mean_s": 1.0}] * count, used, STABLE)
    return replace(like, book=book, plans=plans)


@settings(max_examples=30)
@given(data=st.data())
def test_whatever_is_used_costs_what_its_bill_says(data: st.DataObject, comparison: Comparison) -> None:
    drawn = data.draw(comparisons(comparison))
    book = Spreadsheet(Path("never written.xlsx"), "drawn")
    inputs = Inputs.written(book.sheet("Prices"), drawn)
    used = write_usage(book.sheet("Usage"), drawn)
    sheets = {name: book.sheet(f"Bill {name}") for name in drawn.plans}
    found = write_bills(sheets, drawn, used, inputs)
    replications = Replications.written(book.sheet("Replications"), drawn, used, inputs)
    for name, plan in drawn.plans.items():
        costs, unused = found[name].bill.costs, [each.value for each in found[name].bill.unused if each.value]
        assert [*(each.value for each in costs), *unused] == pytest.approx(
            [line.usd_per_month for line in plan.bill.lines], rel=1e-9, abs=1e-9
        )
        for metric_name, live in replications.metrics[name].items():
            values = [each[metric_name] for each in plan.values]
            assert [each.value for each in live.replications] == pytest.approx(values, rel=1e-9, abs=1e-9)


def test_more_replications_than_a_sheet_has_columns_for_are_refused(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.report.workbook.run_workbook.MOST_REPLICATIONS", 1)
    with pytest.raises(UserError, match=r"room for 1 replications, .* this run has 2"):
        Result(comparison).workbook(tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())
