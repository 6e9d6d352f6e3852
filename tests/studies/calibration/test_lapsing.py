"""Users who drop out: the scenario has those who are still there at the log's end, at the rates that they have."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_logs import Habits, Leavers, drawn

from simulator.demand.population import Population
from simulator.studies.calibration.activity import Beginning
from simulator.studies.calibration.calibrating import calibrate
from simulator.studies.calibration.events import Asked, read_events
from simulator.studies.calibration.fitting import UserFit, fit_users
from simulator.studies.calibration.measures import measured
from simulator.studies.calibration.parts import among, parts_of

CDNOW = Path(__file__).parents[4] / "shared" / "data" / "activity" / "CDNOW_master.txt.gz"


def fit(log: pd.DataFrame, folder: Path, population: float | None = None) -> UserFit:
    log.to_parquet(folder / "log.parquet")
    with read_events([folder / "log.parquet"]) as events:
        return fit_users(measured(events), "UTC", population)


@pytest.mark.parametrize("lost_at_once", [False, True])
def test_who_is_still_there_and_how_often_they_come_is_found(tmp_path: Path, *, lost_at_once: bool) -> None:
    leavers = Leavers(users=5_000, lost_at_once=lost_at_once, joining_days=30)
    log, rates = leavers.drawn(1)
    found = fit(log, tmp_path).lapsing
    assert found is not None
    assert found.model == ("MBG/NBD" if lost_at_once else "BG/NBD")
    assert found.pool.joining_per_day == 0
    assert found.pool.alive == pytest.approx(rates.size, rel=0.06)
    assert found.pool.mean_per_day == pytest.approx(rates.mean(), rel=0.08)
    assert found.r == pytest.approx(leavers.shape, rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(0.6 / 3.1, rel=0.15)


@pytest.mark.long
def test_return_visits_are_told_from_users_who_drop_out(tmp_path: Path) -> None:
    log, rates = Leavers(probability=0.3).drawn(2)
    found = fit(log, tmp_path)
    assert found.lapsing is not None
    assert found.returns is not None
    assert found.returns.probability == pytest.approx(0.3, rel=0.06)
    assert found.returns.gap_s == pytest.approx(36_000, rel=0.08)
    alone = fit(Leavers().drawn(2)[0], tmp_path)
    assert alone.returns is None
    assert found.lapsing.pool.alive == pytest.approx(rates.size, rel=0.08)


def test_who_joins_in_a_month_is_a_user_too_and_comes_when_joining(tmp_path: Path) -> None:
    found = fit(Leavers(users=9_000).drawn(3)[0], tmp_path).lapsing
    assert found is not None
    assert found.pool.joining_per_day == pytest.approx(9_000 / 84, rel=0.1)
    assert found.pool.users == pytest.approx(found.pool.alive + 28 * found.pool.joining_per_day)


@pytest.mark.parametrize("joins", [False, True])
@pytest.mark.parametrize("growth_per_week", [-0.05, 0.0, 0.04])
def test_who_stays_does_not_lapse(tmp_path: Path, *, joins: bool, growth_per_week: float) -> None:
    log = drawn(Habits(users=4_000, growth_per_week=growth_per_week), 4)
    if joins:
        join = np.random.default_rng(1).uniform(0, 20, 4_000)
        log = log[(log.time - log.time.min()).dt.total_seconds() / 86_400 >= join[log.user]]
    found = fit(log, tmp_path)
    assert found.lapsing is None
    assert found.beginning is (Beginning.JOINING if joins else Beginning.LASTING)


@pytest.mark.long
def test_where_all_users_are_given_those_who_have_left_are_dormant(tmp_path: Path) -> None:
    log, _ = Leavers(users=3_000).drawn(5)
    alone, of_all = fit(log, tmp_path), fit(log, tmp_path, 50_000.0)
    stated = [Population.model_validate(parts_of(each)["population"]) for each in (alone, of_all)]
    assert stated[0].dormant_fraction == 0
    assert stated[1].users == 50_000
    assert stated[1].dormant_fraction == pytest.approx(1 - stated[0].users / 50_000, abs=1e-3)
    shares = [each.share_active_at() * each.users for each in stated]
    assert shares[0] == pytest.approx(shares[1], rel=2e-3)


def test_users_who_are_added_never_come() -> None:
    population = {"users": 1_000, "logins_per_day": "0.3/day", "shape": 0.5, "dormant": "20 %"}
    before, after = (Population.model_validate(each) for each in (population, among(population, 4_000)))
    assert after.users == 4_000
    assert after.share_active_at() * 4_000 == pytest.approx(before.share_active_at() * 1_000)
    assert after.mean_logins_per_user_day() * 4_000 == pytest.approx(before.mean_logins_per_user_day() * 1_000)
    assert among(population, 10) == population


@pytest.mark.long
def test_the_last_week_of_a_log_of_leavers_is_as_the_fit_says(tmp_path: Path) -> None:
    log, _ = Leavers(users=20_000, days=120, joining_days=120).drawn(6)
    log.to_parquet(tmp_path / "log.parquet")
    found = calibrate([tmp_path / "log.parquet"], Asked())
    assert found.verdict is not None
    by_name = {each.metric: each for each in found.verdict.compared}
    for metric in ("daily_active_fraction", "weekly_active_fraction", "requests_per_s_mean"):
        assert abs(by_name[metric].error) < 0.05, metric
    assert any("have lapsed" in each for each in found.why)


@pytest.mark.long
def test_most_customers_of_cdnow_have_lapsed() -> None:
    if not CDNOW.is_file():
        pytest.skip("the reference data of CDNOW is not beside this project")
    found = calibrate([CDNOW], Asked(), judges=False)
    assert found.fit.lapsing is not None
    assert found.fit.lapsing.lapsed_fraction == pytest.approx(0.59, abs=0.02)
    assert found.fit.lapsing.pool.joining_per_day == 0
