"""What a page of a run reckons is what `reprice` does."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_scripts import in_node, needs_node
from rich_prices import drawn_settings, rich_book, with_tokens

from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.report import format as form
from simulator.report.best_plan import best_now
from simulator.report.html.rebilling_data import rebilling_data
from simulator.studies.comparison import COST, Comparison
from simulator.studies.plan_result import priced_plan
from simulator.studies.reprice import at_prices

pytestmark = needs_node
CENT = 0.01
SETTINGS = 200
JUDGED = """
const before = judged(given.data, given.data.terms);
const answer = given.settings.map((terms) => {
  const now = judged(given.data, terms);
  return {
    book: bookText(given.data, terms),
    said: bestNow(given.data, before, now),
    ranking: now.ranking.map(({ name }) => name),
    plans: Object.fromEntries(now.plans.map((plan) => [plan.name, plan])),
    standings: Object.fromEntries([...now.against].map(([{ name }, each]) => [name, each])),
  };
});
"""


@pytest.fixture(scope="module")
def rich(comparison: Comparison, book: PriceBook) -> Comparison:
    return with_tokens(comparison, rich_book(book))


def _book_of(text: str, folder: Path) -> PriceBook:
    path = folder / "as-set.yaml"
    path.write_text(text, encoding="utf-8")
    return load_book(path)


def _stay(terms: Any, settings: list[Any]) -> list[Any]:
    """Return settings without what no price book says: the prices that the scenario states."""
    for setting in settings:
        for price, before in zip(setting["prices"], terms["prices"], strict=True):
            if price["is_stated"]:
                price["usd"] = before["usd"]
    return settings


@pytest.fixture(scope="module")
def pairs(rich: Comparison, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, Comparison]]:
    """What a page says at many settings, each beside the run at the price book that the page writes for it."""
    data, folder = rebilling_data(rich), tmp_path_factory.mktemp("books")
    settings = _stay(data["terms"], drawn_settings(data["terms"], SETTINGS))
    found = in_node(JUDGED, {"data": data, "settings": settings})
    return [(each, at_prices(rich, _book_of(each["book"], folder))) for each in found]


def test_at_200_settings_every_plan_costs_the_same_cents(pairs: list[tuple[Any, Comparison]]) -> None:
    assert len(pairs) == SETTINGS
    for page, repriced in pairs:
        for name, plan in repriced.plans.items():
            costs = [values[COST] for values in plan.values]
            assert page["plans"][name]["costs"] == pytest.approx(costs, rel=1e-12, abs=1e-9)
            estimate = plan.metrics[COST]
            assert page["plans"][name]["cost"]["mean"] == pytest.approx(estimate.mean, rel=1e-12, abs=1e-9)
            assert page["plans"][name]["cost"]["half"] == pytest.approx(estimate.half_width, rel=1e-6, abs=1e-9)
    totals = {round(page["plans"]["cached"]["cost"]["mean"], 2) for page, _ in pairs}
    assert len(totals) > 0.9 * SETTINGS


def test_the_lines_of_its_bills_are_the_bills(pairs: list[tuple[Any, Comparison]]) -> None:
    for page, repriced in pairs:
        for name, plan in repriced.plans.items():
            lines = page["plans"][name]["bill"]
            assert [line["item"] for line in lines] == [line.item for line in plan.bill.lines]
            for told, line in zip(lines, plan.bill.lines, strict=True):
                assert told["usd"] == pytest.approx(line.usd_per_month, rel=1e-12, abs=CENT / 1e4)
                assert told["quantity"] == line.quantity
                assert told["unit"] == line.unit


def test_it_says_how_each_price_came_about_in_the_words_of_the_bill(pairs: list[tuple[Any, Comparison]]) -> None:
    said = [
        (
            [line.detail for line in plan.bill.lines],
            ["; ".join(filter(None, (line["size"], *line["details"]))) for line in page["plans"][name]["bill"]],
        )
        for page, repriced in pairs
        for name, plan in repriced.plans.items()
    ]
    lines = [pair for ours, theirs in said for pair in zip(ours, theirs, strict=True)]
    # a figure of ten digits may end in another one where its last bit is another
    assert sum(ours != theirs for ours, theirs in lines) <= 0.002 * len(lines)


def test_ranking_choice_and_sentence_are_those_of_reprice(
    pairs: list[tuple[Any, Comparison]], rich: Comparison
) -> None:
    for page, repriced in pairs:
        assert page["ranking"] == list(repriced.ranking)
        assert page["said"] == best_now(rich, repriced)
        for name, against in repriced.selection.against.items():
            assert page["standings"][name]["told"] == against.standing
            assert page["standings"][name]["mean"] == pytest.approx(against.estimate.mean, rel=1e-9, abs=1e-9)
            assert page["standings"][name]["half"] == pytest.approx(against.estimate.half_width, rel=1e-6, abs=1e-9)
    assert len({page["ranking"][0] for page, _ in pairs}) > 1, "settings that change nothing show nothing"


def test_what_nobody_reads_costs_what_it_does_after_reprice(pairs: list[tuple[Any, Comparison]]) -> None:
    for page, repriced in pairs:
        for name, plan in repriced.plans.items():
            wasted, per_1k = (
                plan.metrics.get(metric) for metric in ("wasted_usd_per_month", "cost_usd_per_1k_requests")
            )
            assert wasted is not None
            assert per_1k is not None
            assert page["plans"][name]["wasted"] == pytest.approx(wasted.mean, rel=1e-11, abs=1e-9)
            assert page["plans"][name]["per1k"] == pytest.approx(per_1k.mean, rel=1e-11, abs=1e-9)


def test_where_value_is_given_the_ranking_is_by_net_value(valued: Comparison) -> None:
    data = rebilling_data(valued)
    (page,) = in_node(JUDGED, {"data": data, "settings": [data["terms"]]})
    assert page["ranking"] == list(valued.ranking)
    for name, plan in valued.plans.items():
        assert page["plans"][name]["net"]["mean"] == pytest.approx(plan.metrics["net_value_usd_per_month"].mean)


def test_a_plan_with_fewer_replications_is_ranked_by_what_it_differs(rich: Comparison) -> None:
    cached = rich.plans["cached"]
    fewer = priced_plan(
        rich.scenario, rich.book, "cached", cached.values[:1], cached.consumptions[:1], cached.saturation
    )
    run = replace(rich, plans={**rich.plans, "cached": fewer})
    data = rebilling_data(run)
    (page,) = in_node(JUDGED, {"data": data, "settings": [data["terms"]]})
    assert page["ranking"] == list(run.ranking)
    for name, against in run.selection.against.items():
        assert page["standings"][name]["told"] == against.standing
        assert page["standings"][name]["mean"] == pytest.approx(against.estimate.mean, rel=1e-9)


@pytest.mark.parametrize("kind", ["single", "crowd", "free"])
def test_odd_runs_are_judged_as_they_were(kind: str, request: pytest.FixtureRequest) -> None:
    run: Comparison = request.getfixturevalue(kind)
    data = rebilling_data(run)
    (page,) = in_node(JUDGED, {"data": data, "settings": [data["terms"]]})
    assert page["ranking"] == list(run.ranking)
    for name, plan in run.plans.items():
        assert page["plans"][name]["cost"]["mean"] == pytest.approx(plan.cost_usd_per_month, rel=1e-12)


def _amounts() -> list[float]:
    dice = np.random.default_rng(3)
    drawn = [float(dice.choice([1, -1]) * 10 ** dice.uniform(-9, 13)) for _ in range(3_000)]
    halves = [int(dice.integers(10**5)) / 2**power for power in range(6) for _ in range(200)]
    tens = [digit * 10.0**power for power in range(-9, 14) for digit in (1, 9.995, 9.9949, 5)]
    return [*drawn, *halves, *tens, 0.0]


def test_numbers_are_written_as_everywhere() -> None:
    program = "const answer = given.map((x) => [usd(x), usdOnBill(x), signedUsd(x), count(x), priceText(x)]);"
    amounts = _amounts()
    writers = (form.usd, form.usd_on_bill, form.signed_usd, form.count, form.price)
    for amount, told in zip(amounts, in_node(program, amounts), strict=True):
        assert told == [write(amount) for write in writers], amount
    assert any(math.floor(amount) == amount for amount in amounts)
