"""The guides in docs/ are true: the components that they add are what the program takes them for."""

import re
import subprocess
import sys
from pathlib import Path

GUIDES = Path(__file__).parents[2] / "docs"
ADDED = ("backend", "billing-mode", "cache", "price-source")
USED = """
from pathlib import Path
from simulator.core.component import components
from simulator.prices.importing import import_book
from simulator.scenario.schema import Scenario
from simulator.simulation.simulate import simulate
from simulator.studies.consequences import consequences

scenario = Scenario.model_validate({
    "population": {"users": 2_000, "logins_per_day": "40/day", "shape": 1},
    "horizon": "1 h",
    "warmup": "0 s",
    "store": {"meter": "our_subscription"},
    "backends": {"live": {"kind": "hosted", "service_time": "800 ms", "at_a_time": 1}},
    "plans": {"p": {"on_miss": "compute", "backend": "live", "cache": {"kind": "grace", "ttl": "6 h"}}},
})
assert any(told.what == "calls in progress in that hour, mean" for told in consequences(scenario))
outcome = simulate(scenario, "p")
assert outcome.counted.tally["refused"] > 0
assert {"hosted/call", "our_subscription/hour"} <= {usage.meter for usage in outcome.usage}
Path("list.csv").write_text("meter,unit,usd,date\\nour_store/read,row,0.1,2026-01-01\\n")
assert [price.meter for price in import_book("plain", Path("list.csv"), Path("book.yaml")).book.prices] == [
    "our_store/read"
]
"""


def file_of(guide: str) -> str:
    """Return the file that a guide adds: its first Python."""
    (code, *_) = re.findall(r"```python\n(.*?)```", (GUIDES / f"adding-a-{guide}.md").read_text("utf-8"), re.DOTALL)
    return str(code)


def test_what_the_guides_add_can_be_stated_simulated_and_priced(tmp_path: Path) -> None:
    """In a process of its own, where no other test finds these components."""
    program = "\n".join([*map(file_of, ADDED), USED])
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_that_a_guide_names_is_there_or_is_added_by_it() -> None:
    root, added = GUIDES.parent, {"hosted.py", "subscription.py", "grace.py", "plain.py"}
    for guide in ADDED:
        named = re.findall(r"`((?:simulator|tests)/[\w/.]+)`", (GUIDES / f"adding-a-{guide}.md").read_text("utf-8"))
        assert named
        assert [name for name in named if not (root / name).exists() and Path(name).name not in added] == []
