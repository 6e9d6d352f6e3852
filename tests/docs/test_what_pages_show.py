"""Every command, program and scenario that README and docs show is run as it stands there, on fewer users."""

import re
from pathlib import Path
from typing import Any

import pages
import pytest
import typer.main
from ruamel.yaml import YAML

from simulator.cli.app import app
from simulator.scenario.schema import Scenario

GIVEN = 'import simulator as sim\nlast, this = "last.yaml", "this.yaml"\n'
"""What programs of pages take for given."""
OF_GUIDES = "adding-a-"
"""Pages whose Python is a file to be added; tests/contracts/test_guides.py adds them."""
TRIED = [page for page in pages.PAGES if pages.shows_something_to_run(page) and OF_GUIDES not in page.name]

every_page = pytest.mark.parametrize("page", pages.PAGES, ids=map(pages.name_of, pages.PAGES))


def command_of(line: str) -> tuple[Any, list[str]]:
    """Return the command that a line calls, and what is given to it."""
    command, given = typer.main.get_command(app), pages.words(line)[1:]
    while given and given[0] in getattr(command, "commands", {}):
        command = command.commands[given.pop(0)]
    return command, given


def is_known(line: str) -> bool:
    command, given = command_of(line)
    return command.name != typer.main.get_command(app).name or bool(given and given[0].startswith("-"))


@every_page
def test_every_command_shown_is_one_that_there_is_with_options_that_it_has(page: Path) -> None:
    unknown = []
    for block in pages.blocks(page):
        for line in block.commands if block.language in pages.SHELL else ():
            if pages.words(line)[0] in pages.NOT_OURS:
                continue
            assert pages.words(line)[0] == "predcost", f"nobody runs this: {line}"
            command, given = command_of(line)
            options = {option for each in command.params for option in each.opts} | {"--help"}
            named = {word.partition("=")[0] for word in given if word.startswith("-")}
            if not is_known(line) or named - options:
                unknown.append(line)
    assert unknown == []


@every_page
def test_every_command_spoken_of_is_one_that_there_is(page: Path) -> None:
    spoken = re.findall(r"`(predcost [a-z]+[^`]*)`", page.read_text("utf-8"))
    assert [line for line in spoken if not is_known(line)] == []


@every_page
def test_every_scenario_shown_is_a_valid_one_together_with_the_starter(page: Path, tmp_path: Path) -> None:
    for block in pages.blocks(page):
        is_scenario = block.keys and set(block.keys) <= set(Scenario.model_fields)
        if block.language != "yaml" or not block.is_run or not is_scenario:
            continue
        changes = YAML(typ="safe").load(block.text)
        file = tmp_path / "mine.yaml"
        file.write_text((pages.ROOT / "simulator" / "scenario" / "starter.yaml").read_text("utf-8"), "utf-8")
        pages.change(file, lambda data, changes=changes: pages.merge(data, changes))
        Scenario.model_validate(YAML(typ="safe").load(file.read_text("utf-8")))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where simulations are stored, so that no page simulates what another has."""
    return tmp_path_factory.mktemp("outcomes")


@pytest.mark.long
@pytest.mark.parametrize("page", TRIED, ids=map(pages.name_of, TRIED))
def test_every_command_and_program_shown_does_what_the_page_says(page: Path, tmp_path: Path, outcomes: Path) -> None:
    """All of a page in one folder, in its order, as a reader would."""
    room = pages.Room(tmp_path, outcomes)
    room.furnish(page.read_text("utf-8"))
    said, programs = "", GIVEN
    for block in pages.blocks(page):
        if not block.is_run:
            continue
        if block.language in pages.SHELL:
            said = run_commands(room, block) or said
            assert [line for line in block.printed if not pages.is_in(line, said)] == [], said
        elif block.language == "text" and said:
            not_said = [line for line in block.text.splitlines() if not pages.is_in(line, said)]
            assert not_said == [], said
        elif block.language == "yaml" and block.file:
            pages.change(tmp_path / block.file, lambda data, text=block.text: pages.merge(data, YAML().load(text)))
        elif block.language == "python":
            programs += block.text
    if programs != GIVEN:
        done = room.python(programs)
        assert done.returncode == 0, done.stderr


def run_commands(room: pages.Room, block: pages.Block) -> str:
    """Run the commands of a block, and return what they print."""
    ours = [line for line in block.commands if pages.words(line)[0] == "predcost"]
    ours = [line for line in ours if not any(word in line for word in pages.NOT_HERE)]
    printed = ""
    for number, line in enumerate(ours, 1):
        done = room.shell(line)
        expected = block.code if number == len(ours) else 0
        assert done.returncode == expected, f"{line}\nends with {done.returncode}:\n{done.stderr}"
        printed += done.stdout
    return pages.plain(printed)
