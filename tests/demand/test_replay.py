"""Demand that a file holds: its times, repeated, counts spread over their periods, and what a file may get wrong."""

import gzip
import itertools
import pickle
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from drawn_scenarios import a_scenario
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from pydantic import ValidationError

from simulator.core.errors import InputFileError, UserError
from simulator.demand import replay_file, replayed
from simulator.demand.arrivals import RequestBlock, request_blocks
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.replay_summary import Numbers
from simulator.demand.traffic import Traffic
from simulator.scenario.loading import load_scenario
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.simulation.workload.request_stream import RequestStream, Source
from simulator.studies.consequences import consequences

MINUTE_S = 60.0
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
STANDARD_ERRORS = 4
TRACES = Path(__file__).parents[3] / "shared" / "data" / "traces"
START = datetime(2026, 3, 2)  # noqa: DTZ001
FILE_NUMBERS = itertools.count()


def a_file(folder: Path, lines: Iterable[str], suffix: str = "csv") -> Path:
    path = folder / f"file{next(FILE_NUMBERS)}.{suffix}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def a_demand(path: Path, users: int = 10_000, session: Any = None, **replay: Any) -> Demand:
    population = Population.model_validate({"users": users, "logins_per_day": "1/day", "shape": 0.5})
    if replay.get("value") is None:
        replay.setdefault("resolution", "0 s")  # where rows come exactly; what is rounded is tested on its own
    traffic: dict[str, Any] = {"replay": {"path": path, **replay}}
    if session is not None:
        traffic["session"] = session
    return Demand(population, Traffic.model_validate(traffic), START)


def blocks(demand: Demand, begin_s: float, end_s: float, block_s: float = HOUR_S, replication: int = 0) -> Any:
    return list(request_blocks(demand, 1, replication, begin_s, end_s, block_s))


def replayed_requests(
    demand: Demand, begin_s: float, end_s: float, block_s: float = HOUR_S, replication: int = 0
) -> tuple[Any, Any]:
    parts: list[RequestBlock] = blocks(demand, begin_s, end_s, block_s, replication)
    return np.concatenate([p.time_s for p in parts]), np.concatenate([p.user for p in parts])


def times_of(path: Path, begin_s: float, end_s: float, **replay: Any) -> list[float]:
    times_s: list[float] = replayed_requests(a_demand(path, **replay), begin_s, end_s)[0].tolist()
    return times_s


def said_of(path: Path, **replay: Any) -> str:
    """Return what is said of a replay that must not work, on loading or when its requests are wanted."""
    with pytest.raises((ValidationError, UserError)) as error:
        replayed_requests(a_demand(path, **replay), 0.0, HOUR_S)
    return str(error.value)


SECONDS = ["time", "100", "101.5", "101.5", "104", "110"]


# Where rows fall in time


def test_the_first_row_falls_on_the_start(tmp_path: Path) -> None:
    path = a_file(tmp_path, SECONDS)
    assert times_of(path, 0.0, 12.0, unit="s") == [0.0, 1.5, 1.5, 4.0, 10.0]


def test_the_file_is_repeated_after_a_mean_gap_and_fills_the_warm_up_from_its_end(tmp_path: Path) -> None:
    path = a_file(tmp_path, SECONDS)
    expected = [-8.5, -2.5, 0.0, 1.5, 1.5, 4.0, 10.0, 12.5, 14.0, 14.0]
    assert times_of(path, -8.5, 14.0 + 1e-6, unit="s") == pytest.approx(expected)


def test_a_length_keeps_times_of_day_in_place(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "2026-03-02 06:00", "2026-03-02 20:00"])
    times_s = times_of(path, -2 * DAY_S, 2 * DAY_S, length="24 h")
    assert times_s == [day * DAY_S + hour * HOUR_S for day in (-2, -1, 0, 1) for hour in (0, 14)]


def test_a_file_that_is_not_repeated_is_silent_before_and_after(tmp_path: Path) -> None:
    path = a_file(tmp_path, SECONDS)
    assert times_of(path, -HOUR_S, 2 * HOUR_S, unit="s", loop=False) == [0.0, 1.5, 1.5, 4.0, 10.0]
    assert times_of(path, HOUR_S, 2 * HOUR_S, unit="s", loop=False) == []


def test_twice_as_fast_halves_all_gaps(tmp_path: Path) -> None:
    path = a_file(tmp_path, SECONDS)
    assert times_of(path, 0.0, 6.0, unit="s", speed=2) == [0.0, 0.75, 0.75, 2.0, 5.0]


@pytest.mark.parametrize("speed", [0.5, 1, 3])
@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("value", [None, "count"])
def test_as_many_are_expected_as_come(tmp_path: Path, speed: float, loop: bool, value: str | None) -> None:  # noqa: FBT001
    rng = np.random.default_rng(3)
    at_s = np.cumsum(rng.integers(300, 900, 40) // 300 * 300)
    path = a_file(tmp_path, ["time,count", *(f"{s},{rng.integers(50)}" for s in at_s)])
    demand = a_demand(path, value=value, unit="s", speed=speed, loop=loop)
    length_s = demand.recorded.length_s / speed if demand.recorded else 0.0
    edges_s = np.array([-length_s, 0.0, 1800.0 / speed, 5400.0 / speed, length_s, 2 * length_s])
    times_s = np.array(times_of(path, -length_s, 2 * length_s, value=value, unit="s", speed=speed, loop=loop))
    counted = np.diff(np.searchsorted(times_s, edges_s - 1e-6))
    within = 0.0 if value is None else STANDARD_ERRORS * np.sqrt(counted + 1)
    assert np.all(np.abs(demand.recorded_requests(edges_s) - counted) <= within + 1e-6)
    assert counted[0] == counted[-1] == (counted[1:4].sum() if loop else 0)


@pytest.mark.parametrize(
    ("column", "replay"),
    [
        (["1772409600", "1772409605"], {"unit": "s"}),
        (["1772409600.0", "1772409605.0"], {"unit": "s"}),
        (["1772409600000", "1772409605000"], {"unit": "ms"}),
        (["1772409600000000000", "1772409605000000000"], {"unit": "ns"}),
        (["2026-03-02", "2026-03-02T00:00:05"], {}),
        (["2026-03-02 00:00:00Z", "2026-03-02 01:00:05+01:00"], {}),
        (["2026-03-29 01:59:58", "2026-03-29 03:00:03"], {"timezone": "Europe/Berlin"}),
    ],
)
def test_times_are_read_as_people_write_them(tmp_path: Path, column: list[str], replay: dict[str, Any]) -> None:
    path = a_file(tmp_path, ["time", *column])
    assert times_of(path, 0.0, 9.0, **replay) == [0.0, 5.0]


@pytest.mark.parametrize("kind", [pa.timestamp("ms"), pa.timestamp("us", "Asia/Tokyo"), pa.int64(), pa.float64()])
def test_parquet_holds_the_same_as_csv(tmp_path: Path, kind: pa.DataType) -> None:
    times = pa.array([1772409600, 1772409600, 1772409605], pa.int64())
    numeric = not pa.types.is_timestamp(kind)
    column = times.cast(kind) if numeric else pa.compute.multiply(times, 1000).cast(pa.timestamp("ms")).cast(kind)
    path = tmp_path / "trace.parquet"
    users = pa.array(["b", "a", "b"]).dictionary_encode()
    parquet.write_table(pa.table({"other": times, "ts": column, "who": users}), path)
    text = a_file(tmp_path, ["ts,who", "1772409600,b", "1772409600,a", "1772409605,b"])
    options = {"time": "ts", "user": "who"}
    found = replayed_requests(a_demand(path, **options, **({"unit": "s"} if numeric else {})), 0.0, 7.0)
    wanted = replayed_requests(a_demand(text, **options, unit="s"), 0.0, 7.0)
    assert [part.tolist() for part in found] == [part.tolist() for part in wanted]
    assert found[0].tolist() == [0.0, 0.0, 5.0]


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv.gz"
    path.write_bytes(gzip.compress("\n".join(SECONDS).encode()))
    assert times_of(path, 0.0, 12.0, unit="s") == [0.0, 1.5, 1.5, 4.0, 10.0]


def test_sorting_on_request(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "104", "100", "101"])
    assert times_of(path, 0.0, 5.0, unit="s", sort=True, length="10 s") == [0.0, 1.0, 4.0]


# Cuts of time change nothing


def long_trace(folder: Path) -> Path:
    """Return more rows than a batch, so that the file is read anew for every repetition."""
    rng = np.random.default_rng(8)
    at_ms = np.sort(rng.integers(0, 3 * 3_600_000, replay_file.BATCH_ROWS + 5_000)) // 50 * 50  # many at the same time
    count = rng.integers(0, 4, at_ms.size)
    who = rng.integers(0, 3000, at_ms.size)
    return a_file(folder, ["time,who,count", *(f"{t},u{u},{c}" for t, u, c in zip(at_ms, who, count, strict=True))])


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return long_trace(tmp_path_factory.mktemp("long"))


REPLAYS: dict[str, dict[str, Any]] = {
    "events": {},
    "named events": {"user": "who"},
    "counts": {"value": "count"},
    "named counts": {"value": "count", "user": "who"},
    "logins": {"events": "logins", "user": "who"},
}
SESSION = {
    "requests": {"kind": "geometric", "mean": 3},
    "think_time": {"kind": "lognormal", "mean": "2 min", "cv": 0.7},
}


def of_kind(path: Path, kind: str) -> Demand:
    return a_demand(path, unit="ms", session=SESSION if kind == "logins" else None, **REPLAYS[kind])


@pytest.mark.parametrize("kind", REPLAYS)
@pytest.mark.parametrize("block_s", [60.0, 7 * HOUR_S])
def test_requests_do_not_depend_on_the_blocks(long_file: Path, kind: str, block_s: float) -> None:
    demand = of_kind(long_file, kind)
    one = replayed_requests(demand, -1.3 * HOUR_S, 4 * HOUR_S)
    other = replayed_requests(demand, -1.3 * HOUR_S, 4 * HOUR_S, block_s)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("kind", REPLAYS)
@pytest.mark.parametrize("begin_s", [-7.7 * HOUR_S, -0.3 * HOUR_S, 1.4 * HOUR_S])
def test_requests_do_not_depend_on_when_the_simulation_begins(long_file: Path, kind: str, begin_s: float) -> None:
    demand = of_kind(long_file, kind)
    one_s, one_user = replayed_requests(demand, -2.0 * HOUR_S, 3.5 * HOUR_S)
    other_s, other_user = replayed_requests(demand, begin_s, 3.5 * HOUR_S)
    both_s = max(begin_s, -2.0 * HOUR_S)
    assert np.array_equal(one_s[one_s >= both_s], other_s[other_s >= both_s])
    assert np.array_equal(one_user[one_s >= both_s], other_user[other_s >= both_s])


@pytest.mark.parametrize("begin_s", [-50.3 * HOUR_S, -5.2 * HOUR_S, 0.0, 3.6 * HOUR_S])
@pytest.mark.parametrize("user", [None, "who"])
def test_periods_longer_than_an_interval_are_cut_alike_everywhere(
    tmp_path: Path, begin_s: float, user: str | None
) -> None:
    path = a_file(tmp_path, ["time,n,who", *(f"{10_000 * (k // 2)},{700 + k},{k % 2}" for k in range(8))])
    demand = a_demand(path, unit="s", value="n", user=user)
    whole = replayed_requests(demand, -12 * HOUR_S, 9 * HOUR_S, 5 * HOUR_S)
    part = replayed_requests(demand, begin_s, 9 * HOUR_S, HOUR_S)
    from_s = max(begin_s, -12 * HOUR_S)
    for a, b in zip(whole, part, strict=True):
        assert np.array_equal(a[whole[0] >= from_s], b[part[0] >= from_s])
    per_period, _ = np.histogram(replayed_requests(demand, 0.0, 40_000.0)[0], 4, (0.0, 40_000.0))
    assert per_period.tolist() == [1401, 1405, 1409, 1413]


def test_a_file_read_batch_by_batch_is_the_file_held_in_memory(long_file: Path, monkeypatch: Any) -> None:
    demand = of_kind(long_file, "named counts")
    streamed = replayed_requests(demand, -HOUR_S, 4 * HOUR_S)
    monkeypatch.setattr(replayed, "BATCH_ROWS", 10**6)
    held = replayed_requests(demand, -HOUR_S, 4 * HOUR_S)
    assert all(np.array_equal(a, b) for a, b in zip(streamed, held, strict=True))


def test_memory_holds_a_few_batches_of_a_file_at_most(long_file: Path, monkeypatch: Any) -> None:
    """Many repetitions are read, and no stretch is longer than a batch of the reader."""
    sizes: list[int] = []
    original = replayed.ReplayedLogins._stretches_of

    def noted(self: Any, *arguments: Any) -> Any:
        for stretch in original(self, *arguments):
            sizes.append(stretch.size)
            yield stretch

    monkeypatch.setattr(replayed.ReplayedLogins, "_stretches_of", noted)
    demand = of_kind(long_file, "events")
    assert sum(block.time_s.size for block in request_blocks(demand, 1, 0, 0.0, 12 * HOUR_S, HOUR_S)) == pytest.approx(
        4 * (replay_file.BATCH_ROWS + 5_000), rel=0.001
    )
    assert max(sizes) <= replay_file.BATCH_ROWS * 2
    assert len(sizes) >= 8


# Who


def test_ids_are_users_and_simultaneous_requests_are_in_order_of_user(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time,id", "5,x", "5,y", "5,z", "5,x", "9,z", "9,y"])
    times_s, users = replayed_requests(a_demand(path, users=50, unit="s", user="id", length="10 s"), 0.0, 20.0)
    x, y, z = 0, 31, 12  # 0, 1 and 2 times the step that spreads them over 50 users
    assert times_s.tolist() == [0, 0, 0, 0, 4, 4, 10, 10, 10, 10, 14, 14]
    assert users.tolist() == [x, x, z, y, z, y] * 2


@pytest.mark.parametrize("kind", ["int8", "int64", "uint64"])
def test_ids_that_are_numbers_are_the_same_users_as_their_text(kind: str, tmp_path: Path) -> None:
    ids = np.array([3, 0, 7, 3, -1 if kind[0] == "i" else 2**64 - 1, 0, 1], dtype=kind)
    found = []
    for name, column in (("numbers", ids), ("text", [str(number) for number in ids.tolist()])):
        pd.DataFrame({"time": np.arange(7), "id": column}).to_parquet(tmp_path / name)
        demand = a_demand(tmp_path / name, users=50, unit="s", user="id", length="7 s")
        found.append(replayed_requests(demand, 0.0, 14.0)[1].tolist())
    assert found[0] == found[1]
    assert len(set(found[0])) == 5


@pytest.mark.parametrize("users", [1, 2, 3, 10, 97, 1024, 100_000])
def test_the_step_that_spreads_users_reaches_each_once(users: int) -> None:
    step = replayed._stride(users)
    assert np.unique(np.arange(users) * step % users).size == users


def test_without_ids_users_are_drawn_by_their_login_rates(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", *map(str, range(50_000))])
    demand = a_demand(path, unit="s", users=100_000)
    _, users = replayed_requests(demand, 0.0, 50_000.0)
    drawn = Demand(demand.population, Traffic(), START)
    _, others = replayed_requests(drawn, 0.0, 12 * HOUR_S)
    for share in (0.5, 0.9):
        busier, other = (users >= share * 100_000).mean(), (others >= share * 100_000).mean()
        assert abs(busier - other) < STANDARD_ERRORS * np.sqrt(0.25 / users.size + 0.25 / others.size)
    assert not np.array_equal(users, replayed_requests(demand, 0.0, 50_000.0, replication=1)[1])


def test_more_ids_than_users_is_an_error(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time,id", *(f"{k},{k}" for k in range(12))])
    assert "column 'id' names 12 users, more than population.users (11)" in said_of(path, users=11, unit="s", user="id")
    assert replayed_requests(a_demand(path, users=12, unit="s", user="id"), 0.0, 11.5)[1].size == 12


@given(st.lists(st.integers(0, 300), max_size=80), st.lists(st.integers(0, 3000), max_size=2000))
def test_ids_are_numbered_by_first_appearance(first: list[int], second: list[int]) -> None:
    numbers = Numbers()
    hashed = [np.array(ids, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) | np.uint64(1) for ids in (first, second)]
    found = np.concatenate([numbers.of(part) for part in hashed]).tolist()
    known: dict[int, int] = {}
    assert found == [known.setdefault(int(key), len(known)) for key in np.concatenate(hashed)]
    assert numbers.known == len(known)


# Sessions


def test_logins_make_the_requests_of_their_session(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time,id", "0,a", "100,b"])
    session = {"requests": {"kind": "fixed", "count": 3}, "think_time": {"kind": "fixed", "value": "30 s"}}
    demand = a_demand(path, unit="s", user="id", events="logins", session=session, loop=False)
    found = blocks(demand, 0.0, HOUR_S)
    assert found[0].time_s.tolist() == [0.0, 30.0, 60.0, 100.0, 130.0, 160.0]
    assert found[0].logins[0].time_s.tolist() == [0.0, 100.0]
    assert demand.mean_requests_per_s == pytest.approx(2 * 3 / 200)


# What a file may get wrong


@pytest.mark.parametrize(
    ("lines", "replay", "said"),
    [
        (["when", "1"], {"unit": "s"}, "has no column 'time'; it has when"),
        (["time,time", "1,2"], {"unit": "s"}, "has more than one column 'time'"),
        (["time", "1"], {"unit": "s", "user": "id"}, "has no column 'id'"),
        (["time"], {}, "has no rows"),
        (["time", "2026-03-02", "2026-02-30"], {}, "row 2: '2026-02-30' is not a time"),
        (["time", "yesterday"], {}, "row 1: 'yesterday' is not a time"),
        (["time", "1772409600"], {}, "or a number with its 'unit'"),
        (
            ["time", "2026-03-02 00:00Z", "2026-03-02 00:01"],
            {},
            "row 2: '2026-03-02 00:01' states no zone, and the first row states one",
        ),
        (["time,x", "1,a", ",b"], {"unit": "s"}, "row 2: has no 'time'"),
        (["time", "1", "x"], {"unit": "s"}, "row 2: 'x' is not a number of s"),
        (["time", "1", "nan"], {"unit": "s"}, "is not a possible time in s"),
        (["time", "1", "1e300"], {"unit": "s"}, "is not a possible time in s"),
        (["time", "1", "9223372036854775807"], {"unit": "s"}, "is not a possible time in s"),
        (["time", "3", "2"], {"unit": "s"}, "row 2: 2 s comes before the row above it, 3 s; sort the file"),
        (["time", "1", "1e9"], {"unit": "s"}, "is the unit right?"),
        (
            ["time", "2026-03-29 01:00", "2026-03-29 02:30"],
            {"timezone": "Europe/Berlin"},
            "row 2: '2026-03-29 02:30' does not",
        ),
        (["time,n", "1,2", "2,-1"], {"unit": "s", "value": "n"}, "row 2: '-1' is not a whole number from 0 on"),
        (["time,n", "1,2", "2,1.5"], {"unit": "s", "value": "n"}, "row 2: '1.5' is not a whole number"),
        (["time,n", "1,2", "2,many"], {"unit": "s", "value": "n"}, "row 2: 'many' is not a count"),
        (["time,n", "1,2", "2,"], {"unit": "s", "value": "n"}, "row 2: has no 'n'"),
        (["time,n", "1,0", "2,0"], {"unit": "s", "value": "n"}, "all counts are 0"),
        (["time,n", "1,5"], {"unit": "s", "value": "n"}, "has one time only"),
        (["time,n", "1,9e15", "2,5"], {"unit": "s", "value": "n"}, "come within"),
        (["time", "1", "2"], {"unit": "ns"}, "come within"),
        (["time,n", "1,1", *(f"{k},0" for k in range(2, 9000))], {"unit": "ns", "value": "n"}, "come within"),
        (["time,id", "1,a", "2,"], {"unit": "s", "user": "id"}, "row 2: has no 'id'"),
        (["time", "1", "1"], {"unit": "s"}, "all rows have the same time; give a 'length'"),
        (["time", "1", "20"], {"unit": "s", "length": "10 s"}, "spans 19 s, more than its 'length' of 10 s"),
        (["time,x", "1,2", "1,2,3"], {"unit": "s"}, "cannot be read"),
        (["time", "1"], {"unit": "s", "user": "time"}, "must be different columns"),
        (["time", "1"], {"unit": "s", "timezone": "Mars/Base"}, "there is no time zone 'Mars/Base'"),
    ],
)
def test_what_is_wrong_is_said_with_row_and_value(
    tmp_path: Path, lines: list[str], replay: dict[str, Any], said: str
) -> None:
    assert said in said_of(a_file(tmp_path, lines), **replay)


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    assert "is empty" in said_of(path)


@pytest.mark.parametrize(
    ("column", "replay", "said"),
    [
        (pa.array([1, 2]), {}, "holds numbers; say their 'unit'"),
        (pa.array([1, 2]).cast(pa.timestamp("s")), {"unit": "s"}, "leave out 'unit'"),
        (pa.array([[1], [2]]), {}, "which is no time"),
        (pa.array([1, None]), {"unit": "s"}, "row 2: has no 'time'"),
        (pa.array([1, 2**50]).cast(pa.timestamp("s")), {}, "is not a time between"),
    ],
)
def test_what_is_wrong_with_parquet_is_said(tmp_path: Path, column: pa.Array, replay: Any, said: str) -> None:
    path = tmp_path / "trace.parquet"
    parquet.write_table(pa.table({"time": column}), path)
    assert said in said_of(path, **replay)


def test_a_late_fault_names_its_row_in_the_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", *map(str, range(200_000)), "nonsense"])
    assert "row 200001: 'nonsense' is not a number of s" in said_of(path, unit="s")


def test_a_fault_travels_between_processes(tmp_path: Path) -> None:
    demand = a_demand(a_file(tmp_path, ["time", "1", "1"]), unit="s")
    with pytest.raises(UserError) as error:
        _ = demand.mean_requests_per_s
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)  # noqa: S301


SCENARIO = """\
population: {users: 1000, daily_active: 10 %, shape: 0.5}
traffic:
  replay: {path: trace.csv, unit: s}
backends:
  live:
    kind: fleet
    instance: g4dn.xlarge
    service_time: {kind: affine, fixed: 1 ms}
    capacity: {kind: fixed, replicas: 1}
plans:
  on demand: {on_miss: compute, backend: live}
"""


def test_a_replay_excludes_what_it_stands_for_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("\n".join(SECONDS), encoding="utf-8")
    path = tmp_path / "scenario.yaml"
    given_too = """\
  profile: {kind: cosine, peak: "19:00", amplitude: 50 %}
  timezones: {Asia/Tokyo: 100 %}
  growth_per_week: 1 %
  spikes: [{at: 1 h, duration: 1 h, multiplier: 2}]
  session: {requests: {kind: fixed, count: 2}}
backends:
"""
    path.write_text(SCENARIO.replace("backends:\n", given_too), encoding="utf-8")
    with pytest.raises(InputFileError) as error:
        load_scenario(path)
    assert "has both replay and profile, timezones, growth_per_week, spikes, session" in str(error.value)
    path.write_text(
        SCENARIO.replace("unit: s}", "unit: s, events: logins}\n  session: {requests: {kind: fixed, count: 2}}"),
        encoding="utf-8",
    )
    assert load_scenario(path).demand.mean_requests_per_s == pytest.approx(2 * 5 / 12.5)


def test_the_first_rows_are_checked_when_the_scenario_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("time\n1\nx\n", encoding="utf-8")
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    with pytest.raises(InputFileError, match=r"line 3: traffic.replay: .*trace.csv, row 2: 'x' is not a number of s"):
        load_scenario(path)


def test_a_resolved_scenario_reads_back(tmp_path: Path) -> None:
    path = a_file(tmp_path, SECONDS)
    scenario = a_scenario(traffic={"replay": {"path": str(path), "unit": "s", "length": "20 s"}})
    again = Scenario.model_validate(scenario.model_dump(mode="json"))
    assert again.traffic.replay == scenario.traffic.replay


def test_the_schema_describes_a_replay() -> None:
    fields = Scenario.model_json_schema()["$defs"]["Replay"]["properties"]
    assert all(field.get("description") for field in fields.values())
    assert set(fields) >= {"path", "time", "user", "value", "events", "unit", "timezone", "speed", "loop", "sort"}


HOSTILE_CELL = st.one_of(
    st.text(max_size=12),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(str),
    st.sampled_from(["", '"', "\x00", "1e999", "-0", "2026-03-02", "0001-01-01", "9999-12-31T23:59:59Z", "1" * 400]),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.sampled_from(["time,n,id", "time,n", "n,time", "\ufefftime,n,id", "time;n", ""]),
    table=st.lists(st.lists(HOSTILE_CELL, min_size=1, max_size=3), max_size=6),
    replay=st.fixed_dictionaries(
        {},
        optional={
            "unit": st.sampled_from(["s", "ns"]),
            "value": st.just("n"),
            "user": st.just("id"),
            "sort": st.just(value=True),
            "loop": st.just(value=False),
            "timezone": st.just("America/New_York"),
            "speed": st.sampled_from([1e-3, 1e6]),
        },
    ),
)
def test_a_hostile_table_meets_nothing_but_user_errors(
    tmp_path: Path, header: str, table: list[list[str]], replay: dict[str, Any]
) -> None:
    path = a_file(tmp_path, [header, *(",".join(row) for row in table)])
    must_work_or_be_the_users_fault(path, replay)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), head=st.sampled_from([b"", b"time\n", b"PAR1", b"\x1f\x8b"]))
@pytest.mark.parametrize("suffix", ["csv", "parquet", "csv.gz"])
def test_hostile_bytes_meet_nothing_but_user_errors(tmp_path: Path, suffix: str, content: bytes, head: bytes) -> None:
    path = tmp_path / f"bytes{next(FILE_NUMBERS)}.{suffix}"
    path.write_bytes(head + content)
    must_work_or_be_the_users_fault(path, {"unit": "s"})


def must_work_or_be_the_users_fault(path: Path, replay: dict[str, Any]) -> None:
    try:
        demand = a_demand(path, **replay)
        requests = demand.recorded_requests(np.array([0.0, 1.0]))[0]
        if requests < 1e5:
            blocks(demand, 0.0, 1.0)
    except ValidationError as error:
        kinds = {detail["type"] for detail in error.errors()}
    except UserError:
        kinds = {"value_error"}
    else:
        kinds = {"value_error"}
    assert kinds == {"value_error"}


# In the engine


def test_a_replay_runs_through_every_plan(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    at_s = np.sort(rng.integers(0, int(6 * HOUR_S), 4000))
    path = a_file(tmp_path, ["time,id", *(f"{t},{u}" for t, u in zip(at_s, rng.integers(0, 500, 4000), strict=True))])
    scenario = a_scenario(
        traffic={"replay": {"path": str(path), "unit": "s", "user": "id", "length": "6 h"}}, horizon="24 h"
    )
    for plan in scenario.plans:
        outcome = simulate(scenario, plan)
        assert outcome.traffic.logins == 16_000
        assert outcome.counted.tally["requests"] == 16_000
        assert outcome.traffic.daily_active_fraction == pytest.approx(500 / 600)
    facts = {fact.what: fact.value for fact in consequences(scenario)}
    assert facts["events in the file"] == "4,000"
    assert facts["users in the file"] == "500"
    assert facts["requests in the horizon"] == "16,000"


def trace(name: str) -> Path:
    path = TRACES / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def test_the_feed_is_as_bursty_as_the_code_trace() -> None:
    path = trace("AzureLLMInferenceTrace_code.csv")
    stamps = pd.to_datetime(pd.read_csv(path)["TIMESTAMP"])
    own_s = ((stamps - stamps[0]) / pd.Timedelta(1, "s")).to_numpy()
    scenario = a_scenario(traffic={"replay": {"path": str(path), "time": "TIMESTAMP"}}, horizon="56 min")
    stretch = RequestStream(Source.of(scenario), 0, 0.0, HOUR_S).draw()
    assert stretch is not None
    block = stretch.block
    assert block.time_s == pytest.approx(own_s[own_s < scenario.horizon_s], abs=1e-6)
    edges_s = np.arange(57) * MINUTE_S
    (found, _), (own, _) = np.histogram(block.time_s, edges_s), np.histogram(own_s, edges_s)
    assert found.var() / found.mean() == own.var() / own.mean()
    assert own.var() / own.mean() > 100


def test_the_code_trace_comes_whole_in_every_repetition() -> None:
    demand = a_demand(trace("AzureLLMInferenceTrace_code.csv"), time="TIMESTAMP")
    assert demand.recorded is not None
    length_s = demand.recorded.length_s
    times_s, _ = replayed_requests(demand, -length_s, 5 * length_s)
    assert np.all(np.diff(times_s) >= 0)
    assert np.histogram(times_s, 6, (-length_s, 5 * length_s))[0].tolist() == [8819] * 6


@pytest.mark.parametrize(
    ("name", "days", "step_s"), [("nab_elb_request_count_8c0756.csv", 14, 300), ("nab_nyc_taxi.csv", 1, 1800)]
)
def test_counts_come_back_exactly(name: str, days: int, step_s: int) -> None:
    path = trace(name)
    own = pd.read_csv(path)
    at_s = ((pd.to_datetime(own["timestamp"]) - pd.Timestamp(own["timestamp"][0])) / pd.Timedelta(1, "s")).to_numpy()
    inside = at_s <= days * DAY_S
    edges_s, counts = at_s[inside], own["value"].to_numpy()[inside][:-1]
    times_s, users = replayed_requests(
        a_demand(path, time="timestamp", value="value"), -HOUR_S, days * DAY_S, 5 * HOUR_S
    )
    assert np.all(np.diff(times_s) >= 0)
    assert users.size == times_s.size
    assert np.diff(np.searchsorted(times_s, edges_s)).tolist() == counts.tolist()
    assert np.median(np.diff(at_s)) == step_s


def test_the_taxi_trace_holds_as_many_as_the_file() -> None:
    path = trace("nab_nyc_taxi.csv")
    demand = a_demand(path, time="timestamp", value="value")
    assert demand.recorded is not None
    assert demand.recorded.events == pd.read_csv(path)["value"].sum()
    assert demand.recorded.length_s == 215 * DAY_S
