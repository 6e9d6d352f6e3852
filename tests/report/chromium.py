"""A page in Chromium, without a window."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium, which shows the report, is not installed")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Give a browser, which ends with the test."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Complaints:
    """What a browser says of a page that it should not have to."""

    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """What it fetches beside the file itself."""


def opened(context: Browser | BrowserContext, path: Path, link: str = "", **options: object) -> tuple[Page, Complaints]:
    """Open a page, and note what the browser complains of."""
    found = Complaints()
    page = context.new_page(**options)  # type: ignore[arg-type]
    page.on("console", lambda message: found.said.append(message.text))
    page.on("pageerror", lambda error: found.said.append(str(error)))
    page.on("request", lambda asked: found.asked.append(asked.url))
    page.goto(f"{path.as_uri()}{link}")
    return page, found
