import io
import sys

import numpy as np
import pytest

from simulator.cli.progress import LEAST_TO_TELL, left_s, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def way(still_s: float, per_s: float, until_s: float) -> list[tuple[float, float]]:
    """Nothing is done for a while, and then it goes evenly."""
    return [(0.0, 0.0), *((s, max(s - still_s, 0.0) * per_s) for s in np.arange(0.2, until_s, 0.2).tolist())]


def test_the_time_left_goes_by_what_is_done() -> None:
    now_s, done = way(0.0, 0.01, 30.0)[-1]
    assert left_s(way(0.0, 0.01, 30.0)) == pytest.approx(100.0 - now_s)
    assert done == pytest.approx(0.298)
    assert left_s([(0.0, 0.0), (10.0, 1.0)]) == 0.0
    assert left_s([(0.0, 0.0), (10.0, LEAST_TO_TELL / 2)]) is None
    assert left_s([(0.0, 0.0), (1.0, 0.5), (10.0, 0.5)]) is None


@pytest.mark.parametrize("still_s", [0.0, 2.0, 6.0])
def test_the_time_left_is_within_a_third_after_a_while_even_if_it_began_late(still_s: float) -> None:
    for until_s in np.arange(still_s + 10.0, still_s + 90.0, 7.0):
        log = way(still_s, 0.01, until_s)
        assert left_s(log) == pytest.approx(still_s + 100.0 - log[-1][0], rel=1 / 3)


def test_a_bar_shows_how_much_is_done_and_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    with progress(shown=True) as bar:
        bar.begin()
        bar.reach(0.37)
        bar.step("cached, replication 2")
        bar._bars.refresh()  # type: ignore[attr-defined]
        text = shown.getvalue()
    assert "cached, replication 2" in text
    assert "37%" in text
    assert shown.getvalue().endswith("\r\x1b[K")


def test_steps_move_a_bar_of_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    with progress(4, shown=True) as bar:
        bar.begin()
        for name in ("one", "two", "three"):
            bar.step(name)
        bar._bars.refresh()  # type: ignore[attr-defined]
    assert "75%" in shown.getvalue()


def test_nothing_is_shown_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(4, shown=True) as bar:
        bar.begin()
        bar.reach(0.5)
        bar.step("one")
    assert not capsys.readouterr().err
