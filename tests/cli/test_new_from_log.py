"""`predcost new --from-log`: a whole scenario of a log's users, which validates and runs as it is."""

import gzip
import sys
from pathlib import Path

import pytest
from program import predcost
from ruamel.yaml import YAML

sys.path.append(str(Path(__file__).parent.parent / "studies" / "calibration"))
from synthetic_logs import Habits, drawn

import simulator as sim
from simulator.report.log_scenario import starter_text
from simulator.scenario.loading import load_scenario

FEW = Habits(users=1_500)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a log, and a scenario made of it."""
    folder = tmp_path_factory.mktemp("logs")
    drawn(FEW, 1).rename(columns={"time": "seen at", "user": "who"}).to_parquet(folder / "log.parquet")
    told = ("--time", "seen at", "--user", "who", "--fit-only")
    done = predcost("new", "mine.yaml", "--from-log", "log.parquet", *told, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Wrote mine.yaml. Next: predcost validate mine.yaml, then predcost run mine.yaml" in done.stdout
    return folder


def test_it_is_valid_and_has_the_users_of_the_log_and_the_starter_s_machines_plans_and_prices(room: Path) -> None:
    scenario, starter = load_scenario(room / "mine.yaml"), YAML(typ="safe").load(starter_text())
    parts = sim.calibrate_users(room / "log.parquet", time="seen at", user="who", fit_only=True).parts
    stated = YAML(typ="safe").load((room / "mine.yaml").read_text("utf-8"))
    assert stated["traffic"] == parts["traffic"]
    assert stated["population"]["users"] == scenario.population.users == parts["population"]["users"]
    assert {key: stated[key] for key in starter if key not in {"name", "start", "population", "traffic"}} == {
        key: value for key, value in starter.items() if key not in {"name", "start", "population", "traffic"}
    }
    assert list(stated) == list(starter)


@pytest.mark.long
def test_it_runs_at_once(room: Path, tmp_path: Path) -> None:
    done = predcost("validate", room / "mine.yaml")
    assert done.returncode == 0, done.stderr
    done = predcost("run", room / "mine.yaml", "--out", tmp_path / "run", "--charts", "none")
    assert done.returncode == 0, done.stderr
    assert "Choose " in done.stdout


def test_every_number_stands_there_with_its_interval_and_the_log_it_is_from(room: Path) -> None:
    text = (room / "mine.yaml").read_text("utf-8")
    found = sim.calibrate_users(room / "log.parquet", time="seen at", user="who", fit_only=True)
    assert "# From log.parquet, Parquet: times in 'seen at', users in 'who'." in text
    for key in found.parameters.index:
        (line,) = [line for line in text.splitlines() if line.startswith(f"# {key}: ")]
        assert line.count(" to ") == 1
    assert f"{found.calibration.fit.seen_users:,} of them came in the log" in text
    assert all(len(line) <= 124 for line in text.splitlines())


def test_the_log_itself_may_take_the_place_of_the_traffic_as_the_comment_says(room: Path) -> None:
    text = (room / "mine.yaml").read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("# traffic: {replay: ")]
    stated = YAML(typ="safe").load(text) | YAML(typ="safe").load(line.removeprefix("# "))
    with (room / "played.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(stated, stream)
    played = load_scenario(room / "played.yaml")
    assert played.traffic.replay is not None
    done = predcost("validate", "played.yaml", cwd=room)
    assert done.returncode == 0, done.stderr


def test_a_log_that_cannot_be_played_is_not_said_to_be(tmp_path: Path) -> None:
    log = drawn(FEW, 1)
    lines = (f'{{"ts": {time.timestamp():.0f}, "user": "{user}"}}\n' for time, user in log.itertuples(index=False))
    with gzip.open(tmp_path / "log.json.gz", "wt", encoding="utf-8") as stream:
        stream.writelines(lines)
    done = predcost("new", tmp_path / "mine.yaml", "--from-log", tmp_path / "log.json.gz", "--fit-only")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "mine.yaml").read_text("utf-8")
    assert "# traffic: {replay" not in text
    assert "can be played as they are" in text
    load_scenario(tmp_path / "mine.yaml")


@pytest.mark.parametrize("population", ["2k", "80M"])
def test_it_is_valid_however_many_users_there_are(room: Path, population: str) -> None:
    told = ("--time", "seen at", "--user", "who", "--fit-only", "--population", population, "--force")
    done = predcost("new", "many.yaml", "--from-log", "log.parquet", *told, cwd=room)
    assert done.returncode == 0, done.stderr
    done = predcost("validate", "many.yaml", cwd=room)
    assert done.returncode == 0, done.stderr
    scenarios = [load_scenario(room / name) for name in ("many.yaml", "mine.yaml")]
    daily = [each.demand.share_active_at() * each.population.users for each in scenarios]
    assert daily[0] == pytest.approx(daily[1], rel=0.05)  # as many come, however many there are who never do


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert predcost("new", path).returncode == 0
    assert path.read_text("utf-8") == starter_text()
    path.write_text("mine", "utf-8")
    done = predcost("new", path)
    assert done.returncode == 2
    assert "is there already; give another path, or --force" in done.stderr
    assert path.read_text("utf-8") == "mine"
    assert predcost("new", path, "--force").returncode == 0
    assert path.read_text("utf-8") == starter_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from-log", "nowhere.csv"), "there is no file nowhere.csv"),
        (("--from-log", "log.parquet"), "is called as times are"),
        (("--from-log", "empty.csv"), "empty.csv: it is empty"),
        (("--from-log", "noise.bin"), "is called as times are"),
        (("--from-log", "log.parquet", "--population", "many"), "--population: 'many' is not a count"),
        (("--time", "t", "--timezone", "Europe/Berlin"), "--time, --timezone: said of a log, and there is none"),
        (("--fit-only",), "--fit-only: said of a log"),
    ],
)
def test_of_a_log_that_cannot_be_read_nothing_is_written(room: Path, arguments: tuple[str, ...], said: str) -> None:
    (room / "empty.csv").touch()
    (room / "noise.bin").write_bytes(bytes(range(256)) * 20)
    done = predcost("new", "bad.yaml", *arguments, cwd=room)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (room / "bad.yaml").exists()


def test_a_place_that_cannot_be_written_is_told_before_the_log_is_read(room: Path) -> None:
    done = predcost("new", "nowhere/mine.yaml", "--from-log", "log.parquet", cwd=room)
    assert done.returncode == 2
    assert "cannot write nowhere/mine.yaml: there is no folder nowhere" in done.stderr
