"""The real scenario: loading, relative paths, and changes in Python."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from simulator.core.errors import InputFileError, UserError
from simulator.plans.plan import Plan
from simulator.plans.scope.everyone import Everyone
from simulator.scenario.loading import load_scenario
from simulator.scenario.overrides import stated
from simulator.scenario.schema import Scenario

pytestmark = pytest.mark.filterwarnings("ignore:Series.dt.dayofweek is deprecated")  # of pandas 3.1, in demand

TEXT = """\
name: small
start: 2026-03-02T00:00-05:00
population:
  users: 1M
  segments:
    - {name: eager, share: 30 %, daily_active: 20 %, shape: inf}
    - {name: rare, share: 70 %, logins_per_day: 0.01/day, shape: 0.12, dormant: 10 %}
traffic:
  profile: {kind: csv, path: data/counts.csv}
  timezones: {America/New_York: 50 %, America/Chicago: 30 %, America/Los_Angeles: 20 %}
  session: {requests: {kind: geometric, mean: 4}, think_time: {kind: exponential, mean: 30 s}}
store: {read_latency: 4 ms, write_capacity: 50_000/s}
backends:
  night:
    kind: batch_cluster
    instance: g4dn.xlarge
    workers: 12
    batch_size: 256
    shard: 100_000
    service_time: {kind: affine, fixed: 1 ms, per_item: 0.3 ms}
  live:
    kind: fleet
    instance: g4dn.xlarge
    service_time: {kind: table, path: data/times.csv, noise: {kind: lognormal, cv: 0.17}}
    capacity: {kind: autoscaled, max: 40, target: 60 %}
plans:
  nightly batch: {precompute: {at: "02:00", backend: night}, on_miss: default}
  on demand: {on_miss: compute, backend: live}
  cached: {on_miss: compute, backend: live, cache: {kind: ttl, ttl: 6 h}}
slo: {latency_p99: 200 ms, default_fraction: 1 %, batch_deadline: "06:00"}
prices: data/ours.yaml
"""
BOOK = """\
name: ours
groups:
  - {source: contract, date: 2026-10-01, prices: [{meter: instance/g4dn.xlarge/on_demand, unit: h, usd: 0.5}]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    data = tmp_path / "team" / "data"
    data.mkdir(parents=True)
    hours = "".join(f"2026-03-{2 + hour // 24:02d} {hour % 24:02d}:00,{1 + hour % 24}\n" for hour in range(168))
    (data / "counts.csv").write_text(f"time,value\n{hours}", encoding="utf-8")
    (data / "times.csv").write_text("batch,seconds\n1,0.001\n4,0.002\n", encoding="utf-8")
    (data / "ours.yaml").write_text(BOOK, encoding="utf-8")
    file = tmp_path / "team" / "small.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture
def scenario(path: Path) -> Scenario:
    return load_scenario(path)


def faults_of(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFileError) as caught:
        load_scenario(path)
    return [str(fault) for fault in caught.value.faults]


def test_numpy_stays_out_of_loading_until_a_scenario_is_loaded() -> None:
    code = "import sys, simulator.scenario.loading; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_overrides_are_applied_before_validation(path: Path) -> None:
    changed = load_scenario(path, {"population.users": "2M", "plans.on demand": None})
    assert changed.population.users == 2_000_000
    assert list(changed.plans) == ["nightly batch", "cached"]


def test_a_price_book_is_found_beside_the_scenario(scenario: Scenario, path: Path) -> None:
    assert scenario.prices == str(path.parent.resolve() / "data" / "ours.yaml")


def test_a_bundled_price_book_keeps_its_name(path: Path) -> None:
    assert load_scenario(path, {"prices": "aws-us-east-1"}).prices == "aws-us-east-1"


def test_a_price_book_that_is_not_there_is_a_fault_with_its_line(path: Path) -> None:
    (fault,) = faults_of(path, TEXT.replace("data/ours.yaml", "aws-us-est-1"))
    assert fault.startswith("line 31: prices: 'aws-us-est-1' is neither a bundled price book nor a file in /")
    assert fault.endswith("; did you mean 'aws-us-east-1'?")


def test_a_long_and_odd_name_of_a_price_book_is_a_short_fault(path: Path) -> None:
    (fault,) = faults_of(path, TEXT.replace("data/ours.yaml", "x/" * 2000))
    assert len(fault) < 400


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("    workers: 12\n", "backends.night: needs 'workers', e.g. 'workers: 12'"),
        ("    batch_size: 256\n", "backends.night: needs 'batch_size', e.g. 'batch_size: 256'"),
        ("    shard: 100_000\n", "backends.night: needs 'shard', e.g. 'shard: 100_000'"),
        (" max: 40,", "backends.live.capacity: needs 'max', e.g. 'max: 40'"),
        (", target: 60 %", "backends.live.capacity: needs 'target', e.g. 'target: 60 %'"),
        ("  users: 1M\n", "population: needs 'users', e.g. 'users: 100M'"),
        (" share: 30 %,", "population.segments[0]: needs 'share', e.g. 'share: 30 %'"),
    ],
)
def test_a_missing_key_comes_with_an_example_of_its_own(left_out: str, said: str, path: Path) -> None:
    assert left_out in TEXT
    assert any(said in fault for fault in faults_of(path, TEXT.replace(left_out, "")))


def test_replicas_have_an_example_of_their_own(path: Path) -> None:
    (fault,) = faults_of(path, TEXT.replace("{kind: autoscaled, max: 40, target: 60 %}", "{kind: fixed}"))
    assert fault.endswith("backends.live.capacity: needs 'replicas', e.g. 'replicas: 4'")


def test_changing_nothing_gives_the_same_scenario(scenario: Scenario) -> None:
    assert scenario.with_().model_dump() == scenario.model_dump()


def test_a_keyword_changes_one_value_and_leaves_the_scenario_as_it_is(scenario: Scenario) -> None:
    changed = scenario.with_(population__users=2_000_000, backends__live__capacity__max="50", slo__age_p95="36 h")
    assert changed.population.users == 2_000_000
    assert changed.slo.age_p95_s == 36 * 3600
    assert changed.slo.latency_p99_s == 0.2
    assert scenario.population.users == 1_000_000
    back = changed.with_(population__users="1M", backends__live__capacity__max=40, slo__age_p95=None)
    assert back.model_dump() == scenario.model_dump()


def test_keywords_reach_plans_with_spaces_in_their_names(scenario: Scenario) -> None:
    changed = scenario.with_(
        backends__second=stated(scenario.backends["live"]),
        plans__on_demand__backend="second",
        plans__nightly_batch__precompute__at="03:30",
        plans__cached=None,
    )
    assert changed.plans["on demand"].backend == "second"
    assert changed.plans["nightly batch"].precompute is not None
    assert changed.plans["nightly batch"].precompute.at_s == 3.5 * 3600
    assert list(changed.plans) == ["nightly batch", "on demand"]


def test_parts_made_in_python_can_be_set(scenario: Scenario) -> None:
    plan = Plan.model_validate(
        {"precompute": {"backend": "night", "scope": Everyone()}, "on_miss": "default"}, by_name=True, by_alias=True
    )
    assert scenario.with_(plans__new=plan).plans["new"] == plan
    assert scenario.with_(population=scenario.population).model_dump() == scenario.model_dump()


def test_a_kind_left_out_in_python_counts_as_stated() -> None:
    assert stated(Everyone()) == {"kind": "everyone"}


def test_relative_paths_survive_a_change_made_elsewhere(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    changed = scenario.with_(seed=2)
    assert changed.model_dump(exclude={"seed"}) == scenario.model_dump(exclude={"seed"})
    assert changed.traffic.profile.weekly_weights() == pytest.approx(scenario.traffic.profile.weekly_weights())


def test_a_resolved_scenario_written_elsewhere_still_works(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "scenario.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(stated(scenario), file)
    assert load_scenario(tmp_path / "run" / "scenario.yaml").model_dump() == scenario.model_dump()


def test_all_faults_of_a_change_come_at_once_and_name_the_keyword(scenario: Scenario) -> None:
    with pytest.raises(InputFileError) as caught:
        scenario.with_(population__users=0, plans__on_demand__backend=5, backends__live__slots="many")
    assert caught.value.source == "scenario 'small'"
    assert [str(fault) for fault in caught.value.faults] == [
        "with_(population__users=...): 0 must be at least 1",
        "with_(backends__live__slots=...): 'many' is not a count; write e.g. '100M'",
        "with_(plans__on_demand__backend=...): 5 must be text; put it in quotes",
    ]


def test_a_change_that_contradicts_the_rest_names_the_keyword(scenario: Scenario) -> None:
    with pytest.raises(InputFileError, match=r"with_\(plans__on_demand__backend=\.\.\.\): backend 'night' is a batch_"):
        scenario.with_(plans__on_demand__backend="night")


def test_a_keyword_that_leads_nowhere_is_the_users_fault(scenario: Scenario) -> None:
    with pytest.raises(UserError, match=r"with_\(name__x=\.\.\.\): name is 'small', so nothing can be set below it"):
        scenario.with_(name__x=1)
    with pytest.raises(UserError, match=r"unknown key 'userz'; did you mean 'users'\?"):
        scenario.with_(population__userz=1)


@pytest.mark.parametrize(
    "path_of", sorted(Path(__file__).parents[2].glob("scenarios/*.yaml")), ids=lambda each: each.stem
)
def test_every_scenario_of_the_project_survives_a_change(path_of: Path) -> None:
    scenario = load_scenario(path_of)
    assert scenario.with_().model_dump() == scenario.model_dump()


def test_the_json_schema_shows_the_examples() -> None:
    schema = TypeAdapter(Scenario).json_schema()
    assert schema["$defs"]["Autoscaled"]["properties"]["max"]["examples"] == [40]
