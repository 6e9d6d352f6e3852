"""The explorer without a browser: what it says and shows, what its page sends and is sent, and what to type for it."""

import importlib.util
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_comparisons import SCENARIO

import simulator as sim
from simulator.report.exploring.words import label_of
from simulator.scenario.loading import load_scenario
from simulator.scenario.overrides import read_assignment

FEW: dict[str, Any] = {"population__users": "2k", "horizon": "1 d", "replications": 2}
FEW |= {f"plans__{name}": None for name in ("hybrid", "nearline", "SWR")}
KEYS = [
    "population.daily_active",
    "backends.night.feature_pipeline.cost",
    "plans.cached.cache.ttl",
    "prices.instance/g4dn.xlarge/on_demand",
]
TTL, INSTANCE = 2, 3


@pytest.fixture
def explorer() -> Iterator[sim.Explorer]:
    found = sim.explore(SCENARIO, KEYS, **FEW)
    yield found
    found.close()


class Page:
    """What an explorer's page is sent, in place of a browser."""

    def __init__(self, explorer: sim.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent = list[dict[str, Any]]()
        self._view = explorer._view
        monkeypatch.setattr(self._view, "send", self.sent.append)

    def says(self, **content: Any) -> dict[str, Any]:
        self.sent.clear()
        self._view._handle_custom_msg(content, [])
        return self.sent[-1]


@pytest.fixture
def page(explorer: sim.Explorer, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(explorer, monkeypatch)


def test_a_page_is_told_the_inputs_and_what_the_plans_are(explorer: sim.Explorer, page: Page) -> None:
    look = page.says(kind="hello")
    inputs = page.sent[0]["inputs"]
    assert [each["key"] for each in inputs] == KEYS
    assert [each["texts"][each["start"]] for each in inputs] == ["2 %", "30 USD", "6 h", "$0.526 per h (100 %)"]
    assert [each["simulates"] for each in inputs] == [True, False, True, False]
    assert [plan["name"] for plan in look["plans"]] == ["nightly batch", "on demand", "cached"]
    assert look["stage"] == "closed form"
    assert look["verdict"].startswith("By closed forms ")
    assert all(plan["cells"][0].startswith("~$") for plan in look["plans"])
    assert json.loads(json.dumps(page.sent, allow_nan=False))
    assert explorer.verdict.startswith(look["verdict"])


def test_a_move_is_answered_and_a_wrong_one_says_why_and_changes_nothing(page: Page) -> None:
    before = page.says(kind="hello")
    after = page.says(kind="move", number=INSTANCE, place=0)
    assert after["plans"][1]["usd"] == pytest.approx(0.1 * before["plans"][1]["usd"], rel=1e-3)
    wrong = page.says(kind="move", number=INSTANCE, place=1_000)
    assert "there is no place 1000" in wrong["fault"]
    assert wrong["places"] == after["places"]
    assert page.says(kind="reset")["places"] == before["places"]


def test_a_simulation_comes_by_itself_and_says_how_near_closed_forms_are(explorer: sim.Explorer, page: Page) -> None:
    doing = page.says(kind="settle")
    assert doing["doing"] == "Simulating all 2,000 users"
    assert explorer.wait(120)
    assert explorer.is_simulated
    assert explorer.result is not None
    assert explorer.result.comparison.scenario.population.users == 2_000
    look = page.says(kind="hello")
    assert look["stage_words"] == "simulated: 2,000 users, 2 replications"
    assert look["about_simulation"].startswith("Of the closed forms beside it, costs are ")
    assert look["plans"][0]["low"] < look["plans"][0]["usd"] < look["plans"][0]["high"]
    assert look["verdict"].startswith(f"Choose {explorer.result.recommended}, the cheapest plan")
    assert look["plans"][["nightly batch", "on demand", "cached"].index(explorer.result.recommended)]["is_best"]
    assert explorer.table.loc["cost per month"].str.startswith("$").all()


def test_a_part_of_the_users_stays_told_apart_from_all(explorer: sim.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    some = sim.explore(SCENARIO, KEYS, users="1k", **FEW)
    page = Page(some, monkeypatch)
    page.says(kind="settle")
    assert some.wait(120)
    look = page.says(kind="hello")
    assert look["stage"] == "closed form"
    assert look["about_simulation"].startswith("Simulated with 1,000 of 2,000 users: ")
    assert look["all_takes"].startswith("Simulate all 2,000 users (about ")
    assert look["plans"][0]["low"] is None
    page.says(kind="all")
    assert some.wait(120)
    assert some.is_simulated
    some.close()
    del explorer


def test_what_has_no_closed_form_is_shown_as_not_known_and_never_as_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    after = {"refresh": {"on": "login", "lag": "30 s", "backend": "live"}, "on_miss": "compute", "backend": "live"}
    unknown = {"rows after events": {**after, "cache": "1 h"}}
    explorer = sim.explore(SCENARIO, ["population.daily_active"], **{**FEW, "plans": unknown})
    look = Page(explorer, monkeypatch).says(kind="hello")
    (plan,) = look["plans"]
    assert plan["usd"] is None
    assert set(plan["cells"]) == {"?"}
    assert plan["why"].startswith("rows after events beside a cache")
    assert "only a simulation says what it costs" in look["verdict"]
    explorer.close()


def test_where_answers_have_a_value_net_value_is_shown_as_soon_as_it_is_simulated() -> None:
    value = {"per_request": "0.001 USD", "default_quality": "60 %"}
    explorer = sim.explore(SCENARIO, ["population.daily_active"], **FEW, value=value)
    assert set(explorer.table.loc["net value"]) == {"?"}
    assert "What answers are worth is not in it" in explorer.verdict
    explorer.set("population.daily_active", "20 %")
    assert explorer.wait(120)
    assert explorer.table.loc["net value"].str.contains(r"\$").all()
    assert explorer.verdict.startswith("Choose ")
    explorer.close()


def test_where_no_plan_meets_its_bounds_the_verdict_is_short() -> None:
    plans = {
        f"cached {hours} h": {"on_miss": "compute", "backend": "live", "cache": f"{hours} h"} for hours in range(1, 9)
    }
    changes = {**FEW, "plans": plans, "slo": {"latency_p99": "9 ms"}}
    explorer = sim.explore(SCENARIO, ["population.daily_active"], **changes)
    for said in ("By closed forms no plan meets every bound. cached 1 h: ", "No plan meets every bound. "):
        assert explorer.verdict.startswith(said)
        assert "So it is with 5 more." in explorer.verdict
        explorer.simulate_all()
        assert explorer.wait(120)
    explorer.close()


@pytest.mark.long
def test_one_replication_claims_nothing_about_ages_and_too_few_requests_nothing_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for users, said in (("2k", "one replication does not tell"), ("20", "")):
        explorer = sim.explore(SCENARIO, KEYS[:1], **{**FEW, "replications": 1, "population__users": users})
        page = Page(explorer, monkeypatch)
        page.says(kind="settle")
        assert explorer.wait(120)
        assert said in page.says(kind="hello")["about_simulation"]
        assert bool(page.says(kind="hello")["about_simulation"]) == bool(said)
        explorer.close()


def test_python_moves_sliders_by_what_they_say(explorer: sim.Explorer) -> None:
    explorer.set("plans.cached.cache.ttl", "60 h")
    assert explorer.scenario == load_scenario(SCENARIO).with_(**FEW).with_(plans__cached__cache__ttl="60 h")
    assert explorer.inputs["plans.cached.cache.ttl"] == "60 h"
    with pytest.raises(sim.UserError, match=r"ttl\(=61 h\) is not one of its values: 36 min, "):
        explorer.set("plans.cached.cache.ttl", "61 h")
    with pytest.raises(sim.UserError, match=r"no slider 'plans.cache.ttl'; did you mean 'plans.cached.cache.ttl'"):
        explorer.set("plans.cache.ttl", "60 h")
    explorer.reset()
    assert explorer.inputs["plans.cached.cache.ttl"] == "6 h"


def typed(command: str) -> tuple[str, dict[str, object]]:
    """Return the file and the settings of a command."""
    words = shlex.split(command)
    assert words[:2] == ["predcost", "run"]
    assert set(words[3::2]) <= {"--set"}
    return words[2], dict(map(read_assignment, words[4::2]))


def test_the_command_is_the_scenario_as_it_stands(explorer: sim.Explorer, page: Page) -> None:
    explorer.set("population.daily_active", explorer._bench.knobs[0].texts[3])
    explorer.set("backends.night.feature_pipeline.cost", "3 USD")
    file, settings = typed(explorer.command)
    assert file == str(SCENARIO)
    assert load_scenario(file, settings) == explorer.scenario
    assert settings["plans.hybrid"] is None
    assert page.says(kind="command") == {"kind": "copy", "what": "command", "text": explorer.command}


def test_the_yaml_is_the_scenario_as_it_stands(explorer: sim.Explorer, tmp_path: Path) -> None:
    explorer.set("plans.cached.cache.ttl", "60 h")
    path = tmp_path / "copied.yaml"
    path.write_text(explorer.yaml, encoding="utf-8")
    assert sim.load_scenario(path) == explorer.scenario
    assert typed(sim.explore(explorer.scenario, KEYS[:1]).command) == ("scenario.yaml", {})


@pytest.mark.long
def test_the_command_typed_into_a_shell_gives_the_numbers_that_are_shown(
    explorer: sim.Explorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    explorer.set("plans.cached.cache.ttl", "60 h")
    explorer.set("prices.instance/g4dn.xlarge/on_demand", "40 %")
    assert explorer.wait(120)
    assert explorer.result is not None
    python = shlex.join([sys.executable, "-m", "simulator.cli"])
    command = explorer.command.replace("predcost run", f"{python} run") + " --json"
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)["plans"]
    for name, plan in explorer.result.comparison.plans.items():
        assert found[name]["metrics"]["cost_usd_per_month"]["mean"] == plan.cost_usd_per_month
    assert explorer.prices.price_of("instance/g4dn.xlarge/on_demand").usd == pytest.approx(0.4 * 0.526)


def test_nothing_of_what_is_shown_is_in_the_state_that_a_notebook_may_keep(explorer: sim.Explorer) -> None:
    state = {key: value for key, value in explorer._view.get_state().items() if key not in {"_esm", "_css"}}
    text = json.dumps(state, default=str)
    assert "daily_active" not in text
    assert "nightly" not in text
    bundle = explorer._repr_mimebundle_()
    assert bundle is not None
    assert set(bundle[0]) == {"text/plain", "application/vnd.jupyter.widget-view+json"}


def test_a_slider_is_called_what_people_call_it() -> None:
    names = ["a", "a.b", "nightly batch"]
    assert label_of("population.daily_active", names) == "daily active"
    assert label_of("plans.nightly batch.precompute.every", names) == "nightly batch: precompute every"
    assert label_of('plans."a.b".cache.ttl', names) == "a.b: cache ttl"
    assert label_of("backends.a.service_time.points[0].time", names) == "a: service time points [0] time"
    assert label_of("store.expiry", names) == "store expiry"
    assert label_of("prices.dynamodb_on_demand/write", names) == "price of dynamodb on demand write"


def test_without_the_extra_it_says_in_a_sentence_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(sim.UserError, match=r"^explore\(\) needs anywidget and ipywidgets: pip install '.\[jupyter\]'"):
        sim.explore(SCENARIO)


IN_A_KERNEL = f"""
import os, sys
sys.path[:] = {sys.path!r}
import simulator as sim
x = sim.explore({str(SCENARIO)!r}, ["population.users"], users="50M")
x
"""


@pytest.mark.long
@pytest.mark.parametrize("end", ["restart_kernel", "shutdown_kernel", "kill"])
def test_a_kernel_that_ends_leaves_no_process_and_an_interrupt_ends_nothing(end: str) -> None:
    from jupyter_client.manager import start_new_kernel

    kernel, client = start_new_kernel(kernel_name="python3")
    try:
        asked = {"pids": "list(x._exploration.pids)"}
        client.execute_interactive(IN_A_KERNEL, timeout=120, output_hook=lambda _: None)
        answer = client.execute_interactive("", timeout=120, user_expressions=asked, output_hook=lambda _: None)
        pids = json.loads(answer["content"]["user_expressions"]["pids"]["data"]["text/plain"])
        assert pids
        kernel.interrupt_kernel()
        time.sleep(0.5)
        assert all(map(is_there, pids[:1]))
        client.stop_channels()
        if end == "kill":
            kernel.signal_kernel(signal.SIGKILL)
        else:
            getattr(kernel, end)()
        until(lambda: not any(map(is_there, pids)))
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(happened: Callable[[], object], longest_s: float = 60.0) -> None:
    end_s = time.monotonic() + longest_s
    while not happened():
        assert time.monotonic() < end_s
        time.sleep(0.05)


@pytest.mark.parametrize(("users", "said"), [("many", "is not a count"), (0, "at least 1")])
def test_a_wrong_number_of_users_is_told(users: Any, said: str) -> None:
    with pytest.raises(sim.UserError, match=said):
        sim.explore(SCENARIO, KEYS, users=users)
    with pytest.raises(sim.UserError, match="not a int"):
        sim.explore(3)  # type: ignore[arg-type]
