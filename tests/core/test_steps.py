"""Sizes that are charged by the started step."""

import pytest

from simulator.core.steps import started_steps


@pytest.mark.parametrize(
    ("size", "step", "steps"),
    [(0.0, 1.0, 1), (1.0, 1.0, 1), (1.01, 1.0, 2), (0.1 * 3, 0.1, 3), (1.0 + 1e-12, 1.0, 1), (4.5, 2.0, 3)],
)
def test_a_started_step_counts_whole_and_rounding_starts_none(size: float, step: float, steps: int) -> None:
    assert started_steps(size, step) == steps
