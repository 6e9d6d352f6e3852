"""The explorer in a real JupyterLab, in a real browser: its page, its keys, what is saved."""

import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from served_notebooks import CHROMIUM, LAB, Lab, lab, page_of, run_cell
from small_comparisons import SCENARIO

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(LAB is None, reason="JupyterLab is not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
]
FEW = "population__users='20k', horizon='1 d', replications=2"
SHOWN = f"import simulator as sim\nx = sim.explore({str(SCENARIO)!r}, {FEW})\nx"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="module")
def page(server: Lab) -> Iterator[Any]:
    with page_of(server.write("shown.ipynb", SHOWN)) as found:
        run_cell(found, 0)
        found.wait_for_selector(".predcost-explorer .figures table")
        yield found


def stage(page: Any) -> str:
    return str(page.locator(".predcost-explorer .stage").inner_text())


def until(happened: Callable[[], object], longest_s: float = 60.0) -> None:
    end_s = time.monotonic() + longest_s
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.1)


def test_what_is_simulated_comes_by_itself(page: Any) -> None:
    until(lambda: stage(page).startswith("simulated: 20,000 users"), 120)
    assert page.locator(".predcost-explorer .verdict").inner_text().startswith("Choose ")
    assert page.locator(".predcost-explorer input[type=range]").count() == 10
    assert page.locator(".predcost-explorer svg rect").count() > 6


def test_arrow_keys_move_a_slider_and_not_the_notebook(page: Any) -> None:
    slider = page.locator(".predcost-explorer input[type=range]").first
    was = slider.get_attribute("aria-valuetext")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert was == "2 %"
    assert slider.get_attribute("aria-valuetext") == "2.67 %"
    assert slider.evaluate("slider => document.activeElement === slider")
    until(lambda: "closed form" in stage(page))
    until(lambda: stage(page).startswith("simulated"), 120)
    assert slider.get_attribute("aria-valuetext") == "2.67 %"


def test_a_price_is_billed_anew_at_once(page: Any) -> None:
    until(lambda: stage(page).startswith("simulated"), 120)
    before = page.locator(".predcost-explorer tbody tr").nth(1).inner_text()
    page.locator(".predcost-explorer input[type=range]").nth(8).focus()
    page.keyboard.press("End")
    until(lambda: page.locator(".predcost-explorer tbody tr").nth(1).inner_text() != before)
    assert stage(page).startswith("simulated")
    page.locator("text=Reset").click()
    until(lambda: page.locator(".predcost-explorer input[type=range]").first.get_attribute("aria-valuetext") == "2 %")


def test_the_command_is_shown_to_be_copied(page: Any) -> None:
    page.locator("text=Copy as command").click()
    text = page.locator(".predcost-explorer textarea")
    text.wait_for()
    assert text.input_value().startswith("predcost run ")


def test_who_cannot_see_or_point_finds_no_obstacle(page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".predcost-explorer")
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [700, 1000, 1800])
def test_nothing_is_cut_off_at_any_width(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1300})
    time.sleep(0.5)
    wide = "() => { const el = document.querySelector('.predcost-explorer'); return el.scrollWidth - el.clientWidth; }"
    assert page.evaluate(wide) <= 1
    texts = """() => { const all = [...document.querySelectorAll('.predcost-explorer svg')];
        return all.every((svg) => [...svg.querySelectorAll('text')].every((text) => {
            const box = text.getBoundingClientRect(), room = svg.getBoundingClientRect();
            return box.left >= room.left - 1 && box.right <= room.right + 1; })); }"""
    assert page.evaluate(texts)


def test_a_saved_notebook_holds_no_state_of_it(page: Any, server: Lab) -> None:
    page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    page.keyboard.press("Control+s")
    path = server.folder / "shown.ipynb"
    until(lambda: json.loads(path.read_text())["cells"][0]["outputs"])
    saved = json.loads(path.read_text())
    assert "widgets" not in saved["metadata"]
    (output,) = saved["cells"][0]["outputs"]
    assert set(output["data"]) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
