"""A whole commented scenario of a log's users, for `predcost new --from-log`: the starter's, but for who comes when."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Final

from simulator.core.errors import UserError
from simulator.demand.replay import Replay
from simulator.report.calibrated_parts import commented, part_text, source_lines
from simulator.report.log_frames import FRAME
from simulator.report.names import one_line
from simulator.studies.calibration.calibrating import Calibration
from simulator.studies.calibration.fitted_scenario import following_parts

_KEY: Final = re.compile(r"^(\w+):", re.MULTILINE)
MACHINES: Final = (
    "Machines, plans, bounds and prices are those of every new scenario: put in your own. 'predcost validate' says "
    "what follows from them for so many users."
)
TO_PLAY: Final = "In place of all of that, events of a CSV or Parquet file can be played as they are: 'replay'."
OF_TRAFFIC: Final = "Of what is unlike other weeks nothing is in it: give 'spikes' for what will come again."


def log_scenario_text(found: Calibration, folder: Path) -> str:
    """Return the file's text.

    Parameters
    ----------
    found
        What the log says.
    folder
        Where the scenario will be; a log that can be played itself is named relative to it.
    """
    head, blocks = _starter()
    stated = following_parts(found.fit, found.last)
    log = "a log" if found.logs[0].name == FRAME else one_line(found.logs[0].name)
    called = json.dumps(f"Users of {log}"[:NAME_LETTERS], ensure_ascii=False)
    start = f"start: {stated['start']}   # the first Monday after the log; UTC unless it says otherwise\n"
    population = f"{part_text(found, 'population', stated['population'])}\n"
    blocks |= {"name": f"name: {called}\n", "start": start, "population": population}
    traffic = part_text(found, "traffic", stated["traffic"])
    blocks["traffic"] = f"{traffic}{''.join(_beside(found, folder))}\n"
    return f"{head}#\n{commented([*source_lines(found), MACHINES])}{''.join(blocks.values())}"


NAME_LETTERS: Final = 80


def starter_text() -> str:
    """Return the commented scenario that every new one begins with."""
    return (resources.files("simulator.scenario") / "starter.yaml").read_text(encoding="utf-8")


def _starter() -> tuple[str, dict[str, str]]:
    """Return the starter's comment, and its text by key of the first level."""
    text = starter_text()
    begins = [*_KEY.finditer(text)]
    ends = [*(each.start() for each in begins[1:]), len(text)]
    blocks = {each[1]: text[each.start() : end] for each, end in zip(begins, ends, strict=True)}
    return text[: begins[0].start()], blocks


def _beside(found: Calibration, folder: Path) -> Iterator[str]:
    """Yield what may stand in place of the traffic: the log itself, where it is a table that can be played."""
    if found.fit.weekly.unusual:
        yield commented([OF_TRAFFIC])
    replay = _replay(found)
    if replay is None:
        yield commented([TO_PLAY])
        return
    path = Path(os.path.relpath(found.logs[0], folder)).as_posix()
    stated = {key: json.dumps(value, ensure_ascii=False) for key, value in {**replay, "path": path}.items()}
    yield commented(["Or, in place of all of that, the log itself, played again and again from its end on:"])
    yield f"# traffic: {{replay: {{{', '.join(f'{key}: {value}' for key, value in stated.items())}}}}}\n"


def _replay(found: Calibration) -> Mapping[str, str | bool] | None:
    """Return how the log is played; None where it is several files, none that can be, or has robots in it."""
    (time, user), logs = found.columns, found.logs
    if user is None or len(logs) != 1 or not logs[0].is_file() or (found.robots and found.robots.users):
        return None
    stated: dict[str, str | bool] = {
        "path": str(logs[0].absolute()),
        "time": time,
        "user": user,
        "timezone": found.fit.zone,
        "sort": True,
    }
    try:
        Replay.model_validate(stated)
    except (UserError, ValueError):
        return None
    return stated
