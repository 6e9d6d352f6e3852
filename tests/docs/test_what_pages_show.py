"""Every command, program and scenario that README and docs show is run as it stands there, on fewer users."""

from pathlib import Path
from typing import Any

import pytest
import typer.main
from pages import (
    COMING,
    ELSEWHERE,
    NOT_OURS,
    PAGES,
    ROOT,
    SHELL,
    Block,
    Room,
    blocks,
    change,
    merge,
    name_of,
    plain,
    words,
)
from ruamel.yaml import YAML

from simulator.cli.app import app
from simulator.scenario.schema import Scenario

GIVEN = 'import simulator as sim\nlast, this = "last.yaml", "this.yaml"\n'
"""What programs of pages take for given."""
OF_GUIDES = "adding-a-"
"""Pages whose Python is a file to be added; tests/contracts/test_guides.py adds them."""

every_page = pytest.mark.parametrize("page", PAGES, ids=map(name_of, PAGES))


def command_of(line: str) -> tuple[Any, list[str]]:
    """Return the command that a line calls, and what is given to it."""
    command, given = typer.main.get_command(app), words(line)[1:]
    while given and given[0] in getattr(command, "commands", {}):
        command = command.commands[given.pop(0)]
    return command, given


def is_known(line: str) -> bool:
    return command_of(line)[0].name != typer.main.get_command(app).name


def is_coming(line: str) -> bool:
    return not is_known(line) and words(line)[1] in COMING


@every_page
def test_every_command_shown_is_one_that_there_is_with_options_that_it_has(page: Path) -> None:
    unknown = []
    for block in blocks(page):
        for line in block.commands if block.language in SHELL else ():
            if words(line)[0] in NOT_OURS or is_coming(line):
                continue
            assert words(line)[0] == "predcost", f"nobody runs this: {line}"
            command, given = command_of(line)
            options = {option for each in command.params for option in each.opts} | {"--help"}
            named = {word.partition("=")[0] for word in given if word.startswith("-")}
            if not is_known(line) or named - options:
                unknown.append(line)
    assert unknown == []


@every_page
def test_every_scenario_shown_is_a_valid_one_together_with_the_starter(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        changes = YAML(typ="safe").load(block.text) if block.language == "yaml" and block.is_run else {}
        if not changes or not set(changes) <= set(Scenario.model_fields) or "groups" in changes:
            continue
        file = tmp_path / "mine.yaml"
        file.write_text((ROOT / "simulator" / "scenario" / "starter.yaml").read_text("utf-8"), "utf-8")
        change(file, lambda data, changes=changes: merge(data, changes))
        Scenario.model_validate(YAML(typ="safe").load(file.read_text("utf-8")))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where simulations are stored, so that no page simulates what another has."""
    return tmp_path_factory.mktemp("outcomes")


@pytest.mark.long
@every_page
def test_every_command_and_program_shown_does_what_the_page_says(page: Path, tmp_path: Path, outcomes: Path) -> None:
    """All of a page in one folder, in its order, as a reader would."""
    shown, room = list(blocks(page)), Room(tmp_path, outcomes)
    if not any(block.language in SHELL | {"python"} for block in shown):
        pytest.skip("it shows nothing to run")
    room.furnish(page.read_text("utf-8"))
    said, programs = "", GIVEN
    for block in shown:
        if not block.is_run:
            continue
        if block.language in SHELL:
            said = run_commands(room, block) or said
        elif block.language == "text" and said:
            assert all(plain(line) in said for line in block.text.splitlines()), (
                f"not printed:\n{block.text}\nbut\n{said}"
            )
        elif block.language == "yaml" and block.text.startswith("# in "):
            file, _, text = block.text.removeprefix("# in ").partition("\n")
            change(tmp_path / file, lambda data, text=text: merge(data, YAML().load(text)))
        elif block.language == "python" and OF_GUIDES not in page.name:
            programs += block.text
    if programs != GIVEN:
        done = room.python(programs)
        assert done.returncode == 0, done.stderr


def run_commands(room: Room, block: Block) -> str:
    """Run the commands of a block, and return what they print."""
    ours = [line for line in block.commands if words(line)[0] == "predcost"]
    ours = [line for line in ours if ELSEWHERE not in line and not is_coming(line)]
    printed = ""
    for number, line in enumerate(ours, 1):
        done = room.shell(line)
        expected = block.code if number == len(ours) else 0
        assert done.returncode == expected, f"{line}\nends with {done.returncode}:\n{done.stderr}"
        printed += done.stdout
    return plain(printed)
