"""Times that are rounded down: rows of a second do not come all at once, and each keeps its place."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from replay_files import DAY_S, HOUR_S, a_demand, a_file, requests_of, said_of
from scipy import stats

from simulator.core.tables import BATCH_ROWS
from simulator.demand import replayed

EPOCH_S = 1772409600  # 2026-03-02


def resolution_of(path: Path, **replay: Any) -> float:
    found = a_demand(path, **replay).recorded
    assert found is not None
    return found.resolution_s


@pytest.mark.parametrize(
    ("times", "replay", "resolution_s"),
    [
        ([f"2026-03-02 00:00:{k:02d}" for k in range(9)], {}, 1.0),
        ([f"2026-03-02 00:00:{k:02d}.{k}00" for k in range(9)], {}, 0.1),
        ([f"2026-03-02 00:00:{k:02d}.{k:03d}" for k in range(9)], {}, 1e-3),
        ([f"2026-03-02 00:00:{k:02d}.{k:06d}" for k in range(9)], {}, 0.0),
        ([f"2026-03-02 00:{k:02d}:00" for k in range(9)], {}, 60.0),
        ([f"2026-03-02 {k:02d}:00:00Z" for k in range(9)], {}, HOUR_S),
        ([f"2026-03-02 {k:02d}:00:00+05:30" for k in range(9)], {}, HOUR_S),
        ([f"2026-03-02 {k:02d}:00" for k in range(9)], {"timezone": "Asia/Kolkata"}, HOUR_S),
        ([f"2026-03-{k:02d}" for k in range(1, 9)], {}, DAY_S),
        ([f"{k:02d}/03/2026" for k in range(1, 9)], {"format": "%d/%m/%Y"}, DAY_S),
        ([str(EPOCH_S + k) for k in range(9)], {"unit": "s"}, 1.0),
        ([str(EPOCH_S * 1000 + 1000 * k) for k in range(9)], {"unit": "ms"}, 1.0),
        ([str(EPOCH_S * 1000 + k) for k in range(9)], {"unit": "ms"}, 1e-3),
        (["0.5", "1.25", "3.5"], {"unit": "s"}, 0.01),
        # few times, which may be round by chance: as they are written
        (["2026-03-02 07:00:00", "2026-03-02 20:00:00"], {}, 1.0),
        (["2026-03-02 07:00", "2026-03-02 20:00"], {}, 60.0),
        (["2026-03-02", "2026-03-03"], {}, DAY_S),
        # what is stated goes before what is seen
        ([f"2026-03-02 00:{k:02d}:00" for k in range(0, 60, 15)], {"resolution": "15 min"}, 900.0),
        ([f"2026-03-02 00:00:{k:02d}" for k in range(9)], {"resolution": "0 s"}, 0.0),
        # a day that the clock makes shorter
        ([f"2026-03-{k:02d}" for k in range(5, 12)], {"timezone": "America/New_York"}, DAY_S - HOUR_S),
    ],
)
def test_what_times_are_rounded_to_is_seen(
    tmp_path: Path, times: list[str], replay: dict[str, Any], resolution_s: float
) -> None:
    assert resolution_of(a_file(tmp_path, ["time", *times]), **replay) == pytest.approx(resolution_s, rel=1e-9)


def test_a_resolution_that_rows_contradict_is_refused(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", "2026-03-02 00:00:01", "2026-03-02 00:00:03"])
    said = said_of(path, resolution="1 min")
    assert "has times that are 2 s apart, so that they are not rounded to the 'resolution' of 1 min" in said
    assert "'resolution' is for rows of one event each" in said_of(
        a_file(tmp_path, ["time,n", "2026-03-02,1", "2026-03-03,1"]), value="n", resolution="1 s"
    )


@pytest.fixture(scope="module")
def busy_seconds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of more rows than a batch, many of a second."""
    rng = np.random.default_rng(8)
    at_s = np.sort(rng.integers(0, 2 * HOUR_S, BATCH_ROWS + 30_000))
    users = rng.integers(0, 500, at_s.size)
    rows = (f"{EPOCH_S + at},u{user}" for at, user in zip(at_s.tolist(), users.tolist(), strict=True))
    return a_file(tmp_path_factory.mktemp("busy"), ["time,who", *rows])


def test_rows_of_a_second_are_spread_evenly_over_it_in_the_files_order(busy_seconds: Path) -> None:
    demand = a_demand(busy_seconds, unit="s", user="who", loop=False)
    exact = a_demand(busy_seconds, unit="s", user="who", loop=False, resolution="0 s")
    times_s, users = requests_of(demand, 0.0, 3 * HOUR_S)
    rounded_s, _ = requests_of(exact, 0.0, 3 * HOUR_S)
    assert np.array_equal(np.floor(times_s), np.floor(rounded_s + 1e-6))
    assert np.all(np.diff(times_s) > 0)
    assert stats.kstest(times_s % 1, "uniform").pvalue > 0.01
    numbers = {name: k for k, name in enumerate(dict.fromkeys(_column(busy_seconds, 1)))}
    stride = replayed._stride(10_000)
    assert users.tolist() == [numbers[name] * stride % 10_000 for name in _column(busy_seconds, 1)]


def _column(path: Path, index: int) -> list[str]:
    return [line.split(",")[index] for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def test_order_statistics_of_three_are_those_of_uniform_numbers() -> None:
    """Beta(1, 3), Beta(2, 2) and Beta(3, 1) of the first, the second and the third."""
    time_ns = np.repeat(np.arange(20_000), 3)
    found = replayed.spread_fractions(time_ns, np.arange(time_ns.size), 7).reshape(-1, 3)
    for place in range(3):
        assert stats.kstest(found[:, place], stats.beta(place + 1, 3 - place).cdf).pvalue > 0.001


@pytest.mark.parametrize("replay", [{}, {"loop": False}, {"user": "who"}, {"sort": True}, {"speed": 3}])
@pytest.mark.parametrize("begin_s", [-1.7 * HOUR_S, 0.4 * HOUR_S])
def test_where_rows_come_does_not_depend_on_blocks_or_beginnings(
    busy_seconds: Path, replay: dict[str, Any], begin_s: float
) -> None:
    demand = a_demand(busy_seconds, unit="s", **replay)
    one_s, one_user = requests_of(demand, -2.0 * HOUR_S, 4 * HOUR_S)
    other_s, other_user = requests_of(demand, begin_s, 4 * HOUR_S, 7 * HOUR_S)
    assert np.array_equal(one_s[one_s >= begin_s], other_s)
    assert np.array_equal(one_user[one_s >= begin_s], other_user)


def test_other_replications_and_seeds_spread_otherwise(busy_seconds: Path) -> None:
    demand = a_demand(busy_seconds, unit="s", user="who")
    one, same = requests_of(demand, 0.0, HOUR_S)[0], requests_of(demand, 0.0, HOUR_S)[0]
    other = requests_of(demand, 0.0, HOUR_S, replication=1)[0]
    assert np.array_equal(one, same)
    assert np.array_equal(np.floor(one), np.floor(other))
    assert not np.any(one == other)


def test_a_file_of_whole_seconds_lasts_until_its_last_second_is_over(tmp_path: Path) -> None:
    path = a_file(tmp_path, ["time", *(str(EPOCH_S + k) for k in range(3600) for _ in range(3))])
    found = a_demand(path, unit="s").recorded
    assert found is not None
    assert found.length_s == HOUR_S
    times_s, _ = requests_of(a_demand(path, unit="s"), 0.0, 3 * HOUR_S)
    assert np.histogram(times_s, 10_800, (0.0, 10_800.0))[0].tolist() == [3] * 10_800


@pytest.mark.parametrize("loop", [True, False])
def test_as_many_are_expected_as_come_where_times_are_days(tmp_path: Path, loop: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(2)
    days = np.repeat(np.arange(1, 15), rng.integers(2000, 4000, 14))
    path = a_file(tmp_path, ["time", *(f"2026-03-{day:02d}" for day in days)])
    demand = a_demand(path, "2026-03-01T00:00", loop=loop)
    edges_s = np.arange(0, 29) * DAY_S / 2
    counted = np.diff(np.searchsorted(requests_of(demand, 0.0, 14 * DAY_S, DAY_S)[0], edges_s))
    expected = demand.recorded_requests(edges_s)
    assert np.all(np.abs(expected - counted) < 4 * np.sqrt(counted))
    assert expected.reshape(14, 2).sum(axis=1) == pytest.approx(np.bincount(days)[1:])
    assert demand.recorded is not None
    assert demand.recorded.busiest_per_s == pytest.approx(np.bincount(days).max() / DAY_S, rel=0.01)


def test_a_log_of_whole_seconds_waits_as_the_traffic_did_that_it_is_of(tmp_path: Path) -> None:
    """Of Poisson traffic rounded to seconds, spread rows are Poisson again; taken as they are they wait far longer."""
    rng = np.random.default_rng(5)
    exact_s = np.sort(rng.uniform(0, 2 * HOUR_S, 100_000))
    files = {
        "exact": a_file(tmp_path, ["time", *(f"{EPOCH_S + at:.6f}" for at in exact_s)]),
        "rounded": a_file(tmp_path, ["time", *(f"{EPOCH_S + int(at)}" for at in exact_s)]),
    }
    wait_s = {}
    for name, replay in {"exact": {}, "rounded": {}, "at once": {"resolution": "0 s"}}.items():
        path = files["exact" if name == "exact" else "rounded"]
        at_s, _ = requests_of(a_demand(path, unit="s", loop=False, **replay), 0.0, 2 * HOUR_S)
        free_s, waits = 0.0, []
        for moment in at_s.tolist():  # one server of 30 ms a request
            waits.append(max(free_s - moment, 0.0))
            free_s = max(free_s, moment) + 0.03
        wait_s[name] = float(np.mean(waits))
    assert wait_s["rounded"] == pytest.approx(wait_s["exact"], rel=0.05)
    assert wait_s["at once"] > 5 * wait_s["exact"]
