"""Replayed requests in the engine and in a plain SimPy process per request, calls with their own rows' tokens too."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_scenarios import a_scenario
from test_engine_against_process_model import both

PLANS = ["on demand", "cached", "hybrid", "nearline, own fleet", "bought", "bought, cached", "bought after events"]
REPLAYS: dict[str, dict[str, Any]] = {
    "rounded to seconds": {},
    "as they are": {"resolution": "0 s"},
    "users in the file": {"user": "who"},
    "by a clock that is put back": {"timezone": "America/New_York", "loop": False},
    "sorted": {"sort": True, "user": "who"},
    "moved and faster": {"speed": 1.5, "length": "4 h"},
}
FEW_PLANS = {"hybrid", "bought, cached"}
"""How requests come from a file is nothing to a plan: two ways to replay are tried with all of them, the others with
these, of which one has the tokens of the file's rows."""


def combinations() -> Iterator[Any]:
    for replay, plan in product(REPLAYS, PLANS):
        fast = replay in {"users in the file", "by a clock that is put back"} or plan in FEW_PLANS
        yield pytest.param(replay, plan, marks=() if fast else pytest.mark.long)


def trace(folder: Path, *, shuffled: bool) -> Path:
    """Return 3 hours of requests from 00:00 on by New York's clock, in which 01:00 to 02:00 comes twice."""
    rng = np.random.default_rng(6)
    at_s = np.sort(rng.integers(0, 3 * 3600, 2_500))
    local_s = np.where(at_s < 7200, at_s, at_s - 3600)
    rows = [
        f"2026-11-01 {s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d},u{rng.integers(400)},{900 + k},{1 + k % 700}"
        for k, s in enumerate(local_s.tolist())
    ]
    if shuffled:
        rng.shuffle(rows)
    path = folder / "trace.csv"
    path.write_text("\n".join(["time,who,ContextTokens,GeneratedTokens", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("replay", "plan"), list(combinations()))
def test_replayed_requests_are_answered_alike(tmp_path: Path, replay: str, plan: str) -> None:
    options = REPLAYS[replay]
    path = trace(tmp_path, shuffled="sort" in options)
    if "timezone" not in options and "sort" not in options:
        options = options | {"sort": True}  # without a zone the second pass is no order
    backends = a_scenario().model_dump(mode="json")["backends"]
    for side in ("input_tokens", "output_tokens"):
        del backends["bought"][side]
    backends["bought"]["tokens"] = {"path": str(path)}
    scenario = a_scenario(
        start="2026-11-01T00:00-04:00",
        horizon="3 h",
        traffic={"replay": {"path": str(path), **options}},
        backends=backends,
    )
    assert (scenario.demand.recorded_from_s == 0.0) == ("speed" in options)
    outcome, _ = both(scenario, plan)
    assert outcome.counted.tally["requests"] > 1500
