"""`predcost diff`: what it takes, what it refuses, how it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from program import HEARING, predcost, process

ROOT = Path(__file__).parent.parent.parent
HEADLINE = ROOT / "scenarios" / "food_delivery_100m.yaml"
FEW = ("--users", "20k", "--horizon", "1 d", "--replications", "2", "--workers", "1")
CHANGED = ("--set", "plans.cached.cache.ttl=1 h")
PLANS = ("--plan", "cached", "--plan", "on demand", "--plan", "nightly batch")
ONE = ("--plan", "cached")
DEAR = ("--set", "backends.live.instance=g5.xlarge")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and shells of POSIX")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "kept"
    done = predcost("run", HEADLINE, *FEW, *PLANS, "--charts", "none", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_file_against_its_changed_copy_is_the_same_as_against_itself_with_set(tmp_path: Path) -> None:
    copy = tmp_path / "this.yaml"
    text = HEADLINE.read_text(encoding="utf-8")
    copy.write_text(text.replace("cache: {kind: ttl, ttl: 6 h}}", "cache: 1 h}", 1), encoding="utf-8")
    done = [predcost("diff", HEADLINE, *what, *FEW, *ONE, "--json") for what in ((copy,), CHANGED)]
    one, other = (json.loads(each.stdout) for each in done)
    assert one["changed"] == [{"key": "plans.cached.cache.ttl", "before": 21_600.0, "after": 3_600.0}]
    assert (one["changed"], one["differences"]) == (other["changed"], other["differences"])


def test_a_run_against_its_own_scenario_is_the_same_to_the_last_digit(kept: Path) -> None:
    done = predcost("diff", kept, HEADLINE, *FEW)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("No difference: all 3 plans do and cost the same, to the last digit.")
    assert "Hybrid, nearline and SWR are new." in done.stdout


def test_a_run_can_be_compared_with_its_own_scenario_changed(kept: Path) -> None:
    done = predcost("diff", kept, *CHANGED, *ONE, "--json")
    assert done.returncode == 0, done.stderr
    assert [change["key"] for change in json.loads(done.stdout)["changed"]] == ["plans.cached.cache.ttl"]


def test_a_gate_ends_with_3_only_where_it_is_broken(kept: Path) -> None:
    for side, code in ((">", 3), ("<", 0)):
        gate = f"plans.on demand.cost_usd_per_month {side} +5%"
        done = predcost("diff", kept, *DEAR, "--plan", "on demand", "--fail-if", gate, "--json")
        assert (done.returncode, "broken" in done.stderr) == (code, code == 3)
        assert json.loads(done.stdout)["gates"][0]["ruling"] == ("broken" if code else "kept")


def test_markdown_is_printed_and_the_chart_is_kept(kept: Path, tmp_path: Path) -> None:
    chart = tmp_path / "cost.png"
    done = predcost("diff", kept, *DEAR, *ONE, "--format", "markdown", "--chart", chart)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("### ")
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_where_nothing_differs_there_is_no_chart_and_no_fault(kept: Path, tmp_path: Path) -> None:
    done = predcost("diff", kept, kept, "--chart", tmp_path / "cost.png")
    assert done.returncode == 0
    assert "No chart: every plan costs the same as before" in done.stderr
    assert not list(tmp_path.iterdir())


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [1, 2\nb", encoding="utf-8")
    done = predcost("diff", tmp_path, bad, "--set", "x", "--fail-if", "foo", "--chart", "a.pdf")
    assert done.returncode == 2
    for said in (
        "--chart a.pdf: must end in .png or .svg",
        "--fail-if 'foo': cannot be read as plans.NAME.METRIC",
        "--set x: has no '='",
        f"{tmp_path} holds no run of predcost",
        "not YAML",
    ):
        assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_gate_on_a_plan_that_is_not_there_is_told_before_anything_is_simulated() -> None:
    gate = "plans.cachd.cost_usd_per_month > +5%"
    done = predcost("diff", HEADLINE, *CHANGED, "--fail-if", gate)
    assert done.returncode == 2
    assert "there is no plan 'cachd'; did you mean 'cached'?" in done.stderr


def test_a_gate_that_cannot_be_judged_costs_nobody_the_answer(kept: Path) -> None:
    gate = "plans.cached.stale_fraction > +5%"
    done = predcost("diff", kept, "--set", "model.half_life=12 h", *ONE, "--fail-if", gate)
    assert done.returncode == 2
    assert "means something else than before, as model.half_life changed" in done.stderr
    assert "model.half_life" in done.stdout


def test_only_the_plans_that_are_asked_for_are_compared(kept: Path) -> None:
    assert set(json.loads(predcost("diff", kept, kept, *ONE, "--json").stdout)["bill"]) == {"cached"}
    done = predcost("diff", kept, kept, "--plan", "cachd")
    assert done.returncode == 2
    assert "--plan: there is no plan 'cachd'; did you mean 'cached'?" in done.stderr


def test_what_cannot_be_compared_is_refused_with_the_reason(kept: Path, tmp_path: Path) -> None:
    assert "--horizon" in predcost("diff", kept, HEADLINE).stderr
    alone = predcost("diff", HEADLINE)
    assert alone.returncode == 2
    assert "or what is changed in it: --set KEY=VALUE" in alone.stderr
    two = predcost("diff", kept, kept, "--users", "10k")
    assert two.returncode == 2
    assert "population.users: two runs are compared as they are" in two.stderr
    old = tmp_path / "old"
    shutil.copytree(kept, old)
    manifest = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    del manifest["results_edition"]
    (old / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    refused = predcost("diff", old, kept)
    assert refused.returncode == 2
    assert "kept by an earlier version of predcost" in refused.stderr
    assert predcost("diff", old, old).returncode == 0


@POSIX
def test_an_interrupt_ends_it_with_130() -> None:
    command = [sys.executable, "-c", HEARING, "diff", str(HEADLINE), "--users", "3M", *CHANGED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(1.5)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "interrupted; nothing was complete, and nothing is kept" in said


@POSIX
def test_an_interrupt_says_what_is_stored_and_the_same_command_goes_on_from_there(tmp_path: Path) -> None:
    what = ["diff", str(HEADLINE), "--users", "2M", "--workers", "1", *PLANS, *CHANGED]
    env = {**os.environ, "PREDCOST_OUTCOMES": str(tmp_path)}
    command = [sys.executable, "-c", HEARING, *what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as running:
        while running.poll() is None and not list(tmp_path.rglob("*.outcome")):
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    stored = len(list(tmp_path.rglob("*.outcome")))
    many = "1 simulation is" if stored == 1 else f"{stored} simulations are"
    assert f"interrupted; {many} stored, and the same command goes on from there" in said


@POSIX
def test_a_gate_is_broken_though_the_reader_of_a_pipe_leaves(kept: Path) -> None:
    gate = "plans.cached.cost_usd_per_month > +5%"
    diff = f"'{sys.executable}' -m simulator.cli diff {kept} --set {DEAR[1]} --plan cached --all --fail-if '{gate}'"
    shell = ["bash", "-c", f"{diff} | head -1; exit ${{PIPESTATUS[0]}}"]
    done = subprocess.run(shell, check=False, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert done.stdout.count("\n") == 1


def test_help_says_what_it_takes() -> None:
    done = process("diff", "--help")
    assert done.returncode == 0
    assert "--fail-if" in done.stdout
