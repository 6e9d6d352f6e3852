"""Draw the log of notebook 06: ``python -m benchmarks.drawn_log`` rewrites ``notebooks/06-access.parquet``.

It is of nobody: the events of a hundredth of an app's users over five weeks, drawn by the model itself, with a push
message on one evening. So what a calibration should find is known, and stands in `HABITS`.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.core.units import DAY_S, HOUR_S
from simulator.demand.arrivals import request_blocks
from simulator.demand.demand import Demand
from simulator.demand.population import Population
from simulator.demand.traffic import Traffic

START: Final = datetime(2026, 3, 2, tzinfo=ZoneInfo("Europe/Berlin"))
DAYS: Final = 35
SEED: Final = 6
FILE: Final = Path(__file__).parents[1] / "notebooks" / "06-access.parquet"
HABITS: Final[dict[str, dict[str, Any]]] = {
    "population": {"users": 12_000, "logins_per_day": "0.06/day", "shape": 0.35},
    "traffic": {
        "profile": "evening_meals",
        "timezones": "Europe/Berlin",
        "growth_per_week": "2 %",
        "return_visits": {"probability": "25 %", "gap": {"kind": "exponential", "mean": "8 h"}},
        "spikes": [{"at": "2026-03-19T18:00", "duration": "2 h", "multiplier": 4}],
        "session": {
            "requests": {"kind": "geometric", "mean": 3},
            "think_time": {"kind": "exponential", "mean": "45 s"},
        },
    },
}


def main() -> None:
    """Draw the log, and write it: times in whole seconds of UTC, users as numbers."""
    demand = Demand(Population.model_validate(HABITS["population"]), Traffic.model_validate(HABITS["traffic"]), START)
    blocks = [
        (block.time_s.copy(), np.asarray(block.user).astype(np.int32))
        for block in request_blocks(demand, SEED, 0, 0.0, DAYS * DAY_S, HOUR_S)
    ]
    times, users = (np.concatenate(each) for each in zip(*blocks, strict=True))
    seconds = np.floor(times + START.timestamp()).astype("datetime64[s]").astype("datetime64[ms]")
    table = pa.table({"time": pa.array(seconds, pa.timestamp("ms", "UTC")), "user": pa.array(users)})
    pq.write_table(
        table,
        FILE,
        compression="zstd",
        compression_level=19,
        use_dictionary=["user"],
        column_encoding={"time": "DELTA_BINARY_PACKED"},
    )
    print(f"{FILE}: {table.num_rows:,} events of {len(np.unique(users)):,} users, {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
