"""Files of requests, and what comes of them."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.core.errors import UserError
from simulator.demand.arrivals import RequestBlock, request_blocks
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
FILE_NUMBERS = itertools.count()


def a_file(folder: Path, lines: Iterable[str], suffix: str = "csv") -> Path:
    path = folder / f"file{next(FILE_NUMBERS)}.{suffix}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def a_demand(
    path: Path, start: str = "2026-03-02T00:00", horizon_s: float = 7 * DAY_S, users: int = 10_000, **replay: Any
) -> Demand:
    population = Population.model_validate({"users": users, "logins_per_day": "1/day", "shape": 0.5})
    traffic = Traffic.model_validate({"replay": {"path": path, **replay}})
    return Demand(population, traffic, datetime.fromisoformat(start), horizon_s)


def requests_of(
    demand: Demand, begin_s: float, end_s: float, block_s: float = HOUR_S, replication: int = 0
) -> tuple[Any, Any]:
    parts: list[RequestBlock] = list(request_blocks(demand, 1, replication, begin_s, end_s, block_s))
    return np.concatenate([p.time_s for p in parts]), np.concatenate([p.user for p in parts])


def per_hour(demand: Demand, hours: int) -> list[int]:
    times_s, _ = requests_of(demand, 0.0, hours * HOUR_S)
    found: list[int] = np.histogram(times_s, hours, (0.0, hours * HOUR_S))[0].tolist()
    return found


def said_of(path: Path, **replay: Any) -> str:
    """Return what is said of a replay that must not work, on loading or when its requests are wanted."""
    with pytest.raises((ValidationError, UserError)) as error:
        requests_of(a_demand(path, **replay), 0.0, HOUR_S)
    return str(error.value)
