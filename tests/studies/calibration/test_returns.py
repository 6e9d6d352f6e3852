"""Gaps of return visits: which kind they are, and what follows from it for the parts of a scenario."""

from pathlib import Path

import numpy as np
import pytest
from synthetic_logs import Habits, written

from simulator.core.duration.lognormal import Lognormal
from simulator.demand.traffic import Traffic
from simulator.studies.calibration.events import read_events
from simulator.studies.calibration.fitting import GAP_CV, UserFit, fit_users
from simulator.studies.calibration.gap_kinds import Gap, followed, gap_of
from simulator.studies.calibration.measures import measured
from simulator.studies.calibration.parts import parts_of

WIDER = 2.0
"""Intervals are stretched so much where a single log is looked at."""


def fit(habits: Habits, seed: int, folder: Path) -> UserFit:
    with read_events([written(habits, seed, folder)]) as events:
        return fit_users(measured(events), "UTC")


@pytest.mark.long
@pytest.mark.parametrize(("cv", "probability"), [(None, 0.3), (1.5, 0.3), (3.0, 0.3), (0.5, 0.2), (2.0, 0.6)])
def test_the_kind_of_gaps_and_their_numbers_are_found(tmp_path: Path, cv: float | None, probability: float) -> None:
    habits = Habits(users=8_000, gap_cv=cv, probability=probability)
    found = fit(habits, 1, tmp_path)
    assert (GAP_CV in found.parameters) == (cv is not None)
    for key, truth in habits.truth.items():
        each = found.parameters[key]
        assert each.value - WIDER * (each.value - each.low) <= truth <= each.value + WIDER * (each.high - each.value), (
            key
        )


def test_lognormal_gaps_are_stated_and_primary_logins_are_as_the_profile_was(tmp_path: Path) -> None:
    habits = Habits(users=6_000, gap_cv=2.0, probability=0.4)
    said = Traffic.model_validate(parts_of(fit(habits, 3, tmp_path))["traffic"])
    assert said.return_visits is not None
    assert isinstance(said.return_visits.gap, Lognormal)
    assert said.return_visits.gap.cv == pytest.approx(2.0, rel=0.2)
    drawn, fitted = (
        np.asarray(each.profile.weekly_weights()).reshape(7, 24, -1).mean(axis=(0, 2))
        for each in (habits.demand.traffic, said)
    )
    assert np.abs(fitted - drawn / drawn.mean()).max() < 0.12


@pytest.mark.parametrize("probability", [0.3, 0.8])
@pytest.mark.parametrize("gap", [gap_of(36_000, None), gap_of(36_000, 0.5), gap_of(36_000, 3.0)])
def test_as_many_logins_follow_within_a_time_as_are_drawn(gap: Gap, probability: float) -> None:
    rng, edge_s, number = np.random.default_rng(1), np.geomspace(900, 7 * 86_400, 21), 400_000
    time_s, count = np.zeros(number), np.zeros(20)
    while time_s.size:
        time_s = time_s[rng.random(time_s.size) < probability]
        time_s = time_s + gap.draw_s(rng, time_s.size)
        time_s = time_s[time_s < edge_s[-1]]
        count += np.histogram(time_s, edge_s)[0]
    expected = number * followed(edge_s, probability, gap)
    seen = expected > 10
    apart = np.abs(count - expected)[seen] / np.sqrt(expected[seen] * (1 + probability / (1 - probability)))
    assert apart.max() < 4
