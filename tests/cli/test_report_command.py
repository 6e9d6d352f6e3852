"""`predcost report`: a page in the folder of the run, or where it is wanted; what it prints to repeat it works."""

import html
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from page_scripts import in_node, needs_node
from program import Done, predcost

HEADLINE = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "20k", "--horizon", "12 h", "--replications", "2", "--workers", "1")
PLANS = ("--plan", "on demand", "--plan", "nightly batch")
SET = """
const terms = structuredClone(given.terms);
const stated = terms.prices.find((each) => each.is_stated);
const hours = terms.prices.find(({ name }) => name.endsWith("/on_demand"));
stated.usd = 12.5;
hours.usd = 0.71;
terms.discounts[0].share = 0.15;
terms.commitments[0].usd_per_h = 0.25;
const now = judged(given, terms);
const answer = {
  command: repriceCommand(given, terms, "as-set.yaml"),
  book: bookText(given, terms),
  costs: Object.fromEntries(now.plans.map(({ name, cost }) => [name, cost.mean])),
};
"""


def called(*arguments: object, place: Path) -> Done:
    return predcost(*arguments, cwd=place, PREDCOST_OUTCOMES=str(place / "stored"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    done = called("run", HEADLINE, *FEW, *PLANS, "--out", "RUN", "--charts", "none", place=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def page(place: Path) -> str:
    done = called("report", "RUN", place=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Report in RUN/report.html\n"
    return (place / "RUN" / "report.html").read_text(encoding="utf-8")


def _data(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


def test_it_stands_in_the_folder_of_the_run_and_is_made_again_alike(page: str, place: Path) -> None:
    assert called("report", "RUN", place=place).returncode == 0
    assert (place / "RUN" / "report.html").read_text(encoding="utf-8") == page
    said = html.unescape(page.partition("To make it again")[2])
    assert f"predcost run {HEADLINE} --users 20k --horizon '12 h'" in said


@needs_node
def test_what_it_says_to_repeat_settings_bills_as_the_page_does(page: str, place: Path) -> None:
    found = in_node(SET, _data(page))
    (place / "as-set.yaml").write_text(found["book"], encoding="utf-8")
    _, *arguments = shlex.split(found["command"])
    done = called(*arguments, "--json", place=place)
    assert done.returncode == 0, done.stderr
    plans = json.loads(done.stdout)["plans"]
    for name, cost in found["costs"].items():
        assert plans[name]["metrics"]["cost_usd_per_month"]["mean"] == pytest.approx(cost, abs=1e-9)
        assert plans[name]["change"]["cost_usd_per_month"]["mean"] != 0
    assert "--set" in found["command"]


def test_elsewhere_it_replaces_nothing_unless_told_to(page: str, place: Path) -> None:
    (place / "mine.html").write_text("mine", encoding="utf-8")
    done = called("report", "RUN", "--out", "mine.html", place=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is there already" in done.stderr
    assert (place / "mine.html").read_text(encoding="utf-8") == "mine"
    assert called("report", "RUN", "--out", "mine.html", "--force", place=place).returncode == 0
    assert (place / "mine.html").read_text(encoding="utf-8") == page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "RUN", "--out", "x.pdf"), "must end in .html, such as x.html"),
        (("report", "nothing"), "holds no run of predcost"),
        (("report", "RUN", "--out", "no/such/folder/x.html"), "cannot write"),
    ],
)
@pytest.mark.usefixtures("page")
def test_what_cannot_be_is_said_in_a_sentence(place: Path, arguments: tuple[str, ...], said: str) -> None:
    done = called(*arguments, place=place)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_sweep_has_a_page_too(place: Path) -> None:
    over = ("--over", "backends.live.capacity.min=2,3")
    assert called("sweep", HEADLINE, *FEW, *PLANS, *over, "--out", "SWEEP", place=place).returncode == 0
    assert called("report", "SWEEP", place=place).returncode == 0
    page = (place / "SWEEP" / "report.html").read_text(encoding="utf-8")
    assert "predcost sweep" in page
    assert "backends.live.capacity.min" in page
