"""Fits to logs of users whose habits are known: they find them, and their intervals hold the truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_logs import Habits, drawn, written

from simulator.demand.population import Population
from simulator.studies.calibration.activity import Beginning, Likelihood, Reach, Seen
from simulator.studies.calibration.calibrating import calibrate
from simulator.studies.calibration.events import Asked, read_events
from simulator.studies.calibration.fitting import UserFit, fit_users
from simulator.studies.calibration.measures import measured
from simulator.studies.calibration.parts import parts_of
from simulator.studies.calibration.sessions import PER_OCTAVE, Gaps, requests_of, valley_of
from simulator.studies.calibration.weekly import fitted_weekly

WIDER = 2.0
"""An interval is stretched so much where a single log is looked at: all of eight numbers should be inside."""


def fit(habits: Habits, seed: int, folder: Path, population: float | None = None) -> UserFit:
    with read_events([written(habits, seed, folder)]) as events:
        return fit_users(measured(events), "UTC", population)


def test_a_log_says_how_unlike_its_users_are_who_returns_and_what_a_login_does(tmp_path: Path) -> None:
    habits = Habits(users=10_000)
    found = fit(habits, 1, tmp_path)
    assert found.beginning is Beginning.LASTING
    assert set(habits.truth) == set(found.parameters)
    for key, truth in habits.truth.items():
        each = found.parameters[key]
        assert each.value - WIDER * (each.value - each.low) <= truth <= each.value + WIDER * (each.high - each.value), (
            key
        )


def test_without_return_visits_none_are_found(tmp_path: Path) -> None:
    found = fit(Habits(users=5_000, probability=0.0), 2, tmp_path)
    assert found.returns is None
    assert found.parameters["population.shape"].value == pytest.approx(0.5, rel=0.12)


def test_who_never_came_is_known_where_the_population_is_given(tmp_path: Path) -> None:
    found = fit(Habits(users=5_000), 3, tmp_path, population=5_000.0)
    assert found.users == 5_000
    assert found.seen_users < 4_500
    assert found.parameters["population.shape"].value == pytest.approx(0.5, rel=0.12)


def test_who_is_dormant_is_told_from_who_comes_seldom_where_the_population_is_given(tmp_path: Path) -> None:
    path = written(Habits(users=5_000), 3, tmp_path)
    with read_events([path]) as events:
        measures = measured(events)
    gamma, dormant = (fit_users(measures, "UTC", population) for population in (5_000.0, 8_000.0))
    assert "population.dormant" not in gamma.parameters
    found = dormant.parameters["population.dormant"]
    assert found.low < 3 / 8 < found.high
    assert found.high - found.low < 0.1
    assert dormant.parameters["population.shape"].value == pytest.approx(0.5, rel=0.12)
    stated = [Population.model_validate(parts_of(each)["population"]) for each in (gamma, dormant)]
    assert stated[1].users == 8_000
    assert stated[1].dormant_fraction == pytest.approx(found.value, abs=1e-3)
    logins = [each.users * each.mean_logins_per_user_day() for each in stated]
    assert logins[0] == pytest.approx(logins[1], rel=1e-3)


def test_of_those_who_join_the_ones_that_never_came_are_dormant(tmp_path: Path) -> None:
    log = drawn(Habits(users=2_000, probability=0.0, growth_per_week=0.0), 4)
    join = np.random.default_rng(1).uniform(0, 20, 2_000)
    days = (log.time - log.time.min()).dt.total_seconds() / 86_400
    log[days >= join[log.user]].to_parquet(tmp_path / "log.parquet")
    with read_events([tmp_path / "log.parquet"]) as events:
        measures = measured(events)
    alone, of_all = (fit_users(measures, "UTC", population) for population in (None, 100_000.0))
    assert alone.beginning is of_all.beginning is Beginning.JOINING
    stated = parts_of(of_all)["population"]
    assert stated["users"] == 100_000
    assert float(stated["dormant"].rstrip(" %")) / 100 == pytest.approx(1 - alone.seen_users / 100_000, abs=1e-3)
    shares = [Population.model_validate(parts_of(each)["population"]).share_active_at() for each in (alone, of_all)]
    assert shares[0] * alone.users == pytest.approx(shares[1] * 100_000, rel=0.01)


def test_what_is_counted_of_a_log_of_many_blocks_is_what_pandas_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    time = pd.Timestamp("2026-03-02") + pd.to_timedelta(rng.integers(0, 14 * 86_400, 400_000), unit="s")
    log = pd.DataFrame({"time": time, "user": rng.integers(0, 9_000, 400_000)})
    log.to_parquet(tmp_path / "log.parquet")
    with read_events([tmp_path / "log.parquet"]) as events:
        assert events.users == 9_000
        found = measured(events, session_gap_s=3_600.0)
    log = log.sort_values(["user", "time"])
    gap_s = log.groupby("user").time.diff().dt.total_seconds()
    begins = ~(gap_s <= 3_600)
    requests = begins.cumsum().value_counts().value_counts()
    assert found.gaps.count.sum() == gap_s.notna().sum()
    assert {number: count for number, count in enumerate(found.per_login.sum(axis=0)) if count} == dict(requests)
    assert found.think_s.sum(axis=0)[[0, 2]].tolist() == [gap_s[~begins].sum(), (~begins).sum()]
    per_user = begins.groupby(log.user).sum()
    assert found.per_user[:, 3] @ found.per_user[:, 2] == (per_user - 1).sum()


def test_when_users_are_first_seen_is_told_in_hundredths_that_begin_then(tmp_path: Path) -> None:
    seen = np.repeat([0, 0.006, 0.015, 0.999], 100) * 100_000
    time = pd.Timestamp("2026-03-02") + pd.to_timedelta([*seen, 100_000], unit="s")
    pd.DataFrame({"time": time, "user": range(401)}).to_parquet(tmp_path / "log.parquet")
    with read_events([tmp_path / "log.parquet"]) as events:
        rows = measured(events).per_user
    assert np.bincount(rows[:, 1].astype(int), rows[:, 3])[[0, 1, 99]].tolist() == [200, 100, 101]


@pytest.mark.long
def test_intervals_hold_the_truth_in_ninety_of_a_hundred_logs(tmp_path: Path) -> None:
    habits, held = Habits(users=8_000), dict.fromkeys(Habits().truth, 0)
    for seed in range(100):
        found = fit(habits, seed, tmp_path)
        assert found.lapsing is None
        for key, truth in habits.truth.items():
            each = found.parameters.get(key)
            held[key] += each is not None and each.low <= truth <= each.high
    assert min(held.values()) >= 90, held


def seen(rng: np.random.Generator, *, joins: bool) -> Seen:
    """Return users of gamma rates over 100 days who are there all the time, or join at any time."""
    rate = rng.gamma(0.8, 0.05 / 0.8, 20_000)
    join = rng.uniform(0, 100, rate.size) if joins else rng.exponential(1 / rate)
    here = join < 100
    again = rng.poisson(rate[here] * (100 - join[here]))
    return Seen(join[here], again, np.ones(again.size))


@pytest.mark.parametrize("joins", [False, True])
def test_who_joins_is_told_from_who_comes_seldom(*, joins: bool) -> None:
    users = seen(np.random.default_rng(5), joins=joins)
    explained = {}
    for beginning in Beginning:
        likelihood = Likelihood(users, Reach(100.0), beginning)
        explained[beginning] = likelihood.log_likelihood_of_later(likelihood.fitted())
    right = Beginning.JOINING if joins else Beginning.LASTING
    assert max(explained, key=lambda each: explained[each]) is right
    found = Likelihood(users, Reach(100.0), right).fitted()
    assert (found.shape, found.mean_per_day) == pytest.approx((0.8, 0.05), rel=0.06)


def test_a_log_of_which_only_some_users_are_looked_at_gives_the_same_counts_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.studies.calibration.measures.MOST_PAIR_LOGINS", 2_000)
    monkeypatch.setattr("simulator.studies.calibration.stays.MOST_USERS", 300)
    path = written(Habits(users=3_000, days=14), 2, tmp_path)
    found = []
    for _ in range(2):
        with read_events([path]) as events:
            found.append(measured(events))
    one, other = found
    assert 1_000 < one.pair_logins[:, 0].sum() < 4_000
    assert 200 < one.stays.users.sum() < 400
    np.testing.assert_array_equal(one.pairs, other.pairs)
    np.testing.assert_array_equal(one.stays.users, other.stays.users)


def test_users_of_whom_nobody_came_again_are_fitted_and_that_is_told(tmp_path: Path) -> None:
    hours = pd.date_range("2026-01-01", periods=24 * 60, freq="h", tz="UTC")
    pd.DataFrame({"time": hours.floor("D"), "user": range(len(hours))}).to_parquet(tmp_path / "log.parquet")
    found = calibrate([tmp_path / "log.parquet"], Asked(), judges=False)
    assert any("nearly all came once" in each for each in found.why)


def test_the_valley_lies_between_pauses_and_absences() -> None:
    rng = np.random.default_rng(3)
    gaps = np.concatenate([rng.exponential(40, 50_000), rng.exponential(86_400, 20_000)])
    count = np.bincount(np.clip(np.log2(gaps) * PER_OCTAVE, 0, 89).astype(int), minlength=90).astype(float)
    assert 150 < valley_of(Gaps(count)).gap_s < 2_400
    alone = np.bincount(np.clip(np.log2(rng.exponential(86_400, 20_000)) * PER_OCTAVE, 0, 89).astype(int), minlength=90)
    assert valley_of(Gaps(alone.astype(float))).gap_s == 1_800


@pytest.mark.parametrize("kind", ["geometric", "poisson", "fixed"])
def test_what_a_login_does_is_told_by_what_is_likeliest(kind: str) -> None:
    rng = np.random.default_rng(4)
    more = {
        "geometric": rng.geometric(0.25, 5_000),
        "poisson": 1 + rng.poisson(3, 5_000),
        "fixed": np.ones(5_000, int),
    }[kind]
    assert requests_of(np.bincount(more).astype(float)).kind == kind


def test_spikes_are_listed_and_kept_out_of_the_profile_and_growth_is_found() -> None:
    hours = np.arange(6 * 168)
    usual = 200 * (1.2 + np.sin(2 * np.pi * hours / 24)) * np.exp(0.03 * hours / 168)
    counts = np.random.default_rng(6).poisson(usual).astype(float)
    counts[500:503] *= 4
    found = fitted_weekly(counts[None], 24 * 4, ("UTC",), np.ones(hours.size))
    (spike,) = found.unusual
    assert spike.hours == 3
    assert spike.multiplier == pytest.approx(4, rel=0.2)
    assert found.growth_per_week == pytest.approx(np.expm1(0.03), abs=0.004)
    shape = np.array(found.weights).reshape(7, 24).mean(axis=0)
    assert shape.argmax() == pytest.approx(6, abs=1)
