"""Logs of users whose habits are known, drawn as the simulator draws them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.demand.arrivals import request_blocks
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY_S, HOUR_S = 86_400.0, 3_600.0
HOURS = [2, 1, 1, 1, 2, 5, 12, 18, 16, 11, 9, 9, 11, 10, 8, 8, 9, 11, 12, 11, 10, 9, 7, 4]


@dataclass(frozen=True)
class Habits:
    """What users of a log do."""

    users: int = 20_000
    shape: float = 0.5
    logins_per_day: float = 0.3
    days: int = 28
    probability: float = 0.3
    gap_h: float = 10.0
    growth_per_week: float = 0.02
    requests: float = 3.0
    think_s: float = 60.0

    @property
    def demand(self) -> Demand:
        """Who comes and when."""
        pause = {"kind": "exponential", "mean": f"{self.think_s} s"}
        traffic: dict[str, Any] = {
            "profile": {"kind": "hourly", "weights": HOURS},
            "growth_per_week": f"{self.growth_per_week * 100} %",
            "session": {"requests": {"kind": "geometric", "mean": self.requests}, "think_time": pause},
        }
        if self.probability:
            gap = {"kind": "exponential", "mean": f"{self.gap_h} h"}
            traffic["return_visits"] = {"probability": f"{self.probability * 100} %", "gap": gap}
        stated = {"users": self.users, "logins_per_day": f"{self.logins_per_day}/day", "shape": self.shape}
        return Demand(Population.model_validate(stated), Traffic.model_validate(traffic), START)

    @property
    def truth(self) -> dict[str, float]:
        """What a fit should find, by the scenario's keys."""
        grown = float(np.mean(np.exp(np.log1p(self.growth_per_week) * (np.arange(self.days) + 0.5) / 7)))
        found = {
            "population.users": float(self.users),
            "population.logins_per_day": self.logins_per_day * grown,
            "population.shape": self.shape,
            "traffic.growth_per_week": self.growth_per_week,
            "traffic.session.requests.mean": self.requests,
            "traffic.session.think_time.mean": self.think_s,
        }
        if self.probability:
            found["traffic.return_visits.probability"] = self.probability
            found["traffic.return_visits.gap.mean"] = self.gap_h * HOUR_S
        return found


def drawn(habits: Habits, seed: int) -> pd.DataFrame:
    """Return a log with columns time and user, in order of time."""
    times, users = [], []
    for block in request_blocks(habits.demand, seed, 0, 0.0, habits.days * DAY_S, HOUR_S):
        times.append(block.time_s.copy())
        users.append(np.asarray(block.user).astype(np.int64))
    moment = pd.to_datetime(np.concatenate(times) + START.timestamp(), unit="s", utc=True)
    return pd.DataFrame({"time": moment, "user": np.concatenate(users)})


def written(habits: Habits, seed: int, folder: Path) -> Path:
    """Return the file of a log."""
    path = folder / "log.parquet"
    drawn(habits, seed).to_parquet(path)
    return path
