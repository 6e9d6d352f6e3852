"""The page of a run as a browser shows it: it answers back, offline, and nobody is kept out."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from chromium import chromium, needs_chromium, opened
from playwright.sync_api import Browser, Page
from rich_prices import drawn_settings, rich_book, with_tokens
from small_comparisons import swept

from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.html.rebilling_data import rebilling_data
from simulator.report.html.run_page import run_page
from simulator.report.html.settings import Field, setting_groups
from simulator.report.html.sweep_page import sweep_page
from simulator.studies.comparison import COST, Comparison
from simulator.studies.reprice import at_prices

pytestmark = [pytest.mark.long, needs_chromium]
WIDTHS = (360, 768, 1280, 1920)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def rich(comparison: Comparison, book: PriceBook) -> Comparison:
    return with_tokens(comparison, rich_book(book))


@pytest.fixture(scope="module")
def place(rich: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(run_page(Brief(rich, ("predcost", "run", "file.yaml"))), encoding="utf-8")
    return path


def _fields(comparison: Comparison) -> list[Field]:
    groups = setting_groups(rebilling_data(comparison)["terms"])
    return [field for group in groups for setting in group.settings for field in setting.fields]


def _at(terms: object, path: str) -> float:
    for step in path.split("."):
        terms = terms[int(step)] if isinstance(terms, list) else terms[step]  # type: ignore[index]
    return float(terms)  # type: ignore[arg-type]


def _links(comparison: Comparison, number: int) -> list[str]:
    """Return links to random settings, each figure as somebody would type it."""
    fields, terms = _fields(comparison), rebilling_data(comparison)["terms"]
    found = []
    for setting in drawn_settings(terms, number):
        said = {}
        for field in fields:
            figure = _at(setting, field.path)
            shown = round(figure * 100, 2) if field.percent else figure
            if field.most is None or shown <= field.most:
                said[field.key] = shown
        found.append(f"#set:{urlencode(said)}")
    return found


def _cells(page: Page, selector: str) -> list[str]:
    texts: list[str] = page.eval_on_selector_all(selector, "all => all.map(each => each.textContent)")
    return texts


def _go(page: Page, link: str) -> None:
    page.evaluate("link => { location.hash = link; }", link)
    page.wait_for_timeout(30)


def _without_stated(link: str) -> str:
    """Leave out the price that the scenario states, which no price book says."""
    return "&".join(part for part in link.split("&") if "feature_pipeline" not in part)


def test_at_200_links_the_page_shows_what_reprice_finds_with_the_book_that_it_writes(
    browser: Browser, place: Path, rich: Comparison, tmp_path: Path
) -> None:
    page, complaints = opened(browser, place)
    changed = 0
    for link in map(_without_stated, _links(rich, 200)):
        _go(page, link)
        (tmp_path / "as-set.yaml").write_text(page.input_value("#book"), encoding="utf-8")
        repriced = at_prices(rich, load_book(tmp_path / "as-set.yaml"))
        now = _cells(page, "#now-table tbody td:nth-child(4)")
        assert now == [form.usd(repriced.plans[name].metrics[COST].mean) for name in repriced.ranking], link
        totals = {
            int(at): text
            for at, text in page.eval_on_selector_all(
                "table.bill", "all => all.map(each => [each.dataset.plan, each.querySelector('.total').textContent])"
            )
        }
        for number, plan in enumerate(repriced.plans.values()):
            assert totals[number] == form.usd(plan.bill.total_usd_per_month), link
        changed += repriced.ranking != rich.ranking
    assert changed > 5
    assert complaints.said == []


def test_at_other_prices_its_tables_are_those_of_the_page_of_the_repriced_run(
    browser: Browser, place: Path, rich: Comparison, tmp_path: Path
) -> None:
    page, _ = opened(browser, place)
    for link in map(_without_stated, _links(rich, 5)):
        _go(page, link)
        (tmp_path / "as-set.yaml").write_text(page.input_value("#book"), encoding="utf-8")
        repriced = at_prices(rich, load_book(tmp_path / "as-set.yaml"))
        other = tmp_path / "other.html"
        other.write_text(run_page(Brief(repriced)), encoding="utf-8")
        still, _ = opened(browser.new_context(java_script_enabled=False), other)
        for selector in ("#comparison td, #comparison tbody th", "table.bill td, table.bill th"):
            ours, theirs = (sorted(_cells(each, selector)) for each in (page, still))
            assert [text.split(" +")[0] for text in theirs] == ours, link
        still.close()


def test_it_asks_for_nothing_and_breaks_no_policy(browser: Browser, place: Path) -> None:
    page, complaints = opened(browser, place)
    page.click("th button >> nth=0")
    page.fill("#settings input[type=number] >> nth=0", "1.5")
    page.wait_for_timeout(400)
    assert complaints.said == []
    assert complaints.asked == [place.as_uri()]
    assert "set:" in page.url


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, place: Path, rich: Comparison, width: int, scheme: str) -> None:
    for link in ("", _links(rich, 1)[0]):
        page, _ = opened(browser, place, link, viewport={"width": width, "height": 800}, color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, "only tables scroll sideways, within their own regions"
        page.close()


def test_the_keyboard_alone_reaches_all_and_sets_prices(browser: Browser, place: Path) -> None:
    page, _ = opened(browser, place)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    visited, invisible = [], []
    for _ in range(600):
        visited.append(page.evaluate("document.activeElement.tagName + document.activeElement.type"))
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        if style == "none" and visited[-1].startswith("BODY") is False:
            invisible.append(visited[-1])
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
    assert page.evaluate("document.activeElement === document.body"), "the focus gets out at the end"
    assert invisible == []
    wanted = page.evaluate("document.querySelectorAll('input, button, a[href]').length")
    hidden = page.evaluate("[...document.querySelectorAll('#repeat button, #repeat a[href]')].length")
    reached = [each for each in visited if each.startswith(("INPUT", "BUTTON", "A"))]
    assert len(reached) == wanted - hidden
    page.focus("#settings input[type=range] >> nth=0")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    assert page.is_visible("#repeat")
    page.focus("#reset")
    page.keyboard.press("Enter")
    assert page.is_hidden("#repeat")


def test_a_heading_sorts_up_and_down(browser: Browser, place: Path, rich: Comparison) -> None:
    page, _ = opened(browser, place)
    costs = [plan.metrics[COST].mean for plan in rich.plans.values()]
    head = page.locator("#comparison-1 th", has_text="cost per month")
    for order in ("ascending", "descending"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == order
        shown = page.eval_on_selector_all(
            "#comparison-1 [data-cell=cost_usd_per_month]", "all => all.map(each => Number(each.dataset.value))"
        )
        assert shown == sorted(costs, reverse=order == "descending")


def test_without_scripts_all_is_there_but_what_needs_them(browser: Browser, place: Path) -> None:
    page, _ = opened(browser.new_context(java_script_enabled=False), place)
    assert page.is_hidden("#prices")
    assert page.is_hidden("nav a[href='#prices']")
    assert page.locator("button:visible, input:visible").count() == 0
    for section in ("#decision", "#comparison", "#pictures svg", "#bills table", "#assumptions", "#sure", "#scenario"):
        assert page.locator(section).first.is_visible()


def test_a_link_that_says_nothing_sensible_changes_nothing(browser: Browser, place: Path) -> None:
    field = "dynamodb_on_demand/read:tier1"
    for said in ("#set:", "#set:nothing=3", f"#set:{field}=-1", f"#set:{field}=<b>", f"#set:{field}=1e999", "#zzz"):
        page, complaints = opened(browser, place, said)
        assert page.is_hidden("#repeat"), said
        assert complaints.said == []
        page.close()


def test_what_is_marked_wrong_is_said_and_left_out(browser: Browser, place: Path) -> None:
    page, _ = opened(browser, place)
    page.fill("#settings [data-path='discounts.0.share']", "120")
    page.wait_for_timeout(400)
    assert page.get_attribute("#settings [data-path='discounts.0.share']", "aria-invalid") == "true"
    assert "holds no number that can be" in page.inner_text("#now")
    assert page.is_hidden("#repeat")


def test_on_paper_there_are_no_controls_and_what_is_set_is_told(browser: Browser, place: Path) -> None:
    page, _ = opened(browser, place)
    page.emulate_media(media="print")
    assert page.is_hidden("#prices"), "nothing is set"
    assert page.is_hidden("nav")
    page.emulate_media(media="screen")
    page.fill("#settings [data-path='discounts.0.share']", "20")
    page.wait_for_timeout(400)
    page.emulate_media(media="print")
    assert page.is_hidden("#settings")
    assert page.is_hidden("#reset")
    assert page.is_visible("#now-table")
    assert page.inner_text("#decision .now") == page.inner_text("#now")
    assert "12.5 \u2192 20" in page.inner_text("#changed")


def test_the_book_that_is_set_can_be_saved(browser: Browser, place: Path) -> None:
    page, complaints = opened(browser, place)
    page.fill("#settings [data-path='discounts.0.share']", "20")
    page.wait_for_timeout(400)
    with page.expect_download() as saving:
        page.click("#save")
    assert saving.value.suggested_filename == "as-set.yaml"
    assert load_book(saving.value.path()).discounts[0].share_fraction == 0.2
    assert complaints.said == []


@pytest.mark.parametrize("kind", ["crowd", "valued", "single"])
def test_axe_finds_nothing_in_pages_of_odd_runs(
    browser: Browser, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "odd.html"
    path.write_text(run_page(Brief(request.getfixturevalue(kind))), encoding="utf-8")
    page, complaints = opened(browser, path, viewport={"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert complaints.said == []


def test_the_page_of_a_sweep_is_sorted_and_keeps_nobody_out(
    browser: Browser, comparison: Comparison, tmp_path: Path
) -> None:
    path = tmp_path / "sweep.html"
    path.write_text(sweep_page(swept(comparison, {"population.daily_active": "1%,5%"})), encoding="utf-8")
    page, complaints = opened(browser, path)
    page.click("#points-table th button >> nth=0")
    page.click("#points-table th button >> nth=0")
    assert _cells(page, "#points-table tbody th") == ["5 %", "1 %"]
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert complaints.said == []
