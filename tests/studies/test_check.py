import dataclasses
import math

import numpy as np
import pytest

from simulator.studies.check import study
from simulator.studies.check.comparing import (
    LONGEST_NAME,
    Check,
    Experiment,
    Group,
    distance,
    expected_largest_z,
    threshold_z,
)
from simulator.studies.check.study import CheckReport, run_checks

TELLING = 0.06
"""The largest standard error of a check, as a share of what theory says, that still tells something."""


def drawn(name: str, theory: float, replications: int = 8) -> Experiment:
    """Return an experiment whose samples are ten normal variables of mean 5."""

    def sample(seed: int, replication: int) -> list[float]:
        return np.random.default_rng([seed, replication]).normal(5, 1, 10).tolist()

    return Experiment(name, sample, replications, (Check("mean", theory, lambda values: float(np.mean(values))),))


def report_of(*experiments: Experiment, seed: int = 1, full: bool = False) -> CheckReport:
    return run_checks((Group("drawn", experiments),), seed, full=full)


def test_the_engine_agrees_with_every_closed_form() -> None:
    steps: list[str] = []
    checked = study.groups()
    report = run_checks(checked, on_sample=steps.append)
    assert [f"{f.group}: {f.what} is {f.distance} not {f.theory}" for f in report.failures] == []
    assert len(report.findings) > 50
    vague = [f.what for f in report.findings if f.distance.standard_error > TELLING * abs(f.theory)]
    assert vague == []
    assert len(steps) == study.simulations(checked, full=False)
    assert {f.group for f in report.findings} == {group.title for group in checked}


def test_a_wrong_theory_is_found() -> None:
    report = report_of(*(drawn(f"right {n}", 5.0) for n in range(30)), drawn("wrong", 8.0))
    assert [finding.theory for finding in report.failures] == [8.0]
    assert report.largest_z > report.threshold_z
    slow = study.queueing._constant(1)
    off = dataclasses.replace(slow.checks[0], theory=1.05 * slow.checks[0].theory)
    assert report_of(dataclasses.replace(slow, checks=(off,))).failures


def test_right_checks_spread_as_normal_variables_do() -> None:
    """The few replications' error is estimated too: Student's t, turned into a normal variable."""
    report = report_of(*(drawn(f"number {n}", 5.0, replications=4) for n in range(1000)))
    z = np.array([finding.distance.z for finding in report.findings])
    assert abs(z.mean()) < 4 / 1000**0.5
    assert abs(z.std() - 1) < 4 / 2000**0.5
    assert 20 < np.sum(np.abs(z) > 1.96) < 85
    assert not report.failures


def test_the_seed_and_the_name_choose_the_random_numbers() -> None:
    first, again, other = (report_of(drawn("a", 5.0), drawn("b", 5.0), seed=seed) for seed in (1, 1, 2))
    assert first.findings == again.findings
    values = {finding.distance.mean for finding in (*first.findings, *other.findings)}
    assert len(values) == 4


def test_the_full_form_has_more_replications() -> None:
    short, full = (report_of(drawn("a", 5.0, 100), full=full).findings[0].distance for full in (False, True))
    assert full.standard_error < 0.6 * short.standard_error


def test_values_that_do_not_vary_must_be_right() -> None:
    assert distance([2.0, 2.0], 2.0 + 1e-12).z == 0
    assert distance([2.0, 2.0], 2.1).z == -math.inf


def test_several_independent_values_of_a_sample_all_count() -> None:
    check = Check("each", 5.0, lambda values: values)
    alone = dataclasses.replace(drawn("a", 5.0), checks=(check,))
    assert report_of(alone).findings[0].distance.standard_error == pytest.approx(1 / 80**0.5, rel=0.2)


@pytest.mark.parametrize(("checks", "expected"), [(1, math.sqrt(2 / math.pi)), (2, 2 / math.sqrt(math.pi))])
def test_the_largest_of_fair_checks_is_known(checks: int, expected: float) -> None:
    assert expected_largest_z(checks) == pytest.approx(expected, rel=1e-6)


def test_the_threshold_grows_with_the_number_of_checks() -> None:
    assert threshold_z(1, 0.05) == pytest.approx(1.959964, rel=1e-6)
    assert threshold_z(60, 1e-4) == pytest.approx(4.79, abs=0.01)


def test_names_fit_a_line_of_the_report() -> None:
    names = [check.what for group in study.groups() for one in group.experiments for check in one.checks]
    assert [name for name in names if len(name) > LONGEST_NAME] == []


def test_names_are_unique_so_that_no_two_experiments_share_random_numbers() -> None:
    for group in study.groups():
        names = [experiment.name for experiment in group.experiments]
        assert len(set(names)) == len(names)
