import json
from collections.abc import Callable
from pathlib import Path

import pytest

ORACLES = Path(__file__).resolve().parents[2].parent / "shared" / "oracles.json"


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], dict[str, float]]:
    """Return the reference values of a section: "a.periodic", or "ref2" and "ref3", which have none."""
    if not ORACLES.exists():
        pytest.skip(f"no reference values at {ORACLES}")
    stored = json.loads(ORACLES.read_text(encoding="utf-8"))
    return lambda section: stored[section] if section in stored else stored["ref"][section]
