"""What the pages show: their blocks of commands, Python, YAML and printed text, and a folder to try them in.

A comment directly above a block says what is different about it: ``<!-- not run: why -->`` or ``<!-- ends with 2 -->``.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("[!_]*/*.md")])
BLOCK = re.compile(r"^(?:<!-- (not run: [^>]+|ends with \d+) -->\n+)?```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHELL = {"console", "sh", "bash"}
NOT_OURS = {"make", ".", "pip", "dask", "cd"}
"""What stands in pages beside our own command, and is not run here."""
NOT_HERE = ("tcp://10.0.0.5", "--install-completion", "--show-completion")
"""Machines that are not here (tests/studies/test_cluster.py runs on some that are), and somebody's own shell."""
MOST_USERS, FEW_USERS = 200_000, 100_000
EXCLUSIVE = {"monthly_active": "shape", "shape": "monthly_active"}
"""What a key takes the place of."""


@dataclass(frozen=True)
class Block:
    """A block of a page."""

    language: str
    text: str
    mark: str

    @property
    def is_run(self) -> bool:
        """Whether somebody who reads the page would run it as it is."""
        return not self.mark.startswith("not run")

    @property
    def code(self) -> int:
        """How its last command ends."""
        return int(self.mark.removeprefix("ends with ")) if self.mark.startswith("ends with") else 0

    @property
    def commands(self) -> list[str]:
        """The lines for a shell, those after a prompt where there are any; one that goes on in the next line is one."""
        lines = self.text.replace("\\\n", " ").splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return prompted or [line for line in lines if line.strip() and not line.startswith("#")]

    @property
    def printed(self) -> list[str]:
        """The lines that stand as output: a block of text, or what follows prompts."""
        lines = self.text.splitlines()
        is_session = any(line.startswith("$ ") for line in lines)
        return [line for line in lines if line.strip(" .") and not line.startswith("$ ")] if is_session else []

    @property
    def file(self) -> str | None:
        """The file that a block of YAML is to be put into, if it says so."""
        found = re.match(r"# in (\S+\.yaml)\n", self.text)
        return found[1] if found else None

    @property
    def keys(self) -> list[str]:
        """The first level of a block of YAML."""
        return re.findall(r"^(\w+):", self.text, re.MULTILINE)


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in order."""
    for mark, language, text in BLOCK.findall(page.read_text("utf-8")):
        is_ours = not language and text.startswith(("predcost ", "$ predcost "))
        yield Block("console" if is_ours else language, text, mark)


def shows_something_to_run(page: Path) -> bool:
    """Return whether a page has a block that a reader would run."""
    return any(block.is_run and block.language in SHELL | {"python"} for block in blocks(page))


def words(command: str) -> list[str]:
    """Return the words of a command, its comment left out."""
    return shlex.split(command, comments=True)


def name_of(page: Path) -> str:
    """Return how a page is called in the list of tests."""
    return page.relative_to(ROOT).as_posix()


def plain(text: str) -> str:
    """Return a text with every stretch of white space as one space, as lines may break elsewhere."""
    return " ".join(text.split())


def is_in(shown: str, said: str) -> bool:
    """Return whether a line is in a plain text; three dots stand for whatever there is in one sentence or two."""
    parts = [re.escape(plain(part)) for part in shown.split("...")]
    return re.search(".{0,200}?".join(parts), said) is not None


MEASURED = """\
Concurrency,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,Server Compute Input,\
Server Compute Infer,Server Compute Output,Client Recv,p50 latency,p90 latency,p95 latency,p99 latency
1,69.2,225,2148,64,206,11781,19,0,13891,18795,19753,21018
3,84.2,237,1768,21673,209,11742,17,0,35398,43984,47085,51701
4,84.2,279,1604,33669,233,11731,18,1,47045,56545,59225,64886
2,87.2,235,1973,9151,190,11346,17,0,21874,28557,29768,34766
"""
"""As the documentation of Triton's perf_analyzer shows it."""


class Room:
    """A folder with what pages speak of: the scenarios with fewer users, and files and runs by the names used there."""

    def __init__(self, folder: Path, outcomes: Path) -> None:
        self.folder = folder
        self._store = outcomes
        (folder / "bin").mkdir()
        program = folder / "bin" / "predcost"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m simulator.cli "$@"\n', "utf-8")
        program.chmod(0o755)
        (folder / "scenarios").mkdir()
        for path in (ROOT / "scenarios").glob("*.*"):
            (folder / "scenarios" / path.name).write_bytes(path.read_bytes())
        for path in (folder / "scenarios").glob("*.yaml"):
            change(path, _with_fewer_users)

    def furnish(self, page: str) -> None:
        """Make what a page takes for given."""
        example = (self.folder / "scenarios" / "food_delivery_100m.yaml").read_text("utf-8")
        for name in ("FILE", "last.yaml", "this.yaml"):
            (self.folder / name).write_text(example, "utf-8")
            change(self.folder / name, lambda data: data.update(horizon="1 d"))
        change(self.folder / "this.yaml", lambda data: data["plans"]["cached"].update(cache="12 h"))
        book = resources.files("simulator.prices") / "catalogue" / "aws-us-east-1.yaml"
        for name in ("BOOK", "book.yaml"):
            (self.folder / name).write_bytes(book.read_bytes())
        self._furnish_measured(page)
        if "company.pptx" in page:
            self.python("import pptx; pptx.Presentation().save('company.pptx')")
        for given, file in (("RUN", "FILE"), ("LAST", "last.yaml"), ("THIS", "this.yaml")):
            for folder in {f"runs/{given}"} | ({given} if given == "RUN" else set()):
                if re.search(rf"(?<![\w/]){folder}\b", page):
                    self.shell(f"predcost run {file} --out {folder} --charts none")
        if "runs/SWEEP" in page:
            self.shell("predcost sweep FILE --over plans.cached.cache.ttl=1h,6h --out runs/SWEEP")

    def _furnish_measured(self, page: str) -> None:
        """Make the logs and load tests that a page reads."""
        if "perf.csv" in page:
            (self.folder / "perf.csv").write_text(MEASURED, "utf-8")
        if "access.parquet" in page:
            _log().to_parquet(self.folder / "access.parquet")
        if "requests.json" in page:
            (self.folder / "requests.json").write_text(_counter(), "utf-8")

    def shell(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in the folder."""
        return self._process(["bash", "-c", command])

    def python(self, program: str) -> "subprocess.CompletedProcess[str]":
        """Run a program in the folder."""
        return self._process([sys.executable, "-c", program])

    def _process(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        own = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PREDCOST_OUTCOMES": str(self._store),
            "COLUMNS": "80",
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
            "MPLBACKEND": "agg",
        }
        return subprocess.run(
            command, cwd=self.folder, env=os.environ | own, capture_output=True, text=True, check=False
        )


def change(path: Path, how: Any) -> None:
    """Change a YAML file, its comments kept."""
    yaml = YAML()
    yaml.width = 4096
    data = yaml.load(path.read_text("utf-8"))
    how(data)
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(data, stream)


def merge(data: Any, change: Any) -> None:
    """Put what a page says is to be changed into a scenario."""
    for key, value in change.items():
        data.pop(EXCLUSIVE.get(key, ""), None)
        if isinstance(value, dict) and isinstance(data.get(key), dict) and "kind" not in value:
            merge(data[key], value)
        else:
            data[key] = value


def _log() -> pd.DataFrame:
    """Return events of some users over eight weeks, such as a product keeps."""
    rng = np.random.default_rng(1)
    users = np.repeat(np.arange(500), rng.poisson(rng.gamma(0.5, 40, 500)))
    times = pd.Timestamp("2026-01-05") + pd.to_timedelta(rng.uniform(0, 56, users.size), unit="D")
    return pd.DataFrame({"time": times, "user": users}).sort_values("time")


def _counter() -> str:
    """Return what Prometheus answers to a query for a counter of requests, of four weeks by five minutes."""
    times = 1_767_571_200 + 300 * np.arange(28 * 288)
    counts = np.cumsum(np.random.default_rng(1).poisson(20 + 15 * np.sin(times / 86_400 * 2 * np.pi)))
    values = [[int(time), str(count)] for time, count in zip(times, counts, strict=True)]
    series = {"metric": {"__name__": "http_requests_total"}, "values": values}
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [series]}})


def _with_fewer_users(data: Any) -> None:
    from simulator.core.units import read_count

    if read_count(data["population"].get("users", 1)) > MOST_USERS:
        data["population"]["users"] = FEW_USERS
    data["replications"] = 2
