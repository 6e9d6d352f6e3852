"""What is kept: listed, shown and removed, and nothing else is touched."""

import json
import os
import time
from pathlib import Path

import pytest
from program import Done, predcost, process

from simulator.studies.run_place import claimed

DAY_S = 86400.0


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with two runs, a sweep, and what is none of them."""
    folder = tmp_path / "runs"
    keep(folder / "feed-1", days_ago=9, scenario="Feed", complete=False)
    keep(folder / "feed-2", days_ago=2, scenario="Feed")
    keep(folder / "by-ttl", days_ago=1, scenario="Hotels", study="sweep")
    (folder / "mine").mkdir()
    (folder / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    (folder / "theirs").mkdir()
    (folder / "theirs" / "manifest.json").write_text('{"name": "an app"}', encoding="utf-8")
    (folder / "file.txt").touch()
    return folder


def keep(folder: Path, days_ago: float, **about: object) -> None:
    (folder / "tables").mkdir(parents=True)
    (folder / "tables" / "metrics.parquet").write_bytes(b"x" * 1000)
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"predcost": "0.1.0", "asked_digest": "d", **about}), encoding="utf-8")
    kept_s = time.time() - days_ago * DAY_S
    os.utime(manifest, (kept_s, kept_s))


def day(days_ago: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(time.time() - days_ago * DAY_S))


def listed(runs: Path, *more: object) -> list[str]:
    done = predcost("runs", "list", "--in", runs, "--json", *more)
    assert done.returncode == 0, done.stderr
    return [run["name"] for run in json.loads(done.stdout)["runs"]]


def test_runs_and_studies_are_listed_with_their_kind_and_size_the_newest_first(runs: Path) -> None:
    assert listed(runs) == ["by-ttl", "feed-2", "feed-1"]
    found = json.loads(predcost("runs", "list", "--in", runs, "--json").stdout)["runs"]
    assert [run["kind"] for run in found] == ["sweep", "run", "run"]
    assert [run["complete"] for run in found] == [True, True, False]
    assert all(1000 < run["bytes"] < 1200 for run in found)
    shown = predcost("runs", "list", "--in", runs).stdout
    assert "feed-1 (not complete)" in shown
    assert "3 runs in" in shown
    assert max(map(len, shown.splitlines()[:4])) <= 80


def test_without_a_command_runs_are_listed(runs: Path) -> None:
    assert "feed-2" in predcost("runs", cwd=runs.parent).stdout
    assert "No run is kept in runs" in predcost("runs", cwd=runs).stdout


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (("--name", "feed"), ["feed-2", "feed-1"]),
        (("--name", "FEED-?"), ["feed-2", "feed-1"]),
        (("--name", "hotels"), ["by-ttl"]),
        (("--name", "nothing"), []),
        (("--since", day(2)), ["by-ttl", "feed-2"]),
        (("--before", day(2)), ["feed-1"]),
        (("--since", day(5), "--before", day(1), "--name", "feed"), ["feed-2"]),
    ],
)
def test_runs_are_chosen_by_name_and_date(runs: Path, chosen: tuple[str, ...], names: list[str]) -> None:
    assert listed(runs, *chosen) == names


def test_a_run_is_shown_by_its_name_or_its_folder(runs: Path) -> None:
    for name in ("feed-2", str(runs / "feed-2")):
        shown = predcost("runs", "show", name, "--in", runs)
        assert shown.returncode == 0, shown.stderr
        assert "Feed" in shown.stdout
        assert "predcost show" in shown.stdout
    assert "predcost show" not in predcost("runs", "show", "by-ttl", "--in", runs).stdout
    assert json.loads(predcost("runs", "show", "by-ttl", "--in", runs, "--json").stdout)["kind"] == "sweep"


def removed(runs: Path, *arguments: object) -> Done:
    return predcost("runs", "remove", "--in", runs, *arguments)


def test_a_run_is_removed_only_when_that_is_confirmed(runs: Path) -> None:
    done = removed(runs, "feed-1")
    assert done.returncode == 2
    assert "Give --yes" in done.stderr
    assert (runs / "feed-1").exists()
    assert removed(runs, "feed-1", "--yes").returncode == 0
    assert listed(runs) == ["by-ttl", "feed-2"]


def test_all_that_fit_are_removed_and_what_is_no_run_stays(runs: Path) -> None:
    assert json.loads(removed(runs, "--name", "feed", "--before", day(2), "--yes", "--json").stdout)["removed"]
    assert listed(runs) == ["by-ttl", "feed-2"]
    assert removed(runs, "--name", "*", "--yes").returncode == 0
    assert sorted(path.name for path in runs.iterdir()) == ["file.txt", "mine", "theirs"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mine",), "holds no run of predcost"),
        (("theirs",), "holds no run of predcost"),
        (("feed-3",), "there is no run 'feed-3'"),
        (("",), "there is no run ''"),
        ((".",), "holds no run of predcost"),
        ((), "say which"),
        (("feed-1", "--outcomes"), "--outcomes goes with --before alone"),
        (("--before", "yesterday"), "yesterday"),
    ],
)
def test_what_is_no_run_is_never_removed(runs: Path, arguments: tuple[str, ...], said: str) -> None:
    before = sorted(runs.rglob("*"))
    done = removed(runs, *arguments, "--yes")
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert sorted(runs.rglob("*")) == before


def test_one_wrong_name_removes_nothing(runs: Path) -> None:
    assert removed(runs, "feed-1", "mine", "--yes").returncode == 2
    assert listed(runs) == ["by-ttl", "feed-2", "feed-1"]


def test_a_run_that_is_being_written_is_not_removed(runs: Path) -> None:
    with claimed(runs / "feed-1", "d"):
        done = process("runs", "remove", "feed-1", "--in", runs, "--yes")
    assert done.returncode == 2
    assert "is being written by another run" in done.stderr
    assert (runs / "feed-1" / "manifest.json").exists()


def test_a_link_to_a_run_is_not_followed(runs: Path) -> None:
    (runs / "link").symlink_to(runs / "feed-1")
    done = removed(runs, "link", "--yes")
    assert done.returncode == 2
    assert (runs / "feed-1" / "manifest.json").exists()


def test_what_is_stored_of_simulations_is_told_and_removed(runs: Path, tmp_path: Path) -> None:
    outcomes = tmp_path / "outcomes"
    (outcomes / "ab").mkdir(parents=True)
    for name, days_ago in (("ab1", 3), ("ab2", 0)):
        path = outcomes / "ab" / f"{name}.outcome"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (time.time() - days_ago * DAY_S,) * 2)
    setting = {"PREDCOST_OUTCOMES": str(outcomes)}
    assert "2 simulations are stored in" in " ".join(predcost("runs", "list", "--in", runs, **setting).stdout.split())
    assert predcost("runs", "remove", "--outcomes", **setting).returncode == 2
    done = predcost("runs", "remove", "--outcomes", "--before", day(1), "--yes", **setting)
    assert "Removed 1 kB" in done.stdout
    assert [path.name for path in outcomes.rglob("*.outcome")] == ["ab2.outcome"]
    assert predcost("runs", "remove", "--outcomes", "--yes", "--json", **setting).returncode == 0
    assert not list(outcomes.rglob("*.outcome"))
    assert listed(runs) == ["by-ttl", "feed-2", "feed-1"]
