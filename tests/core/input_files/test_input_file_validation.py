import subprocess
import sys
from pathlib import Path

import pytest
from mini_scenario import BASE, MiniScenario
from pydantic import BaseModel, field_validator

from simulator.core.errors import InputFileError
from simulator.core.input_files.reading import parse_tree, read_tree
from simulator.core.input_files.validation import validate


def test_a_file_becomes_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "mini.yaml"
    path.write_text(BASE, encoding="utf-8")
    assert validate(MiniScenario, read_tree(path), str(path), tmp_path).plans.keys() == {"on demand", "v1.2", "hybrid"}


class Choking(BaseModel):
    a: object

    @field_validator("a")
    @classmethod
    def _choke(cls, value: object) -> object:
        raise OverflowError(f"{value} " + "x" * 5000)


def test_a_validator_that_chokes_on_a_value_is_a_short_fault() -> None:
    with pytest.raises(InputFileError, match=r"s\.yaml: a value cannot be used: 1 xxx") as caught:
        validate(Choking, parse_tree("a: 1", "s.yaml"), "s.yaml", Path())
    assert len(str(caught.value)) < 400


def test_numpy_stays_out_of_reading_and_validating() -> None:
    code = "import sys, simulator.core.input_files.validation; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
