"""Compiled code on disk is used only while the program is what it was compiled from."""

import ast
import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numba
import pytest
from numba.core import caching

import simulator
from simulator.core import jit, jit_cache
from simulator.core.jit import kernel, kernel_sources

PACKAGE = Path(simulator.__file__).parent

PROGRAM = """
from fake.kernels import twice_plus
print(twice_plus(4), sum(twice_plus.stats.cache_hits.values()))
"""


def begun(folder: Path, program: str = PROGRAM) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, text=True, env={"PATH": ""}
    )


def run(folder: Path) -> list[str]:
    return begun(folder).communicate()[0].split()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A folder with a program of one kernel and two parts, of which nothing is compiled."""
    package = tmp_path / "fake"
    (package / "core").mkdir(parents=True)
    for init in (package / "__init__.py", package / "core" / "__init__.py"):
        init.write_text("")
    for source in Path(jit.__file__).parent.glob("jit*.py"):
        text = source.read_text(encoding="utf-8").replace("from simulator.", "from fake.")
        (package / "core" / source.name).write_text(text, encoding="utf-8")
    part = (
        "from fake.core.jit import outlined, inlined\n\n@outlined\ndef half(x):\n    return x / 2\n\n"
        "@inlined\ndef plus(x):\n    return 2 * half(x) + 1\n"
    )
    (package / "parts.py").write_text(part)
    (package / "kernels.py").write_text(
        "from fake.core.jit import kernel\nfrom fake.parts import plus\n\n"
        "@kernel\ndef twice_plus(x):\n    return plus(2 * x)\n\n"
        "@kernel\ndef minus(x):\n    return -twice_plus(x)\n"
    )
    return tmp_path


def test_a_changed_part_of_a_kernel_is_noticed_and_nothing_else_is(program: Path) -> None:
    assert run(program) == ["9.0", "0"]
    (program / "fake" / "other.py").write_text("x = 1\n")
    (program / "fake" / "kernels.py").touch()
    assert run(program) == ["9.0", "1"]
    parts = program / "fake" / "parts.py"
    parts.write_text(parts.read_text().replace("+ 1", "+ 100"))
    assert run(program) == ["108.0", "0"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock")
def test_of_two_processes_one_compiles_and_the_other_takes_what_is_compiled(program: Path) -> None:
    both = [begun(program), begun(program)]
    hits = sorted(process.communicate()[0].split()[1] for process in both)
    assert hits == ["0", "1"]
    kept = {path.name.partition("-")[0] for path in program.rglob("*.nbi")}
    assert kept == {"kernels.twice_plus"}, "nothing is kept of parts, which only kernels use"
    linking = begun(program, f"{PROGRAM}from fake.kernels import minus; print(minus(4))")
    assert linking.communicate()[0].split() == ["9.0", "1", "-9.0"]


@kernel
def plus(x: float) -> float:
    return x + 1.0


def fresh_kernel() -> Any:
    return kernel(plus.py_func)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for what is temporary, where nothing else can be written; it is not there yet."""
    for locator in (caching.InTreeCacheLocator, caching.UserWideCacheLocator):
        monkeypatch.setattr(locator, "from_function", lambda *_: None)
    place = tmp_path / "temporary"
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    for remembered in (jit_cache._temporary_folder, jit_cache._say):
        remembered.cache_clear()
    return place


def test_where_nothing_can_be_written_compiled_code_is_in_a_folder_of_the_users_own_and_that_is_said_once(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere.mkdir()
    assert [fresh_kernel()(x) for x in (1.0, 2.0)] == [2.0, 3.0]
    (folder,) = nowhere.iterdir()
    assert list(folder.rglob("*.nbc"))
    assert folder.stat().st_mode & 0o077 == 0
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder), "for the processes that this one starts"
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "set NUMBA_CACHE_DIR to a folder that lasts" in said


def test_a_folder_of_that_name_that_others_can_write_to_is_not_used(nowhere: Path) -> None:
    nowhere.mkdir()
    fresh_kernel()
    (folder,) = nowhere.iterdir()
    folder.chmod(0o777)
    jit_cache._temporary_folder.cache_clear()
    numba.config.CACHE_DIR = ""
    fresh_kernel()(1.0)
    assert not list(folder.rglob("*.nbc"))
    assert list(nowhere.rglob("*.nbc"))


def test_without_any_folder_kernels_are_compiled_all_the_same(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not nowhere.exists()
    assert [fresh_kernel()(x) for x in (1.0, 2.0)] == [2.0, 3.0]
    assert "can be kept nowhere" in capsys.readouterr().err


def test_a_full_disk_is_told_and_stops_nothing(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere.mkdir()
    one, other = fresh_kernel(), fresh_kernel()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", full)
    capsys.readouterr()
    assert one(1.0) == other(1.0) == 2.0
    assert capsys.readouterr().err.count("No space left on device") == 1


def test_every_constant_of_a_kernel_comes_from_a_source_of_kernels() -> None:
    sources = set(kernel_sources(PACKAGE))
    strangers = [
        f"{source.relative_to(PACKAGE)}: {name.name} of {node.module}"
        for source in sources
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("simulator.")
        for name in node.names
        if name.name.isupper() and _file(node.module) not in sources
    ]
    assert not strangers


def _file(module: str) -> Path:
    return PACKAGE.parent / Path(*module.split(".")).with_suffix(".py")
