"""What the explorer shows: the plans, side by side, as the page draws them."""

from typing import Any

from simulator.core.estimate import Estimate
from simulator.prices.book import PriceBook
from simulator.report import format as form
from simulator.report.exploring.words import choice_of, label_of
from simulator.report.plan_styles import styles_of
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST
from simulator.studies.consumption import NET_VALUE, WASTED
from simulator.studies.exploring.exploration import Look, PlanSeen, Stage
from simulator.studies.exploring.knobs import Knob
from simulator.studies.exploring.moves import Bench
from simulator.studies.exploring.own_prices import PRICES

UNKNOWN = "?"
"""In place of what no closed form gives."""
APPROXIMATELY = "~"
COLUMNS = (
    ("cost per month", COST),
    ("of it never read", WASTED),
    ("never read", "wasted_fraction"),
    ("age, mean", "age_mean_s"),
    ("age, p95", "age_p95_s"),
    ("latency, p99", "latency_p99_s"),
)
MONEY = (COST, WASTED, NET_VALUE)
LETTERS = 24
LITTLE = 1e-3
"""Of a mean: half an interval that is less is not told."""


def knob_rows(bench: Bench) -> list[dict[str, Any]]:
    """Return the sliders: each one's key, what it is called, and its values as people write them."""
    names = (*bench.scenario.plans, *bench.scenario.backends)
    return [
        {
            "key": knob.key,
            "label": label_of(knob.key, names),
            "texts": _shown(knob, bench.book),
            "start": knob.start,
            "simulates": knob.is_physical,
            "plans": _whom(knob, len(bench.scenario.plans)),
        }
        for knob in bench.knobs
    ]


def _whom(knob: Knob, plans: int) -> str:
    """Return which plans a slider is about; nothing where it is about all, or where its key says it."""
    if len(knob.plans) == plans or knob.key.startswith("plans."):
        return ""
    return f"{form.one_line(knob.plans[0])} only" if len(knob.plans) == 1 else f"{len(knob.plans)} of {plans} plans"


def _shown(knob: Knob, book: PriceBook) -> list[str]:
    price = book.find(knob.key.removeprefix(PRICES)) if knob.is_price else None
    if price is None:
        return list(knob.texts)
    if price.usd is None:
        return [f"{level.text} of the book's" for level in knob.levels]
    usd = price.usd / price.per
    return [f"{form.price(usd * level.number)} per {price.unit} ({level.text})" for level in knob.levels]


def plan_rows(look: Look) -> list[dict[str, Any]]:
    """Return the plans in the scenario's order; simulated figures with their intervals where all users were."""
    styles, names = styles_of(look.plans), form.short_names(list(look.plans), LETTERS)
    best, broken = _judged(look)
    return [
        {
            "name": names[name],
            "whole_name": form.one_line(name),
            "colour": styles[name].colour,
            "dark": styles[name].colour_on_dark,
            "is_best": name == best,
            "broken": broken.get(name, ""),
            "why": plan.why,
            **_bar(look, name, plan),
            "cells": [_cell(look, name, plan, metric) for _, metric in columns(look.scenario)],
        }
        for name, plan in look.plans.items()
    ]


def _judged(look: Look) -> tuple[str | None, dict[str, str]]:
    if look.stage is Stage.SIMULATED and look.simulated is not None:
        comparison = look.simulated.comparison
        broken = {name: "; ".join(each.text for each in plan.violations) for name, plan in comparison.plans.items()}
        return comparison.recommended, broken
    choice = choice_of(look)
    return choice.best, dict(choice.broken)


def _simulated(look: Look, name: str, metric: str) -> Estimate | None:
    if look.stage is not Stage.SIMULATED or look.simulated is None:
        return None
    return look.simulated.comparison.plans[name].metrics.get(metric)


def _bar(look: Look, name: str, plan: PlanSeen) -> dict[str, float | None]:
    """Return the lengths of a plan's bar; none where nobody knows what it costs. [USD per 30-day month]"""
    cost, unread = (_simulated(look, name, metric) for metric in (COST, WASTED))
    if cost is not None:
        ends = {"low": _finite(cost.low), "high": _finite(cost.high)}
        return {"usd": cost.mean, "unread_usd": unread.mean if unread else 0.0, **ends}
    seen = [plan.metrics[metric].value if metric in plan.metrics else None for metric in (COST, WASTED)]
    return {"usd": seen[0], "unread_usd": seen[1] or 0.0, "low": None, "high": None}


def _finite(number: float) -> float | None:
    return number if number == number and abs(number) != float("inf") else None  # noqa: PLR0124  (NaN is no number)


def _cell(look: Look, name: str, plan: PlanSeen, metric: str) -> str:
    if look.stage is Stage.SIMULATED and look.simulated is not None:
        estimate = _simulated(look, name, metric)
        return form.NOTHING if estimate is None else _within(metric, estimate)
    seen = plan.metrics.get(metric)
    if seen is None:
        is_unknown = COST not in plan.metrics or metric == NET_VALUE or (plan.why and metric.startswith("latency"))
        return UNKNOWN if is_unknown else form.NOTHING
    return f"{'' if seen.is_exact else APPROXIMATELY}{form.metric_text(metric, seen.value)}"


def _within(metric: str, estimate: Estimate) -> str:
    """Return a mean with half its interval, which is told no finer than it is worth."""
    if metric in MONEY:
        return f"{form.usd(estimate.mean)} {form.usd_within(estimate)}".strip()
    text, half = form.metric_text(metric, estimate.mean), estimate.half_width
    is_sure = not half > LITTLE * abs(estimate.mean)  # also where there is one replication
    return text if is_sure else f"{text} ± {form.metric_text(metric, half)}"


def columns(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Return the heads of the figures and their metrics; what decides is among them."""
    return COLUMNS if scenario.value is None else (COLUMNS[0], ("net value", NET_VALUE), *COLUMNS[1:])
