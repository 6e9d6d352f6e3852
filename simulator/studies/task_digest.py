"""What makes a task's outcome what it is, as a digest: two tasks with the same one have the same outcome."""

import hashlib
import json

from simulator.simulation.identity import simulation_digest
from simulator.studies.engine_version import engine_version
from simulator.studies.together import Task


def task_digest(task: Task) -> str:
    """Return the digest of a task. How much time is worked on at once is not in it, as that changes no result.

    Nor are prices and weights: `simulator.simulation.restating` makes an outcome that of other ones.
    """
    made_of = [engine_version(), simulation_digest(task.scenario, task.plan), task.replication]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
