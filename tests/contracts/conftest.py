"""What the tests of all components share."""

from pathlib import Path

import pytest


@pytest.fixture
def example_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let examples name files."""
    hours = [f"2026-03-{2 + hour // 24:02d} {hour % 24:02d}:15" for hour in range(168)]
    lines = [f"{time},{time},{hour % 24},{hour}" for hour, time in enumerate(hours)]
    (tmp_path / "counts.csv").write_text("\n".join(["time,when,value,other", *lines]))
    (tmp_path / "calls.csv").write_text("ContextTokens,GeneratedTokens\n4808,10\n110,27\n")
    (tmp_path / "times.csv").write_text("batch,seconds\n1,0.002\n8,0.004\n64,0.02\n")
    monkeypatch.chdir(tmp_path)
