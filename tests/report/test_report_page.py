"""The page of a run or a sweep: whole in itself, escaped, and the same every time."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from small_comparisons import HYBRID, NIGHTLY, ON_DEMAND, compared, swept
from typing_extensions import override

from simulator.core.errors import UserError
from simulator.prices.book import PriceBook
from simulator.report import charts
from simulator.report.brief import Brief
from simulator.report.html import pictures
from simulator.report.html.run_page import run_page
from simulator.report.result import Result
from simulator.report.studied import SweepResult
from simulator.report.tables import comparison_rows
from simulator.studies.comparison import Comparison

HOSTILE = (
    "</script><b>bold</b>",
    "{{7*7}}{% for %}",
    '" onmouseover="alert(1)',
    "=1+1\u202eevil\u0007\n<!--",
    "\u4e2d\u6587\u540d\u5b57",
)
LARGEST_BYTES = 2_000_000


class _Page(HTMLParser):
    """What stands in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.inside: dict[str, list[str]] = {"style": [], "script": []}
        self.open = ""
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.open = tag
        if tag in self.inside:
            self.inside[tag].append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    @override
    def handle_data(self, data: str) -> None:
        if self.open in self.inside:
            self.inside[self.open][-1] += data

    def values(self, name: str) -> list[str]:
        return [value for _, each, value in self.attributes if each == name]


@pytest.fixture(scope="module", autouse=True)
def _few_pictures() -> Iterator[None]:
    """Draw two pictures in place of ten: they take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "CHARTS", {name: charts.CHARTS[name] for name in ("cost", "age_cdf")})
        yield


@pytest.fixture(scope="module")
def text(comparison: Comparison) -> str:
    return run_page(Brief(comparison, ("/x/predcost", "run", "it's mine.yaml")))


@pytest.fixture(scope="module")
def hostile(book: PriceBook) -> Comparison:
    plans = dict(zip(HOSTILE, (NIGHTLY, ON_DEMAND, HYBRID, HYBRID, HYBRID), strict=True))
    return compared(book, name="<i>name</i></title>", plans=plans, replications=1)


def _policy(page: _Page) -> str:
    return next(value for value in page.values("content") if "default-src" in value)


def test_its_policy_allows_nothing_but_its_own_style_and_script(text: str) -> None:
    page = _Page(text)
    (style,), (data, script) = page.inside["style"], page.inside["script"]

    def digest(source: str) -> str:
        return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()

    assert _policy(page) == (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; script-src 'sha256-{digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert json.loads(data)["plans"][0]["name"] == "nightly batch"


def test_nothing_in_it_breaks_that_policy_or_asks_a_network(text: str) -> None:
    page = _Page(text)
    assert page.values("style") == []
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    assert page.values("src") == []
    assert {value[:1] for tag, name, value in page.attributes if name.endswith("href")} == {"#"}


def test_ids_are_unique_and_what_names_them_finds_them(text: str) -> None:
    page = _Page(text)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = {part for name in ("aria-labelledby", "for") for value in page.values(name) for part in value.split()}
    links = {value[1:] for tag, name, value in page.attributes if name.endswith("href") and len(value) > 1}
    assert (named | links) <= set(ids)


def test_it_is_the_same_to_the_last_byte(text: str, comparison: Comparison) -> None:
    again = replace(comparison)
    assert run_page(Brief(again, ("/x/predcost", "run", "it's mine.yaml"))) == text


def test_it_stays_below_two_megabytes_and_says_which_pictures_have_no_room(
    text: str, comparison: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(text.encode()) < LARGEST_BYTES
    monkeypatch.setattr(pictures, "ROOM", 150_000)
    less = run_page(Brief(comparison))
    assert "These have no room here: age_cdf" in less
    assert len(less) < len(text)


def test_every_cell_of_the_comparison_and_line_of_the_bills_is_in_it(text: str, comparison: Comparison) -> None:
    for rows in comparison_rows(comparison):
        for row in rows:
            for cell in row.cells.values():
                assert f">{cell.replace('<', '&lt;')}</td>" in text, (row.label, cell)
    for plan in comparison.plans.values():
        for line in plan.bill.lines:
            assert f'<th scope="row">{line.item}</th>' in text
            assert line.source.replace('"', "&#34;").replace("'", "&#39;") in text


def test_it_says_the_answer_first_and_how_to_make_it_again(text: str, comparison: Comparison) -> None:
    first, *_ = Brief(comparison).answer
    assert text.index(first) < text.index("The plans side by side") < text.index("The bills")
    assert "predcost run &#39;it&#39;&#34;&#39;&#34;&#39;s mine.yaml&#39;" in text


def test_names_that_are_markup_stay_text(hostile: Comparison) -> None:
    text = run_page(Brief(hostile))
    page = _Page(text)
    tags = {tag for tag, _, _ in page.attributes}
    assert not {"b", "i"} & tags
    assert len(page.inside["script"]) == 2
    assert "&lt;/script&gt;&lt;b&gt;bold" in text
    assert "{{7*7}}{% for %}" in text
    assert "&#34; onmouseover=&#34;alert(1)" in text
    assert "\u202e" not in text
    assert "\u0007" not in text
    assert "\u4e2d\u6587\u540d\u5b57" in text
    assert [each["name"] for each in json.loads(page.inside["script"][0])["plans"]] == list(HOSTILE)


@pytest.mark.parametrize("kind", ["single", "valued", "crowd", "free"])
def test_odd_runs_make_whole_pages(kind: str, request: pytest.FixtureRequest) -> None:
    text = run_page(Brief(request.getfixturevalue(kind)))
    assert text.endswith("</html>")
    assert len(text.encode()) < LARGEST_BYTES
    assert not re.search(r">\s*(nan|None|inf)\s*<", text)


def test_a_result_writes_its_page_and_keeps_what_is_there(single: Comparison, tmp_path: Path) -> None:
    path = Result(single).report(tmp_path / "a.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="is there already"):
        Result(single).report(path)
    assert path.read_text(encoding="utf-8") == "mine"
    Result(single).report(path, force=True)
    assert path.stat().st_size > 10_000
    with pytest.raises(UserError, match=r"must end in \.html, such as a\.html"):
        Result(single).report(tmp_path / "a.pdf")
    assert [each.name for each in tmp_path.iterdir()] == ["a.html"]


@pytest.mark.parametrize(
    "keys", [{"population.daily_active": "1%,5%"}, {"population.daily_active": "1%,5%", "slo.latency_p99": "9ms,1s"}]
)
def test_a_sweep_has_its_finding_first_its_picture_and_its_points(
    comparison: Comparison, keys: dict[str, str], tmp_path: Path
) -> None:
    found = SweepResult(swept(comparison, keys))
    text = found.report(tmp_path / "sweep.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert text.index(found.finding) < text.index('<figure class="picture')
    assert text.count('<figure class="picture') == 1
    assert page.values("style") == []
    for key in keys:
        assert f"<dt>{key}</dt>" in text
    points = text.partition('id="points-table"')[2].partition("</table>")[0]
    assert points.count('<th scope="row"') == len(found.sweep.points)
    assert "A program made it" in text
