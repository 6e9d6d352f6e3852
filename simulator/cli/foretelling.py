"""What a long study will take, told before it begins."""

import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.studies.outcome_store import OutcomeStore
    from simulator.studies.together import Task


def foretell(tasks: "Sequence[Task]", workers: int | None, store: "OutcomeStore | None") -> None:
    """Tell what simulating tasks on this machine will take, if that is long; on stderr, as it is no part of the answer.

    Parameters
    ----------
    tasks, workers, store
        As `run_tasks` takes them.
    """
    from simulator.studies.forecast import forecast

    found = forecast(tasks, workers, store)
    if found is not None:
        with contextlib.suppress(OSError):  # nobody reads it
            sys.stderr.write(f"{found.text}\n")
            sys.stderr.flush()
