"""`predcost charts`: the pictures of what is kept."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from program import predcost

from simulator.report.chart_choice import DECK

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "20k", "--horizon", "1 d", "--replications", "2", "--workers", "1")
PLANS = ("--plan", "cached", "--plan", "on demand")
QUICK = ("--chart", "cost", "--format", "svg")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run without charts."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    done = predcost("run", HEADLINE, *FEW, *PLANS, "--charts", "none", "--quiet", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweeps") / "sweep"
    over = ("--over", "backends.night.feature_pipeline.cost=0 USD,30 USD")
    done = predcost("sweep", HEADLINE, *FEW, *PLANS, *over, "--quiet", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_few_are_drawn_into_the_run_and_all_on_request(run: Path, tmp_path: Path) -> None:
    done = predcost("charts", run)
    assert done.returncode == 0, done.stderr
    assert names(run / "charts") == {f"{name}.{kind}" for name in DECK for kind in ("png", "svg")}
    every = predcost("charts", run, "--all", "--format", "svg", "--out", tmp_path / "all")
    assert {f"{name}.svg" for name in (*DECK, "pareto", "tornado", "cost_by_activity")} < names(tmp_path / "all")
    assert "Not drawn: net_value, as the scenario does not say what answers are worth" in every.stdout
    assert not any("net_value" in name for name in names(tmp_path / "all"))


def test_the_same_bytes_are_drawn_into_a_folder_and_by_show(run: Path, tmp_path: Path) -> None:
    assert predcost("charts", run, *QUICK, "--out", tmp_path).returncode == 0
    assert predcost("show", run, "--charts", "deck", "--quiet").returncode == 0
    assert (tmp_path / "cost.svg").read_bytes() == (run / "charts" / "cost.svg").read_bytes()


def test_dark_pictures_stand_beside_light_ones(run: Path, tmp_path: Path) -> None:
    assert predcost("charts", run, *QUICK, "--out", tmp_path).returncode == 0
    assert predcost("charts", run, *QUICK, "--dark", "--out", tmp_path).returncode == 0
    assert names(tmp_path) == {"cost.svg", "cost_dark.svg"}
    assert "#16191d" in (tmp_path / "cost_dark.svg").read_text()
    assert ET.parse(tmp_path / "cost_dark.svg").getroot().tag.endswith("svg")  # noqa: S314  (our own)


def test_what_is_there_is_replaced_only_with_force(run: Path, tmp_path: Path) -> None:
    (tmp_path / "cost.svg").write_text("mine")
    done = predcost("charts", run, *QUICK, "--out", tmp_path)
    assert done.returncode == 2
    assert "has cost.svg already; give another --out, or --force" in " ".join(done.stderr.split())
    assert (tmp_path / "cost.svg").read_text() == "mine"
    assert predcost("charts", run, *QUICK, "--out", tmp_path, "--force").returncode == 0
    assert names(tmp_path) == {"cost.svg"}


def test_a_sweep_has_its_picture(sweep: Path, tmp_path: Path) -> None:
    before = (sweep / "charts" / "lines.svg").read_bytes()
    assert predcost("charts", sweep, "--format", "svg").returncode == 0
    assert (sweep / "charts" / "lines.svg").read_bytes() == before
    assert predcost("charts", sweep, "--all", "--dark", "--out", tmp_path).returncode == 0
    assert names(tmp_path) == {"lines_dark.png", "lines_dark.svg"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--chart", "tornedo"), "there is no chart 'tornedo'; did you mean 'tornado'?"),
        (("--format", "gif"), "'gif' is not one of 'png', 'svg'"),
    ],
)
def test_what_there_is_not_is_told(run: Path, arguments: tuple[str, ...], said: str) -> None:
    done = predcost("charts", run, *arguments)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    done = predcost("charts", tmp_path / "nothing")
    assert done.returncode == 2
    assert "holds no run of predcost" in done.stderr


def test_an_interrupt_leaves_whole_charts_alone(run: Path, tmp_path: Path) -> None:
    stopping = (
        "import os, signal, simulator.report.charts.drawing as drawing\n"
        "begun = drawing.draw_charts\n"
        "def draw(study, folder, *rest):\n"
        "    begun(study, folder, ('cost',), 1, rest[2])\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "drawing.draw_charts = draw\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from simulator.cli.__main__ import main; main()"
    )
    command = [sys.executable, "-c", stopping, "charts", str(run), "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 130
    assert "1 of 4 charts are drawn" in done.stderr
    assert names(tmp_path / "out") == {"cost.png", "cost.svg"}
