"""`predcost sweep` and `predcost breakeven`: what they print and keep, and what they say of bad input."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from program import HEARING, Done, predcost

from simulator.cli.interrupts import INTERRUPTED

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
PLANS = ("--plan", "cached", "--plan", "nightly batch")
FEW = ("--users", "20k", "--horizon", "6 h", "--replications", "2", "--workers", "1")
COST, TTL = "backends.night.feature_pipeline.cost", "plans.cached.cache.ttl"
ACTIVE = "population.daily_active"


def content(done: Done) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sweep(folder: Path, *arguments: object) -> Done:
    return predcost("sweep", HEADLINE, *FEW, *PLANS, "--out", folder, *arguments)


def breakeven(*arguments: object) -> Done:
    return predcost("breakeven", HEADLINE, *FEW, *PLANS, *arguments)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweeps") / "kept"
    done = sweep(folder, "--over", f"{COST}=0 USD..120 USD:3", "--over", f"{TTL}=6h,12h")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_sweep_s_json_has_every_point_with_its_values_in_si_and_the_plans_metrics(tmp_path: Path) -> None:
    found = content(sweep(tmp_path / "run", "--over", f"{TTL}=6h,12h", "--over", f"{ACTIVE}=1%,2%", "--json"))
    values = [point["values"] for point in found["points"]]
    assert values == [{TTL: ttl, ACTIVE: share} for ttl in (21_600.0, 43_200.0) for share in (0.01, 0.02)]
    for point in found["points"]:
        assert set(point["plans"]) == {"cached", "nightly batch"}
        for plan in point["plans"].values():
            assert set(plan["metrics"]["cost_usd_per_month"]) == {"mean", "low", "high"}
        assert point["recommended"] in {*point["plans"], None}
    assert found["folder"] == str(tmp_path / "run")


def test_a_sweep_is_kept_with_its_scenario_points_and_picture(kept: Path) -> None:
    table = pq.read_table(kept / "tables" / "points.parquet").to_pandas()
    assert {COST, TTL, "plan", "metric", "mean", "low", "high"} <= set(table.columns)
    assert len(table[[COST, TTL]].drop_duplicates()) == 6
    manifest = json.loads((kept / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["study"] == "sweep"
    assert manifest["over"][COST] == ["0 USD", "60 USD", "120 USD"]
    assert manifest["complete"]
    assert (kept / "charts" / "map.png").stat().st_size > 10_000
    assert "best" in (kept / "summary.txt").read_text(encoding="utf-8")
    assert [path.name for path in kept.parent.iterdir()] == ["kept"]


def test_the_same_sweep_again_replaces_it_and_another_is_refused(kept: Path) -> None:
    again = sweep(kept, "--over", f"{COST}=0 USD..120 USD:3", "--over", f"{TTL}=6h,12h", "--quiet")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("\n") == 1
    other = sweep(kept, "--over", f"{COST}=0 USD,1 USD")
    assert other.returncode == 2
    assert "--force" in other.stderr


def test_a_sweep_s_folder_is_no_run(kept: Path) -> None:
    done = predcost("show", kept)
    assert done.returncode == 2
    assert "holds a sweep" in done.stderr


def test_the_table_fits_a_terminal_of_a_hundred_columns(kept: Path) -> None:
    summary = (kept / "summary.txt").read_text(encoding="utf-8")
    assert max(map(len, summary.splitlines())) <= 100


def test_a_plan_that_breaks_a_bound_is_marked_so_that_a_cheaper_one_that_is_not_chosen_is_understood(
    tmp_path: Path,
) -> None:
    bounds = ("--set", "slo.age_p95=30 min", "--set", "slo.latency_p99=1 s")
    printed = sweep(tmp_path / "run", "--over", f"{TTL}=1min,12h", *bounds).stdout
    short, long = (
        next(line for line in printed.splitlines() if line.strip().startswith(ttl)) for ttl in ("1 min", "12 h")
    )
    assert (short.count("!"), long.count("!")) == (1, 2), "nightly is always too old, cached with the long lifetime"
    assert "! after a cost: the plan breaks a bound there" in printed


def test_a_break_even_s_json_is_the_contract_and_its_value_confirmed_by_a_run(tmp_path: Path) -> None:
    found = content(breakeven("--over", COST, "--between", "0 USD", "60 USD", "--json"))
    assert found["key"] == COST
    assert found["between"] == [0.0, 60.0]
    (crossing,) = found["crossings"]
    assert set(crossing) == {"value", "low", "high", "cheaper_below", "cheaper_above", "step"}
    assert crossing["low"] <= crossing["value"] <= crossing["high"]
    for times, cheaper in ((0.99, crossing["cheaper_below"]), (1.01, crossing["cheaper_above"])):
        setting = f"{COST}={crossing['value'] * times!r} USD"
        out = ("--out", tmp_path / f"{times}", "--charts", "none", "--json")
        ran = content(predcost("run", HEADLINE, *FEW, *PLANS, "--set", setting, *out))
        assert ran["recommended"] == cheaper


def test_two_plans_may_be_named_and_a_range_searched() -> None:
    found = content(
        breakeven("--over", COST, "--between", "cached", "nightly batch", "--within", "20 USD", "40 USD", "--json")
    )
    assert found["between"] == ["cached", "nightly batch"]
    assert found["within"] == [20.0, 40.0]
    assert len(found["crossings"]) == 1


def test_that_there_is_no_crossing_is_an_answer_with_the_plan_that_is_better_all_along() -> None:
    arguments = ("--over", COST, "--between", "50 USD", "60 USD")
    found = json.loads(breakeven(*arguments, "--json").stdout)
    assert found["crossings"] == []
    assert found["throughout"] == "cached"
    said = breakeven(*arguments)
    assert said.returncode == 2
    assert "no crossing from 50 USD to 60 USD; another range may have one" in said.stderr
    assert "No crossing from 50 USD to 60 USD: cached is cheaper at all" in " ".join(said.stdout.split())


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("sweep", ("--over", "population.daily_activ=1%"), ["did you mean 'daily_active'?"]),
        ("sweep", ("--over", "plans.cached.cache.kind=ttl..sliding:3"), ["a range needs two numbers"]),
        ("sweep", ("--over", f"{ACTIVE}="), ["has no values"]),
        ("sweep", ("--over", f"{ACTIVE}=4%..1%:3", "--over", "plans.cachd.cache.ttl=1h"), ["backwards", "'cached'?"]),
        ("sweep", ("--over", f"{ACTIVE}=1%", "--plan", "cachd"), ["there is no plan 'cachd'"]),
        ("breakeven", ("--over", "population.daily_activ", "--between", "1%", "2%"), ["did you mean 'daily_active'?"]),
        ("breakeven", ("--over", ACTIVE, "--between", "cachd", "nightly batch"), ["did you mean 'cached'?"]),
        ("breakeven", ("--over", ACTIVE, "--between", "4%", "1%"), ["runs backwards"]),
        ("breakeven", ("--over", "name", "--between", "a", "b"), ["there is no plan 'a'", "there is no plan 'b'"]),
    ],
)
def test_bad_input_ends_with_2_and_one_clear_message(
    command: str, arguments: tuple[str, ...], said: list[str], tmp_path: Path
) -> None:
    done = predcost(command, HEADLINE, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert all(text in done.stderr for text in said), done.stderr
    assert "Traceback" not in done.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_leaves_nothing_hidden_and_says_what_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HEARING, "sweep", str(HEADLINE), "--users", "5M", "--workers", "1"]
    command += [*PLANS, "--over", f"{TTL}=6h,12h", "--out", str(tmp_path / "run")]
    environment = {**os.environ, "COLUMNS": "80"}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        while not (tmp_path / ".run.part").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "interrupted" in said
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_what_was_found_is_printed_even_if_it_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("simulator.report.sweep_keeping.write_sweep", full)
    done = sweep(tmp_path / "run", "--over", f"{COST}=0 USD,60 USD")
    assert done.returncode == 2
    assert "No space left on device; so nothing is kept" in done.stderr
    assert "best" in done.stdout
    assert not any(tmp_path.iterdir())
