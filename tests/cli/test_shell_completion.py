"""What a shell is told to complete, asked as the scripts of bash, zsh and fish ask."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from program import predcost

from simulator.cli.app import NAME, app

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
PLANS = {"nightly batch", "on demand", "cached", "hybrid", "nearline", "SWR"}


def completed(line: str, cwd: Path | None = None) -> list[str]:
    """Return what bash is offered for the last word of a line."""
    words = line.split(" ")
    done = predcost(cwd=cwd, COMP_WORDS=line, COMP_CWORD=str(len(words) - 1), _PREDCOST_COMPLETE="complete_bash")
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def kept_in(folder: Path) -> Path:
    """Make a folder that looks like a kept run."""
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    shutil.copy(HEADLINE, folder / "scenario.yaml")
    return folder


def test_commands_and_choices_are_completed() -> None:
    assert completed("predcost sh") == ["show"]
    assert completed("predcost show x --format m") == ["markdown"]


@pytest.mark.parametrize("option", ["--plan", "--users 1M --plan", "--plan cached --plan"])
def test_plans_are_those_of_the_file(option: str) -> None:
    found = completed(f"predcost run {HEADLINE} {option} ")
    assert {each.replace("\\", "") for each in found} == PLANS
    assert completed(f"predcost run {HEADLINE} {option} nea") == ["nearline"]


def test_blanks_are_escaped_for_bash_unless_the_word_is_quoted() -> None:
    assert completed(f"predcost run {HEADLINE} --plan ni") == [r"nightly\ batch"]
    assert completed(f'predcost run {HEADLINE} --plan "ni') == ["nightly batch"]


def test_keys_are_those_that_the_file_states() -> None:
    assert completed(f"predcost run {HEADLINE} --set population.d") == ["population.daily_active"]
    assert completed(f"predcost sweep {HEADLINE} --over plans.cached.") == [
        "plans.cached.on_miss",
        "plans.cached.backend",
        "plans.cached.cache.kind",
        "plans.cached.cache.ttl",
    ]


def test_runs_are_those_that_are_kept_and_bills_those_of_the_run(tmp_path: Path) -> None:
    kept_in(tmp_path / "runs" / "one")
    (tmp_path / "runs" / "none").mkdir()
    assert completed("predcost show ", tmp_path) == ["runs/one"]
    assert completed("predcost runs show ", tmp_path) == ["one"]
    assert completed("predcost show runs/one --bill a", tmp_path) == ["all"]
    assert completed("predcost show runs/one --bill c", tmp_path) == ["cached"]


def test_price_books_are_those_of_the_catalogue() -> None:
    assert completed("predcost prices show a") == ["aws-us-east-1"]
    assert completed("predcost reprice x --prices l") == ["llm-2025-09"]


def test_what_cannot_be_read_completes_nothing_and_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("a: [", encoding="utf-8")
    for file in ("bad.yaml", "none.yaml"):
        assert completed(f"predcost run {file} --plan ", tmp_path) == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_names_as_they_are(shell: str) -> None:
    line = f"predcost run {HEADLINE} --plan ni"
    action = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"} if shell == "fish" else {}
    asked = {"_PREDCOST_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line, **action}
    assert "nightly batch" in predcost(**asked).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_by_the_name_of_the_command(shell: str) -> None:
    env = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [sys.executable, "-m", "simulator.cli", "--show-completion", shell]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert "_PREDCOST_COMPLETE" in done.stdout
    assert NAME in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_offers_what_the_program_says(tmp_path: Path) -> None:
    program = tmp_path / "predcost"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m simulator.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    asked = f"""
export _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION=1
eval "$(predcost --show-completion bash)"
COMP_WORDS=(predcost run {HEADLINE} --plan n) COMP_CWORD=4
_predcost_completion predcost
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=False, env=env)
    assert done.stdout.splitlines() == [r"nightly\ batch", "nearline"], done.stderr


def test_nothing_that_simulates_is_imported_to_complete() -> None:
    asked = (
        "import sys\nfrom simulator.cli.app import main\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'numba', 'numpy', 'pandas', 'scipy', 'simpy'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    line = f"predcost run {HEADLINE} --plan n"
    env = {**os.environ, "COMP_WORDS": line, "COMP_CWORD": "4", "_PREDCOST_COMPLETE": "complete_bash"}
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False, env=env)
    assert "nearline" in done.stdout
    assert "AssertionError" not in done.stderr
    assert app.info.name == NAME
