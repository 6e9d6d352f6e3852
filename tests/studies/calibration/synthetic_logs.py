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
    gap_cv: float | None = None
    """Of lognormal gaps; None: they are exponential."""
    growth_per_week: float = 0.02
    requests: float = 3.0
    think_s: float = 60.0
    segments: tuple[tuple[float, float, float], ...] = ()
    """Share, shape and logins per day of kinds of users, in place of those of all."""
    zones: tuple[tuple[str, float], ...] = ()
    """Where users live, and which share of them; without it all live in UTC, and a log has no column of it."""

    @property
    def demand(self) -> Demand:
        """Who comes and when."""
        pause = {"kind": "exponential", "mean": f"{self.think_s} s"}
        traffic: dict[str, Any] = {
            "profile": {"kind": "hourly", "weights": HOURS},
            "growth_per_week": f"{self.growth_per_week * 100} %",
            "session": {"requests": {"kind": "geometric", "mean": self.requests}, "think_time": pause},
        }
        if self.zones:
            traffic["timezones"] = {zone: f"{share * 100} %" for zone, share in self.zones}
        if self.probability:
            gap: dict[str, Any] = {"kind": "exponential", "mean": f"{self.gap_h} h"}
            if self.gap_cv is not None:
                gap |= {"kind": "lognormal", "cv": self.gap_cv}
            traffic["return_visits"] = {"probability": f"{self.probability * 100} %", "gap": gap}
        stated: dict[str, Any] = {"users": self.users}
        if self.segments:
            stated["segments"] = [
                {"name": str(place), "share": f"{share * 100} %", "shape": shape, "logins_per_day": f"{rate}/day"}
                for place, (share, shape, rate) in enumerate(self.segments)
            ]
        else:
            stated |= {"logins_per_day": f"{self.logins_per_day}/day", "shape": self.shape}
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
            if self.gap_cv is not None:
                found["traffic.return_visits.gap.cv"] = self.gap_cv
        return found | {f"traffic.timezones.{zone}": share for zone, share in self.zones}


def drawn(habits: Habits, seed: int) -> pd.DataFrame:
    """Return a log with columns time and user, and zone where users live in several, in order of time."""
    times, users = [], []
    for block in request_blocks(habits.demand, seed, 0, 0.0, habits.days * DAY_S, HOUR_S):
        times.append(block.time_s.copy())
        users.append(np.asarray(block.user).astype(np.int64))
    moment = pd.to_datetime(np.concatenate(times) + START.timestamp(), unit="s", utc=True)
    log = pd.DataFrame({"time": moment, "user": np.concatenate(users)})
    if habits.zones:  # users are numbered zone by zone
        ends = np.rint(np.cumsum([share for _, share in habits.zones]) * habits.users)
        names = np.array([zone for zone, _ in habits.zones])
        log["zone"] = names[np.searchsorted(ends, log.user, side="right")]
    return log


def written(habits: Habits, seed: int, folder: Path) -> Path:
    """Return the file of a log."""
    path = folder / "log.parquet"
    drawn(habits, seed).to_parquet(path)
    return path


@dataclass(frozen=True)
class Leavers:
    """Users who join at any time and drop out after any of their logins, as BG/NBD and MBG/NBD have it."""

    users: int = 8_000
    shape: float = 0.8
    logins_per_day: float = 0.3
    """While they are there."""
    a: float = 0.6
    b: float = 2.5
    days: int = 84
    joining_days: int = 84
    lost_at_once: bool = False
    """Whether the first login may be the last one by more than chance."""
    probability: float = 0.0
    gap_h: float = 10.0

    def drawn(self, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
        """Return a log, and the login rates of those who are still there at its end, return visits left out."""
        rng = np.random.default_rng(seed)
        rate = rng.gamma(self.shape, self.logins_per_day / self.shape, self.users)
        lost, time = rng.beta(self.a, self.b, self.users), rng.uniform(0, self.joining_days, self.users)
        is_alive = rng.random(self.users) >= lost if self.lost_at_once else np.ones(self.users, dtype=bool)
        who = np.arange(self.users)
        found = [(time, who)]
        who, time = who[is_alive], time[is_alive]
        while who.size:
            time = time + rng.exponential(1 / rate[who])
            who, time = who[time < self.days], time[time < self.days]
            found.append((time, who))
            stays = rng.random(who.size) >= lost[who]
            is_alive[who[~stays]] = False
            who, time = who[stays], time[stays]
        found += self._returns(rng, *(np.concatenate(column) for column in zip(*found, strict=True)))
        day, user = (np.concatenate(column) for column in zip(*found, strict=True))
        return _log(day, user), rate[is_alive]

    def _returns(
        self, rng: np.random.Generator, time: np.ndarray, user: np.ndarray
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        found = []
        while time.size:
            follows = rng.random(time.size) < self.probability
            time = time[follows] + rng.exponential(self.gap_h / 24, int(follows.sum()))
            user = user[follows][time < self.days]
            time = time[time < self.days]
            found.append((time, user))
        return found


def _log(day: np.ndarray, user: np.ndarray) -> pd.DataFrame:
    """Return a log of logins at days since START, each moved within its day to the hours of the profile."""
    shares = np.concatenate([[0.0], np.cumsum(HOURS)]) / sum(HOURS)
    hours = np.interp(day - np.floor(day), shares, np.arange(25.0))
    moment = pd.to_datetime((np.floor(day) * 24 + hours) * HOUR_S + START.timestamp(), unit="s", utc=True)
    return pd.DataFrame({"time": moment, "user": user}).sort_values("time")
