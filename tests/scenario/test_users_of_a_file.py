"""A replay that names users tells how many there are and how often they come; calls take the tokens of their rows."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.core.errors import InputFileError
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.simulation.workload.request_stream import RequestStream, Source
from simulator.simulation.workload.workload import Workload

HOUR_S = 3600.0
REST = """\
start: 2026-03-02T00:00
horizon: 3 d
warmup: 0 s
backends:
  live:
    kind: fleet
    instance: g4dn.xlarge
    service_time: {kind: affine, fixed: 5 ms}
    capacity: {kind: fixed, replicas: 1}
plans:
  on demand: {on_miss: compute, backend: live}
"""


def written(folder: Path, head: str, rows: list[str]) -> Path:
    (folder / "log.csv").write_text("\n".join(["time,who", *rows]) + "\n", encoding="utf-8")
    path = folder / "scenario.yaml"
    path.write_text(head + REST, encoding="utf-8")
    return path


def a_log(shape: float = 0.7, users: int = 4000, days: int = 3) -> list[str]:
    rng = np.random.default_rng(3)
    rates = rng.gamma(shape, 1 / shape, users) if math.isfinite(shape) else np.ones(users)
    who = np.repeat(np.arange(users), rng.poisson(8 * rates))
    at_s = np.sort(rng.integers(0, days * 24 * 3600, who.size))
    rng.shuffle(who)
    moments = (np.datetime64("2026-03-02T00:00:00") + at_s).tolist()
    return [f"{moment:%Y-%m-%dT%H:%M:%S},u{number}" for moment, number in zip(moments, who.tolist(), strict=True)]


REPLAY = "traffic: {replay: {path: log.csv, user: who}}\n"


def test_no_population_is_asked_for_where_the_file_names_users(tmp_path: Path) -> None:
    rows = a_log()
    population = load_scenario(written(tmp_path, REPLAY, rows)).population
    users = len({row.split(",")[1] for row in rows})
    assert population.users == users
    assert population.logins_per_day == pytest.approx(len(rows) / users / 3, rel=1e-3)
    assert population.shape is not None
    assert 0.6 < population.shape < 1.1  # who never came is not in the file, so that the others are more alike


def test_users_that_are_all_alike_are_seen_to_be(tmp_path: Path) -> None:
    population = load_scenario(written(tmp_path, REPLAY, a_log(math.inf))).population
    assert population.shape is not None
    assert population.shape > 20


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("{users: 100_000}", {"users": 100_000}),
        ("{shape: 0.3}", {"shape": 0.3}),
        ("{logins_per_day: 5/day}", {"logins_per_day": 5.0}),
        (
            "{users: 50_000, daily_active: 10 %, shape: 2}",
            {"users": 50_000, "daily_active_fraction": 0.1, "shape": 2.0},
        ),
    ],
)
def test_what_is_stated_is_kept(tmp_path: Path, stated: str, kept: dict[str, Any]) -> None:
    scenario = load_scenario(written(tmp_path, f"population: {stated}\n{REPLAY}", a_log()))
    assert {name: getattr(scenario.population, name) for name in kept} == kept
    again = Scenario.model_validate(scenario.model_dump(mode="json"))
    assert again.population == scenario.population


def test_without_users_in_the_file_a_population_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, "traffic: {replay: {path: log.csv}}\n", a_log()[:50])
    with pytest.raises(InputFileError, match="needs 'population'"):
        load_scenario(path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["01/03/2026,a"], "row 1: '01/03/2026' is not ISO 8601"),
        (["2026-03-02,a"] * 3, "all rows have the same time"),
        ([f"2026-03-{1 + k // 10_000:02d},a" for k in range(100_000)] + ["2026-03-01,b"], "row 100001: '2026-03-01'"),
    ],
)
def test_a_fault_of_the_file_is_told_as_such(tmp_path: Path, rows: list[str], said: str) -> None:
    with pytest.raises(InputFileError) as error:
        load_scenario(written(tmp_path, REPLAY, rows))
    assert said in str(error.value)
    assert "traffic.replay" in str(error.value)
    assert "population" not in str(error.value)


# Tokens


def token_trace(folder: Path, *, shuffled: bool = False) -> tuple[Path, dict[float, int]]:
    """Return a trace of times and tokens, and which tokens belong to which time."""
    rng = np.random.default_rng(9)
    at_s = np.cumsum(rng.uniform(0.5, 40.0, 500)).round(3)
    calls = [(int(a), int(b)) for a, b in rng.integers(1, 5000, (500, 2))]
    rows = [f"{s},{a},{b}" for s, (a, b) in zip(at_s.tolist(), calls, strict=True)]
    if shuffled:
        rng.shuffle(rows)
    path = folder / "calls.csv"
    path.write_text("\n".join(["time,ContextTokens,GeneratedTokens", *rows]) + "\n", encoding="utf-8")
    first_s = at_s[0]
    return path, {round(float(s - first_s), 3): (a << 24) + b for s, (a, b) in zip(at_s, calls, strict=True)}


def calling(path: Path, tokens: Path | None = None, **replay: Any) -> Scenario:
    api = {"kind": "api", "model": "gpt-4.1-mini", "tokens": {"path": str(tokens or path)}, "per_token": "10 ms"}
    on_demand = {"on_miss": "compute", "backend": "llm"}
    return Scenario.model_validate(
        {
            "horizon": "6 h",
            "warmup": "1 h",
            "population": {"users": 50, "logins_per_day": "1/day", "shape": 1},
            "traffic": {"replay": {"path": str(path), "unit": "s", "resolution": "0 s", **replay}},
            "backends": {"llm": api},
            "plans": {
                "on demand": on_demand,
                "cached": on_demand | {"cache": {"kind": "ttl", "ttl": "10 min"}},
                "after requests": on_demand | {"refresh": {"on": "request", "backend": "llm"}},
            },
        }
    )


@pytest.mark.parametrize("plan", ["on demand", "cached", "after requests"])
@pytest.mark.parametrize(
    "replay", [{}, {"loop": False}, {"speed": 2}, {"sort": True}, {"length": "3 h", "resolution": "1 ms"}]
)
@pytest.mark.parametrize("block_s", [HOUR_S, 7 * HOUR_S])
def test_a_request_takes_its_own_rows_tokens(tmp_path: Path, plan: str, replay: dict[str, Any], block_s: float) -> None:
    path, tokens = token_trace(tmp_path, shuffled="sort" in replay)
    scenario = calling(path, **replay)
    recorded, speed = scenario.demand.recorded, replay.get("speed", 1)
    assert recorded is not None
    requests = RequestStream(Source.of(scenario), 0, -HOUR_S, block_s)
    workload = Workload(scenario, plan, requests.draw())
    seen = 0
    known_s = np.array(sorted(tokens))
    while (block := workload.next()) is not None:
        in_file_s = np.mod(block.time_s * speed, recorded.length_s)
        in_file_s[recorded.length_s - in_file_s < 1e-4] = 0.0  # rounding of the turn's beginning
        row_s = known_s[np.maximum(np.searchsorted(known_s, in_file_s + 1e-4) - 1, 0)]
        wanted = [tokens[s] for s in row_s.tolist()]
        assert block.tokens.tolist() == wanted
        if plan == "after requests":
            assert block.refresh_tokens.tolist() == wanted
        seen += len(wanted)
    assert seen > 450


def test_calls_of_another_file_are_drawn(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path, tokens = token_trace(tmp_path)
    other, _ = token_trace(tmp_path / "other", shuffled=True)
    scenario = calling(path, other)
    requests = RequestStream(Source.of(scenario), 0, 0.0, HOUR_S)
    block = Workload(scenario, "on demand", requests.draw()).next()
    assert block is not None
    assert block.tokens.tolist() != list(tokens.values())[: block.tokens.size]
    with other.open(encoding="utf-8") as file:
        known = {(int(row["ContextTokens"]) << 24) + int(row["GeneratedTokens"]) for row in csv.DictReader(file)}
    assert set(block.tokens.tolist()) <= known
