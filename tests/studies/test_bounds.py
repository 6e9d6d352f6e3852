"""Bounds, judged with one-sided confidence."""

import math
from dataclasses import replace

import numpy as np
import pytest
from small_runs import small

from simulator.prices.book import PriceBook
from simulator.report.json_report import as_json
from simulator.report.tables import leading_rows
from simulator.scenario.schema import Slo
from simulator.studies.comparison import Comparison
from simulator.studies.recommendation import recommendation
from simulator.studies.study import compare
from simulator.studies.verdict import BoundVerdict, verdicts

SLO = Slo.model_validate({"latency_p99": "100 ms"})


def told(*latencies_s: float) -> BoundVerdict:
    return verdicts(SLO, [{"latency_p99_s": each} for each in latencies_s])["latency_p99_s"]


def test_a_bound_is_met_or_broken_where_chance_does_not_decide_it() -> None:
    assert told(0.05, 0.051, 0.049) is BoundVerdict.MET
    assert told(0.15, 0.151, 0.149) is BoundVerdict.BROKEN
    assert told(0.099, 0.110, 0.090) is BoundVerdict.UNDECIDED
    assert told(0.05) is BoundVerdict.UNDECIDED, "one replication says nothing of chance"
    assert told(0.1, 0.1) is BoundVerdict.MET


@pytest.mark.parametrize("mean_s", [0.0999, 0.1001])
def test_a_bound_is_told_on_the_wrong_side_in_one_study_of_twenty(mean_s: float) -> None:
    samples = np.random.default_rng(1).normal(mean_s, 0.01, (2_000, 4))
    wrong = BoundVerdict.BROKEN if mean_s < 0.1 else BoundVerdict.MET
    assert np.mean([told(*each) is wrong for each in samples]) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 2_000)


def test_a_deadline_that_was_missed_once_is_broken_and_one_that_never_was_is_met() -> None:
    slo = Slo.model_validate({"batch_deadline": "06:00"})
    metric = "deadline_miss_fraction"
    assert verdicts(slo, [{metric: 0.0}, {metric: 0.5}])[metric] is BoundVerdict.BROKEN
    assert verdicts(slo, [{metric: 0.0}])[metric] is BoundVerdict.MET


def near_its_bound(comparison: Comparison) -> Comparison:
    return replace(
        comparison,
        plans={
            name: replace(plan, slo={"age_p95_s": BoundVerdict.UNDECIDED} if name == "cached" else plan.slo)
            for name, plan in comparison.plans.items()
        },
    )


def test_a_bound_that_chance_decides_is_told_in_words_table_and_json(comparison: Comparison) -> None:
    near = near_its_bound(comparison)
    assert "cached keeps its bound of age p95 is not decided" not in "\n".join(recommendation(comparison))
    assert "keeps its bound of age p95 is not decided" in "\n".join(recommendation(near))
    assert leading_rows(near)["bounds"]["cached"] == "undecided"
    content = as_json(near)["plans"]["cached"]
    assert content["slo"] == {"age_p95_s": "undecided"}
    assert content["meets_slo"], "by its mean"


def test_every_bound_that_a_plan_has_a_metric_for_is_told(book: PriceBook) -> None:
    found = compare(small(slo={"latency_p99": "50 ms", "age_p95": "1 ms"}), book, workers=1)
    on_demand = found.plans["on demand"].slo
    assert on_demand == {"latency_p99_s": BoundVerdict.MET, "age_p95_s": BoundVerdict.BROKEN}
