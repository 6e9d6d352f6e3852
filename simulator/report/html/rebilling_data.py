"""What a page needs to bill every plan anew: usage by replication, prices, terms, and what else decides the ranking.

It is what `bill.js` takes. Which price holds for a usage, with what it shares tiers and which terms hold for it does
not depend on figures: that is settled here, and the page reckons with figures alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from scipy.special import stdtrit

from simulator.core.estimate import CONFIDENCE
from simulator.core.input_files.wording import written_path
from simulator.core.prompt_lengths import ByPrompt
from simulator.core.units import MONTH_S, write_share
from simulator.prices.bill import MONTH_H, Priced, charged_meter, find_prices
from simulator.prices.book import PriceBook
from simulator.prices.detail import size_detail
from simulator.prices.price import Price
from simulator.prices.terms import Commitment, Discount
from simulator.report.html.book_data import Json, book_data
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.consumption import COST_PER_1K, VALUE, WASTED, Consumption
from simulator.studies.rebilling import Rebilling

ADDED = {"source": "set in the report", "date": "as set"}
"""Of terms that only the reader of a page agrees on."""
ON_DEMAND = "instance/*/on_demand"
SUGGESTED_OFF = 0.3
"""The discount of a commitment that a reader may add, to begin with."""


def rebilling_data(comparison: Comparison) -> Json:
    """Return it as JSON has it."""
    found = _Terms.of(comparison)
    return {
        "months": MONTH_S / comparison.scenario.horizon_s,
        "month_h": MONTH_H,
        "terms": {
            "prices": [_price(price, key) for key, price in found.prices.items()],
            "discounts": [_discount(each, number, found) for number, each in enumerate(found.discounts)],
            "commitments": [_commitment(each, number, found) for number, each in enumerate(found.commitments)],
        },
        "plans": [_plan(comparison, name, found) for name in comparison.plans],
        "choice": _choice(comparison),
        "book": book_data(comparison.book, Rebilling.of(comparison).meters),
    }


@dataclass(frozen=True)
class _Terms:
    """The prices of all that is used, and what is agreed or may be."""

    book: PriceBook
    prices: Mapping[str, Price]
    """By meter, or by key where the scenario states it."""
    priced: Mapping[str, tuple[tuple[str, Priced], ...]]
    """By plan: its lines with the names of their prices."""

    @classmethod
    def of(cls, comparison: Comparison) -> "_Terms":
        priced = {
            name: tuple(
                (_name_of(comparison, name, each), each) for each in find_prices(plan.bill.usages, plan.bill.book)
            )
            for name, plan in comparison.plans.items()
        }
        prices = {name: each.listed for lines in priced.values() for name, each in lines}
        return cls(comparison.book, prices, priced)

    @cached_property
    def _meters(self) -> tuple[str, ...]:
        """The meters that the book prices, of what is used."""
        every = (each for lines in self.priced.values() for _, each in lines)
        return tuple(dict.fromkeys(each.listed.meter for each in every if each.usage.given_price_usd is None))

    @cached_property
    def discounts(self) -> tuple[Discount, ...]:
        """Those of the book, and one of nothing for each family of its meters that is used."""
        families = dict.fromkeys(f"{meter.partition('/')[0]}/*" for meter in self._meters if "/" in meter)
        added = (Discount(meters=family, share=0.0, **ADDED) for family in families)
        return (*self.book.discounts, *added)

    @cached_property
    def commitments(self) -> tuple[Commitment, ...]:
        """Those of the book, and one to nothing where instances are bought on demand."""
        added = Commitment(meters=ON_DEMAND, usd_per_h="0 USD/h", discount=SUGGESTED_OFF, **ADDED)
        return (*self.book.commitments, *([added] if any(map(added.holds_for, self._meters)) else []))


def _name_of(comparison: Comparison, plan: str, priced: Priced) -> str:
    """Return the meter that a price is listed for, or the key that states it."""
    if priced.usage.given_price_usd is None:
        return priced.listed.meter
    precompute = comparison.scenario.plans[plan].precompute
    assert precompute is not None, "a scenario states the price of nothing but what prepares a run"
    return written_path(["backends", precompute.backend, "feature_pipeline", "cost"])


def _price(price: Price, name: str) -> Json:
    tiers = [{"up_to": each.up_to if math.isfinite(each.up_to) else None, "usd": each.usd} for each in price.tiers]
    return {
        "name": name,
        "is_stated": price.meter != name,
        "unit": price.unit,
        "usd": price.usd,
        "per": price.per,
        "free": price.free,
        "tiers": tiers,
        "long_prompts": [{"above": each.above, "usd": each.usd} for each in price.long_prompts],
    }


def _discount(discount: Discount, number: int, terms: _Terms) -> Json:
    return {
        "name": discount.name,
        "meters": discount.meters,
        "agreed": f"{discount.source}, {discount.date}",
        "share": discount.share_fraction,
        "is_added": number >= len(terms.book.discounts),
    }


def _commitment(commitment: Commitment, number: int, terms: _Terms) -> Json:
    return {
        "label": commitment.label,
        "meters": commitment.meters,
        "agreed": f"{commitment.source}, {commitment.date}",
        "usd_per_h": commitment.usd_per_h,
        "discount": commitment.discount_fraction,
        "is_added": number >= len(terms.book.commitments),
    }


def _plan(comparison: Comparison, name: str, terms: _Terms) -> Json:
    result = comparison.plans[name]
    breaks, overloaded, _, age_s = result.rank
    names = list(terms.prices)
    places = [place for place, usage in enumerate(result.bill.usages) if charged_meter(usage, terms.book) is not None]
    months = MONTH_S / comparison.scenario.horizon_s
    return {
        "name": name,
        "breaks": breaks,
        "overloaded": overloaded,
        "age_s": age_s if math.isfinite(age_s) else None,
        "value_usd": [each[VALUE] for each in result.values] if all(VALUE in each for each in result.values) else None,
        "has_wasted": WASTED in result.metrics,
        "requests": [each.requests for each in result.consumptions] if COST_PER_1K in result.metrics else None,
        "unread": _unread(result.consumptions),
        "lines": [
            {
                "price": names.index(key),
                **_line(priced, terms, months),
                **_quantities(priced, result, place),
            }
            for (key, priced), place in zip(terms.priced[name], places, strict=True)
        ],
    }


def _unread(consumptions: Sequence[Consumption]) -> list[list[float]]:
    """Return the shares that nobody has read by replication, in the order of `Bill.wasted_usd_per_month`."""
    return [
        [
            each.unread_batch_fraction or 0.0,
            each.unread_nearline_fraction or 0.0,
            each.unread_held_fraction or 0.0,
        ]
        for each in consumptions
    ]


def _line(priced: Priced, terms: _Terms, months: float) -> Json:
    """Return what does not depend on the replication."""
    usage, price, other = priced.usage, priced.price, priced.usage.stand_in
    stands_in = other is not None and price is not priced.listed
    return {
        "item": usage.item,
        "meter": usage.meter,
        "unit": f"{usage.meter.rpartition('/')[2]} unit" if price.size_step_gib is not None else usage.unit,
        "off": other.discount_fraction if other is not None and stands_in else 0,
        "ahead": usage.computes_ahead,
        "after_events": usage.after_events,
        "holds": usage.holds,
        "size": size_detail(usage, price, months),
        "discounts": [number for number, each in enumerate(terms.discounts) if priced.is_under(each)],
        "commitments": [number for number, each in enumerate(terms.commitments) if priced.is_under(each)],
    }


def _quantities(priced: Priced, result: PlanResult, place: int) -> Json:
    """Return what was used, and tokens by price where prompts are long: the mean, and by replication."""
    usages = [result.bill.usages[place], *(each.usages[place] for each in result.consumptions)]
    used = [_plain(each.quantity) for each in usages]
    parts = [[_plain(part) for part in _by_price(priced.listed, each.by_prompt)] for each in usages]
    by_prompt = {"mean_parts": parts[0], "parts": parts[1:]} if priced.listed.long_prompts else {}
    units = priced.price.units_per_row(usages[0].row_gib)
    return {"units": units, "mean_quantity": used[0], "quantities": used[1:], **by_prompt}


def _plain(number: float) -> float:
    """Return the same number, which JSON writes without a decimal where it is whole."""
    return int(number) if float(number).is_integer() else number


def _by_price(price: Price, by_prompt: ByPrompt) -> list[float]:
    """Return how many tokens have which price, `usd` and then those of long prompts."""
    of_class: list[list[float]] = [[] for _ in (price.usd, *price.long_prompts)]
    for number, part in by_prompt:
        of_class[price.class_of(number)].append(part)
    return [math.fsum(each) for each in of_class]


def _choice(comparison: Comparison) -> Json:
    """Return what decides the choice, and what is asked of it."""
    aim = comparison.aim
    return {
        "recommends": not comparison.is_too_little,
        "weighs_value": comparison.weighs_value,
        "indifference": aim.indifference_fraction,
        "indifference_text": write_share(aim.indifference_fraction),
        "quantiles": _quantiles(comparison),
    }


def _quantiles(comparison: Comparison) -> dict[str, list[float]]:
    """Return how many standard errors intervals are, by the number of replications.

    In the order of the list: of a mean, of what is called worse, and of what decides the choice. The last two depend on
    how many plans are chosen from, which are always those that break no bound and keep up, whatever they cost.
    """
    group = min(plan.rank[:2] for plan in comparison.plans.values())
    rule = comparison.aim.rule(sum(plan.rank[:2] == group for plan in comparison.plans.values()))
    levels = ((1 + CONFIDENCE) / 2, rule.worse_quantile, rule.choice_quantile)
    sizes = {len(plan.values) for plan in comparison.plans.values()} - {1}
    return {str(size): [float(stdtrit(size - 1, level)) for level in levels] for size in sorted(sizes)}
