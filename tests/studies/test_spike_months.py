"""Spikes that come once a month in a horizon that a month holds several times."""

from typing import Any

import pytest

from simulator.core.units import MONTH_S
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import COST, VALUE, Comparison
from simulator.studies.foreseen import foreseen
from simulator.studies.study import compare

SPIKE = {"at": "6 h", "duration": "1 h", "multiplier": 20}
LATER = {"at": "12 h", "duration": "1 h", "multiplier": 10}
MONTHS = 30
"""Horizons of a day in a month."""


def scenario(*spikes: dict[str, Any], **changes: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "horizon": "1 d",
            "warmup": "1 h",
            "replications": 2,
            "population": {"users": 20_000, "logins_per_day": "0.3/day", "shape": 0.5},
            "traffic": {"spikes": list(spikes)},
            "model": {"feature_reads": 2, "half_life": "1 d", "response_size": "1 MiB"},
            "value": "0.001 USD",
            "backends": {
                "functions": {
                    "kind": "serverless",
                    "memory": "2 GiB",
                    "service_time": "60 ms",
                    "startup": "1 s",
                },
            },
            "plans": {"on demand": {"on_miss": "compute", "backend": "functions"}},
            **changes,
        }
    )


def run(book: PriceBook, *spikes: dict[str, Any], **changes: Any) -> Comparison:
    return compare(scenario(*spikes, **changes), book, workers=1)


def month(comparison: Comparison, metric: str = COST) -> float:
    return comparison.plans["on demand"].metrics[metric].mean


def quantities(comparison: Comparison) -> dict[str, float]:
    return {line.item: line.quantity for line in comparison.plans["on demand"].bill.lines}


def test_a_spike_adds_to_the_month_as_often_as_it_comes(book: PriceBook) -> None:
    ordinary, repeated = run(book), run(book, SPIKE)
    for times in (1, 4, 60):
        found = run(book, {**SPIKE, "per_month": times})
        for item, quantity in quantities(found).items():
            without, with_all = quantities(ordinary)[item], quantities(repeated)[item]
            assert quantity == pytest.approx(without + (with_all - without) * times / MONTHS, rel=1e-9), item
        expected = month(ordinary, VALUE) + (month(repeated, VALUE) - month(ordinary, VALUE)) * times / MONTHS
        assert month(found, VALUE) == pytest.approx(expected, rel=1e-9)


def test_a_spike_that_comes_with_every_horizon_is_billed_as_one_that_does_not_say(book: PriceBook) -> None:
    assert (
        run(book, {**SPIKE, "per_month": MONTHS}).plans["on demand"].bill.lines
        == run(book, SPIKE).plans["on demand"].bill.lines
    )
    near = run(book, {**SPIKE, "per_month": MONTHS * (1 + 1e-9)})
    assert month(near) == pytest.approx(month(run(book, SPIKE)), rel=1e-6)


def test_what_is_not_money_is_that_of_the_horizon_with_its_spike(book: PriceBook) -> None:
    once, repeated = run(book, {**SPIKE, "per_month": 1}), run(book, SPIKE)
    for metric in ("requests", "latency_p99_s", "requests_per_s_peak"):
        assert month(once, metric) == month(repeated, metric)


def test_each_spike_has_a_rate_of_its_own(book: PriceBook) -> None:
    ordinary, first = run(book), run(book, SPIKE)
    both = run(book, SPIKE, LATER)
    found = run(book, {**LATER, "per_month": 4}, {**SPIKE, "per_month": 1})
    for item, quantity in quantities(found).items():
        none, one, two = (quantities(each)[item] for each in (ordinary, first, both))
        expected = none + (one - none) / MONTHS + (two - one) * 4 / MONTHS
        assert quantity == pytest.approx(expected, rel=1e-9), item


def test_a_rate_of_one_spike_leaves_the_others_with_the_horizon(book: PriceBook) -> None:
    later, both = run(book, LATER), run(book, LATER, SPIKE)
    found = run(book, LATER, {**SPIKE, "per_month": 1})
    for item, quantity in quantities(found).items():
        expected = quantities(later)[item] + (quantities(both)[item] - quantities(later)[item]) / MONTHS
        assert quantity == pytest.approx(expected, rel=1e-9), item


def test_costs_per_request_are_of_the_requests_that_are_billed(book: PriceBook) -> None:
    found = run(book, {**SPIKE, "per_month": 1}).plans["on demand"]
    consumed = found.consumptions[0]
    bill = found.values[0][COST] * consumed.horizon_s / MONTH_S
    assert found.values[0]["cost_usd_per_1k_requests"] == pytest.approx(bill / consumed.requests * 1000, rel=1e-9)
    assert consumed.requests < found.values[0]["requests"]


def test_a_spike_that_says_nothing_is_warned_of_with_what_to_write() -> None:
    told = "\n".join(foreseen(scenario(SPIKE)))
    assert "repeats the horizon of 1 d 30 times, and its spike with it" in told
    assert "per_month: 1" in told
    assert "repeats the horizon" not in "\n".join(foreseen(scenario({**SPIKE, "per_month": 1})))
    assert "repeats the horizon" not in "\n".join(foreseen(scenario(SPIKE, horizon="30 d")))
    assert "each of its 2 spikes" in "\n".join(foreseen(scenario(SPIKE, LATER)))


def test_a_spike_outside_the_horizon_needs_no_second_simulation(book: PriceBook) -> None:
    late = {**SPIKE, "at": "3 d", "per_month": 1}
    (outcome, _) = run(book, late).plans["on demand"].outcomes
    assert outcome.beside == ()
