"""Nothing that is complete is lost: interrupts, kills, closed streams, folders that are taken."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program import HEARING, predcost, process

import simulator as sim
from simulator.studies.run_place import claimed

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
PLANS = ("--plan", "cached", "--plan", "on demand")
FEW = ("--users", "20k", "--horizon", "1 d", "--replications", "2", "--workers", "1", *PLANS)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and shells of POSIX")


def begun(*arguments: object, code: str = HEARING) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, which nobody changes."""
    folder = tmp_path_factory.mktemp("runs") / "kept"
    done = predcost("run", HEADLINE, *FEW, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    subprocess.run(["cp", "-r", str(kept), str(folder)], check=True)
    return folder


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@POSIX
def test_an_interrupt_before_anything_is_complete_leaves_nothing_behind_and_says_so(tmp_path: Path) -> None:
    with begun("run", HEADLINE, "--out", tmp_path / "runs" / "run", "--workers", "1") as process:
        while not (tmp_path / "runs").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert "interrupted; nothing was complete, and nothing is kept" in said
    assert "Traceback" not in said
    assert not list((tmp_path / "runs").iterdir())


STOPPED_AFTER_A_REPLICATION = """
import os, signal
import simulator.studies.study as comparison
run = comparison.run_tasks
def run_tasks(*how, **named):
    for number, outcome in enumerate(run(*how, **named)):
        yield outcome
        if number == 2:
            os.kill(os.getpid(), signal.{signal})
comparison.run_tasks = run_tasks
"""


@POSIX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_keeps_the_replications_that_all_plans_have_finished(tmp_path: Path, name: str) -> None:
    folder, code = tmp_path / "run", STOPPED_AFTER_A_REPLICATION.format(signal=name) + HEARING
    with begun("run", HEADLINE, *FEW, "--out", folder, code=code) as process:
        printed, said = process.communicate()
    assert process.returncode == 130
    assert "interrupted; 1 of 2 replications are kept in" in said
    assert "Choose" in printed
    assert not hidden(tmp_path)
    shown = predcost("show", folder)
    assert "Only 1 of 2 replications finished" in " ".join(shown.stdout.split())


@POSIX
def test_an_interrupted_run_does_not_take_the_place_of_a_whole_one(copy: Path) -> None:
    code = STOPPED_AFTER_A_REPLICATION.format(signal="SIGINT") + HEARING
    with begun("run", HEADLINE, *FEW, "--out", copy, code=code) as process:
        _, said = process.communicate()
    assert process.returncode == 130
    assert "is still there" in said
    assert json.loads((copy / "manifest.json").read_text(encoding="utf-8"))["complete"]


@POSIX
def test_an_interrupt_while_charts_are_drawn_comes_after_the_answer_and_loses_charts_alone(
    kept: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    stopped = (
        "import os, signal, simulator.report.keeping as keeping\n"
        "def draw(claim, *_): os.kill(os.getpid(), signal.SIGINT)\n"
        "keeping.keep_charts = draw\n"
    )
    with begun("run", HEADLINE, *FEW, "--out", folder, code=stopped + HEARING) as process:
        printed, said = process.communicate()
    assert process.returncode == 130
    assert "Choose" in printed
    assert "charts" in said
    assert "Traceback" not in said
    assert not hidden(tmp_path)
    shown = predcost("show", folder, "--charts", "deck", "--quiet")
    assert shown.returncode == 0, shown.stderr
    for path in (kept / "charts").iterdir():
        assert (folder / "charts" / path.name).read_bytes() == path.read_bytes()


LOOKING = """
import simulator.studies.turning_points as turning_points
def look(*_):
    {}
turning_points.examined = look
"""
"""In place of looking for what would change the answer."""


@POSIX
def test_an_interrupt_while_looking_what_would_change_the_answer_comes_after_the_answer_and_keeps_the_run(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    stopped = LOOKING.format("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    with begun("run", HEADLINE, *FEW, "--out", folder, code=stopped + HEARING) as process:
        printed, said = process.communicate()
    assert process.returncode == 130
    assert "Choose" in printed
    assert "What would change it" not in printed
    assert "2 of 2 replications are kept in" in said
    assert not hidden(tmp_path)
    shown = predcost("show", folder)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == printed


def test_a_process_that_is_lost_while_looking_what_would_change_the_answer_loses_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    lost = LOOKING.format("from simulator.studies.workers import LostWorkerError; raise LostWorkerError('lost one')")
    with begun("run", HEADLINE, *FEW, "--out", folder, code=lost + HEARING) as process:
        printed, said = process.communicate()
    assert process.returncode == 1
    assert "Choose" in printed
    assert "lost one; 2 of 2 replications are kept" in said
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["complete"]


def test_the_answer_needs_no_library_of_what_comes_after_it(tmp_path: Path) -> None:
    later = {"matplotlib", "pandas", "pyarrow", "scipy.stats", "scipy.optimize", "pint", "joblib", "PIL", "ssl"}
    told = LOOKING.format(f"import os, sys; os.write(2, repr({later} & sys.modules.keys()).encode()); os._exit(9)")
    with begun("run", HEADLINE, *FEW, "--out", tmp_path / "run", code=told + HEARING) as process:
        printed, imported = process.communicate()
    assert "Choose" in printed
    assert (process.returncode, imported) == (9, "set()")


@POSIX
def test_workers_end_with_who_started_them_even_where_that_was_killed() -> None:
    code = """
import os, signal, sys, time
from simulator.studies.workers import Workers
if sys.argv[1] == "spawned":
    import simulator.studies.workers as workers
    workers.may_fork = lambda: False
with Workers(2) as pool:
    for pid in pool.pids:
        print(pid, flush=True)
    time.sleep(600)
"""
    for how in ("forked", "spawned"):
        with begun(how, code=code) as process:
            assert process.stdout is not None
            pids = [int(process.stdout.readline()) for _ in range(2)]
            process.kill()
        for pid in pids:
            while is_alive(pid):  # which ends, or the test never does
                pass


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z")


def test_a_folder_with_another_scenarios_run_is_refused_until_it_is_forced(copy: Path) -> None:
    before = (copy / "manifest.json").read_bytes()
    other = ("run", HEADLINE, *FEW, "--seed", "2", "--out", copy, "--quiet")
    done = predcost(*other)
    assert done.returncode == 2
    assert "holds the run of another scenario" in done.stderr
    assert "--force" in done.stderr
    assert (copy / "manifest.json").read_bytes() == before
    assert predcost(*other, "--force").returncode == 0
    assert json.loads((copy / "manifest.json").read_text(encoding="utf-8"))["seed"] == 2


def test_a_folder_that_another_run_writes_to_is_refused(tmp_path: Path) -> None:
    with claimed(tmp_path / "run", "digest"):
        done = process("run", HEADLINE, *FEW, "--out", tmp_path / "run")
        assert done.returncode == 2
        assert "is being written by another run" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_a_killed_run_has_left_is_cleared_by_the_next(copy: Path) -> None:
    for name in (".run.part", ".run.old"):
        (copy.parent / name).mkdir()
    (copy.parent / ".run.lock").touch()
    copy.rename(copy.parent / ".run.old" / "moved")  # killed as it was replacing it
    (copy.parent / ".run.old" / "moved").rename(copy)
    with claimed(copy, json.loads((copy / "manifest.json").read_text(encoding="utf-8"))["asked_digest"]):
        pass
    assert not hidden(copy.parent)
    assert (copy / "manifest.json").is_file()


def test_a_run_whose_replacement_was_killed_in_between_comes_back(copy: Path) -> None:
    digest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))["asked_digest"]
    copy.rename(copy.with_name(".run.old"))
    with claimed(copy, digest):
        assert (copy / "manifest.json").is_file()
    assert not hidden(copy.parent)


def test_show_in_full_prints_what_the_run_has_kept(kept: Path) -> None:
    shown = predcost("show", kept, "--full")
    assert shown.returncode == 0, shown.stderr
    lines = [line.rstrip() for line in shown.stdout.splitlines()]
    summary = (kept / "summary.txt").read_text(encoding="utf-8").splitlines()
    assert lines[: len(summary) + 1] == [*summary, f"Kept in {kept}"]


def test_a_run_loaded_in_python_shows_what_it_showed(kept: Path, tmp_path: Path) -> None:
    scenario = sim.load_scenario(kept / "scenario.yaml")
    original, loaded = sim.run(scenario, workers=1), sim.load_run(kept)
    assert loaded.table.equals(original.table)
    assert loaded.numbers.equals(original.numbers)
    assert loaded.bill("cached").equals(original.bill("cached"))
    assert loaded.recommendation == original.recommendation
    assert loaded.warnings == original.warnings
    saved = original.save(tmp_path / "saved")
    assert {path.stem for path in (kept / "charts").iterdir()} == {"cost", "age_cdf", "latency_cdf", "week"}
    for name in ("summary.txt", "bill.csv"):
        assert (saved / name).read_bytes() == (kept / name).read_bytes()
    for path in (kept / "charts").iterdir():
        assert (saved / "charts" / path.name).read_bytes() == path.read_bytes()


def test_charts_beyond_those_of_a_deck_are_drawn_when_they_are_asked_for(copy: Path) -> None:
    assert f"predcost charts {copy} --all" in predcost("run", HEADLINE, *FEW, "--out", copy).stdout
    of_a_deck = {path.name: path.read_bytes() for path in (copy / "charts").iterdir()}
    assert predcost("show", copy, "--quiet", "--charts", "all").returncode == 0
    every = {path.name: path.read_bytes() for path in (copy / "charts").iterdir()}
    assert every.items() > of_a_deck.items()
    assert "pareto.svg" in every
    assert predcost("run", HEADLINE, *FEW, "--out", copy, "--charts", "none", "--quiet").returncode == 0
    assert not (copy / "charts").exists()
    assert predcost("show", copy).returncode == 0


def test_json_names_the_folder_and_show_prints_the_same_object(kept: Path, tmp_path: Path) -> None:
    run = json.loads(predcost("run", HEADLINE, *FEW, "--json", "--out", tmp_path / "run").stdout)
    assert run.pop("folder") == str(tmp_path / "run")
    shown = json.loads(predcost("show", kept, "--json").stdout)
    assert shown.pop("folder") == str(kept)
    assert shown == run


@POSIX
@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "| head -1", "2>&1 | head -1", "<&-"])
def test_closed_streams_and_readers_who_leave_are_no_fault(kept: Path, streams: str) -> None:
    command = f"{sys.executable} -m simulator.cli show {kept} {streams}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


ASCII = ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})


@pytest.mark.parametrize("settings", ASCII)
def test_few_letters_are_enough(kept: Path, settings: dict[str, str]) -> None:
    shown = process("show", kept, **settings)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.isascii()
    assert "+- " in shown.stdout, "an interval"
    assert "?" not in shown.stdout.replace("? +", ""), "but for what is not decided"
    whole = predcost("show", kept, "--json")
    assert json.loads(process("show", kept, "--json", **settings).stdout) == json.loads(whole.stdout)


@pytest.mark.parametrize("columns", [30, 40, 70])
def test_a_narrow_terminal_cuts_no_cost_off(kept: Path, columns: int) -> None:
    shown = predcost("show", kept, "--bill", COLUMNS=str(columns))
    assert shown.returncode == 0, shown.stderr
    paths = ("Kept in", "Charts: ", "More: ")
    assert max(len(line) for line in shown.stdout.splitlines() if not line.startswith(paths)) <= columns
    wide = predcost("show", kept, "--bill").stdout
    costs = re.findall(r"online compute .*?(\$[\d.,]+) *$", wide, re.MULTILINE)
    assert len(costs) == 2
    for cost in costs:
        assert cost in shown.stdout
    assert shown.stdout.count("USD/month") == wide.count("USD/month")
    assert "…" not in shown.stdout


@pytest.fixture
def full_place(tmp_path: Path) -> Iterator[Path]:
    """A folder with so little room that no run fits."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(place)], check=False)
    if done.returncode != 0:
        pytest.skip("needs a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a small file system")
def test_the_answer_is_printed_even_where_the_run_cannot_be_kept(full_place: Path) -> None:
    done = predcost("run", HEADLINE, *FEW, "--out", full_place / "run")
    assert done.returncode == 2
    assert "Choose" in done.stdout
    assert "No space left on device" in done.stderr
    assert not hidden(full_place)


def test_a_lost_worker_is_told_and_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.studies import workers

    monkeypatch.setattr(workers, "may_fork", lambda: False)
    with workers.Workers(1) as pool, pytest.raises(workers.LostWorkerError, match="out of memory"):
        list(pool.run(end_process, [9]))


def end_process(code: int) -> Any:
    os._exit(code)


def test_a_bill_is_shown_by_name_and_all_of_them_without(kept: Path) -> None:
    assert "Bill:" not in predcost("show", kept).stdout
    for arguments in ((kept, "--bill"), ("--bill", kept), ("--bill", "--quiet", kept), (kept, "--bill", "all")):
        done = predcost("show", *arguments)
        assert done.returncode == 0, done.stderr
        expected = [] if "--quiet" in arguments else ["cached", "on demand"]
        assert sorted(re.findall("Bill: (.*), per", done.stdout)) == expected
    assert re.findall("Bill: (.*), per", predcost("show", kept, "--bill", "cached").stdout) == ["cached"]
    unknown = predcost("show", kept, "--bill", "cachd")
    assert unknown.returncode == 2
    assert "did you mean 'cached'" in unknown.stderr


def test_quiet_prints_the_verdict_in_two_lines(kept: Path) -> None:
    lines = predcost("show", kept, "--quiet").stdout.splitlines()
    assert len(lines) == 2
    assert lines == predcost("show", kept, COLUMNS="400").stdout.splitlines()[:2]


def test_markdown_is_markdown_and_nothing_else(kept: Path) -> None:
    shown = predcost("show", kept, "--format", "markdown")
    assert shown.stdout.startswith("### Choose ")
    assert "Kept in" not in shown.stdout
    assert predcost("show", kept, "--format", "json").stdout == predcost("show", kept, "--json").stdout


def test_what_is_printed_last_says_how_to_see_the_rest(kept: Path) -> None:
    hint = next(line for line in predcost("show", kept).stdout.splitlines() if line.startswith("Bills: "))
    again = predcost(*shlex.split(hint.removeprefix("Bills: predcost ")))
    assert "Bill: " in again.stdout
