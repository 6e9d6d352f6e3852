import io
import sys

import pytest

from simulator.cli.progress import LEAST_TO_TELL, left_s, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_time_left_goes_by_what_is_done() -> None:
    assert left_s(10.0, 0.25) == pytest.approx(30.0)
    assert left_s(10.0, 1.0) == 0.0
    assert left_s(10.0, LEAST_TO_TELL / 2) is None


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
