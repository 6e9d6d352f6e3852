"""A comparison with all that a price book can state, and settings that a reader may make."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np

from simulator.core.usage import Driver, StandIn, Usage
from simulator.prices.book import PriceBook
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.plan_result import priced_plan

TOLD: dict[str, Any] = {"source": "made up", "date": "2026-11-28"}
TOKENS, STANDS_IN, READS = "llm/m/input", "llm/m/batch_input", "dynamodb_on_demand/read"
LONGEST = 6
"""Of the numbers of settings: digits."""


def rich_book(book: PriceBook) -> PriceBook:
    """Lay over a book: tiers, free units, long prompts, discounts one after another, and commitments."""
    prices = [
        {
            "meter": READS,
            "unit": "row",
            "per": 1_000,
            "free": 5_000,
            "tiers": [{"up_to": 20_000, "usd": 5}, {"up_to": 60_000, "usd": 2}, {"usd": 0.5}],
        },
        {"meter": "instance/g4dn.xlarge/on_demand", "unit": "h", "usd": 0.526, "free": 100},
        {"meter": TOKENS, "unit": "token", "usd": 2, "per": 1e6, "long_prompts": [{"above": 200_000, "usd": 4}]},
    ]
    discounts = [
        {"meters": "instance/*", "share": "12.5 %", "label": "ours", **TOLD},
        {"meters": "*", "share": "3 %", **TOLD},
    ]
    commitments = [
        {"meters": "instance/*/on_demand", "usd_per_h": "0.3 USD/h", "discount": "30 %", **TOLD},
        {"meters": "instance/*", "usd_per_h": "9 USD/h", "discount": "10 %", "label": "the <second>", **TOLD},
    ]
    ours = {"name": "ours", "groups": [{**TOLD, "prices": prices}], "discounts": discounts, "commitments": commitments}
    return book.under(PriceBook.model_validate(ours))


def with_tokens(comparison: Comparison, book: PriceBook) -> Comparison:
    """Return a comparison whose plans use tokens, too, some of long prompts, other ones in each replication."""
    plans = {
        name: _with_tokens(comparison, plan, book, place + 1)
        for place, (name, plan) in enumerate(comparison.plans.items())
    }
    return replace(comparison, book=book, plans=plans, words=None)


def _with_tokens(comparison: Comparison, plan: PlanResult, book: PriceBook, size: int) -> PlanResult:
    consumptions = [
        replace(consumption, usages=(*consumption.usages, *_tokens(size * (number + 7) * 1e5)))
        for number, consumption in enumerate(plan.consumptions)
    ]
    return priced_plan(comparison.scenario, book, plan.name, plan.values, consumptions, plan.saturation, plan.outcomes)


def _tokens(many: float) -> tuple[Usage, ...]:
    parts = ((1, many), (201, many / 3), (300, many / 7))
    total = sum(part for _, part in parts)
    return (
        Usage("prompts", TOKENS, total, "token", Driver.TRAFFIC, by_prompt=parts),
        Usage(
            "batch prompts", STANDS_IN, total, "token", Driver.TRAFFIC, stand_in=StandIn(TOKENS, 0.5), by_prompt=parts
        ),
        Usage("batch calls", "llm/m/batch_call", 9, "token", Driver.TRAFFIC, stand_in=StandIn(TOKENS, 0.25)),
        Usage("mirror reads", "mirror/read", many / 9, "row", Driver.TRAFFIC, stand_in=StandIn(READS, 0.4)),
    )


def drawn_settings(terms: Any, number: int) -> list[Any]:
    """Return so many settings of a page: each figure stays, or is another, or 0."""
    dice = np.random.default_rng(12)

    def other(figure: float) -> float:
        return float(dice.choice([figure, round(figure * dice.uniform(0, 3), LONGEST), 0.0]))

    def share(figure: float) -> float:
        return float(dice.choice([figure, round(dice.uniform(0, 99), 1) / 100, dice.random() * 0.9, 0.0]))

    found = []
    for _ in range(number):
        setting = copy.deepcopy(terms)
        for price in setting["prices"]:
            for part in (price, *price["tiers"], *price["long_prompts"]):
                if part["usd"] is not None:
                    part["usd"] = other(part["usd"])
            if price["free"]:
                price["free"] = other(price["free"])
        for discount in setting["discounts"]:
            discount["share"] = share(discount["share"])
        for commitment in setting["commitments"]:
            commitment["usd_per_h"] = float(dice.choice([commitment["usd_per_h"], round(dice.uniform(0, 2), 2), 0.0]))
            commitment["discount"] = share(commitment["discount"])
        found.append(setting)
    return found
