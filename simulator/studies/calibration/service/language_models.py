"""What benchmarks of language models write: AIPerf and GenAI-Perf a file for each run, GuideLLM one for all."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from simulator.core.errors import UserError
from simulator.core.input_files.wording import shown
from simulator.core.units import about_duration
from simulator.studies.calibration.service.measurement import (
    MOST_CLIENTS,
    SECONDS,
    Measurement,
    Row,
    Told,
    above_zero,
    listed,
    mean_of,
    number,
    over_mean,
    quantile_of,
    walk,
    whole,
)

LATENCY: Final = "request_latency"
_CLI: Final = re.compile(r"--concurrency[ =]+(\d+)\b")
MS: Final = SECONDS["ms"]


def is_aiperf(tree: Any) -> bool:
    """Return whether JSON is the summary of a run of AIPerf or GenAI-Perf."""
    return isinstance(tree, dict) and isinstance(_of_run(tree).get(LATENCY), dict) and "benchmarks" not in tree


def _of_run(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    records = tree.get("records")
    return records if isinstance(records, dict) else tree


def read_aiperf(tree: Mapping[str, Any], told: Told) -> Measurement:
    """Return what the summary of a run says.

    Raises
    ------
    UserError
        If it has no latency or no unit, or nobody says how many clients there were.
    """
    metrics = _of_run(tree)
    took = metrics[LATENCY]
    unit = SECONDS.get(str(took.get("unit")).casefold())
    if unit is None:
        raise UserError(
            f"the unit of its '{LATENCY}' is {shown(took.get('unit'))}; it must be a unit of time, as ms is"
        )
    mean = above_zero(took.get("avg"))
    if mean is None:
        raise UserError(f"its '{LATENCY}' has no 'avg' above 0; did any request succeed?")
    rate = above_zero(_stated(metrics, "request_throughput"))
    if rate is None:
        raise UserError("its 'request_throughput' has no 'avg' above 0")
    row = Row(
        told.batch or 1,
        mean * unit,
        _clients(tree, told),
        rate,
        {share: value * unit for share, value in _quantiles(took)},
        over_mean(took.get("std"), mean),
        whole(_stated(metrics, "request_count"), 10**12) or whole(took.get("count"), 10**12),
    )
    first, gap = (_seconds(metrics, name) for name in ("time_to_first_token", "inter_token_latency"))
    tokens = above_zero(_stated(metrics, "output_sequence_length")) or above_zero(
        _stated(metrics, "output_token_count")
    )
    name = "GenAI-Perf" if "genai" in str(tree.get("input_config", "")).casefold() else "AIPerf"
    failed = _errors(tree)
    doubts = [f"{failed:,.0f} requests failed or were cancelled; they are left out of the times"] if failed else []
    skipped = {"a failed request": int(failed)} if failed else {}
    read = (row.count or 1) + int(failed)
    facts = tuple(_tokens(row, first, gap, tokens))
    return Measurement(f"{name}'s summary of a run", (row,), read, skipped, facts, tuple(doubts))


def _stated(metrics: Mapping[str, Any], name: str) -> Any:
    found = metrics.get(name)
    return found.get("avg") if isinstance(found, dict) else found


def _quantiles(took: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    for name, value in took.items():
        share, found = quantile_of(name), above_zero(value)
        if share is not None and found is not None:
            yield share, found


def _seconds(metrics: Mapping[str, Any], name: str) -> float | None:
    found = metrics.get(name)
    if not isinstance(found, dict):
        return None
    value, unit = above_zero(found.get("avg")), SECONDS.get(str(found.get("unit")).casefold())
    return None if value is None or unit is None else value * unit


def _errors(tree: Mapping[str, Any]) -> float:
    errors = tree.get("error_summary")
    parts = errors if isinstance(errors, list) else []
    return sum(max(number(part.get("count")) or 0.0, 0.0) for part in parts if isinstance(part, dict))


def _clients(tree: Mapping[str, Any], told: Told) -> int:
    settings = tree.get("input_config")
    stated = {found for each in walk(settings, "concurrency") if (found := whole(each, MOST_CLIENTS)) is not None}
    if not stated:
        written = (text for each in walk(settings, "cli_command") for text in _CLI.findall(str(each)[:10_000]))
        stated = {found for text in written if (found := whole(text, MOST_CLIENTS)) is not None}
    if told.clients is not None and stated <= {told.clients}:
        return told.clients
    if told.clients is not None:
        raise UserError(f"--clients: it says itself that there were {listed(map(str, stated))}")
    if len(stated) == 1:
        return stated.pop()
    if any(above_zero(each) for each in walk(settings, "request_rate")):
        raise UserError(
            "its requests came at a rate (an open loop), which mixes what is computed with what waits; "
            "measure with --concurrency"
        )
    raise UserError("it does not say how many requests were under way (--concurrency); say it with --clients")


def _tokens(row: Row, first_s: float | None, gap_s: float | None, tokens: float | None) -> Iterator[str]:
    """Yield what an answer's time is made of."""
    if first_s is None or gap_s is None or tokens is None:
        return
    whose = "1 client" if row.clients == 1 else f"{row.clients} clients"
    yield (
        f"with {whose} an answer of {tokens:.4g} tokens takes {about_duration(row.latency_s)}: "
        f"{about_duration(first_s)} to the first token and {about_duration(gap_s)} for each of the others"
    )


def is_guidellm(tree: Any) -> bool:
    """Return whether JSON is GuideLLM's."""
    return isinstance(tree, dict) and isinstance(tree.get("benchmarks"), list)


def read_guidellm(tree: Mapping[str, Any], told: Told) -> Measurement:
    """Return what a file of benchmarks says, in the layouts of GuideLLM 0.2 to 0.6.

    Raises
    ------
    UserError
        If nothing in it can be used.
    """
    rows, facts, skipped, failed = list[Row](), list[str](), dict[str, int](), 0.0
    for each in tree["benchmarks"]:
        made = _benchmark(each, told)
        if isinstance(made, str):
            skipped[made] = skipped.get(made, 0) + 1
            continue
        rows.append(made)
        first, gap, tokens = (
            above_zero(_distribution(each["metrics"], name).get("mean"))
            for name in ("time_to_first_token_ms", "inter_token_latency_ms", "output_token_count")
        )
        facts += _tokens(made, first * MS if first else None, gap * MS if gap else None, tokens)
        failed += _not_answered(each)
    doubts = [f"{failed:,.0f} requests failed or did not end; they are left out of the times"] if failed else []
    return Measurement(
        "GuideLLM's benchmarks", tuple(rows), len(tree["benchmarks"]), skipped, tuple(facts), tuple(doubts)
    )


def _benchmark(each: Any, told: Told) -> Row | str:
    """Return what a benchmark says, or why it is left out."""
    metrics = each.get("metrics") if isinstance(each, dict) else None
    if not isinstance(metrics, dict):
        return "a benchmark without metrics"
    took = _distribution(metrics, LATENCY)
    percentiles = took.get("percentiles")
    quantiles = dict(_quantiles(percentiles if isinstance(percentiles, dict) else took))
    latency_s = above_zero(took.get("mean")) or mean_of(quantiles)
    if latency_s is None:
        return "a benchmark without answers"
    stated = _streams(each, metrics)
    if stated is not None and told.clients not in {None, stated}:
        raise UserError(f"--clients: it says itself that there were {stated}")
    clients = stated if stated is not None else told.clients
    if clients is None:
        return "requests at a rate (an open loop), which mixes what is computed with what waits"
    rate = above_zero(_distribution(metrics, "requests_per_second").get("mean"))
    if rate is None:
        return "a benchmark without a throughput"
    cv = over_mean(took.get("std_dev"), latency_s)
    return Row(told.batch or 1, latency_s, clients, rate, quantiles, cv, whole(took.get("count"), 10**12))


def _distribution(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = metrics.get(name)
    inner = found.get("successful", found) if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else {}


def _streams(each: Mapping[str, Any], metrics: Mapping[str, Any]) -> int | None:
    """Return how many requests were under way, if it was always as many."""
    found = next((part for part in walk(each, "strategy") if isinstance(part, dict)), {})
    kind = str(found.get("type_", found.get("type", "")))
    if kind == "synchronous":
        return 1
    if kind == "concurrent":
        return whole(found.get("streams"), MOST_CLIENTS) or whole(found.get("max_concurrency"), MOST_CLIENTS)
    if kind == "throughput":
        mean = above_zero(_distribution(metrics, "request_concurrency").get("mean"))
        return whole(found.get("max_concurrency"), MOST_CLIENTS) or (None if mean is None else max(round(mean), 1))
    return None


def _not_answered(each: Mapping[str, Any]) -> float:
    for name in ("request_totals", "requests_made"):
        for counts in walk(each, name):
            if isinstance(counts, dict):
                return sum(max(number(counts.get(why)) or 0.0, 0.0) for why in ("errored", "incomplete"))
    return 0.0
