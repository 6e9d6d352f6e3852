"""Decks: native charts that hold the run's numbers, in a template's own layouts."""

import dataclasses
import importlib.util
import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from decks import cells, chart_of, charts_of, references, sheet_of, slides_of, table_of, whiskers
from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.constants import RELATIONSHIP_TYPE as RELATION
from pptx.oxml.ns import qn
from pptx.util import Inches, Pt
from small_comparisons import SCENARIO, again, with_metric

import simulator as sim
from simulator.core.errors import UserError
from simulator.core.estimate import Estimate
from simulator.prices.book import PriceBook
from simulator.report.brief import Brief
from simulator.report.charts.cost import cost_title
from simulator.report.charts.distributions import age_title, latency_title
from simulator.report.charts.reads import read_title
from simulator.report.plan_styles import plan_styles
from simulator.report.result import Result
from simulator.report.slides.comparison_deck import NAMES, comparison_deck
from simulator.report.slides.difference_slide import compared_pair, difference_slide
from simulator.report.slides.sweep_deck import _some
from simulator.report.slides.words_slides import answer_slide
from simulator.scenario.loading import load_scenario
from simulator.studies.comparison import COST, NET_VALUE, Comparison

METER = "instance/g4dn.xlarge/on_demand"
LEAST_PT, LEAST_FOOT_PT = 12, 10
SOFFICE = shutil.which("soffice")


@pytest.fixture(scope="module")
def deck(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Result(comparison).slides(tmp_path_factory.mktemp("deck") / "slides.pptx")


@pytest.fixture(scope="module")
def decks(
    deck: Path,
    single: Comparison,
    valued: Comparison,
    crowd: Comparison,
    free: Comparison,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Path]:
    """The deck, and those of one plan, of value, of nine awkward plans, and of what costs nothing."""
    folder = tmp_path_factory.mktemp("decks")
    others = {"single": single, "valued": valued, "crowd": crowd, "free": free}
    return [deck, *(Result(other).slides(folder / f"{name}.pptx") for name, other in others.items())]


@pytest.fixture(scope="module")
def sweeps() -> list[sim.SweepResult]:
    plans = dict.fromkeys(("plans.hybrid", "plans.nearline", "plans.SWR"))
    few = {"population.users": "20k", "horizon": "6 h", "replications": 2, **plans}
    scenario, cost = load_scenario(SCENARIO, few), "backends.night.feature_pipeline.cost"
    grid = {"population.daily_active": ["1 %", "4 %"], cost: "0 USD..60 USD:3"}
    return [sim.sweep(scenario, {cost: "0 USD..60 USD:3"}, workers=1), sim.sweep(scenario, grid, workers=1)]


def opened(path: Path) -> Any:
    return Presentation(str(path))


def words_in_tables(path: Path) -> list[str]:
    tables = [shape.table for slide in opened(path).slides for shape in slide.shapes if shape.has_table]
    return [cell.text for table in tables for row in table.rows for cell in row.cells]


def test_every_chart_s_workbook_holds_the_numbers_and_names_that_are_drawn(decks: list[Path]) -> None:
    for chart in (chart for path in decks for chart in charts_of(path)):
        assert_in_its_workbook(chart)


def assert_in_its_workbook(chart: Any) -> None:
    sheet = sheet_of(chart)
    for where, drawn in references(chart):
        for cell, shown in zip(cells(sheet, where), drawn, strict=True):
            if isinstance(cell, (int, float)):
                assert float(shown or "nan") == pytest.approx(cell, rel=1e-12)
            else:
                assert (shown or "") == (cell or "")


def test_the_cost_chart_has_the_run_s_means_and_intervals(deck: Path, comparison: Comparison) -> None:
    chart = chart_of(slides_of(deck)["cost"])
    plans = sorted(comparison.plans.values(), key=lambda plan: plan.cost_usd_per_month)
    costs = [plan.metrics[COST] for plan in plans]
    (series,) = chart.plots[0].series
    assert list(chart.plots[0].categories) == [plan.name for plan in plans]
    assert list(series.values) == [cost.mean for cost in costs]
    ((below, above),) = whiskers(chart)
    assert below == [cost.mean - cost.low for cost in costs]
    assert above == [cost.high - cost.mean for cost in costs]


def test_the_parts_of_a_bar_are_the_lines_of_the_bill(deck: Path, comparison: Comparison) -> None:
    chart = chart_of(slides_of(deck)["items"])
    drawn = {series.name: list(series.values) for series in chart.plots[0].series}
    for place, name in enumerate(chart.plots[0].categories):
        bill = comparison.plans[name].bill
        assert sum(values[place] for values in drawn.values()) == pytest.approx(bill.total_usd_per_month)
        for line in bill.lines:
            assert drawn[line.item][place] == pytest.approx(line.usd_per_month)


def test_a_waterfall_s_steps_add_up_and_none_hangs_below_the_axis(deck: Path, comparison: Comparison) -> None:
    chart = chart_of(slides_of(deck)["difference"])
    pair = compared_pair(comparison)
    assert pair is not None
    lift, adds, saves, _, whole = (list(series.values) for series in chart.plots[0].series)
    ends = [0.0]
    for begin, more, less in zip(lift[:-1], adds[:-1], saves[:-1], strict=True):
        assert ends[-1] == pytest.approx(begin if more else begin + less)
        ends.append(ends[-1] + more - less)
    assert min(ends) >= -1e-9
    assert whole[-1] == pytest.approx(ends[-1]) == pair.gap.mean
    assert chart.plots[0].series[0].points[0].format.fill.type == 5  # no fill


def test_a_tornado_s_ends_are_the_bills_at_other_prices(deck: Path, comparison: Comparison, book: PriceBook) -> None:
    sheet = sheet_of(chart_of(slides_of(deck)["prices"]))
    rows = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows(min_row=2)}
    (name,) = [name for name in rows if name.startswith("online compute")]
    pair = compared_pair(comparison)
    assert pair is not None

    def gap_at(factor: float) -> float:
        priced = again(comparison, _with_price(book, METER, factor), feature_pipeline=True)
        return priced.difference(pair.dear, pair.cheap, COST).mean

    smaller, now, larger = rows[name][6:9]
    assert [smaller, now, larger] == pytest.approx(sorted(map(gap_at, (0.5, 1.0, 1.5))))


def _with_price(book: PriceBook, meter: str, factor: float) -> PriceBook:
    groups = tuple(
        group.model_copy(
            update={"prices": tuple(price.scaled(factor) if price.meter == meter else price for price in group.prices)}
        )
        for group in book.groups
    )
    return book._changed(groups=groups)


def test_waste_freshness_and_latency_have_the_run_s_numbers(deck: Path, comparison: Comparison) -> None:
    slides = slides_of(deck)
    waste = chart_of(slides["waste"])
    read, unread, _ = (list(series.values) for series in waste.plots[0].series)
    for place, name in enumerate(waste.plots[0].categories):
        metrics = comparison.plans[name].metrics
        assert read[place] + unread[place] == pytest.approx(metrics["predictions_computed"].mean)
        assert unread[place] == pytest.approx(metrics["predictions_wasted"].mean)
    for slide, metrics, unit_s in (
        ("freshness", ("age_p95_s", "age_p50_s"), 3600.0),
        ("latency", ("latency_p99_s", "latency_p50_s"), 1e-3),
    ):
        chart = chart_of(slides[slide])
        for series, metric in zip(chart.plots[0].series, metrics, strict=True):
            for name, value in zip(chart.plots[0].categories, series.values, strict=True):
                assert value * unit_s == pytest.approx(comparison.plans[name].metrics[metric].mean)


def test_titles_say_what_the_charts_of_a_run_say(deck: Path, comparison: Comparison) -> None:
    said = {"cost": cost_title, "waste": read_title, "freshness": age_title, "latency": latency_title}
    slides = slides_of(deck)
    for name, title in said.items():
        assert slides[name].shapes.title.text == title(comparison)


def test_no_difference_is_claimed_where_chance_alone_may_make_it(comparison: Comparison) -> None:
    best, other = comparison.ranking[0], comparison.ranking[-1]
    shaky = {}
    for name, sign in ((best, 1.0), (other, -1.0)):
        plan = comparison.plans[name]
        values = [
            {**plan.values[0], COST: 100.0},
            {**plan.values[1], COST: 110.0 + sign * 30 if name == other else 100.0},
        ]
        shaky[name] = dataclasses.replace(plan, values=tuple(values))
    two = dataclasses.replace(comparison, plans=shaky)
    two = with_metric(two, best, COST, Estimate(100.0, 100.0, 100.0))
    two = with_metric(two, other, COST, Estimate(90.0, 0.0, 180.0))
    (slide,) = difference_slide(Brief(two))
    assert slide.title.endswith("by chance perhaps")
    said = answer_slide(Brief(two)).title
    assert "is not decided" in said or "as good" in said


def test_value_is_told_against_the_best_plan_and_paired(decks: list[Path], valued: Comparison) -> None:
    chart = chart_of(slides_of(decks[2])["value"])
    best, *others = valued.ranking
    (series,) = chart.plots[0].series
    gaps = [valued.difference(name, best, NET_VALUE) for name in others]
    assert list(series.values) == [gap.mean for gap in gaps]
    ((below, _),) = whiskers(chart)
    assert below == pytest.approx([gap.mean - gap.low for gap in gaps])


def test_the_answer_is_a_table_with_the_first_of_the_ranking_on_top(deck: Path, comparison: Comparison) -> None:
    head, *rows = table_of(slides_of(deck)["answer"])
    assert head == ["plan", "cost a month", "against rank 1", "never read", "age p95", "latency p99", "bounds"]
    assert [row[0] for row in rows] == list(comparison.ranking)
    assert all(len(row) == len(head) for row in rows)


def test_prices_stand_with_their_sources_and_dates(deck: Path, comparison: Comparison) -> None:
    found = words_in_tables(deck)
    for price in Brief(comparison).prices:
        assert {price.value, price.source, price.date} <= set(found)


def test_what_is_drawn_is_told_to_those_who_cannot_see_it(decks: list[Path]) -> None:
    for slide in (slide for path in decks for slide in opened(path).slides):
        for shape in slide.shapes:
            if shape.has_chart or shape.has_table:
                assert len(shape._element.xpath(".//p:cNvPr")[0].get("descr")) > 40


def test_shapes_are_read_from_the_top_down_and_stay_on_the_slide_without_touching(decks: list[Path]) -> None:
    for path in decks:
        presentation = opened(path)
        for slide in presentation.slides:
            assert slide.shapes[0].element is slide.shapes.title.element
            tops = [shape.top for shape in slide.shapes]
            assert tops == sorted(tops)
            for one, other in zip(slide.shapes, list(slide.shapes)[1:], strict=False):
                assert one.top + one.height <= other.top + Pt(1) or other.name.startswith("Slide Number")
            for shape in slide.shapes:
                assert shape.left >= 0
                assert shape.left + shape.width <= presentation.slide_width
                assert shape.top + shape.height <= presentation.slide_height


def test_no_text_is_smaller_than_a_room_can_read(decks: list[Path]) -> None:
    for slide in (slide for path in decks for slide in opened(path).slides):
        for shape in slide.shapes:
            least = LEAST_FOOT_PT if shape.name == "Source" else LEAST_PT
            root = shape.chart._chartSpace if shape.has_chart else shape._element
            sizes = [int(found.get("sz")) / 100 for found in root.iter(qn("a:rPr"), qn("a:defRPr")) if found.get("sz")]
            assert all(size >= least for size in sizes)


def test_the_speaker_has_every_plan_s_number_with_its_interval(deck: Path, comparison: Comparison) -> None:
    notes = slides_of(deck)["cost"].notes_slide.notes_text_frame.text
    for name in comparison.plans:
        (line,) = [line for line in notes.splitlines() if line.startswith(f"{name}: ")]
        assert "95 % of chance alone" in line


def test_names_that_look_like_formulas_or_markup_stay_text(crowd: Comparison, tmp_path: Path) -> None:
    plan = next(iter(crowd.plans.values()))
    names = ("=1+1", "+2", "@x", "<b>&amp;", "on demand")
    plans = {name: dataclasses.replace(plan, name=name) for name in names}
    scenario = crowd.scenario.model_copy(
        update={"plans": dict.fromkeys(names, next(iter(crowd.scenario.plans.values())))}
    )
    path = Result(dataclasses.replace(crowd, plans=plans, scenario=scenario)).slides(tmp_path / "a.pptx", only=["cost"])
    sheet = sheet_of(chart_of(slides_of(path)["cost"]), formulas=True)
    first = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert sorted(cell.value for cell in first) == sorted(names)
    assert all(cell.data_type == "s" for cell in first)


def test_the_same_run_gives_the_same_bytes(deck: Path, comparison: Comparison, tmp_path: Path) -> None:
    assert Result(comparison).slides(tmp_path / "again.pptx").read_bytes() == deck.read_bytes()


def test_a_deck_of_some_slides_has_those_in_its_order(comparison: Comparison, tmp_path: Path) -> None:
    path = Result(comparison).slides(tmp_path / "three.pptx", only=["latency", "cost", "answer"])
    assert list(slides_of(path)) == ["answer", "cost", "latency"]
    assert len(opened(path).slides) == 3


def test_slides_that_are_not_there_are_named_all_at_once(single: Comparison, tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        Result(single).slides(tmp_path / "a.pptx", only=["latencies", "cost", "difference"])
    assert "--slide latencies: there is no such slide; did you mean 'latency'?" in str(told.value)
    assert "--slide difference: there is nothing to say on it here; there are title, question," in str(told.value)
    assert not list(tmp_path.iterdir())


def test_every_slide_of_a_deck_has_a_name_that_can_be_asked_for(comparison: Comparison, valued: Comparison) -> None:
    for each in (comparison, valued):
        names = [slide.name for slide in comparison_deck(Brief(each)).slides]
        assert names == sorted(set(names), key=NAMES.index)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A 4:3 template with slides of its own, one in a section, one with a chart and notes."""
    presentation = Presentation()
    for number in range(3):
        slide = presentation.slides.add_slide(presentation.slide_layouts[number])
        slide.shapes.title.text = "SAMPLE"
        slide.notes_slide.notes_text_frame.text = "SAMPLE"
    data = CategoryChartData()
    data.categories = ["SAMPLE"]
    data.add_series("SAMPLE", [1])
    slide.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(3), Inches(3), data)
    section = (
        '<p:extLst xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"><p:ext uri="{5}">'
        '<p14:sectionLst xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"/></p:ext></p:extLst>'
    )
    for found in presentation.element.findall(qn("p:extLst")):
        presentation.element.remove(found)
    presentation.element.append(etree.fromstring(section))
    view = presentation.part.part_related_by(RELATION.VIEW_PROPS)
    view.relate_to(slide.part, RELATION.SLIDE)
    path = tmp_path / "template.pptx"
    presentation.save(str(path))
    return path


def test_a_template_gives_its_size_and_layouts_and_none_of_its_slides(
    comparison: Comparison, deck: Path, template: Path, tmp_path: Path
) -> None:
    path = Result(comparison).slides(tmp_path / "own.pptx", template)
    presentation = opened(path)
    assert presentation.slide_width == opened(template).slide_width
    assert [slide.slide_layout.name for slide in presentation.slides][:3] == [
        "Title Slide",
        "Title and Content",
        "Title Only",
    ]
    with zipfile.ZipFile(path) as whole:
        parts = [whole.read(name) for name in whole.namelist()]
    assert not any(b"SAMPLE" in part or b"sectionLst" in part for part in parts)
    assert len(list(charts_of(path))) == len(list(charts_of(deck)))


def test_a_potx_is_a_template_too(comparison: Comparison, template: Path, tmp_path: Path) -> None:
    potx, kind = tmp_path / "template.potx", "[Content_Types].xml"
    with zipfile.ZipFile(template) as whole, zipfile.ZipFile(potx, "w") as copy:
        for name in whole.namelist():
            part = whole.read(name)
            copy.writestr(name, part.replace(b"presentation.main+xml", b"template.main+xml") if name == kind else part)
    path = Result(comparison).slides(tmp_path / "own.pptx", potx, ["cost"])
    assert len(opened(path).slides) == 1


@pytest.mark.parametrize("kept", [("Title Slide",), ("Title and Content",), ("Two Content", "Section Header")])
def test_layouts_are_chosen_by_the_places_that_they_have(
    comparison: Comparison, tmp_path: Path, kept: tuple[str, ...]
) -> None:
    presentation = Presentation()
    for layout in list(presentation.slide_layouts):
        if layout.name not in kept:
            presentation.slide_layouts.remove(layout)
    presentation.save(str(tmp_path / "few.pptx"))
    wanted = ["title", "question", "cost", "answer"]
    path = Result(comparison).slides(tmp_path / "own.pptx", tmp_path / "few.pptx", wanted)
    slides = list(opened(path).slides)
    assert len(slides) == len(wanted)
    for slide in slides:
        assert slide.shapes.title.text
        assert all(shape.text_frame.text or shape.name.startswith("Slide") for shape in slide.placeholders)


def test_on_a_dark_background_plans_have_their_lighter_colours(comparison: Comparison, tmp_path: Path) -> None:
    dark = Presentation()
    colours = dark.slide_master.element.find(qn("p:clrMap"))
    colours.set("bg1", "dk1")
    colours.set("tx1", "lt1")
    dark.save(str(tmp_path / "dark.pptx"))
    path = Result(comparison).slides(tmp_path / "own.pptx", tmp_path / "dark.pptx", ["cost"])
    (series,) = chart_of(slides_of(path)["cost"]).plots[0].series
    drawn = {f"#{series.points[place].format.fill.fore_color.rgb}" for place in range(len(comparison.plans))}
    assert drawn == {style.colour_on_dark for style in plan_styles(comparison).values()}


def test_what_is_no_template_is_told_so(comparison: Comparison, tmp_path: Path) -> None:
    text, book, bare = tmp_path / "a.pptx", tmp_path / "b.pptx", tmp_path / "c.pptx"
    text.write_text("no presentation")
    openpyxl.Workbook().save(book)
    untitled = Presentation()
    for layout in untitled.slide_layouts:
        for shape in list(layout.placeholders):
            shape.element.getparent().remove(shape.element)
    untitled.save(str(bare))
    for path, why in (
        (text, "is no .pptx or .potx file"),
        (book, "is no presentation"),
        (bare, "none of its 11 layouts has a place for a title"),
        (tmp_path / "d.pptx", "No such file"),
    ):
        with pytest.raises(UserError, match=why):
            Result(comparison).slides(tmp_path / "out.pptx", path)
    assert not (tmp_path / "out.pptx").exists()


def test_without_its_library_a_deck_says_what_to_install(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="slides need python-pptx"):
        Result(comparison).slides(tmp_path / "a.pptx")


def test_lines_of_a_sweep_have_its_points_and_intervals(sweeps: list[sim.SweepResult], tmp_path: Path) -> None:
    found = sweeps[0].sweep
    slides = slides_of(sweeps[0].slides(tmp_path / "lines.pptx"))
    chart = chart_of(slides["lines"])
    for series, bars in zip(chart.plots[0].series, whiskers(chart), strict=True):
        means = [point.comparison.plans[series.name].metrics[COST] for point in found.points]
        assert list(series.values) == [each.mean for each in means]
        assert bars[0] == pytest.approx([each.mean - each.low for each in means])
        places = series._element.find(qn("c:xVal")).iter(qn("c:v"))
        assert [float(place.text) for place in places] == [0.0, 30.0, 60.0]
    assert len(table_of(slides["points"])) == 4
    assert slides["lines"].shapes.title.text == sweeps[0].finding.removesuffix(".")
    assert_in_its_workbook(chart)


def test_a_map_of_two_keys_is_a_table_with_the_winners_and_their_colours(
    sweeps: list[sim.SweepResult], tmp_path: Path
) -> None:
    found = sweeps[1].sweep
    slide = slides_of(sweeps[1].slides(tmp_path / "map.pptx"))["map"]
    _, *rows = table_of(slide)
    for down, row in enumerate(reversed(rows)):
        for across, cell in enumerate(row[1:]):
            assert cell.startswith(str(found.winner_at[across, down] or "none"))
    table = next(shape.table for shape in slide.shapes if shape.has_table)
    fills = {
        cell.text.partition(" $")[0]: cell.fill.fore_color.rgb
        for row in list(table.rows)[1:]
        for cell in list(row.cells)[1:]
    }
    assert len(set(fills.values())) == len(fills) > 1


def test_a_price_that_is_varied_is_told_once_from_end_to_end(sweeps: list[sim.SweepResult], tmp_path: Path) -> None:
    told = words_in_tables(sweeps[0].slides(tmp_path / "prices.pptx", only=["assumptions"]))
    assert told.count("scenario/feature_pipeline: feature pipeline") == 1
    assert "$30.00 per run to $60.00 per run" in told


def test_a_large_sweep_shows_some_values_the_first_and_the_last_among_them() -> None:
    assert _some(3, 9) == [0, 1, 2]
    assert _some(20, 5) == [0, 5, 10, 14, 19]


def test_a_sweep_s_deck_fits_too(sweeps: list[sim.SweepResult], tmp_path: Path) -> None:
    paths = [each.slides(tmp_path / f"{number}.pptx") for number, each in enumerate(sweeps)]
    test_shapes_are_read_from_the_top_down_and_stay_on_the_slide_without_touching(paths)
    test_no_text_is_smaller_than_a_room_can_read(paths)
    test_what_is_drawn_is_told_to_those_who_cannot_see_it(paths)


def _converted(path: Path, kind: str) -> Path:
    profile = f"-env:UserInstallation=file://{path.parent / 'profile'}"
    command = [
        SOFFICE or "",
        profile,
        "--headless",
        "--convert-to",
        kind,
        "--outdir",
        str(path.parent / kind),
        str(path),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path.parent / kind / f"{path.stem}.{kind}"


@pytest.mark.long
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_shows_every_slide(decks: list[Path], tmp_path: Path) -> None:
    for number, path in enumerate(decks):
        copy = tmp_path / f"{number}.pptx"
        shutil.copy(path, copy)
        content = _converted(copy, "pdf").read_bytes()
        assert content.count(b"/Type/Page/") + content.count(b"/Type/Page\n") == len(opened(path).slides)


@pytest.mark.long
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_a_waterfall_and_a_tornado_follow_when_somebody_edits_their_numbers(deck: Path, tmp_path: Path) -> None:
    slides = slides_of(deck)
    book = openpyxl.load_workbook(io.BytesIO(chart_of(slides["difference"]).part.chart_workbook.xlsx_part.blob))
    book.active["G2"] = 5000.0
    book.save(tmp_path / "edited.xlsx")
    sheet = openpyxl.load_workbook(_converted(tmp_path / "edited.xlsx", "xlsx"), data_only=True).active
    changes = [row[6].value for row in sheet.iter_rows(min_row=2) if row[6].value is not None]
    assert sheet["C2"].value == sheet["E2"].value == changes[0] == 5000.0
    assert sheet[f"F{len(changes) + 2}"].value == pytest.approx(sum(changes))
    book = openpyxl.load_workbook(io.BytesIO(chart_of(slides["prices"]).part.chart_workbook.xlsx_part.blob))
    book.active["G2"], book.active["H2"], book.active["I2"] = -30.0, -10.0, 20.0
    book.save(tmp_path / "ends.xlsx")
    sheet = openpyxl.load_workbook(_converted(tmp_path / "ends.xlsx", "xlsx"), data_only=True).active
    assert [cell.value for cell in sheet[2]][1:6] == [0, 0, 20, -10, -20]


SHOWN = ("showLegendKey", "showVal", "showCatName", "showSerName", "showPercent", "showBubbleSize", "separator")
ORDER = {
    "ser": (
        *("idx", "order", "tx", "spPr", "invertIfNegative", "marker", "dPt", "dLbls", "errBars", "cat", "val"),
        *("xVal", "yVal", "smooth"),
    ),
    "dPt": ("idx", "invertIfNegative", "marker", "bubble3D", "spPr"),
    "dLbls": ("dLbl", "numFmt", "spPr", "txPr", "dLblPos", *SHOWN),
    "dLbl": ("idx", "delete", "tx", "numFmt", "spPr", "txPr", "dLblPos", *SHOWN),
    "errBars": ("errDir", "errBarType", "errValType", "noEndCap", "plus", "minus", "val", "spPr"),
    "scaling": ("logBase", "orientation", "max", "min"),
    "valAx": (
        *("axId", "scaling", "delete", "axPos", "majorGridlines", "minorGridlines", "title", "numFmt"),
        *("majorTickMark", "minorTickMark", "tickLblPos", "spPr", "txPr", "crossAx", "crosses", "crossBetween"),
        *("majorUnit", "minorUnit"),
    ),
    "chart": ("title", "autoTitleDeleted", "plotArea", "legend", "plotVisOnly", "dispBlanksAs", "showDLblsOverMax"),
}
"""In which order the parts of a chart must stand, as PowerPoint refuses another: ECMA-376, dml-chart.xsd."""


def test_the_parts_of_a_chart_stand_in_the_order_that_powerpoint_asks_for(
    decks: list[Path], sweeps: list[sim.SweepResult], tmp_path: Path
) -> None:
    for path in [*decks, sweeps[0].slides(tmp_path / "lines.pptx")]:
        for element in (found for chart in charts_of(path) for found in chart._chartSpace.iter(etree.Element)):
            order = ORDER.get(etree.QName(element).localname)
            if order is not None:
                places = [order.index(etree.QName(child).localname) for child in element]
                assert places == sorted(places)
