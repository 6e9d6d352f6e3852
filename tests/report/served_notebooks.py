"""A JupyterLab whose kernels are this Python, and a browser that looks at it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

LAB = shutil.which("jupyter-lab")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
WAIT_MS = 120_000


@dataclass(frozen=True)
class Lab:
    """A server and its folder."""

    url: str
    folder: Path

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook; return where the browser finds it."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"name": "tested", "display_name": "tested"}
        nbformat.write(notebook, self.folder / name)
        return f"{self.url}/lab/tree/{name}?reset"

    def ask(self, path: str, method: str = "GET") -> Any:
        """Return what the server's interface answers."""
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)  # noqa: S310  (our own server)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None


@contextlib.contextmanager
def lab(folder: Path) -> Iterator[Lab]:
    """Serve a folder; a theme, news and settings of the user are not in it."""
    assert LAB is not None
    spec = folder / ".local" / "share" / "jupyter" / "kernels" / "tested"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": argv, "display_name": "tested", "language": "python"}
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}  # the server may be of another environment
    (spec / "kernel.json").write_text(json.dumps({**kernel, "env": path}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = str(Path(sys.prefix) / "share" / "jupyter")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"HOME": str(folder), "JUPYTER_PATH": shared}
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    options += ["--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={folder}"]
    options += ["--LabApp.news_url=", "--ServerApp.log_level=ERROR"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([LAB, *options], cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
        try:
            found = Lab(f"http://127.0.0.1:{port}", folder)
            _wait_for(found)
            yield found
        finally:
            server.terminate()
            server.wait(60)


def _wait_for(server: Lab) -> None:
    end_s = time.monotonic() + WAIT_MS / 1e3
    while True:
        try:
            server.ask("status")
        except OSError:
            assert time.monotonic() < end_s, (server.folder / "log").read_text()
            time.sleep(0.2)
        else:
            return


@contextlib.contextmanager
def page_of(address: str, width: int = 1400, height: int = 1300) -> Iterator[Any]:
    """Open a page in a browser, with the kernel of its notebook ready."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WAIT_MS)
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content")
        page.wait_for_selector("text=/\\| Idle/")
        yield page
        browser.close()


def run_cell(page: Any, number: int) -> None:
    """Run a cell and wait until it is done."""
    page.locator(".jp-Notebook .jp-Cell .cm-content").nth(number).click()
    page.keyboard.press("Shift+Enter")
    done = f"document.querySelectorAll('.jp-Cell')[{number}].querySelector('.jp-InputPrompt').innerText.match(/\\d/)"
    page.wait_for_function(done)
