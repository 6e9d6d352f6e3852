"""A table of batch sizes and times, with a header or without."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from simulator.core.errors import UserError, did_you_mean
from simulator.studies.calibration.service import tabular
from simulator.studies.calibration.service.measurement import (
    MOST_BATCH,
    SECONDS,
    Measurement,
    Row,
    Told,
    above_zero,
    chosen,
    listed,
    mean_of,
    number,
    of_samples,
    quantile_of,
    whole,
)

BATCHES: Final = ("batch", "batch_size", "batchsize", "batch size", "bs", "items")
TIMES: Final = re.compile(r"(avg|mean|average|latency|time|duration|service|took|elapsed|infer|e2e|seconds)")
_QUANTILE: Final = re.compile(r"^(?:latency[ _]?)?p(\d+(?:\.\d+)?)(?:[ _]?latency)?[ _(]*([a-zµ]+)?\)?$")
_UNIT: Final = re.compile(r"(?:^|[ _(\[])([a-zµ]+)[)\]]?$")
MANY_SAMPLES: Final = 4
FAR_APART: Final = 0.25
"""Rows of one batch size that differ by more are perhaps not of one machine."""


def read(lines: Iterable[str], told: Told) -> Measurement:
    """Return what a table says.

    Raises
    ------
    UserError
        If it is not clear what is what, or it has measurements of several things.
    """
    table = tabular.table(lines, ("batch", "seconds"))
    batch, column, unit, quantiles = _columns(table.columns, told)
    rows = chosen(table.rows, told.where, table.columns)
    _check_mixture(rows, {batch, column, *quantiles}, batch)
    skipped, single, stated, guessed = Counter[str](), dict[int, list[float]](), list[Row](), 0
    skipped["too few or too many cells"] = table.broken
    skipped["other values than were asked for"] = len(table.rows) - len(rows)
    for row in rows:
        size = told.batch if batch is None else whole(row[batch], MOST_BATCH)
        of_quantiles = {
            share: value * scale
            for name, (share, scale) in quantiles.items()
            if (value := above_zero(row[name])) is not None
        }
        took = above_zero(row[column]) if column else None
        took_s = took * unit if took is not None else mean_of(of_quantiles)
        guessed += took is None and took_s is not None
        if size is None:
            skipped["no batch size that is a whole number from 1"] += 1
        elif took_s is None and column and "," in row[column]:
            skipped["a time with a comma, where a point must be"] += 1
        elif took_s is None:
            skipped["no time above 0, or none that can be"] += 1
        elif of_quantiles:
            stated.append(Row(size, took_s, quantiles_s=of_quantiles))
        else:
            single.setdefault(size, []).append(took_s)
    found = [*(of_samples(np.array(times), batch=size) for size, times in single.items()), *stated]
    what = f"a table of times in '{column or next(iter(quantiles))}' by " + (f"'{batch}'" if batch else "--batch-size")
    kept = {why: count for why, count in skipped.items() if count}
    facts = (f"{guessed} rows state no mean; that of the lognormal nearest to their quantiles is taken",) * (
        guessed > 0
    )
    return Measurement(
        what, tuple(found), len(table.rows) + table.broken, kept, facts, doubts=tuple(_apart(single, stated))
    )


def _columns(
    columns: Sequence[str], told: Told
) -> tuple[str | None, str | None, float, dict[str, tuple[float, float]]]:
    """Return the column of batch sizes, that of times, its unit, and those of quantiles with share and unit."""
    by_name = {name.casefold(): name for name in columns}
    batch = next((by_name[name] for name in BATCHES if name in by_name), None)
    if batch is None and told.batch is None:
        raise UserError(
            f"none of its columns ({listed(columns)}) is called as batch sizes are; call it 'batch', or say "
            "--batch-size"
        )
    if batch is not None and told.batch is not None:
        raise UserError(f"--batch-size: it says batch sizes itself, in its column '{batch}'")
    if told.time is not None:
        column = by_name.get(told.time.casefold())
        if column is None:
            raise UserError(f"--time: there is no column '{told.time}'; {did_you_mean(told.time, columns)}")
        return batch, column, _unit(column, told), {}
    quantiles = {}
    for name in columns:
        found = _QUANTILE.match(name.casefold())
        share = quantile_of(found[1]) if found else None
        if found and share is not None and name != batch:
            quantiles[name] = share, _unit(name, told)
    timed = [name for name in columns if name not in quantiles and name != batch and _is_time(name)]
    if len(timed) > 1:
        raise UserError(f"it has several columns of times ({listed(timed)}); say with --time which one")
    if not timed and not quantiles:
        raise UserError(f"none of its columns ({listed(columns)}) is called as times are; say with --time which one")
    return batch, *((timed[0], _unit(timed[0], told)) if timed else (None, 1.0)), quantiles


def _is_time(name: str) -> bool:
    folded = name.casefold()
    if "stamp" in folded or "date" in folded:
        return False
    return bool(TIMES.search(folded) or folded in SECONDS) and "per" not in re.split(r"[ _/]", folded)


def _unit(column: str, told: Told) -> float:
    if told.unit is not None:
        return SECONDS[told.unit]
    found = _UNIT.search(column.casefold())
    unit = SECONDS.get(found[1]) if found else None
    if unit is None:
        raise UserError(f"the name of its column '{column}' has no unit; say it with e.g. --unit ms")
    return unit


def _check_mixture(rows: Sequence[Mapping[str, str]], measured: set[str | None], batch: str | None) -> None:
    """Refuse rows that are of several models, machines or settings."""
    mixed = []
    for name in rows[0]:
        values = Counter(row[name] for row in rows)
        if name in measured or len(values) < 2:  # noqa: PLR2004  (the same in all)
            continue
        is_whole = all(value == "" or whole(value, 10**12) is not None for value in values)
        is_text = all(number(value) is None for value in values)
        if not (is_whole or is_text):
            continue
        varies = any(len({row[name] for row in same}) > 1 for same in _by_batch(rows, batch))
        if 2 * len(values) <= len(rows) or (is_text and varies and len(values) < len(rows)) or (is_text and not batch):
            mixed.append(f"'{name}' has {listed(values)}")
    if mixed:
        raise UserError(
            f"it has measurements of several things: {'; '.join(mixed)}; choose with e.g. --where COL=VALUE"
        )


def _by_batch(rows: Sequence[Mapping[str, str]], batch: str | None) -> list[list[Mapping[str, str]]]:
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        found.setdefault(row[batch] if batch else "", []).append(row)
    return list(found.values())


def _apart(single: Mapping[int, Sequence[float]], stated: Sequence[Row]) -> Iterable[str]:
    """Yield the batch sizes whose few rows are too far apart to be of one thing."""
    times: dict[int, list[float]] = {size: list(each) for size, each in single.items() if len(each) < MANY_SAMPLES}
    for row in stated:
        times.setdefault(row.batch, []).append(row.latency_s)
    for size, each in sorted(times.items()):
        if len(each) > 1 and max(each) > (1 + FAR_APART) * min(each):
            worse = max(each) / min(each) - 1
            yield f"the {len(each)} rows of batch size {size} are {worse:.0%} apart: are they of one machine?"
