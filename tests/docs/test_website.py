"""The website is built without a warning, and every link within it leads somewhere."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.long


class Links(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            if (tag, name) in {("a", "href"), ("img", "src"), ("link", "href"), ("script", "src")} and value:
                self.links.append(value)


@pytest.fixture(scope="module")
def website(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx", reason="the website needs the extra docs")
    built = tmp_path_factory.mktemp("website")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-n",
        "-q",
        "-E",
        "-b",
        "html",
        str(DOCS),
        str(built),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return built


def test_every_link_within_the_website_leads_somewhere(website: Path) -> None:
    pages = {page: Links(page) for page in website.rglob("*.html") if "_static" not in page.parts}
    broken = []
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            there = pages.get(target)
            if not target.exists() or (parts.fragment and there and unquote(parts.fragment) not in there.places):
                broken.append(f"{page.relative_to(website)}: {link}")
    assert len(pages) > 30
    assert broken == []


def test_the_website_asks_nothing_of_any_other_place(website: Path) -> None:
    """Scripts, styles and pictures are its own, so that it is read offline."""
    asked = {
        link
        for page in website.rglob("*.html")
        for link in re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="(https?://[^"]+)"', page.read_text("utf-8"))
    }
    assert asked == set()


def test_every_part_of_a_scenario_has_a_place_that_can_be_linked_to(website: Path) -> None:
    places = Links(website / "reference" / "scenario.html").places
    assert {"part-population", "part-plan", "part-fleet", "part-ttl", "part-slo"} <= places


def test_what_is_said_to_be_on_the_website_is_there_and_what_is_said_of_github_is_not(website: Path) -> None:
    for page, word in {"scenario": "daily_active", "metrics": "cache_hit_ratio", "command-line": "--fail-if"}.items():
        text = (website / "reference" / f"{page}.html").read_text("utf-8")
        assert word in text
        assert "On GitHub" not in text
