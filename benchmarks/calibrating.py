"""A log drawn by the model, and how fast `predcost calibrate users` fits it and judges the fit: CPU, clock, memory."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.figure import Figure, child
from simulator.core.units import DAY_S, HOUR_S, read_count
from simulator.demand.arrivals import request_blocks
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic

EVENTS = os.environ.get("PREDCOST_LOG_EVENTS", "10M")
DAYS = 28
REQUESTS = 3
START = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = [2, 1, 1, 1, 2, 5, 12, 18, 16, 11, 9, 9, 11, 10, 8, 8, 9, 11, 12, 11, 10, 9, 7, 4]
FIT_S, FIT_MIB, MANY = 30, 1024, 50e6
"""The aim for ten million events; from so many on, three minutes."""


def draw_log(path: Path, events: float) -> int:
    """Write a log of four weeks in order of time as Parquet, and return how many events it has.

    Users have gamma distributed rates and return visits, days have hours, and logins several requests; there is a
    million of users for ten million events, and five million for a hundred million.
    """
    users = round(1e6 * (events / 1e7) ** 0.7)
    rate = events / users / DAYS / REQUESTS
    population = {"users": users, "logins_per_day": f"{rate}/day", "shape": 0.5}
    pause = {"kind": "exponential", "mean": "60 s"}
    traffic = {
        "profile": {"kind": "hourly", "weights": HOURS},
        "growth_per_week": "2 %",
        "session": {"requests": {"kind": "geometric", "mean": REQUESTS}, "think_time": pause},
        "return_visits": {"probability": "30 %", "gap": {"kind": "exponential", "mean": "10 h"}},
    }
    demand = Demand(Population.model_validate(population), Traffic.model_validate(traffic), START)
    kind = pa.schema([("time", pa.timestamp("us", tz="UTC")), ("user", pa.int64())])
    written = 0
    with parquet.ParquetWriter(path, kind) as file:
        for block in request_blocks(demand, 1, 0, 0.0, DAYS * DAY_S, HOUR_S):
            time_us = ((block.time_s + START.timestamp()) * 1e6).astype(np.int64)
            user = np.asarray(block.user).astype(np.int64)
            written += user.size
            if user.size:
                file.write_table(pa.table([pa.array(time_us).cast(kind.field(0).type), pa.array(user)], schema=kind))
    return written


def _as_csv(log: Path, path: Path) -> None:
    time = "strftime(time::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ') AS time"
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.read_parquet(str(log)).project(f"{time}, 'user-' || \"user\" AS user_id, '/' AS page").write_csv(
            str(path)
        )


PROBE = """
import resource, sys
from pathlib import Path
from simulator.studies.calibration.calibrating import calibrate
from simulator.studies.calibration.events import Asked
calibrate([Path(sys.argv[1])], Asked(), judges=sys.argv[2] == "judged")
who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
used = [resource.getrusage(each) for each in who]
print(sum(each.ru_utime + each.ru_stime for each in used))
"""


def _figure(log: Path, events: int, *, judged: bool) -> Figure:
    run = child("-c", PROBE, str(log), "judged" if judged else "fitted")
    cpu_s = float(run.output)
    kind = log.suffix.removeprefix(".")
    aim_s = FIT_S if events < MANY else 6 * FIT_S
    return Figure(
        f"{events / 1e6:.0f}M events as {kind}: {'fit and verdict' if judged else 'fit'}",
        f"{cpu_s:.0f} s of CPU, {run.wall_s:.0f} s on the clock, {events / run.wall_s / 1e6:.2f}M events/s, largest "
        f"process {run.peak_mib / 1024:.2f} GiB",
        "-" if judged else f"{aim_s} s, {FIT_MIB / 1024:g} GiB",
    )


def calibrate() -> Iterator[Figure]:
    """The fit to a log as Parquet and as CSV, and the fit with its verdict, each by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        log, text = Path(folder) / "log.parquet", Path(folder) / "log.csv"
        events = draw_log(log, read_count(EVENTS))
        _as_csv(log, text)
        yield _figure(log, events, judged=False)
        yield _figure(text, events, judged=False)
        yield _figure(log, events, judged=True)


BENCHMARKS = {"calibrate": calibrate}
