"""`predcost calibrate users`: parts of a scenario from a log, which a run takes."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from program import predcost
from ruamel.yaml import YAML

sys.path.append(str(Path(__file__).parent.parent / "studies" / "calibration"))
from synthetic_logs import Habits, written


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(Habits(users=3_000), 1, tmp_path_factory.mktemp("logs"))


def test_the_parts_go_into_a_scenario_and_json_has_every_number_with_its_interval(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "parts.yaml"
    done = predcost("calibrate", "users", log, "--fit-only", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"recognised", "rows", "skipped", "parameters", "held_out", "verdict", "parts"} <= set(told)
    shape = told["parameters"]["population.shape"]
    assert shape["low"] < shape["value"] < shape["high"]
    assert predcost("new", "mine.yaml", cwd=tmp_path).returncode == 0
    scenario = YAML(typ="safe").load((tmp_path / "mine.yaml").read_text(encoding="utf-8"))
    scenario |= YAML(typ="safe").load(out.read_text(encoding="utf-8"))
    with (tmp_path / "fitted.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(scenario, stream)
    done = predcost("validate", "fitted.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_same_log_gives_the_same_parts(log: Path, tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        assert predcost("calibrate", "users", log, "--fit-only", "--out", tmp_path / name).returncode == 0
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()


def test_robots_are_left_out_and_told_in_the_report_the_parts_and_json(log: Path, tmp_path: Path) -> None:
    people = pd.read_parquet(log)
    times = pd.date_range(people.time.min(), people.time.max(), periods=len(people))
    pd.concat([people, pd.DataFrame({"time": times, "user": -1})]).to_parquet(tmp_path / "log.parquet")
    out = tmp_path / "parts.yaml"
    done = predcost("calibrate", "users", tmp_path / "log.parquet", "--without-robots", "--fit-only", "--out", out)
    assert done.returncode == 0, done.stderr
    said = f"1 user who is hardly a person, with {len(people):,} events, 50.0% of all"
    assert said in " ".join(done.stdout.split())
    assert said in " ".join(out.read_text(encoding="utf-8").replace("#", "").split())
    done = predcost("new", "mine.yaml", "--from-log", "log.parquet", "--without-robots", "--fit-only", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert said in " ".join(text.replace("#", "").split())
    assert "log.parquet" not in text.partition("\ntraffic:")[2]  # to play it would bring the robot back
    done = predcost("calibrate", "users", log, "--without-robots", "--fit-only", "--json")
    assert json.loads(done.stdout)["robots"] == {"users": 0, "events": 0, "fraction": 0.0}


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("counts") / "counts.csv"
    lines = [f"2026-03-{2 + hour // 24:02} {hour % 24:02}:00,{100 + 9 * (hour % 24)}" for hour in range(21 * 24)]
    path.write_text("\n".join(["time,requests", *lines]) + "\n", encoding="utf-8")
    return path


def test_counts_give_parts_that_run_and_json_keeps_its_contract(counts: Path, tmp_path: Path) -> None:
    out = tmp_path / "rates.yaml"
    done = predcost("calibrate", "users", counts, "--population", "5k", "--fit-only", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"recognised", "rows", "skipped", "parameters", "held_out", "verdict", "parts", "unusual"} <= set(told)
    assert (told["rows"], told["skipped"], told["held_out"]) == (504, {}, {})
    assert (told["verdict"]["fits"], told["verdict"]["recommendation_changes"]) == (None, None)
    assert any("bring events with a user each" in each for each in told["verdict"]["why"])
    assert told["parameters"]["population.logins_per_day"]["value"] == pytest.approx((100 + 9 * 11.5) * 24 / 5_000)
    assert predcost("new", "mine.yaml", cwd=tmp_path).returncode == 0
    scenario = YAML(typ="safe").load((tmp_path / "mine.yaml").read_text(encoding="utf-8"))
    scenario |= YAML(typ="safe").load(out.read_text(encoding="utf-8"))
    with (tmp_path / "fitted.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(scenario, stream)
    done = predcost("run", "fitted.yaml", "--horizon", "1 d", "--plan", "on demand", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)["plans"]["on demand"]["metrics"]
    assert metrics["requests_per_s_mean"]["mean"] == pytest.approx((100 + 9 * 11.5) / 3_600, rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--session-gap", "5 min"), "--session-gap"),
        (("--without-robots",), "--without-robots"),
        (("--population", "3000M"), "--population: 3e+09 users for"),
        (("--count", "hits"), "--count: there is no column 'hits'"),
        (("--count-unit", "per fortnight"), "--count-unit"),
        (("--count", "requests", "--user", "time"), "--count and --user"),
    ],
)
def test_what_counts_cannot_say_ends_with_exit_2(counts: Path, arguments: tuple[str, ...], said: str) -> None:
    done = predcost("calibrate", "users", counts, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.csv",), "there is no file nowhere.csv"),
        (("LOG", "--timezone", "Mars/Base"), "--timezone"),
        (("LOG", "--population", "many"), "--population"),
        (("LOG", "--session-gap", "5"), "--session-gap"),
        (("LOG", "--user", "uid"), "--user: there is no column 'uid'"),
        (("LOG", "--count-unit", "1/s"), "its rows are events; say with --count which column counts"),
        (("LOG", "--gaps-are-zero"), "its rows are events; say with --count which column counts"),
    ],
)
def test_what_cannot_be_read_ends_with_exit_2(log: Path, arguments: tuple[str, ...], said: str) -> None:
    done = predcost("calibrate", "users", *(str(log) if each == "LOG" else each for each in arguments))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
