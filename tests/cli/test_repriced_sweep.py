"""A sweep that was kept, at other prices."""

import gzip
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from program import Done, predcost

import simulator as sim

HEADLINE = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "20k", "--horizon", "12 h", "--replications", "1", "--workers", "1", "--plan", "on demand")
DEAR = """
name: dear
groups:
- {source: made up, date: 2026-11-28, prices: [{meter: instance/g4dn.xlarge/on_demand, unit: h, usd: 50}]}
"""


def called(*arguments: object, place: Path) -> Done:
    """Run a command in a folder, with a store of outcomes that is there too."""
    return predcost(*arguments, cwd=place, PREDCOST_OUTCOMES=str(place / "stored"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "dear.yaml").write_text(DEAR, encoding="utf-8")
    over = ("--over", "backends.live.capacity.min=2,3")
    done = called("sweep", HEADLINE, *FEW, "--plan", "cached", *over, "--out", "sweep", place=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_kept_sweep_costs_by_another_book_what_a_sweep_with_it_does(place: Path) -> None:
    books = ("--prices", "aws-us-east-1", "--prices", "dear.yaml")
    repriced = json.loads(called("reprice", "sweep", *books, "--json", place=place).stdout)
    with_it = ("--set", "prices=[aws-us-east-1, dear.yaml]")
    (place / "copy.yaml").write_text(HEADLINE.read_text(encoding="utf-8"), encoding="utf-8")
    over = ("--plan", "cached", "--over", "backends.live.capacity.min=2,3", "--json", "--out", "dear")
    swept = json.loads(called("sweep", "copy.yaml", *FEW, *with_it, *over, place=place).stdout)
    assert repriced["points"] == swept["points"]
    assert repriced["points"][0]["plans"]["on demand"]["metrics"]["cost_usd_per_month"]["mean"] > 50_000


def test_it_can_be_kept_and_priced_once_more(place: Path) -> None:
    done = called("reprice", "sweep", "--prices", "aws-us-east-1", "--prices", "dear.yaml", "--out", "b", place=place)
    assert "Kept in b" in done.stdout
    again = json.loads(called("reprice", "b", "--prices", "aws-us-east-1", "--json", place=place).stdout)
    first = json.loads(called("reprice", "sweep", "--prices", "aws-us-east-1", "--json", place=place).stdout)
    assert again["points"] == first["points"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "slo.age_p95=1 h"), "only the prices can be other: give --prices BOOK"),
        (("--prices", "llm-2025-09"), "has no price for 'instance/g4dn.xlarge/on_demand'"),
    ],
)
def test_what_a_sweep_cannot_be_priced_by_ends_with_exit_2(place: Path, arguments: tuple[str, ...], said: str) -> None:
    done = called("reprice", "sweep", *arguments, place=place)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_sweep_is_priced_anew_where_its_outcomes_are_not_stored_any_more(place: Path, tmp_path: Path) -> None:
    arguments = ("reprice", "sweep", "--prices", "aws-us-east-1", "--json")
    done = predcost(*arguments, cwd=place, PREDCOST_OUTCOMES=str(tmp_path))
    assert json.loads(done.stdout)["points"] == json.loads(called(*arguments, place=place).stdout)["points"]
    assert list(tmp_path.iterdir()) == []


def test_python_reads_a_kept_sweep_back(place: Path) -> None:
    kept = pd.read_parquet(place / "sweep" / "tables" / "points.parquet")
    pd.testing.assert_frame_equal(sim.load_sweep(place / "sweep").table[list(kept.columns)], kept)
    with pytest.raises(sim.UserError, match="holds no sweep"):
        sim.load_sweep(place)


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b"[]", mtime=0)[:-4]]
)
def test_what_was_seen_at_its_points_cut_off_is_said(place: Path, tmp_path: Path, content: bytes) -> None:
    shutil.copytree(place / "sweep", tmp_path / "cut")
    (tmp_path / "cut" / "seen.json.gz").write_bytes(content)
    done = predcost("reprice", "cut", "--prices", "aws-us-east-1", cwd=tmp_path)
    assert done.returncode == 2
    assert "cut: cannot be read as a sweep" in done.stderr


def test_a_folder_that_is_half_a_sweep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"study": "sweep"}', encoding="utf-8")
    done = predcost("reprice", tmp_path, "--prices", "aws-us-east-1")
    assert done.returncode == 2
    assert "cannot be read as a sweep" in done.stderr
