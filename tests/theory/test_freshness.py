import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad

from simulator.theory import freshness

from .oracle_keys import cases, close

Oracle = Callable[[str], dict[str, float]]
DAILY = math.log(2) / 24


def test_periodic_freshness_meets_the_reference(oracle: Oracle) -> None:
    for _, given, value in cases(oracle("a.periodic"), "F "):
        assert freshness.periodic_freshness(given["l"], given["I"], given["D"]) == close(value), given


def test_rolling_freshness_meets_the_reference(oracle: Oracle) -> None:
    (value,) = oracle("a.progressive").values()
    assert freshness.rolling_freshness(DAILY, 24.0, 4.0) == close(value)


def test_diurnal_age_and_freshness_meet_the_reference(oracle: Oracle) -> None:
    section = {key: value for key, value in oracle("a.diurnal").items() if "k=" not in key}
    for label, given, value in cases(section, "mean age h", "F l=ln2/24"):
        reads = given["kappa"], given["theta"]
        if label == "mean age h":
            assert freshness.diurnal_mean_prediction_age_s(given["I"], given["D"], *reads) == close(value)
        else:
            assert freshness.diurnal_freshness(DAILY, given["I"], given["D"], *reads) == close(value)


def test_several_runs_a_day_meet_the_reference(oracle: Oracle) -> None:
    section = oracle("a.diurnal")
    for runs, key in ((2, "(numeric; D+Ir/2=7.0)"), (4, "(numeric; D+Ir/2=4.0)")):
        age = freshness.diurnal_mean_prediction_age_s(24 / runs, 1.0, 0.6, 5.0, runs)
        assert age == close(section[f"mean age k={runs}/day D=1 kappa=.6 theta=5 {key}"])
    fresh = freshness.diurnal_freshness(DAILY, 12.0, 1.0, 0.6, 5.0, 2)
    assert fresh == close(section["F k=2/day numeric"])
    assert fresh == close(section["F k=2/day formula"])


def test_nearline_refresh_meets_the_reference(oracle: Oracle) -> None:
    for _, given, value in cases(oracle("a.nearline"), "F e^-lL"):
        assert freshness.nearline_freshness(given["l"], given["L"]) == close(value)


def test_debounced_refresh_with_a_shared_window_meets_the_reference(oracle: Oracle) -> None:
    for label, given, value in cases(oracle("a.nearline"), "debounce F", "debounce recompute rate"):
        rate, window = given["l"], given["W"]
        if label == "debounce F":
            found = freshness.debounced_freshness(rate, window, given["P"], restarting=False)
        else:
            found = freshness.debounced_recomputes_per_s(rate, window, restarting=False)
        assert found == close(value), label


def test_mean_relative_quality_follows_from_freshness_as_in_the_reference(oracle: Oracle) -> None:
    fresh = freshness.periodic_freshness(freshness.change_rate_per_s(7.0), 1.0, 0.25)
    value = oracle("ref3")["q mean rel. quality, floor .9 half-life 7d, I=1d D=0.25d"]
    assert 0.9 + 0.1 * fresh == close(value)


@pytest.mark.parametrize("rate", [1e-9, 1e-3, 0.3, 2.0, 40.0])
@pytest.mark.parametrize("delay", [0.0, 1e-4, 0.7, 5.0])
def test_periodic_freshness_is_the_mean_over_the_prediction_ages(rate: float, delay: float) -> None:
    fresh = quad(lambda age: math.exp(-rate * age), delay, delay + 2, epsrel=1e-12)[0] / 2
    assert freshness.periodic_freshness(rate, 2.0, delay) == close(fresh)


def test_rolling_publication_is_the_mean_over_publication_delays() -> None:
    by_integral = quad(lambda delay: float(freshness.periodic_freshness(0.1, 24.0, delay)), 0, 4)[0] / 4
    assert freshness.rolling_freshness(0.1, 24.0, 4.0) == close(by_integral)


@pytest.mark.parametrize("theta", [0.0, 3.0, 17.5, 30.0])
def test_diurnal_forms_are_means_over_the_reading_times(theta: float) -> None:
    def reads(hour: float) -> float:
        return (1 + 0.7 * math.cos(2 * math.pi * (hour - theta) / 24)) / 24

    age = quad(lambda hour: (3 + hour) * reads(hour), 0, 24)[0]
    fresh = quad(lambda hour: math.exp(-0.05 * (3 + hour)) * reads(hour), 0, 24)[0]
    assert freshness.diurnal_mean_prediction_age_s(24.0, 3.0, 0.7, theta) == close(age)
    assert freshness.diurnal_freshness(0.05, 24.0, 3.0, 0.7, theta) == close(fresh)


@pytest.mark.parametrize("runs", [2, 3])
def test_several_runs_a_day_average_the_cosine_out(runs: int) -> None:
    def reads(hour: float) -> float:
        return (1 + 0.7 * math.cos(2 * math.pi * (hour - 5) / 24)) / 24

    period = 24 / runs
    age = fresh = 0.0
    for run in range(runs):
        low, high = run * period, (run + 1) * period
        age += quad(lambda hour, low=low: (1 + hour - low) * reads(hour), low, high)[0]
        fresh += quad(lambda hour, low=low: math.exp(-0.05 * (1 + hour - low)) * reads(hour), low, high)[0]
    assert freshness.diurnal_mean_prediction_age_s(period, 1.0, 0.7, 5.0, runs) == close(age)
    # with two runs the halves do not see the same weights, yet their sum is even
    assert freshness.diurnal_freshness(0.05, period, 1.0, 0.7, 5.0, runs) == close(fresh)


def test_no_makespan_is_publication_at_once() -> None:
    rates = np.array([0.0, 1e-12, 0.1, 3.0])
    expected = freshness.periodic_freshness(rates, 24.0, 0.0)
    assert freshness.rolling_freshness(rates, 24.0, 0.0) == pytest.approx(expected, rel=1e-15)


def test_taste_that_never_changes_is_always_fresh() -> None:
    assert freshness.periodic_freshness(0.0, 24.0, 4.0) == 1
    assert freshness.diurnal_freshness(0.0, 24.0, 4.0, 0.6, 6.0) == 1


def test_half_the_predictions_are_stale_after_a_half_life() -> None:
    stale = freshness.stale_fraction(np.array([0.0, 7.0, 14.0]), 7.0)
    assert stale == pytest.approx([0.0, 0.5, 0.75], rel=1e-15)


def test_stale_share_over_even_ages_is_one_minus_periodic_freshness() -> None:
    by_integral = quad(lambda age: float(freshness.stale_fraction(age, 24.0)), 4, 28)[0] / 24
    assert 1 - freshness.periodic_freshness(DAILY, 24.0, 4.0) == close(by_integral)


def test_forms_broadcast_their_arguments() -> None:
    grid = freshness.periodic_freshness(np.array([[0.1], [0.2]]), np.array([1.0, 2.0, 3.0]))
    assert grid.shape == (2, 3)
    assert grid[1, 2] == freshness.periodic_freshness(0.2, 3.0)


@pytest.mark.parametrize("restarting", [False, True])
def test_debounced_forms_agree_with_events_drawn(restarting: bool) -> None:  # noqa: FBT001
    rate, window, lag, runs, events = 3.0, 0.4, 0.15, 60, 4_000
    rng = np.random.default_rng(7)
    fresh_shares, recomputes = np.empty(runs), np.empty(runs)
    for run in range(runs):
        times = np.cumsum(rng.exponential(1 / rate, events))
        snapshots = _snapshots(times, window, restarting=restarting)
        probes = rng.uniform(times[9], times[-10], 4_000)
        last_event = np.searchsorted(times, probes)
        # an empty list of snapshots before a probe cannot happen: probes start after ten events
        last_known = snapshots[np.searchsorted(snapshots + lag, probes) - 1]
        fresh_shares[run] = np.mean(times[last_event - 1] <= last_known)
        recomputes[run] = len(snapshots) / times[-1]
    for draws, expected in (
        (fresh_shares, freshness.debounced_freshness(rate, window, lag, restarting=restarting)),
        (recomputes, freshness.debounced_recomputes_per_s(rate, window, restarting=restarting)),
    ):
        standard_error = draws.std(ddof=1) / math.sqrt(runs)
        assert abs(draws.mean() - expected) < 4 * standard_error


def _snapshots(times: np.ndarray, window: float, *, restarting: bool) -> np.ndarray:
    if restarting:
        return times[np.append(np.diff(times) > window, True)] + window
    found = []
    closes = -math.inf
    for time in times:
        if time > closes:
            closes = time + window
            found.append(closes)
    return np.array(found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: freshness.periodic_freshness(-1.0, 1.0), r"change_per_s\(=-1\.0\) must be >= 0"),
        (lambda: freshness.periodic_freshness(1.0, [1.0, 0.0]), r"period_s\(=0\.0\) must be > 0"),
        (lambda: freshness.periodic_freshness(1.0, 1.0, -2.0), r"delay_s\(=-2\.0\) must be >= 0"),
        (lambda: freshness.rolling_freshness(1.0, 1.0, math.nan), r"makespan_s\(=nan\) must be >= 0"),
        (lambda: freshness.stale_fraction(1.0, 0.0), r"half_life_s\(=0\.0\) must be > 0"),
        (lambda: freshness.diurnal_freshness(1.0, 1.0, 0.0, 1.5, 0.0), r"amplitude_fraction\(=1\.5\) must be"),
        (lambda: freshness.diurnal_freshness(1.0, 1.0, 0.0, 0.5, 0.0, 1.5), r"runs_per_day\(=1\.5\) must be a whole"),
        (lambda: freshness.debounced_prediction_age_s(0.0, 1.0), r"change_per_s\(=0\.0\) must be > 0"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_rule(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_the_age_of_a_debounced_row_is_that_of_the_gaps_drawn() -> None:
    rng = np.random.default_rng(8)
    rate, window, events = 2.0, 0.6, 400_000
    times = np.cumsum(rng.exponential(1 / rate, events))
    longer = np.diff(times) > window  # the row of event n is made at its window's end, if nothing comes before
    made = np.maximum.accumulate(np.where(longer, times[:-1] + window, -np.inf))
    ages = (times[1:] - made)[1_000:]
    batches = ages[: ages.size // 100 * 100].reshape(100, -1).mean(axis=1)
    expected = float(freshness.debounced_prediction_age_s(rate, window))
    assert abs(batches.mean() - expected) < 4 * batches.std(ddof=1) / 10


def test_without_a_debounce_a_row_is_as_old_as_the_last_event() -> None:
    assert freshness.debounced_prediction_age_s(4.0, 0.0) == 0.25
