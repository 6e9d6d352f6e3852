"""Studies that add replications: six plans that are equal but for chance, and one that is dearer."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_runs import small

from simulator.core.selection import Standing
from simulator.prices.book import PriceBook
from simulator.report.chart_choice import DECK
from simulator.report.charts import CHARTS
from simulator.report.json_report import as_json
from simulator.report.terminal import comparison_text
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies import study as comparing
from simulator.studies.aim import FIRST_REPLICATIONS, Aim
from simulator.studies.comparison import COST, Comparison
from simulator.studies.recommendation import in_words, recommendation
from simulator.studies.run_folder import write_run
from simulator.studies.stored_run import read_run
from simulator.studies.study import Study, compare
from simulator.studies.warnings import warnings_of

HOURS = ("02:00", "06:00", "10:00", "14:00", "18:00", "22:00")
DEAR = "at 03:00, for twice as long"


def at(hour: str, window: str = "2 h") -> dict[str, Any]:
    """Compute for those who came in the last two hours: at any hour as many, but for chance, as nobody sleeps."""
    scope = {"kind": "active_within", "window": window}
    return {"precompute": {"every": "24 h", "at": hour, "scope": scope, "backend": "night"}, "on_miss": "default"}


def equal_plans(hours: tuple[str, ...] = HOURS, **changes: Any) -> Scenario:
    cluster = {"kind": "batch_cluster", "instance": "c7g.large", "workers": 1, "batch_size": 1, "shard": 1000}
    return Scenario.model_validate(
        {
            "name": "the same six times",
            "population": {"users": "1_000", "daily_active": "60 %", "shape": "inf"},
            "traffic": {"profile": "flat"},
            "model": {"prediction_size": "2 KiB"},
            "store": {"expiry": "1 d"},
            "horizon": "1 d",
            "warmup": "1 d",
            "start": "2026-03-02T00:00+00:00",
            "backends": {"night": {**cluster, "service_time": {"kind": "affine", "per_item": "1 s"}}},
            "plans": {f"at {hour}": at(hour) for hour in hours},
            **changes,
        }
    )


def with_a_dear_one(**changes: Any) -> Scenario:
    plans = {**{f"at {hour}": at(hour) for hour in HOURS[:2]}, DEAR: at("03:00", "4 h")}
    return equal_plans(plans=plans, **changes)


@pytest.fixture(scope="module")
def decided(book: PriceBook) -> Comparison:
    return compare(with_a_dear_one(), book, workers=1, aim=Aim(decides=True, indifference_fraction=0.1))


def wrongly_worse(found: Comparison) -> tuple[bool, bool]:
    """Whether any plan is called dearer: by what is said of it, and by the intervals of single pairs."""
    best = found.ranking[0]
    pairs = (found.difference(name, best, COST).includes_zero for name in found.rivals)
    worse = (against.standing is Standing.WORSE for against in found.selection.against.values())
    return any(worse), not all(pairs)


def test_six_equal_plans_are_not_called_dearer_where_intervals_of_single_pairs_call_one_so(book: PriceBook) -> None:
    found = next(
        each
        for each in (compare(equal_plans(seed=seed), book, workers=1) for seed in range(20))
        if wrongly_worse(each)[1]
    )
    assert not wrongly_worse(found)[0]
    assert not any("costs $" in line.split(":")[0] for line in recommendation(found)[1:])


@pytest.mark.long
def test_of_a_hundred_runs_of_six_equal_plans_hardly_any_calls_one_dearer(book: PriceBook) -> None:
    found = [wrongly_worse(compare(equal_plans(seed=seed), book, workers=1)) for seed in range(100)]
    said, by_pairs = (sum(each) for each in zip(*found, strict=True))
    assert said <= 5
    assert by_pairs >= 15, "which is what the simultaneous intervals are for"


def test_replications_are_added_where_the_choice_is_open_and_are_the_same_however_they_are_reached(
    decided: Comparison, book: PriceBook
) -> None:
    found = decided
    assert not found.selection.undecided
    assert found.selection.standing(DEAR) is Standing.WORSE
    assert len(found.plans[DEAR].values) == FIRST_REPLICATIONS < found.replications
    assert found.complete
    whole = compare(with_a_dear_one(replications=found.replications), book, workers=1)
    for name, plan in found.plans.items():
        assert plan.values == whole.plans[name].values[: len(plan.values)]
    assert "The choice is made with 95 % confidence" in "\n".join(recommendation(found))


def test_replications_are_added_until_intervals_are_narrow(book: PriceBook) -> None:
    found = compare(with_a_dear_one(), book, workers=1, aim=Aim(precision_fraction=0.1))
    for plan in found.plans.values():
        assert plan.metrics[COST].half_width <= 0.1 * plan.metrics[COST].mean


def test_an_interrupt_keeps_the_replications_that_are_whole(book: PriceBook) -> None:
    study = Study(with_a_dear_one(), book, workers=1, aim=Aim(decides=True, indifference_fraction=0.1))
    seen: list[Outcome] = []

    def interrupt(outcome: Outcome) -> None:
        seen.append(outcome)
        if len(seen) == 3 * FIRST_REPLICATIONS + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.run(interrupt)
    found = study.comparison
    assert not found.complete
    assert {name: len(plan.values) for name, plan in found.plans.items()} == {
        "at 02:00": FIRST_REPLICATIONS + 1,
        "at 06:00": FIRST_REPLICATIONS + 1,
        DEAR: FIRST_REPLICATIONS,
    }
    assert f"Only {FIRST_REPLICATIONS + 1} replications finished" in "\n".join(warnings_of(found))


def test_an_interval_says_how_sure_it_is(book: PriceBook) -> None:
    found = compare(with_a_dear_one(), book, workers=1, aim=Aim(0.8, 0.1, decides=True))
    assert "(80 % of chance alone: +$" in "\n".join(recommendation(found))
    assert "'all at once' is 80 % for all" in " ".join(comparison_text(found).split())


def test_when_the_time_is_up_what_is_whole_is_the_answer(book: PriceBook, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, begun_s = [0.0], time.monotonic()
    monkeypatch.setattr(comparing.time, "monotonic", lambda: begun_s + now_s[0])
    study = Study(equal_plans(HOURS[:2]), book, workers=1, aim=Aim(budget_s=60.0))
    study.run(lambda _: now_s.__setitem__(0, now_s[0] + 7.0))
    found = study.comparison
    assert found.complete
    assert found.replications == 4, "of nine simulations in 60 s, eight make whole replications"
    assert "with a probability of at least" in "\n".join(recommendation(found))


def test_the_cost_of_time_that_is_too_short_is_a_single_replication(book: PriceBook) -> None:
    found = compare(equal_plans(HOURS[:2]), book, workers=1, aim=Aim(budget_s=1e-9))
    assert found.replications == 1
    assert "cannot be told from a single replication" in "\n".join(recommendation(found))


def test_a_difference_of_like_plans_is_worth_many_replications_as_both_see_the_same_requests(book: PriceBook) -> None:
    """Were they not the same, as after a loss of synchronisation, it would be worth one."""
    shorter = {"on_miss": "compute", "backend": "live", "cache": {"kind": "ttl", "ttl": "5 h"}}
    others = {"plans__nightly_batch": None, "plans__shorter": shorter}
    found = compare(small(replications=12, **others), book, workers=1)
    assert found.pairing("shorter", "cached", "cache_hit_ratio") > 10
    assert found.pairing("shorter", "cached", COST) > 10
    assert found.pairing("on demand", "cached", COST) > 2


def test_a_kept_study_of_unequal_replications_is_read_back_as_it_was(decided: Comparison, tmp_path: Path) -> None:
    found = in_words(decided)
    write_run(found, tmp_path, [])
    again = read_run(tmp_path).comparison
    assert as_json(again) == as_json(found)
    assert comparison_text(again) == comparison_text(found)
    assert again.aim == found.aim
    assert f"{FIRST_REPLICATIONS} to {found.replications} replications" in comparison_text(again)


def test_all_is_drawn_of_a_study_of_unequal_replications(decided: Comparison) -> None:
    for name in DECK:
        CHARTS[name](decided)


def test_plans_with_fewer_replications_are_ranked_by_their_difference(book: PriceBook) -> None:
    """Whatever the later replications of the others were like."""
    found = compare(with_a_dear_one(replications=4), book, workers=1)
    first = found.ranking
    one = found.plans[first[1]]
    fewer = replace(one, values=one.values[:3])
    cut = replace(found, plans={**found.plans, one.name: fewer})
    best = found.plans[first[0]].values
    gap = sum(own[COST] - other[COST] for own, other in zip(fewer.values, best, strict=False)) / 3
    assert (cut.ranking.index(one.name) > cut.ranking.index(first[0])) == (gap > 0)
