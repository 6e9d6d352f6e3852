"""What follows from a call's tokens: what an API's limits admit, and what a call costs."""

from collections.abc import Iterable, Iterator

from simulator.backends.api import Api
from simulator.backends.base import BatchWork, Metered, OnlineUse
from simulator.core.prompt_lengths import scaled_by_prompt
from simulator.core.units import MINUTE_S, MONTH_S, about_duration
from simulator.core.usage import Driver, Usage
from simulator.prices.bill import Bill
from simulator.prices.book import PriceBook
from simulator.theory.rate_limit import token_bucket_refused_fraction

CALLS = 1_000.0
"""As many are priced."""
LARGEST_BUCKET = 2_000
"""Of a larger one, chance alone empties nothing as long as fewer are asked for than it lets in."""
Fact = tuple[str, str]
"""What, and its value."""


def calls_facts(api: Api, peak_per_s: float, book: PriceBook | None) -> Iterator[Fact]:
    """Yield what follows from asking an API so often in the busiest hour; without prices, no costs."""
    yield "tokens per call, mean", f"{api.mean_input_tokens:,.4g} in, {api.mean_output_tokens:,.4g} out"
    yield "time of a call, mean", about_duration(api.mean_service_s)
    limits = (
        ("calls", peak_per_s * MINUTE_S, api.requests_per_minute),
        ("tokens", peak_per_s * MINUTE_S * limited_tokens(api), api.tokens_per_minute),
    )
    for what, asked, limit in limits:
        of_limit = "" if limit is None else f", {asked / limit * 100:.3g} % of the limit"
        yield f"{what} per minute, busiest hour, if all is computed", f"{asked:,.0f}{of_limit}"
        if limit is not None and asked > limit:
            yield "warning", f"more {what} per minute are asked for than are admitted; what is refused is asked again"
    if api.requests_per_minute is not None and peak_per_s > 0 and api.most_requests <= LARGEST_BUCKET:
        share = token_bucket_refused_fraction(peak_per_s, api.requests_per_minute / MINUTE_S, api.most_requests)
        at_once = f"{share * 100:.3g} %, as {api.most_requests:.4g} may come at once"
        yield "calls refused at first in that hour, if they come at random, about", at_once
    if book is not None:
        yield from _costs(api, book)


def _costs(api: Api, book: PriceBook) -> Iterator[Fact]:
    cache = api.prompt_cache
    if cache is None:
        yield "cost of 1,000 calls", _usd(_call(api, api.mean_input_tokens, 0.0, 0.0), book)
        return
    rest = api.mean_input_tokens - cache.prefix
    yield "cost of 1,000 calls that find the prompt cache warm", _usd(_call(api, rest, cache.prefix, 0.0), book)
    yield "cost of 1,000 calls that find it cold", _usd(_call(api, rest, 0.0, cache.prefix), book)


def batch_facts(api: Api, book: PriceBook | None) -> Iterator[Fact]:
    """Yield what follows from computing predictions ahead; nothing without prices."""
    if book is not None:
        yield "cost of 1,000 predictions", _usd(api.worked(BatchWork(1.0, 1_000.0, {})), book)


def limited_tokens(api: Api) -> float:
    """Return the mean number of tokens that a call takes of the limit, with a warm prompt cache if there is one."""
    cache = api.prompt_cache
    return api.mean_tokens - (0.0 if cache is None or cache.limited else cache.prefix)


def _call(api: Api, read: float, cached: float, written: float) -> Iterator[Metered]:
    """Yield what 1,000 calls use, whose prompts have so much in common that is cached, or written to the cache."""
    calls, inputs, outputs = api.by_prompt()
    shared = tuple(
        (number, inside - (cached + written) * chance)
        for (number, inside), (_, chance) in zip(inputs, calls, strict=True)
    )
    counts = {"input": read, "cached": cached, "written": written, "output": api.mean_output_tokens}
    parts = {
        "input": shared,
        "cached": scaled_by_prompt(calls, cached),
        "written": scaled_by_prompt(calls, written),
        "output": outputs,
    }
    return api.used(
        OnlineUse(
            0.0,
            {"calls": CALLS, **{f"{name}_tokens": CALLS * count for name, count in counts.items()}},
            tokens={f"{name}_tokens": scaled_by_prompt(part, CALLS) for name, part in parts.items()},
        )
    )


def _usd(metered: Iterable[Metered], book: PriceBook) -> str:
    usages = [
        Usage(
            each.what,
            each.meter,
            each.quantity,
            each.unit,
            Driver.TRAFFIC,
            stand_in=each.stand_in,
            if_priced=each.if_priced,
            by_prompt=each.by_prompt,
        )
        for each in metered
    ]
    return f"{Bill.of(usages, book, MONTH_S).total_usd_per_month:,.4g} USD"
