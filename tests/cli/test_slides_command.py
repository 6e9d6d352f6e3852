"""`predcost slides`: where the deck goes, what it may replace, and what it says where it cannot be made."""

from pathlib import Path

import pytest
from program import predcost

import simulator as sim

HEADLINE = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
PLANS = ("--plan", "cached", "--plan", "on demand", "--plan", "nightly batch")
FEW = ("--users", "20k", "--horizon", "1 d", "--replications", "2", "--workers", "1")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "kept"
    done = predcost("run", HEADLINE, *FEW, *PLANS, "--out", folder, "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_deck_goes_into_the_folder_of_its_run_and_takes_the_place_of_its_last_one(kept: Path) -> None:
    for _ in range(2):
        done = predcost("slides", kept)
        assert (done.returncode, done.stdout) == (0, f"Slides in {kept / 'slides.pptx'}\n")
    assert [path.name for path in kept.iterdir() if path.suffix == ".pptx" or path.name.startswith(".")] == [
        "slides.pptx"
    ]


def test_python_makes_the_same_bytes_of_a_kept_run(kept: Path, tmp_path: Path) -> None:
    assert predcost("slides", kept, "--out", tmp_path / "a.pptx").returncode == 0
    again = sim.load_run(kept).slides(tmp_path / "b.pptx")
    assert again.read_bytes() == (tmp_path / "a.pptx").read_bytes()


def test_a_file_elsewhere_is_replaced_only_by_force(kept: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.pptx"
    mine.write_text("mine")
    done = predcost("slides", kept, "--out", mine)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert mine.read_text() == "mine"
    assert predcost("slides", kept, "--out", mine, "--force", "--slide", "cost").returncode == 0
    assert mine.read_bytes()[:2] == b"PK"


def test_what_is_wrong_is_told_in_a_sentence_and_leaves_nothing(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "text.pptx").write_text("no presentation")
    out = ("--out", tmp_path / "out.pptx")
    for arguments, said in (
        ((kept, "--out", tmp_path / "out.ppt"), "must end in .pptx, such as out.pptx"),
        ((kept, *out, "--slide", "costs"), "--slide costs: there is no such slide; did you mean 'cost'?"),
        ((kept, *out, "--template", tmp_path / "text.pptx"), "text.pptx: is no .pptx or .potx file"),
        ((kept, *out, "--template", tmp_path / "none.pptx"), "none.pptx: No such file"),
        ((tmp_path, *out), "holds no run of predcost"),
    ):
        done = predcost("slides", *arguments)
        assert done.returncode == 2
        assert said in done.stderr.replace("\n", " ")
        assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["text.pptx"]


def test_a_kept_sweep_has_a_deck_too(tmp_path: Path) -> None:
    folder, over = tmp_path / "sweep", "population.daily_active=1%,5%"
    done = predcost("sweep", HEADLINE, *FEW, *PLANS[:4], "--over", over, "--out", folder, "--quiet")
    assert done.returncode == 0, done.stderr
    assert predcost("slides", folder).returncode == 0
    again = sim.load_sweep(folder).slides(tmp_path / "again.pptx")
    assert again.read_bytes() == (folder / "slides.pptx").read_bytes()
