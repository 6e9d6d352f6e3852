"""Usage and price books drawn at random: free units, tiers, sizes, long prompts, stand-ins, discounts, commitments."""

from typing import Any

from hypothesis import strategies as st

from simulator.core.units import KIB_PER_GIB
from simulator.core.usage import Driver, StandIn, Usage
from simulator.prices.book import PriceBook

ROWS, HOURS, TOKENS, STAND_IN = "store/write", "instance/a/on_demand", "llm/m/input", "llm/m/batch_input"
amounts = st.floats(0, 5)
quantities = st.sampled_from([0.0, 1.0, 40.0, 99.0, 100.0, 101.0, 5_000.0, 3e6])


def used(meter: str, quantity: float, unit: str, **more: Any) -> Usage:
    return Usage("something", meter, quantity, unit, Driver.TRAFFIC, **more)


@st.composite
def usages(draw: st.DrawFn) -> list[Usage]:
    parts = ((1, draw(quantities)), (201, draw(quantities)), (300, draw(quantities)))
    found = [
        used(ROWS, draw(quantities), "row", row_gib=draw(st.sampled_from([0.3, 1.0, 2.5])) / KIB_PER_GIB),
        used(ROWS, draw(quantities), "row", row_gib=1 / KIB_PER_GIB),
        used(HOURS, draw(quantities), "h"),
        used(TOKENS, sum(part for _, part in parts), "token", by_prompt=parts),
        used(STAND_IN, draw(quantities), "token", stand_in=StandIn(TOKENS, draw(st.sampled_from([0.0, 0.5])))),
        used("scenario/feature_pipeline", draw(quantities), "run", given_price_usd=draw(amounts)),
        used("llm/m/call", draw(quantities), "call", if_priced=True),
    ]
    return [each for each in found if draw(st.booleans())]


@st.composite
def books(draw: st.DrawFn) -> PriceBook:
    tiers = [{"up_to": draw(st.sampled_from([50, 100])), "usd": draw(amounts)}, {"usd": draw(amounts)}]
    amount = draw(st.sampled_from([{"usd": draw(amounts)}, {"tiers": tiers}, {"tiers": tiers[1:]}]))
    free = draw(st.sampled_from([0, 100, 1_000]))
    prices: list[dict[str, Any]] = [
        {"meter": ROWS, "unit": "row", "per": 10, "free": free, "size_step": draw(st.sampled_from([None, "1 KiB"]))}
        | amount,
        {"meter": HOURS, "unit": "h", "usd": draw(amounts), "free": draw(st.sampled_from([0, 40]))},
        {
            "meter": TOKENS,
            "unit": "token",
            "usd": draw(amounts),
            "per": 1_000,
            "long_prompts": draw(st.sampled_from([[], [{"above": 200_000, "usd": draw(amounts)}]])),
        },
    ]
    optional = [
        {"meter": STAND_IN, "unit": "token", "usd": draw(amounts)},
        {"meter": "llm/m/call", "unit": "call", "usd": draw(amounts)},
    ]
    prices += [each for each in optional if draw(st.booleans())]
    agreed = {"source": "made up", "date": "2026-11-23"}
    off = st.sampled_from(["0 %", "10 %", "35 %"])
    names = st.sampled_from(["*", "instance/*", "llm/m/*", "store/write", "nothing"])
    discounts = [{"meters": draw(names), "share": draw(off), **agreed} for _ in range(draw(st.integers(0, 2)))]
    commitments = [
        {"meters": draw(names), "usd_per_h": f"{draw(amounts)} USD/h", "discount": draw(off), **agreed}
        for _ in range(draw(st.integers(0, 2)))
    ]
    group = {**agreed, "prices": prices}
    return PriceBook.model_validate(
        {"name": "drawn", "groups": [group], "discounts": discounts, "commitments": commitments}
    )
