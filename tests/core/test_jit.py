"""Compiled code on disk is used only while the program is what it was compiled from."""

import ast
import subprocess
import sys
from pathlib import Path

import simulator
from simulator.core import jit
from simulator.core.jit import kernel_sources

PACKAGE = Path(simulator.__file__).parent

PROGRAM = """
from fake.kernels import twice_plus
print(twice_plus(4), sum(twice_plus.stats.cache_hits.values()))
"""


def run(folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=True, env={"PATH": ""}
    )
    return done.stdout.split()


def test_a_changed_part_of_a_kernel_is_noticed(tmp_path: Path) -> None:
    package = tmp_path / "fake"
    (package / "core").mkdir(parents=True)
    for init in (package / "__init__.py", package / "core" / "__init__.py"):
        init.write_text("")
    for source in Path(jit.__file__).parent.glob("jit*.py"):
        text = source.read_text(encoding="utf-8").replace("from simulator.", "from fake.")
        (package / "core" / source.name).write_text(text, encoding="utf-8")
    part = (
        "from fake.core.jit import apart, inlined\n\n@apart\ndef half(x):\n    return x / 2\n\n"
        "@inlined\ndef plus(x):\n    return 2 * half(x) + {}\n"
    )
    (package / "parts.py").write_text(part.format(1))
    (package / "kernels.py").write_text(
        "from fake.core.jit import kernel\nfrom fake.parts import plus\n\n"
        "@kernel\ndef twice_plus(x):\n    return plus(2 * x)\n"
    )
    assert run(tmp_path) == ["9.0", "0"]
    assert run(tmp_path) == ["9.0", "1"]
    (package / "parts.py").write_text(part.format(100))
    assert run(tmp_path) == ["108.0", "0"]


def test_nothing_is_kept_of_parts_which_only_kernels_use(tmp_path: Path) -> None:
    test_a_changed_part_of_a_kernel_is_noticed(tmp_path)
    kept = {path.name.partition("-")[0] for path in tmp_path.rglob("*.nbi")}
    assert kept == {"kernels.twice_plus"}


def test_a_file_without_kernels_compiles_nothing_anew(tmp_path: Path) -> None:
    test_a_changed_part_of_a_kernel_is_noticed(tmp_path)
    (tmp_path / "fake" / "other.py").write_text("x = 1\n")
    (tmp_path / "fake" / "kernels.py").touch()
    assert run(tmp_path) == ["108.0", "1"]


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
