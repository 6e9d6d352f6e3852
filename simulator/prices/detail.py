"""How a line's quantity and price came about, in words and figures."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from simulator.core.prompt_lengths import PROMPT_STEP
from simulator.core.units import write_share, write_size
from simulator.core.usage import Usage
from simulator.prices.price import Price
from simulator.prices.terms import Commitment, Discount

MILLION = 1_000_000


def size_detail(usage: Usage, price: Price, months: float) -> str:
    """Return how a quantity came about that is charged by size; else empty. ``months``: how often it fits into one."""
    if price.size_step_gib is None:
        return ""
    units = price.units_per_row(usage.row_gib)
    rows = f"{usage.quantity * months:,.0f} rows" + (f" of {write_size(usage.row_gib)}" if usage.row_gib else "")
    return f"{rows}, each {units} unit{'s' if units > 1 else ''} of {write_size(price.size_step_gib)}"


def mean_usd(usage: Usage, price: Price, pooled: float) -> float:
    """Return the mean price of a charged unit before discounts; ``pooled`` as `terms_detail` takes it. [USD]"""
    by_prompt = price.mean_usd_by_prompt(usage.by_prompt)
    return price.mean_usd_per_unit(pooled) if by_prompt is None else by_prompt


def terms_detail(usage: Usage, price: Price, discounts: Sequence[Discount], pooled: float, months: float) -> str:
    """Return how a price came about before commitments; empty where it is plain.

    Parameters
    ----------
    usage
        What is charged for.
    price, discounts
        What is charged, and what is off that.
    pooled
        Charged units a month of all lines that share the meter.
    months
        How often the usage's horizon fits into a month.
    """
    parts = (
        *_price_detail(price, pooled),
        *_prompts_detail(usage, price, months),
        *_discount_detail(mean_usd(usage, price, pooled), discounts),
    )
    return "; ".join(parts)


def usd_text(amount: float) -> str:
    """Return an amount of money to ten digits, without an exponent. [USD]"""
    return f"{Decimal(f'{amount:.10g}'):f} USD"


def commitment_detail(commitment: Commitment, share: float, before_usd: float, price_usd: float) -> str:
    """Return what a commitment does to a price, up to the result.

    Parameters
    ----------
    commitment, share
        What covers the line, and how much of its quantity.
    before_usd, price_usd
        The price before all commitments, of which the discount is, and the one that earlier ones have left. [USD]
    """
    off, some = write_share(commitment.discount_fraction), f"{share * 100:.6g} %"
    how_much, less = ("all", off) if share == 1 else (some, f"{some} x {off}")
    return (
        f"{how_much} covered by the {commitment.name} ({_agreed(commitment)}) at {off} off: "
        f"{usd_text(price_usd)} less {less} of {usd_text(before_usd)}"
    )


def unused_detail(commitment: Commitment, unused_usd: float, hours: float) -> str:
    """Return how much of a commitment is paid for nothing."""
    paid_usd = commitment.usd_per_h * hours
    return (
        f"{commitment.usd_per_h:g} USD/h for {hours:g} h is {paid_usd:,.2f} USD, of which usage takes "
        f"{paid_usd - unused_usd:,.2f} USD; settled over the month, as if usage were the same in every hour"
    )


def _price_detail(price: Price, pooled: float) -> Iterable[str]:
    if not (price.tiers or price.free):
        return
    free = f", {min(price.free, pooled):,.0f} of them free" if price.free else ""
    yield f"mean price of {pooled:,.0f} units a month{free}; per {price.per:,.0f}: {price_text(price)}"


def _prompts_detail(usage: Usage, price: Price, months: float) -> Iterable[str]:
    """Yield how many tokens cost what, where long prompts cost more and there are some."""
    if price.mean_usd_by_prompt(usage.by_prompt) is None:
        return
    ends = [each.above for each in price.long_prompts]
    for number, usd in enumerate((price.usd or 0.0, *(each.usd for each in price.long_prompts))):
        above, up_to = (ends[number - 1] if number else 0), (ends[number] if number < len(ends) else math.inf)
        tokens = math.fsum(part for place, part in usage.by_prompt if above < place * PROMPT_STEP <= up_to)
        what = f"prompts above {above:,} tokens" if above else f"prompts up to {up_to:,} tokens"
        if tokens:
            yield f"{tokens * months:,.0f} tokens of {what} at {usd_text(usd / price.per * MILLION)} a million"


def price_text(price: Price) -> str:
    """Return what ``per`` units cost, tier by tier."""
    if price.usd is not None:
        longer = (f", {usd_text(each.usd)} where prompts exceed {each.above:,} tokens" for each in price.long_prompts)
        return usd_text(price.usd) + "".join(longer)
    return ", ".join(
        f"{usd_text(tier.usd)} up to {tier.up_to:,.0f}" if math.isfinite(tier.up_to) else f"then {usd_text(tier.usd)}"
        for tier in price.tiers
    )


def _discount_detail(price_usd: float, discounts: Sequence[Discount]) -> Iterable[str]:
    for discount in discounts:
        left_usd = price_usd * (1 - discount.share_fraction)
        off = write_share(discount.share_fraction)
        yield f"{usd_text(price_usd)} less {off} ({discount.name}; {_agreed(discount)}) = {usd_text(left_usd)}"
        price_usd = left_usd


def _agreed(term: Discount | Commitment) -> str:
    return f"{term.source}, {term.date}"
