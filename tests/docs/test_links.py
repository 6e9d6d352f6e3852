"""Links of README and docs lead to files that are there, as they are read on GitHub too."""

import re
from pathlib import Path
from urllib.parse import unquote

import pages
import pytest


@pytest.mark.parametrize("page", pages.PAGES, ids=map(pages.name_of, pages.PAGES))
def test_every_link_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"^```.*?^```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [
        link for link in links if link[0] != "#" and not (page.parent / unquote(link.partition("#")[0])).exists()
    ]
    assert missing == []


def test_every_scenario_stands_in_the_list_of_scenarios() -> None:
    listed = re.findall(r"\(\.\./scenarios/(\w+)\.yaml\)", (pages.ROOT / "docs" / "scenarios.md").read_text("utf-8"))
    assert sorted(listed) == sorted(path.stem for path in (pages.ROOT / "scenarios").glob("*.yaml"))
