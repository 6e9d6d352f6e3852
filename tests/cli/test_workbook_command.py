"""`predcost workbook`: of a run and of a sweep, into its folder or elsewhere."""

from pathlib import Path

import openpyxl
import pytest
from program import Done, predcost

HEADLINE = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "5k", "--horizon", "12 h", "--replications", "2", "--workers", "1", "--plan", "on demand")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    over = ("--over", "backends.live.capacity.min=2,3")
    for arguments in (
        ("run", HEADLINE, *FEW, "--charts", "none", "--out", "run"),
        ("sweep", HEADLINE, *FEW, *over, "--out", "sweep"),
    ):
        done = predcost(*arguments, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def called(*arguments: object, place: Path) -> Done:
    return predcost("workbook", *arguments, cwd=place)


def test_it_goes_into_the_folder_of_the_run_and_replaces_its_own(place: Path) -> None:
    for _ in range(2):
        done = called("run", place=place)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"Workbook in {Path('run') / 'workbook.xlsx'}\n", "")
    assert "Bill on demand" in openpyxl.load_workbook(place / "run" / "workbook.xlsx").sheetnames
    assert not [path for path in (place / "run").iterdir() if path.name.startswith(".")]


def test_elsewhere_a_file_is_replaced_only_by_force(place: Path) -> None:
    (place / "mine.xlsx").write_text("mine", encoding="utf-8")
    done = called("run", "--out", "mine.xlsx", place=place)
    assert done.returncode == 2
    assert "is there already; give another --out, or --force" in done.stderr
    assert (place / "mine.xlsx").read_text(encoding="utf-8") == "mine"
    assert called("run", "--out", "mine.xlsx", "--force", place=place).returncode == 0
    assert openpyxl.load_workbook(place / "mine.xlsx")["Summary"]["A1"].value == "Food delivery home feed, 100M users"


def test_a_sweep_has_one_too(place: Path) -> None:
    assert called("sweep", place=place).returncode == 0
    assert openpyxl.load_workbook(place / "sweep" / "workbook.xlsx").sheetnames[:2] == ["Summary", "By plan"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "holds no run of predcost"),
        (("run", "--out", "a.xls"), "--out: a.xls must end in .xlsx, such as a.xlsx"),
        (("run", "--out", "not/there/a.xlsx"), "cannot write not/there/a.xlsx"),
    ],
)
def test_what_cannot_be_ends_with_exit_2_and_one_message(place: Path, arguments: tuple[str, ...], said: str) -> None:
    done = called(*arguments, place=place)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
