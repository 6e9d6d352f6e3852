"""The users of a scenario whose replay names them: how many there are and how often they come is in the file."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from simulator.core.errors import UserError
from simulator.core.units import DAY_S
from simulator.demand.replay import Replay


def with_users_of_file(data: Any, context: Any) -> Any:
    """Return a scenario's data with what a replay's file tells of the population, where that is not stated.

    Parameters
    ----------
    data
        The data of the scenario's file.
    context
        Pydantic's, which says where relative paths start.

    Raises
    ------
    ValueError
        If the file is not what the replay says.
    """
    if not isinstance(data, Mapping):
        return data
    population, traffic = data.get("population") or {}, data.get("traffic")
    written = traffic.get("replay") if isinstance(traffic, Mapping) else getattr(traffic, "replay", None)
    if not isinstance(population, Mapping) or "segments" in population or not _names_users(written):
        return data
    wanted = [key for key in ("users", "logins_per_day", "shape") if key not in population]
    if "daily_active" in population and "logins_per_day" in wanted:
        wanted.remove("logins_per_day")
    if not wanted:
        return data
    try:
        replay = written if isinstance(written, Replay) else Replay.model_validate(written, context=context)
        found = _of_file(replay, population.get("users"))
    except ValidationError:  # which is told at its own place; nothing is missing beside it
        found = {"users": 1, "logins_per_day": "1/day", "shape": 1}
    except UserError as error:
        raise ValueError(f"traffic.replay: {error}") from error
    return {**data, "population": {**population, **{key: found[key] for key in wanted}}}


def _names_users(replay: Any) -> bool:
    user = replay.get("user") if isinstance(replay, Mapping) else getattr(replay, "user", None)
    return isinstance(user, str)


def _of_file(replay: Replay, users: Any) -> dict[str, Any]:
    from simulator.demand.replay_summary import summary  # noqa: PLC0415  (pyarrow, which only a replay needs)

    found = summary(replay)
    assert found.users is not None
    per_day = found.events * replay.speed / found.length_s * DAY_S
    among = users if isinstance(users, int) and users > 0 else found.users
    return {"users": found.users, "logins_per_day": f"{per_day / among:.12g}/day", "shape": _shape(replay, found.users)}


def _shape(replay: Replay, users: int) -> float:
    """Return the gamma shape of users' rates: mean squared over what their counts vary more than a Poisson's.

    Infinity, everyone alike, where they vary no more.
    """
    from simulator.demand.replay_file import rows  # noqa: PLC0415
    from simulator.demand.replay_summary import Numbers  # noqa: PLC0415

    numbers, events = Numbers(), np.zeros(users)
    for batch in rows(replay):
        if batch.user is not None:
            np.add.at(events, numbers.of(batch.user), 1.0 if batch.count is None else batch.count)
    mean = float(events.mean())
    more = float(events.var()) - mean
    return mean * mean / more if more > 0 else math.inf
