import numpy as np
import pytest

from simulator.theory.models import mean_accuracy


@pytest.mark.parametrize("loss", [0.0, 0.002, 0.02, 5.0])
@pytest.mark.parametrize("youngest", [0.0, 3.0, 40.0])
def test_the_mean_accuracy_is_that_of_many_ages(loss: float, youngest: float) -> None:
    ages = youngest + (np.arange(100_000) + 0.5) / 100_000 * 10
    expected = float(np.maximum(0.9 - loss * ages, 0.5).mean())
    assert mean_accuracy(0.9, loss, 0.5, youngest_s=youngest, oldest_s=youngest + 10) == pytest.approx(
        expected, abs=1e-8
    )


def test_ages_must_be_a_span() -> None:
    with pytest.raises(ValueError, match=r"oldest_s\(=3.0\) must be > youngest_s\(=3.0\)"):
        mean_accuracy(0.9, 0.1, 0.5, youngest_s=3.0, oldest_s=3.0)
    with pytest.raises(ValueError, match="loss_per_s"):
        mean_accuracy(0.9, -0.1, 0.5, youngest_s=3.0, oldest_s=4.0)
