"""What Locust writes with ``--csv``: a row for each kind of request and one for all, in milliseconds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from simulator.core.errors import UserError
from simulator.studies.calibration.service import tabular
from simulator.studies.calibration.service.measurement import (
    SECONDS,
    Measurement,
    Row,
    Told,
    above_zero,
    chosen,
    listed,
    mean_of,
    number,
    quantile_of,
)

ALL: Final = ("Aggregated", "Total")
MOST_FAILED: Final = 0.01
MS: Final = SECONDS["ms"]
_OLD: Final = {"Method": "Type", "# requests": "Request Count", "# failures": "Failure Count"}
"""What columns were called before version 1."""


def is_it(head: str) -> bool:
    """Return whether a file is one."""
    first = head.partition("\n")[0].replace('"', "").strip().casefold()
    return first.startswith(("type,name,", "method,name,"))


def is_history(head: str) -> bool:
    """Return whether a file has a row a second."""
    return head.replace('"', "").startswith("Timestamp,User Count,")


def read(lines: Iterable[str], told: Told) -> Measurement:
    """Return what a file says.

    Raises
    ------
    UserError
        If it has several kinds of requests and none was chosen, or nobody said how many users there were.
    """
    table = tabular.table(lines)
    rows = [{_OLD.get(name, name): text for name, text in row.items()} for row in table.rows]
    picked = chosen(rows, told.where, rows[0])
    if not told.where:
        single = [row for row in picked if row.get("Name") not in ALL]
        if len(single) > 1:
            raise UserError(
                f"it has several kinds of requests ({listed(row.get('Name', '') for row in single)}), and a fleet's "
                "service time is of one; choose with e.g. --where Name=..., or all with --where Name=Aggregated"
            )
        picked = single or picked
    if told.clients is None:
        raise UserError("Locust does not write how many users there were (its -u); say it with --clients")
    skipped, found, doubts = Counter[str](), list[Row](), list[str]()
    if table.broken:
        skipped["too few or too many cells"] = table.broken
    skipped["another kind of request"] = len(rows) - len(picked)
    for row in picked:
        made = _row(row, told)
        if isinstance(made, str):
            skipped[made] += 1
            continue
        found.append(made)
        doubts += _failed(row)
    if len(found) > 1:
        raise UserError(f"--where leaves {len(found)} kinds of requests ({listed(row['Name'] for row in picked)})")
    kept = {why: count for why, count in skipped.items() if count}
    read_rows = len(rows) + table.broken
    return Measurement("Locust's _stats.csv", tuple(found), read_rows, kept, doubts=tuple(doubts), pauses=True)


def _row(row: Mapping[str, str], told: Told) -> Row | str:
    quantiles = {}
    for name, text in row.items():
        share, value = quantile_of(name) if name.endswith("%") else None, above_zero(text)
        if share is not None and value is not None:
            quantiles[share] = value * MS
    by_name = {name.casefold(): text for name, text in row.items()}
    mean, rate = above_zero(by_name.get("average response time")), above_zero(by_name.get("requests/s"))
    count = number(by_name.get("request count"))
    latency_s = mean * MS if mean is not None else mean_of(quantiles)
    if latency_s is None or rate is None:
        return "no requests"
    return Row(
        told.batch or 1, latency_s, told.clients, rate, quantiles, count=int(count) if count and count > 0 else None
    )


def _failed(row: Mapping[str, str]) -> Iterable[str]:
    failed, count = number(row.get("Failure Count")) or 0.0, number(row.get("Request Count")) or 0.0
    if failed > 0:
        share = failed / count if count else 1.0
        much = "; what they say is not what an answer takes" if share > MOST_FAILED else ""
        yield f"{failed:,.0f} of {count:,.0f} requests failed, and Locust has them in its times and rates{much}"
