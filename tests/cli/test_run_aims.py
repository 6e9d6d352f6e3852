"""`predcost run` with something to reach."""

import json
from pathlib import Path

from program import predcost

import simulator as sim

SCENARIO = Path(__file__).parent.parent.parent / "scenarios" / "food_delivery_100m.yaml"
FEW = (SCENARIO, "--users", "2k", "--horizon", "1d", "--workers", "1", "--charts", "none")
TWO = ("--plan", "cached", "--plan", "on demand")


def test_a_run_that_is_to_decide_says_what_it_chose_and_how_sure_that_is(tmp_path: Path) -> None:
    run = predcost(
        "run", *FEW, *TWO, "--confidence", "90%", "--indifference", "2 %", "--json", "--out", tmp_path / "run"
    )
    assert run.returncode == 0, run.stderr
    content = json.loads(run.stdout)
    assert content["folder"] == str(tmp_path / "run")
    assert content["replications"] >= 5
    selection = content["selection"]
    assert (selection["confidence"], selection["indifference"], selection["undecided"]) == (0.9, 0.02, [])
    assert selection["best"] == content["recommended"]
    shown = json.loads(predcost("show", tmp_path / "run", "--json").stdout)
    assert shown["selection"] == selection


def test_replications_alone_are_as_many_as_are_asked_for(tmp_path: Path) -> None:
    run = predcost(
        "run", *FEW, *TWO, "--replications", "2", "--indifference", "3%", "--json", "--out", tmp_path / "run"
    )
    content = json.loads(run.stdout)
    assert content["replications"] == 2
    assert content["selection"]["indifference"] == 0.03


def test_all_that_is_wrong_with_an_aim_is_told_at_once(tmp_path: Path) -> None:
    run = predcost(
        "run", *FEW, "--confidence", "40%", "--precision", "-1%", "--budget", "soon", "--out", tmp_path / "run"
    )
    assert run.returncode == 2
    assert not run.stdout
    for option in ("--confidence (=40%) must be above 50%", "--precision (=-1%) must be above 0%", "--budget: 'soon'"):
        assert option in run.stderr
    assert not (tmp_path / "run").exists()


def test_python_takes_the_same_aims() -> None:
    few = {"population.users": "2k", "horizon": "1 d", **dict.fromkeys(("plans.hybrid", "plans.nearline", "plans.SWR"))}
    found = sim.run(sim.load_scenario(SCENARIO, few), precision="1 %")
    assert found.comparison.replications >= 5
    assert found.selection.best == found.recommended
