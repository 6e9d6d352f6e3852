import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from program import predcost, process

from simulator.cli import options
from simulator.cli.app import main
from simulator.scenario.loading import load_scenario
from simulator.studies.check import study
from simulator.studies.check.comparing import Check, Experiment, Group

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "20k", "--horizon", "1 d", "--replications", "2", "--workers", "1")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple["subprocess.CompletedProcess[str]", Path]:
    folder = tmp_path_factory.mktemp("runs") / "headline"
    return process("run", HEADLINE, *FEW, "--out", folder), folder


def test_a_run_prints_the_verdict_first_then_the_plans(
    run: tuple["subprocess.CompletedProcess[str]", Path],
) -> None:
    done, _ = run
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Choose ")
    for word in ("nightly", "on demand", "cached", "Against the others"):
        assert word in done.stdout
    assert "Bill:" not in done.stdout
    assert done.stderr == ""


def test_a_run_fits_a_terminal_of_eighty_columns(run: tuple["subprocess.CompletedProcess[str]", Path]) -> None:
    done, _ = run
    paths = ("Kept in", "Charts: ", "Bills: ", "More: ")
    tables = [line for line in done.stdout.splitlines() if not line.startswith(paths)]
    assert max(map(len, tables)) <= 80


def test_a_run_folder_holds_all_that_is_needed_to_repeat_it(
    run: tuple["subprocess.CompletedProcess[str]", Path],
) -> None:
    _, folder = run
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 1
    assert manifest["complete"]
    again = load_scenario(folder / "scenario.yaml")
    assert again.population.users == 20_000
    metrics = pd.read_parquet(folder / "tables" / "metrics.parquet")
    assert set(metrics["plan"]) == set(again.plans)
    assert (folder / "prices.yaml").is_file()
    assert list((folder / "charts").glob("*.png"))
    assert list((folder / "charts").glob("*.svg"))
    repeated = process("run", folder / "scenario.yaml", "--out", folder.parent / "again", "--json")
    first = json.loads(predcost("run", HEADLINE, *FEW, "--out", folder, "--json").stdout)
    again_said = json.loads(repeated.stdout)
    assert again_said.pop("folder") == str(folder.parent / "again")
    assert first.pop("folder") == str(folder)
    assert again_said == first


def test_json_is_one_object_and_nothing_else(tmp_path: Path) -> None:
    done = predcost("run", HEADLINE, *FEW, "--json", "--plan", "on demand", cwd=tmp_path)
    content = json.loads(done.stdout)
    assert list(content["plans"]) == ["on demand"]
    assert content["users"] == 20_000
    assert content["recommended"] == "on demand"
    assert done.stderr == ""
    assert [path.name for path in (tmp_path / "runs").iterdir()], "the run is kept below runs/"


def test_quiet_prints_the_verdict_only(tmp_path: Path) -> None:
    done = predcost("run", HEADLINE, *FEW, "--quiet", "--plan", "on demand", "--out", tmp_path / "run")
    assert done.stdout.startswith("Choose on demand, the only plan: ")
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "no-such-file.yaml"), "no-such-file.yaml"),
        (("run", HEADLINE, "--set", "plans.cached.cache.ttll=6 h"), "did you mean 'ttl'"),
        (("run", HEADLINE, "--set", "nonsense"), "has no '='"),
        (("run", HEADLINE, "--plan", "on demnd"), "did you mean 'on demand'"),
        (("run", HEADLINE, "--users", "many"), "'many' is not a count"),
        (("run", HEADLINE, "--replications", "0"), "replications"),
        (("run", HEADLINE, "--set", "backends.live.instance=x9.huge"), "instance/x9.huge"),
        (("run", HEADLINE, "--set", "prices=nowhere"), "nowhere"),
        (("validate", HEADLINE, "--set", "backends.live.instance=x9.huge"), "instance/x9.huge"),
        (("validate", HEADLINE, "--set", "store.meter=cassandra"), "cassandra/write"),
        (("run", HEADLINE, "--workers", "0"), "workers"),
        (("run", HEADLINE, *FEW, "--out", HEADLINE), "is in the way"),
        (("validate", ROOT), "is a folder"),
        (("validate", HEADLINE, "--set", "population.daily_active=120 %"), "120 %"),
        (("nonsense",), "nonsense"),
        (("run",), "FILE"),
    ],
)
def test_bad_input_ends_with_exit_2_and_a_message_without_a_traceback(
    arguments: tuple[object, ...], said: str, tmp_path: Path
) -> None:
    done = predcost(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.rglob("*.parquet")), "nothing is half-written"


def test_the_reader_of_a_pipe_may_stop_reading() -> None:
    command = f"{sys.executable} -m simulator.cli schema | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["{", "0"]
    assert done.stderr == ""


def test_the_defaults_of_the_schema_are_written_as_people_write_them(tmp_path: Path) -> None:
    schema = json.loads(predcost("schema", cwd=tmp_path).stdout)
    assert schema["properties"]["horizon"]["default"] == "7 d"
    assert schema["$defs"]["Model"]["properties"]["prediction_size"]["default"] == "1 KiB"


def test_a_new_scenario_is_valid_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert predcost("new", path).returncode == 0
    shown = predcost("validate", path)
    assert shown.returncode == 0, shown.stderr
    assert "rows per run" in shown.stdout
    path.write_text("precious", encoding="utf-8")
    assert predcost("new", path).returncode == 2
    assert path.read_text(encoding="utf-8") == "precious"


def test_validate_tells_what_follows_and_what_a_run_would_warn_of(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert predcost("new", path).returncode == 0
    spike = "traffic.spikes=[{at: 2026-03-04, duration: 1 h, multiplier: 2}]"
    short = predcost("validate", path, "--set", spike)
    assert short.returncode == 0, short.stderr
    for told in ("DAU / WAU / MAU (28 d)", "requests per second, mean", "memory, about", "rows per run"):
        assert told in short.stdout
    assert "Warning: The bill per month repeats the horizon of 7 d 4.29 times" in short.stdout
    assert "on_miss: compute" not in short.stdout
    full = predcost("validate", path, "--full").stdout
    assert "on_miss: compute" in full
    assert full.index("What follows from it") < full.index("on_miss: compute")


def test_validate_takes_several_files_and_tells_all_their_faults(tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    assert predcost("new", first).returncode == predcost("new", second).returncode == 0
    both = predcost("validate", first, second)
    assert both.stdout.count("is a valid scenario") == 2
    told = json.loads(predcost("validate", first, second, "--json").stdout)
    assert set(told) == {str(first), str(second)}
    assert set(told[str(first)]) == {"scenario", "consequences", "warnings"}
    text = first.read_text(encoding="utf-8")
    for path, wrong in ((first, "horizon: 7"), (second, "horizon: 1 fortnite")):
        path.write_text(text.replace("horizon: 7 d", wrong), encoding="utf-8")
    faulty = predcost("validate", first, second)
    assert faulty.returncode == 2
    assert "7 has no unit" in faulty.stderr
    assert "'1 fortnite' is not a quantity" in faulty.stderr


def test_the_warnings_of_validate_are_those_of_a_run(tmp_path: Path) -> None:
    few = ("--set", "population.users=20k", "--set", "horizon=36 h", "--set", "replications=1")
    path = tmp_path / "mine.yaml"
    assert predcost("new", path).returncode == 0
    foreseen = json.loads(predcost("validate", path, *few, "--json").stdout)[str(path)]["warnings"]
    told = json.loads(predcost("run", path, *few, "--json", cwd=tmp_path).stdout)["warnings"]
    assert len(foreseen) >= 3
    assert set(foreseen) <= set(told)


def test_the_schema_names_every_kind(tmp_path: Path) -> None:
    schema = json.loads(predcost("schema", cwd=tmp_path).stdout)
    kinds = {
        part["properties"]["kind"]["const"] for part in schema["$defs"].values() if "kind" in part.get("properties", ())
    }
    assert {"ttl", "fleet", "batch_cluster", "everyone", "named", "geometric", "autoscaled"} <= kinds


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_bundled_scenario_is_valid(path: Path) -> None:
    done = predcost("validate", path, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_a_defect_of_ours_is_exit_1_and_says_so_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(options, "load", lambda *_, **__: 1 / 0)
    done = predcost("run", HEADLINE, cwd=tmp_path)
    assert done.returncode == 1
    assert "a defect of ours" in done.stderr
    assert "Traceback" not in done.stderr


def quick_checks(monkeypatch: pytest.MonkeyPatch, theory: float) -> None:
    def group() -> Group:
        check = Check("half", theory, lambda value: value)
        return Group("quick", (Experiment("quick", lambda _, replication: 0.4 + 0.1 * replication, 3, (check,)),))

    monkeypatch.setattr(study, "groups", lambda: (group(),))


def test_check_prints_a_table_and_a_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick_checks(monkeypatch, 0.5)
    monkeypatch.setattr(sys, "argv", ["predcost", "check"])
    main()
    told = capsys.readouterr()
    assert "all 1 agree: largest |z| 0.0" in told.out
    assert told.err == ""


def test_a_check_that_fails_ends_with_code_1_and_prints_its_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick_checks(monkeypatch, 1e9)
    monkeypatch.setattr(sys, "argv", ["predcost", "check", "--json", "--full", "--seed", "7"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    told = capsys.readouterr()
    content = json.loads(told.out)
    assert (content["agree"], content["full"], content["seed"]) == (False, True, 7)
    assert "1 of 1 differ: quick: half" in told.err


def test_a_choice_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    done = predcost("show", tmp_path, "--charts", "some")
    assert done.returncode == 2
    assert "'--charts': 'some' is not one of 'none', 'deck', 'all'" in " ".join(done.stderr.split())
