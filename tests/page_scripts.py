"""The scripts of a report, run by node as they stand in a page."""

import json
import shutil
import subprocess
from importlib import resources
from typing import Any

import pytest

from simulator.report.html.page import REBILLING

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node, which runs the scripts of a report, is not installed")


def in_node(program: str, given: Any) -> Any:
    """Return what ``answer``, which a program sets from ``given``, is after all scripts but that of the page."""
    folder = resources.files("simulator.report.html")
    sources = [(folder / name).read_text(encoding="utf-8") for name in REBILLING if name != "settings.js"]
    reading = 'const given = JSON.parse(require("fs").readFileSync(0, "utf-8"));'
    writing = "process.stdout.write(JSON.stringify(answer));"
    script = "\n".join(['"use strict";', *sources, reading, program, writing])
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", script], input=json.dumps(given), capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
