"""What Triton's perf_analyzer writes with ``-f``: a row for each concurrency or request rate, in microseconds.

The columns are those of its report writer (triton-inference-server/perf_analyzer): ``Concurrency`` or ``Request Rate``,
``Inferences/Second`` (predictions, not requests), what the client and the server took, and quantiles of the latency;
with ``--verbose-csv`` more. Older ones have one ``Server Compute``; of servers without statistics nothing is told.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from simulator.core.errors import UserError
from simulator.studies.calibration.service import tabular
from simulator.studies.calibration.service.measurement import (
    MOST_BATCH,
    MOST_CLIENTS,
    SECONDS,
    Measurement,
    Row,
    Told,
    above_zero,
    chosen,
    mean_of,
    number,
    quantile_of,
    whole,
)

RATE: Final = "Inferences/Second"
COMPUTE: Final = ("Server Compute Input", "Server Compute Infer", "Server Compute Output", "Server Compute")
OUTSIDE: Final = ("Client Send", "Network+Server Send/Recv", "Client Recv")
QUEUE: Final = "Server Queue"
BATCHES: Final = ("Batch Size", "Batch", "batch_size", "batch")
US: Final = SECONDS["us"]


def is_it(head: str) -> bool:
    """Return whether a file is one."""
    return RATE in head.partition("\n")[0]


def read(lines: Iterable[str], told: Told) -> Measurement:
    """Return what a file says.

    Raises
    ------
    UserError
        If the batch size is neither in it nor given, or nothing in it can be used.
    """
    table = tabular.table(lines)
    rows = chosen(table.rows, told.where, table.columns)
    column = next((name for name in BATCHES if name in table.columns), None)
    if column is None and told.batch is None:
        raise UserError(
            "perf_analyzer does not write how many predictions a request had (its -b); say it with --batch-size, "
            "1 if -b was not given"
        )
    if column is not None and told.batch is not None:
        raise UserError(f"--batch-size: it says batch sizes itself, in its column '{column}'")
    skipped, found = Counter[str](), list[Row]()
    if table.broken:
        skipped["too few or too many cells"] = table.broken
    is_open = "Concurrency" not in table.columns
    for row in rows:
        batch = told.batch if column is None else whole(row[column], MOST_BATCH)
        made = _row(row, batch, is_open=is_open)
        if isinstance(made, Row):
            found.append(made)
        else:
            skipped[made] += 1
    what = f"perf_analyzer's CSV, {'request rates' if is_open else 'concurrencies'}"
    doubts = []
    if any(number(row.get("Server Cache Hit")) for row in rows):
        doubts.append("its server answered from a cache of its own: what it took is less than what computing takes")
    return Measurement(what, tuple(found), len(rows) + table.broken, dict(skipped), doubts=tuple(doubts))


def _row(row: Mapping[str, str], batch: int | None, *, is_open: bool) -> Row | str:
    """Return what a row says, or why it is left out."""
    rate = above_zero(row[RATE])
    clients = None if is_open else whole(row["Concurrency"], MOST_CLIENTS)
    if batch is None:
        return "no batch size that is a whole number from 1"
    if rate is None:
        return "no throughput"
    if clients is None and not is_open:
        return "no concurrency that is a whole number from 1"
    quantiles = {}
    for name, text in row.items():
        share, value = quantile_of(name.removesuffix("latency")), above_zero(text)
        if share is not None and value is not None and name.endswith("latency"):
            quantiles[share] = value * US
    outside, compute = _sum(row, OUTSIDE), _sum(row, COMPUTE)
    service_s = compute * US if compute else None
    of_parts = (outside + compute + (above_zero(row.get(QUEUE)) or 0.0)) * US if service_s is not None else None
    stated = above_zero(row.get("Avg latency"))
    latency_s = stated * US if stated is not None else of_parts or mean_of(quantiles)
    if latency_s is None:
        return "no latency"
    overhead_s = outside * US if service_s is not None else 0.0
    return Row(batch, latency_s, clients, rate / batch, quantiles, service_s=service_s, overhead_s=overhead_s)


def _sum(row: Mapping[str, str], names: tuple[str, ...]) -> float:
    return sum(above_zero(row.get(name)) or 0.0 for name in names)
