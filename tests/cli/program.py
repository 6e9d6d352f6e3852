"""The command line: run in this process, which spares a start of 2 s, or in one of its own."""

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from simulator.cli.app import main

HEARING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from simulator.cli.__main__ import main; main()"
)
"""The program that hears an interrupt: what runs in the background of a shell may have been told not to listen."""


@dataclass(frozen=True)
class Done:
    """What a command has printed, and how it ended; with the names of subprocess.CompletedProcess."""

    returncode: int
    stdout: str
    stderr: str


def predcost(*arguments: object, cwd: Path | None = None, **settings: str) -> Done:
    """Run a command in a terminal of 80 columns, or with other settings of the environment."""
    printed, said = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    code = 0
    with (
        mock.patch.object(sys, "argv", ["predcost", *map(str, arguments)]),
        mock.patch.dict(os.environ, {"COLUMNS": "80", **settings}),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(said),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Done(code, *(_all_of(stream) for stream in (printed, said)))


def process(*arguments: object, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own: for what is about streams, locks and workers."""
    command = [sys.executable, "-m", "simulator.cli", *map(str, arguments)]
    env = {**os.environ, "COLUMNS": "80", **settings}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def _all_of(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
