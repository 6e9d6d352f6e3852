"""Fits to logs that name no users: what rates say is found, and nothing is said of who comes back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from synthetic_logs import DAY_S, HOUR_S, HOURS, START

from simulator.core.errors import UserError
from simulator.demand.arrivals import request_blocks
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic
from simulator.studies.calibration.calibrating import Calibration, calibrate
from simulator.studies.calibration.count_units import Unit
from simulator.studies.calibration.counting import counts_of_events, read_counts
from simulator.studies.calibration.counts import Counts, Readings, counts_of
from simulator.studies.calibration.events import Asked, read_events
from simulator.studies.calibration.rates import RateFit, fit_rates

DATA = Path(__file__).parents[4] / "shared" / "data" / "traces"
DAYS, PER_DAY, GROWTH, CV = 28, 20_000, 0.03, 0.3
WIDER = 2.0
"""Intervals are stretched so much where one log is looked at: all of four numbers should be inside."""
KEYS = ("requests_per_s_mean", "traffic.growth_per_week", "traffic.burstiness.cv", "population.logins_per_day")


def log(seed: int, per_day: int = PER_DAY, **traffic: Any) -> pd.DataFrame:
    """Return times of requests of a known rate, growth and burstiness."""
    stated = {
        "profile": {"kind": "hourly", "weights": HOURS},
        "growth_per_week": f"{GROWTH * 100} %",
        "burstiness": {"cv": CV, "every": "60 s"},
        "session": {"requests": 1},
        **traffic,
    }
    users = Population.model_validate({"users": 10_000, "logins_per_day": f"{per_day / 10_000}/day", "shape": 0.5})
    demand = Demand(users, Traffic.model_validate(stated), START)
    blocks = request_blocks(demand, seed, 0, 0.0, DAYS * DAY_S, HOUR_S)
    times = np.concatenate([block.time_s.copy() for block in blocks])
    return pd.DataFrame({"time": pd.to_datetime(times + START.timestamp(), unit="s", utc=True)})


def truth(per_day: int = PER_DAY) -> dict[str, float]:
    grown = float(np.mean(np.exp(np.log1p(GROWTH) * (np.arange(DAYS) + 0.5) / 7)))
    per_s = per_day * grown / DAY_S
    return dict(zip(KEYS, (per_s, GROWTH, CV, per_s * DAY_S / 5_000), strict=True))


def binned(times: pd.Series, every: str) -> pd.DataFrame:
    counted = times.dt.floor(every).value_counts().sort_index().asfreq(every, fill_value=0)
    return pd.DataFrame({"time": counted.index, "count": counted.to_numpy()})


def fitted(path: Path, population: float | None = 5_000.0) -> RateFit:
    counts = read_counts([path], Asked())
    if counts is None:
        with read_events([path]) as events:
            counts = counts_of_events(events)
    return fit_rates(counts, "UTC", population)


def check(found: RateFit, keys: tuple[str, ...]) -> None:
    for key in keys:
        each, right = found.parameters[key], truth()[key]
        low, high = (each.value + WIDER * (bound - each.value) for bound in (each.low, each.high))
        assert low <= right <= high, (key, each, right)
    weights = np.asarray(found.weekly.weights).reshape(7, 24).mean(axis=0)
    assert weights == pytest.approx(np.asarray(HOURS) / np.mean(HOURS), rel=0.06, abs=0.02)


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return log(1)


def test_events_without_users_give_rate_profile_growth_and_bursts(events: pd.DataFrame, tmp_path: Path) -> None:
    events.to_parquet(tmp_path / "log.parquet")
    found = fitted(tmp_path / "log.parquet")
    assert found.burst_s == 60
    check(found, KEYS)


@pytest.mark.parametrize("every", ["60s", "7min", "1h", "6h"])
def test_counts_give_the_same_at_any_length_as_far_as_it_goes(every: str, events: pd.DataFrame, tmp_path: Path) -> None:
    binned(events.time, every).to_csv(tmp_path / "counts.csv", index=False)
    found = fitted(tmp_path / "counts.csv")
    of_rates = tuple(key for key in KEYS if "burst" not in key)
    if every == "6h":  # of a day no more is known than its quarters
        weights = np.asarray(found.weekly.weights).reshape(7, 4, 6)
        assert (np.ptp(weights, axis=2) < 0.01).all()
        assert found.parameters["traffic.growth_per_week"].value == pytest.approx(GROWTH, abs=0.01)
    else:
        check(found, KEYS if every == "60s" else of_rates)
    assert ("traffic.burstiness.cv" in found.parameters) == (every in {"60s", "7min"})


def test_bursts_of_five_minutes_are_found_in_counts_of_five_minutes(tmp_path: Path) -> None:
    times = log(2, burstiness={"cv": 0.4, "every": "300 s"}).time
    binned(times, "5min").to_csv(tmp_path / "counts.csv", index=False)
    found = fitted(tmp_path / "counts.csv")
    assert found.burst_s == 300
    assert found.parameters["traffic.burstiness.cv"].value == pytest.approx(0.4, rel=0.05)


def test_requests_that_are_not_bursty_have_no_bursts(tmp_path: Path) -> None:
    log(3, burstiness=None).to_parquet(tmp_path / "log.parquet")
    found = fitted(tmp_path / "log.parquet")
    burst = found.parameters.get("traffic.burstiness.cv")
    assert burst is None or burst.value < 0.05


@pytest.mark.long
def test_intervals_hold_the_truth_in_ninety_of_a_hundred_logs() -> None:
    begin = START.timestamp() + np.arange(DAYS * 1_440) * 60.0
    right, held = truth(5_000), dict.fromkeys(KEYS, 0)
    for seed in range(100, 200):
        minute = (log(seed, 5_000).time - pd.Timestamp(START)).dt.total_seconds() // 60
        count = np.bincount(minute.astype(int), minlength=begin.size).astype(float)
        found = fit_rates(Counts("counts", 60.0, begin, begin + 60, count), "UTC", 5_000.0)
        for key in KEYS:
            held[key] += found.parameters[key].low <= right[key] <= found.parameters[key].high
    assert min(held.values()) >= 90, held


def hourly(level: np.ndarray, begin: datetime = START, left_out: np.ndarray | None = None) -> Counts:
    kept = np.ones(level.size, dtype=bool) if left_out is None else ~left_out
    at = begin.timestamp() + np.arange(level.size) * HOUR_S
    return counts_of(Readings("counts", at[kept], level[kept].astype(float), Unit.COUNT))


def test_where_nothing_grows_growth_is_rarely_said() -> None:
    rng = np.random.default_rng(8)
    grows = [fit_rates(hourly(rng.poisson(200.0, 28 * 24)), "UTC").grows for _ in range(40)]
    assert sum(grows) <= 6  # in 95 of a hundred it is not; of 40 more than 6 say so once in a hundred times


def test_gaps_are_not_taken_for_zero_unless_that_is_said() -> None:
    level = np.random.default_rng(1).poisson(500.0, 28 * 24)
    gap = np.zeros(level.size, dtype=bool)
    gap[100:300] = True
    counts = hourly(level, left_out=gap)
    assert counts.missing_s == 200 * HOUR_S
    assert fit_rates(counts, "UTC").parameters["requests_per_s_mean"].value == pytest.approx(500 / HOUR_S, rel=0.01)
    filled = counts.without_gaps()
    assert filled.missing_s == 0
    assert filled.total == counts.total
    assert fit_rates(filled, "UTC").parameters["requests_per_s_mean"].value < 0.9 * 500 / HOUR_S


def test_a_profile_is_on_the_clock_of_its_zone_over_a_change_of_the_clock() -> None:
    begin = datetime(2026, 10, 12, tzinfo=UTC)
    at = [begin + timedelta(hours=step) for step in range(28 * 24)]
    local = np.array([each.hour for each in pd.DatetimeIndex(at).tz_convert("America/New_York")])
    counts = hourly(np.where(local == 9, 2_000, 100), begin)
    weights = np.asarray(fit_rates(counts, "America/New_York").weekly.weights).reshape(7, 24)
    assert (weights.argmax(axis=1) == 9).all()
    assert weights[:, 8] == pytest.approx(weights[:, 10])


def test_a_handful_of_events_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("time,page\n" + "2026-03-02T00:00:00Z,a\n" * 30, encoding="utf-8")
    with pytest.raises(UserError, match="30 events in all are too few to fit anything; at least 200"):
        fitted(tmp_path / "log")


def calibrated(path: Path, population: float | None = None, *, judges: bool = True) -> Calibration:
    return calibrate([path], Asked(), population, judges=judges)


def test_without_a_population_there_is_traffic_alone_and_it_is_said_how_much_it_makes(
    events: pd.DataFrame, tmp_path: Path
) -> None:
    events.to_parquet(tmp_path / "log.parquet")
    found = calibrated(tmp_path / "log.parquet", judges=False)
    assert set(found.parts) == {"traffic"}
    assert any("with --population N" in each for each in found.why)
    assert any("cannot be known from it" in each for each in found.why)
    with_users = calibrated(tmp_path / "log.parquet", 5_000.0, judges=False)
    stated = with_users.parts["population"]
    assert Population.model_validate(stated).mean_logins_per_user_day() * 5_000 == pytest.approx(
        PER_DAY * 1.03**4, rel=0.02
    )
    with pytest.raises(
        UserError, match=r"--population: 0.01 users for 22,\d+ requests a day; a scenario takes from 1,"
    ):
        calibrated(tmp_path / "log.parquet", 0.01, judges=False)


@pytest.mark.long
def test_the_held_out_end_is_judged_by_rates_and_a_plan_without_memory_alone(
    events: pd.DataFrame, tmp_path: Path
) -> None:
    events.to_parquet(tmp_path / "log.parquet")
    verdict = calibrated(tmp_path / "log.parquet").verdict
    assert verdict is not None
    assert verdict.recommendation_changes is None
    by_name = {each.metric: each for each in verdict.compared}
    assert set(by_name) == {
        *("requests_per_s_mean", "requests_per_s_peak"),
        *(f"variance over mean in {piece} s" for piece in (1, 60, 3600)),
        *(f"on demand: {name}" for name in ("latency_p99_s", "replicas_peak", "cost_usd_per_month")),
    }
    assert not verdict.bad
    assert abs(by_name["requests_per_s_mean"].error) < 0.08  # three weeks do not tell a growth of 3 % a week
    assert abs(by_name["variance over mean in 60 s"].error) < 0.1


@pytest.mark.long
def test_an_end_that_is_another_one_is_told_and_a_gap_in_it_is_neither_for_nor_against(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    hours = np.arange(28 * 24)
    level = rng.poisson(900 * (1.2 + np.sin(2 * np.pi * hours / 24)))
    at = pd.date_range(START, periods=hours.size, freq="h")
    frame = pd.DataFrame({"time": at, "requests": level})
    frame.drop(range(600, 612)).to_csv(tmp_path / "gap.csv", index=False)
    assert calibrated(tmp_path / "gap.csv").fits
    frame.loc[frame.index >= 22 * 24, "requests"] *= 2
    frame.to_csv(tmp_path / "twice.csv", index=False)
    found = calibrated(tmp_path / "twice.csv")
    assert not found.fits
    assert any(each.startswith("requests_per_s_mean is") for each in found.why)


@pytest.mark.skipif(not DATA.exists(), reason="the traces are not there")
def test_the_taxis_of_new_york_have_their_holidays_and_the_snowstorm_kept_out() -> None:
    counts = read_counts([DATA / "nab_nyc_taxi.csv"], Asked(timezone="America/New_York"))
    assert counts is not None
    assert counts.step_s == 1_800
    found = fit_rates(counts, "America/New_York")
    days = {each.begins.strftime("%m-%d") for each in found.weekly.unusual}
    assert {"07-04", "11-27", "12-25", "01-01", "01-26", "01-27"} <= days
    weights = np.asarray(found.weekly.weights).reshape(7, 24)
    assert weights[:5].mean(axis=0).argmin() in {3, 4}
    assert weights[5, 23] > 1.3 > weights[6, 23]
