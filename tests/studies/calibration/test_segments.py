"""Users of two kinds: two gammas where one does not say what matters, and one where it does."""

from pathlib import Path

import pytest
from synthetic_logs import Habits, written

from simulator.demand.population import Population
from simulator.studies.calibration.calibrating import calibrate
from simulator.studies.calibration.events import Asked
from simulator.studies.calibration.fitting import UserFit
from simulator.studies.calibration.parts import parts_of

KINDS = ((0.2, 5.0, 1.5), (0.8, 1.5, 0.06))


def fit(habits: Habits, folder: Path, population: float | None = None) -> tuple[UserFit, tuple[str, ...]]:
    found = calibrate([written(habits, 3, folder)], Asked(), population, judges=False)
    return found.fit, found.why


@pytest.mark.parametrize("probability", [0.0, 0.3])
def test_two_kinds_of_users_are_found(tmp_path: Path, probability: float) -> None:
    found, why = fit(Habits(users=8_000, probability=probability, growth_per_week=0.0, segments=KINDS), tmp_path)
    said = Population.model_validate(parts_of(found)["population"])
    busy, calm = said.segments
    assert (busy.name, calm.name) == ("busy", "calm")
    for each, (share, shape, rate) in zip((busy, calm), KINDS, strict=True):
        assert each.share_fraction == pytest.approx(share, rel=0.1)
        assert each.shape == pytest.approx(shape, rel=0.3)
        assert each.logins_per_day == pytest.approx(rate, rel=0.1)
    assert said.users == pytest.approx(8_000, rel=0.08)
    share = found.parameters["population.segments.busy.share"]
    assert share.value - 2 * (share.value - share.low) < 0.2 < share.value + 2 * (share.high - share.value)
    assert {"population.shape", "population.logins_per_day"}.isdisjoint(found.parameters)
    assert any("two segments are" in each for each in why)


def test_all_logins_are_those_of_the_log_whichever_way_users_are_split(tmp_path: Path) -> None:
    habits = Habits(users=4_000, probability=0.0, growth_per_week=0.0, segments=KINDS)
    for population in (None, 4_000.0, 9_000.0):
        found, _ = fit(habits, tmp_path, population)
        said = Population.model_validate(parts_of(found)["population"])
        assert said.users * said.mean_logins_per_user_day() == pytest.approx(4_000 * (0.2 * 1.5 + 0.8 * 0.06), rel=0.04)
        assert {each.dormant_fraction > 0.5 for each in said.segments} == {population == 9_000.0}
        assert said.users == pytest.approx(population or 4_000, rel=0.06)


@pytest.mark.parametrize("shape", [0.2, 2.0])
def test_one_gamma_is_left_alone(tmp_path: Path, shape: float) -> None:
    found, why = fit(Habits(users=6_000, shape=shape), tmp_path)
    assert found.kinds is not None
    assert found.kinds.worst is None
    assert not found.has_segments
    assert not any("gamma does not fit" in each for each in why)
