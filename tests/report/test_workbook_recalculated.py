"""Change prices in a workbook, and LibreOffice reckons what re-pricing the run does, to the cent and closer."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_comparisons import with_fewer_replications
from spreadsheets import SOFFICE, changed, check, formulas, inputs, ranking, recalculated, shown

from simulator.prices.book import PriceBook
from simulator.prices.loading import load_book
from simulator.prices.price import Price
from simulator.report.brief import Brief
from simulator.report.workbook.inputs import Inputs
from simulator.report.workbook.spreadsheet import Spreadsheet
from simulator.report.workbook.writing import write_workbook
from simulator.scenario.loading import load_scenario
from simulator.studies.comparison import Comparison
from simulator.studies.plan_result import PlanResult, priced_plan
from simulator.studies.study import compare

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice recalculates the workbooks, and is not there"),
]
SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
SETTINGS = 30
AGREED = {"source": "made up", "date": "2026-11-28"}
TERMS = PriceBook.model_validate(
    {
        "name": "terms",
        "groups": [
            {
                **AGREED,
                "prices": [
                    {
                        "meter": "dynamodb_on_demand/write",
                        "unit": "row",
                        "size_step": "0.3 KiB",
                        "per": 1000,
                        "free": 20_000,
                        "tiers": [{"up_to": 100_000, "usd": 0.7}, {"up_to": 300_000, "usd": 0.4}, {"usd": 0.2}],
                    },
                    {
                        "meter": "instance/g4dn.xlarge/on_demand",
                        "unit": "h",
                        "tiers": [{"up_to": 900, "usd": 0.6}, {"usd": 0.4}],
                    },
                ],
            }
        ],
        "discounts": [
            {"meters": "instance/*", "share": "20 %", "label": "enterprise", **AGREED},
            {"meters": "*/on_demand", "share": "10 %", "label": "volume", **AGREED},
        ],
        "commitments": [
            {"meters": "instance/g4dn*", "usd_per_h": "0.1 USD/h", "discount": "40 %", "label": "plan", **AGREED},
            {"meters": "*", "usd_per_h": "0.3 USD/h", "discount": "15 %", "label": "all", **AGREED},
        ],
    }
)
LONG_PROMPTS = PriceBook.model_validate(
    {
        "name": "long prompts",
        "groups": [
            {
                **AGREED,
                "prices": [
                    {
                        "meter": f"llm/gpt-4.1-mini/{side}",
                        "unit": "token",
                        "usd": usd,
                        "per": 1_000_000,
                        "long_prompts": [{"above": 5_000, "usd": 2 * usd}, {"above": 20_000, "usd": 3 * usd}],
                    }
                    for side, usd in (("input", 0.4), ("batch_output", 0.8))
                ],
            }
        ],
    }
)
TOKENS = {"kind": "lognormal", "mean": 8_000, "cv": 1}
FEWER = "serverless_matchday"
"""Whose first plan has fewer replications."""
CASES: Mapping[str, tuple[str, dict[str, Any], PriceBook | None]] = {
    "free units": ("food_delivery_100m", {"population.users": "30k"}, None),
    "tiers and terms": ("food_delivery_100m", {"population.users": "30k"}, TERMS),
    "long prompts": (
        "language_model_digest",
        {"population.users": "3k", "backends.provider.input_tokens": TOKENS},
        LONG_PROMPTS,
    ),
    "serverless": ("serverless_matchday", {"population.users": "20k"}, None),
}


@pytest.fixture(scope="module", params=CASES)
def study(request: pytest.FixtureRequest) -> Comparison:
    name, changes, terms = CASES[request.param]
    scenario = load_scenario(SCENARIOS / f"{name}.yaml", {"horizon": "1 d", "replications": 3, **changes})
    book = load_book(scenario.prices)
    found = compare(scenario, book if terms is None else book.under(terms), workers=1)
    return with_fewer_replications(found, next(iter(found.plans)), 2) if name == FEWER else found


def other_price(price: Price, rng: np.random.Generator) -> Price:
    """Return a price with other figures."""

    def drawn(amount: float) -> float:
        return float(amount * rng.uniform(0.2, 4.0))

    scale = drawn(1.0)
    tiers = tuple(each.model_copy(update={"usd": drawn(each.usd), "up_to": each.up_to * scale}) for each in price.tiers)
    long_prompts = tuple(
        each.model_copy(update={"usd": drawn(each.usd), "above": 1_000 * int(rng.integers(2, 20))})
        for each in price.long_prompts[:1]
    ) + tuple(each.model_copy(update={"usd": drawn(each.usd)}) for each in price.long_prompts[1:])
    return price.model_copy(
        update={
            "usd": None if price.usd is None else drawn(price.usd),
            "free": drawn(price.free),
            "tiers": tiers,
            "long_prompts": long_prompts,
        }
    )


def other_book(book: PriceBook, rng: np.random.Generator) -> PriceBook:
    """Return a book in which every figure is another one, and nothing else."""
    fields = {name: getattr(book, name) for name in PriceBook.model_fields}
    groups = tuple(
        group.model_copy(update={"prices": tuple(other_price(price, rng) for price in group.prices)})
        for group in book.groups
    )
    discounts = tuple(each.model_copy(update={"share_fraction": rng.uniform(0, 0.7)}) for each in book.discounts)
    commitments = tuple(
        each.model_copy(update={"usd_per_h": rng.uniform(0, 1.5), "discount_fraction": rng.uniform(0, 0.7)})
        for each in book.commitments
    )
    return PriceBook(**{**fields, "groups": groups, "discounts": discounts, "commitments": commitments})


def at(comparison: Comparison, book: PriceBook, factor: float = 1.0) -> Comparison:
    """Return a comparison at the prices of a book, what the scenario prices itself times a factor."""

    def plan(result: PlanResult) -> PlanResult:
        used = tuple(
            replace(
                each,
                usages=tuple(
                    replace(use, given_price_usd=use.given_price_usd * factor) if use.given_price_usd else use
                    for use in each.usages
                ),
            )
            for each in result.consumptions
        )
        values = result.values, used, result.saturation, result.outcomes
        return priced_plan(comparison.scenario, book, result.name, *values)

    plans = {name: plan(result) for name, result in comparison.plans.items()}
    return replace(comparison, book=book, plans=plans, words=None, turning_points=None)


def inputs_of(comparison: Comparison, path: Path) -> dict[str, float]:
    """Return every input of the workbook that a comparison has."""
    with Spreadsheet(path, "inputs") as book:
        Inputs.written(book.sheet("Prices"), comparison)
    return inputs(shown(path))


def settings(comparison: Comparison) -> Iterator[Comparison]:
    """Yield the comparison at random prices."""
    rng = np.random.default_rng(12)
    for _ in range(SETTINGS):
        yield at(comparison, other_book(comparison.book, rng), float(rng.uniform(0.2, 4.0)))


def test_what_a_workbook_shows_is_what_its_formulas_come_to(study: Comparison, tmp_path: Path) -> None:
    path, bare = tmp_path / "a.xlsx", tmp_path / "bare.xlsx"
    write_workbook(Brief(study), path, replaces=False)
    changed(path, {}, bare)
    before, after = shown(path), shown(recalculated([bare], tmp_path)[0])
    cells = list(formulas(path))
    assert len(cells) > 500
    for sheet, cell in cells:
        one, other = (book[sheet][cell].value or 0 for book in (before, after))
        if isinstance(one, str) or isinstance(other, str):
            assert (one or "") == (other or ""), (sheet, cell)
        else:
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-7), (sheet, cell)


def test_thirty_random_settings_cost_what_repricing_says(study: Comparison, tmp_path: Path) -> None:
    first = tmp_path / "first.xlsx"
    write_workbook(Brief(study), first, replaces=False)
    wanted, paths = list(settings(study)), []
    for number, comparison in enumerate(wanted):
        values = inputs_of(comparison, tmp_path / f"own_{number}.xlsx")
        paths.append(tmp_path / f"changed_{number}.xlsx")
        changed(first, values, paths[-1])
    for path, comparison in zip(recalculated(paths, tmp_path), wanted, strict=True):
        book = shown(path, in_part=True)
        check(book, comparison)
        assert "Inputs on Prices that are not as simulated: " in book["Summary"]["A4"].value


def test_a_discount_to_try_is_one_more_discount_of_the_book(study: Comparison, tmp_path: Path) -> None:
    first, tried = tmp_path / "first.xlsx", tmp_path / "tried.xlsx"
    write_workbook(Brief(study), first, replaces=False)
    names = [name for name in inputs(shown(first)) if name.startswith("extra_off_")]
    meter = next(price.meter for price in study.book.prices if names[0].endswith(price.meter.translate(_PLAIN)))
    changed(first, {"extra_off": 0.1, names[0]: 0.25}, tried)
    more = [{"meters": "*", "share": "10 %", **AGREED}, {"meters": meter, "share": "25 %", **AGREED}]
    terms = PriceBook.model_validate({"name": "tried", "discounts": more})
    check(shown(recalculated([tried], tmp_path)[0], in_part=True), at(study, study.book.under(terms)))


_PLAIN = str.maketrans("/.-", "___")


def test_another_price_turns_the_ranking_and_the_summary_says_which_words_are_of_the_old_one(
    comparison: Comparison, tmp_path: Path
) -> None:
    first, dear = tmp_path / "first.xlsx", tmp_path / "dear.xlsx"
    write_workbook(Brief(comparison), first, replaces=False)
    assert next(iter(ranking(shown(first)))) != "nightly batch"
    changed(first, {"price_instance_g4dn_xlarge_on_demand": 5.0}, dear)
    book = shown(recalculated([dear], tmp_path)[0])
    assert next(iter(ranking(book))) == "nightly batch"
    assert "First of the ranking: nightly batch" in [cell.value for cell in book["Charts"]["F"]]
    said = book["Summary"]["A4"].value
    assert said.startswith("Inputs on Prices that are not as simulated: 1. The ranking")
    assert said.endswith("the sentences still tell of the prices as simulated.")


def test_sorted_prices_are_noticed(study: Comparison, tmp_path: Path) -> None:
    import openpyxl

    first, moved = tmp_path / "first.xlsx", tmp_path / "moved.xlsx"
    write_workbook(Brief(study), first, replaces=False)
    book = openpyxl.load_workbook(first)
    sheet = book["Prices"]
    for column in range(1, 12):
        one, other = (sheet.cell(row, column) for row in (7, 8))
        one.value, other.value = other.value, one.value
    book.save(moved)
    said = shown(recalculated([moved], tmp_path)[0])["Summary"]["A4"].value
    assert said.startswith("Rows of the sheet Prices were sorted or moved")
    assert ranking(shown(first))
