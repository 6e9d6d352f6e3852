"""`predcost calibrate service`: the fleet that a benchmark measured, as parts that a run takes."""

import json
import sys
from pathlib import Path

import pytest
from program import predcost
from ruamel.yaml import YAML

sys.path.append(str(Path(__file__).parent.parent / "studies" / "calibration" / "service"))
from load_tests import Server, guidellm, played, triton


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    return guidellm([played(Server(), clients, seed=clients) for clients in (1, 2, 4, 8)], tmp_path / "benchmarks.json")


def test_the_parts_go_into_a_scenario_that_runs(benchmark: Path, tmp_path: Path) -> None:
    out = tmp_path / "parts.yaml"
    done = predcost("calibrate", "service", benchmark, "--name", "live", "--instance", "g5.xlarge", "--out", out)
    assert done.returncode == 0, done.stderr
    written = out.read_text(encoding="utf-8")
    assert "# backends.live.service_time.points[0].time: 19.99 ms, 95 %: 19." in written
    assert predcost("new", "mine.yaml", cwd=tmp_path).returncode == 0
    scenario = YAML(typ="safe").load((tmp_path / "mine.yaml").read_text(encoding="utf-8"))
    scenario["backends"] |= YAML(typ="safe").load(written)["backends"]
    scenario["population"]["users"] = 1_000
    with (tmp_path / "fitted.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(scenario, stream)
    for command in (("validate",), ("run", "--out", tmp_path / "run")):
        done = predcost(command[0], "fitted.yaml", *command[1:], cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_json_has_every_number_by_the_scenarios_own_keys(benchmark: Path) -> None:
    done = predcost("calibrate", "service", benchmark, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"recognised", "rows", "skipped", "parameters", "held_out", "verdict", "parts"} == set(told)
    time = told["parameters"]["backends.measured.service_time.points[0].time"]
    assert time["low"] < time["value"] < time["high"]
    assert told["parameters"]["backends.measured.slots"]["value"] == 2
    assert told["verdict"]["recommendation_changes"] is None
    assert told["parts"]["backends"]["measured"]["kind"] == "fleet"


def test_the_capacity_is_told_to_be_that_at_full_load(benchmark: Path) -> None:
    done = predcost("calibrate", "service", benchmark, "--fit-only")
    assert "at 100 % load" in " ".join(done.stdout.split())


def test_nothing_is_written_over_unless_that_is_said(benchmark: Path, tmp_path: Path) -> None:
    out = tmp_path / "parts.yaml"
    out.write_text("mine", encoding="utf-8")
    done = predcost("calibrate", "service", benchmark, "--fit-only", "--out", out)
    assert done.returncode == 2
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.csv",), "there is no file nowhere.csv"),
        (("FILE", "--batch-size", "many"), "--batch-size"),
        (("FILE", "--clients", "0"), "--clients"),
        (("FILE", "--slots", "two"), "--slots"),
        (("FILE", "--where", "model"), "--where"),
        (("TRITON",), "--batch-size"),
        (("TRITON", "FILE", "--batch-size", "1"), "of several tools"),
        (("TRITON", "--batch-size", "1", "--batch-size", "2"), "2 are given for 1 files"),
    ],
)
def test_what_cannot_be_used_ends_with_exit_2(
    benchmark: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    files = {"FILE": benchmark, "TRITON": triton([played(Server(), 1)], tmp_path / "perf.csv")}
    done = predcost("calibrate", "service", *(files.get(each, each) for each in arguments), "--fit-only")
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
