"""Two iterations: what pairs them, what is not compared, and that gates are broken only where chance cannot have."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from small_runs import small

from simulator.core.edition import EDITION
from simulator.core.errors import UserError
from simulator.core.estimate import Estimate
from simulator.prices.book import PriceBook
from simulator.scenario.schema import Scenario
from simulator.simulation.outcome import Outcome
from simulator.studies.comparison import COST
from simulator.studies.difference import Diff, Pairing
from simulator.studies.gates import Gate, Ruling, check_gates, judged, read_gates
from simulator.studies.iterations import Iteration, Iterations, iteration_of, read_iteration
from simulator.studies.metric_kinds import HIGHER_IS_BETTER, LOWER_IS_BETTER, METRICS, NEITHER
from simulator.studies.run_folder import write_run
from simulator.studies.study import compare

CHANGELOG = Path(__file__).parent.parent.parent / "CHANGELOG.md"
GOLDEN = Path(__file__).parent.parent / "golden"
METRIC = re.compile(r'"([a-z0-9_]+)": \{\s*"mean"')


def different(before: Scenario, after: Scenario, book: PriceBook, other_book: PriceBook | None = None) -> Diff:
    iterations = Iterations(Iteration("before", before, book), Iteration("now", after, other_book or book), 1)
    return Diff.of(iterations, iterations.run())


def cached(**changes: Any) -> Scenario:
    return small(plans__cached__cache__ttl="1 h", replications=3, **changes)


@pytest.fixture(scope="module")
def shorter(book: PriceBook) -> Diff:
    """The cached plan with half of its time to live."""
    return different(small(replications=3), cached(), book)


def test_a_plan_that_is_the_same_in_both_is_simulated_once_and_is_the_same_to_the_last_digit(book: PriceBook) -> None:
    done = list[Outcome]()
    before, after = small(), small(plans__cached__cache__ttl="1 h")
    iterations = Iterations(Iteration("before", before, book), Iteration("now", after, book), 1)
    diff = Diff.of(iterations, iterations.run(done.append))
    assert len(done) == before.replications * (len(before.plans) + 1)
    assert [plan for plan in diff.plans if not diff.is_same(plan)] == ["cached"]
    gap = diff.change("on demand", "latency_p99_s").estimate
    assert (gap.mean, gap.low, gap.high) == (0.0, 0.0, 0.0)


def test_simulated_once_or_apart_both_sides_are_what_a_run_of_each_shows(shorter: Diff, book: PriceBook) -> None:
    for comparison in (shorter.before, shorter.after):
        alone = compare(comparison.scenario, book, 1)
        assert {name: plan.values for name, plan in alone.plans.items()} == {
            name: plan.values for name, plan in comparison.plans.items()
        }


@pytest.mark.parametrize(
    "changes",
    [
        {"model__half_life": "12 h", "slo__latency_p99": "6 ms", "slo__batch_deadline": "02:30"},
        {"backends__live__instance": "g5.xlarge", "backends__night__purchase": "on_demand"},
        {"value": {"per_request": "0.002 USD"}},
    ],
)
def test_what_no_simulation_depends_on_is_not_simulated_again_and_is_what_a_run_would_show(
    changes: dict[str, Any], book: PriceBook
) -> None:
    done = list[Outcome]()
    after = small(**changes)
    iterations = Iterations(Iteration("before", small(), book), Iteration("now", after, book), 1)
    _, found = iterations.run(done.append)
    alike = "value" not in changes  # quality is counted where answers are worth something
    assert len(done) == small().replications * len(small().plans) * (1 if alike else 2)
    alone = compare(after, book, 1)
    for name, plan in alone.plans.items():
        assert found.plans[name].values == plan.values
        assert found.plans[name].bill == plan.bill
        assert found.plans[name].violations == plan.violations


def test_on_the_same_requests_differences_are_paired_by_replication(shorter: Diff) -> None:
    assert shorter.pairing is Pairing.REQUESTS
    ones, others = shorter.samples("cached", "cache_hit_ratio")
    gaps = [other - one for one, other in zip(ones, others, strict=True)]
    assert shorter.change("cached", "cache_hit_ratio").estimate == Estimate.of(gaps)
    assert shorter.change("cached", "cache_hit_ratio").estimate.mean < 0


def test_pairing_saves_what_the_variances_say(shorter: Diff) -> None:
    ones, others = (np.array(each) for each in shorter.samples("cached", "cache_hit_ratio"))
    saved = (ones.var(ddof=1) + others.var(ddof=1)) / (others - ones).var(ddof=1)
    assert shorter.pairing_saves("cached", "cache_hit_ratio") == pytest.approx(saved)
    assert saved > 1


@pytest.mark.parametrize(
    ("changes", "pairing"),
    [
        ({"traffic__profile": "flat"}, Pairing.USERS),
        ({"population__users": "21k"}, Pairing.NUMBERS),
    ],
)
def test_what_other_demand_leaves_in_common_is_said(changes: dict[str, Any], pairing: Pairing, book: PriceBook) -> None:
    diff = different(small(), small(**changes), book)
    assert diff.pairing is pairing
    ones, others = diff.samples("on demand", "requests")
    assert diff.change("on demand", "requests").estimate == Estimate.of(
        [other - one for one, other in zip(ones, others, strict=True)]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"population__users": "20k"}, {"population__users": "22k"}),
        ({"traffic__profile": "flat"}, {"traffic__profile": "evening_meals"}),
    ],
)
def test_samples_of_one_seed_are_not_independent_even_where_the_requests_are_others(
    before: dict[str, Any], after: dict[str, Any], book: PriceBook
) -> None:
    alone = {"plans__cached": None, "plans__nightly_batch": None, "replications": 16}
    runs = [compare(small(**alone, **change), book, 1).plans["on demand"] for change in (before, after)]
    one, other = ([values["requests"] for values in run.values] for run in runs)
    assert np.corrcoef(one, other)[0, 1] > 0.5


def test_of_runs_with_other_seeds_intervals_are_those_of_welch(book: PriceBook) -> None:
    kept = [iteration_of(compare(small(seed=seed, replications=n), book, 1), f"{seed}") for seed, n in ((1, 3), (2, 4))]
    iterations = Iterations(*kept)
    diff = Diff.of(iterations, iterations.run())
    assert (diff.pairing, diff.replications) == (Pairing.NONE, (3, 4))
    ones, others = diff.samples("cached", "requests")
    found = stats.ttest_ind(others, ones, equal_var=False).confidence_interval(0.95)
    gap = diff.change("cached", "requests").estimate
    assert (gap.low, gap.high) == pytest.approx((found.low, found.high))


def test_a_run_with_fewer_replications_is_paired_with_the_first_ones(book: PriceBook) -> None:
    few, more = (compare(small(replications=n), book, 1) for n in (2, 3))
    iterations = Iterations(iteration_of(more, "more"), iteration_of(few, "few"))
    diff = Diff.of(iterations, iterations.run())
    assert diff.replications == (2, 2)
    assert all(diff.is_same(plan) for plan in diff.plans)


def test_a_plan_with_fewer_replications_than_others_is_compared_by_those_that_both_have(book: PriceBook) -> None:
    whole = compare(small(replications=3), book, 1)
    plan = whole.plans["cached"]
    fewer = replace(plan, values=plan.values[:2], consumptions=plan.consumptions[:2], outcomes=plan.outcomes[:2])
    kept = iteration_of(replace(whole, plans={**whole.plans, "cached": fewer}), "run")
    iterations = Iterations(kept, Iteration("now", cached(), book), 1)
    diff = Diff.of(iterations, iterations.run())
    assert [len(each) for name in diff.plans for each in diff.samples(name, COST)] == [3, 3, 3, 3, 2, 2]
    parts = math.fsum(item.estimate.mean for item in diff.items("cached"))
    assert parts == pytest.approx(diff.change("cached").estimate.mean, abs=1e-9)


def test_a_scenario_takes_seed_and_replications_of_the_run_and_says_so(book: PriceBook) -> None:
    kept = compare(small(replications=3, seed=7), book, 1)
    done = list[Outcome]()
    iterations = Iterations(iteration_of(kept, "run"), Iteration("file", small(), book), 1)
    diff = Diff.of(iterations, iterations.run(done.append))
    assert not done
    assert all(diff.is_same(plan) for plan in diff.plans)
    assert [note.split(";")[0] for note in diff.notes] == ["file says seed 1", "file says replications 2"]


def test_intervals_of_paired_and_of_welch_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    paired = [Estimate.of(row) for row in rng.normal(size=(2_000, 4))]
    welch = [Estimate.between(rng.normal(size=4), rng.normal(scale=3, size=6)) for _ in range(2_000)]
    for found in (paired, welch):
        held = np.mean([each.includes_zero for each in found])
        assert abs(held - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2_000)


def test_lines_of_the_bill_add_up_to_the_difference_of_the_cost(shorter: Diff, book: PriceBook) -> None:
    dearer = different(small(), small(), book, book.scaled(1.1))
    for diff in (shorter, dearer):
        for plan in diff.plans:
            parts = math.fsum(item.estimate.mean for item in diff.items(plan))
            assert parts == pytest.approx(diff.change(plan).estimate.mean, abs=1e-9)


def test_other_prices_alone_are_billed_anew_and_told_by_meter(book: PriceBook) -> None:
    done = list[Outcome]()
    both = [Iteration(name, small(), each) for name, each in (("before", book), ("now", book.scaled(1.1)))]
    iterations = Iterations(*both, 1)
    diff = Diff.of(iterations, iterations.run(done.append))
    assert len(done) == small().replications * len(small().plans)
    assert {change.key for change in diff.changed} >= {"prices.instance/g4dn.xlarge/on_demand"}
    assert all(change.key.startswith("prices.") for change in diff.changed)
    change = diff.change("on demand")
    assert change.after == pytest.approx(1.1 * change.before)


def test_what_prices_make_and_what_all_else_add_up_to_the_difference(book: PriceBook) -> None:
    diff = different(small(), small(plans__cached__cache__ttl="1 h"), book, book.scaled(1.1))
    parts = diff.by_prices("cached")
    assert parts is not None
    prices, rest = parts
    change = diff.change("cached")
    assert prices.mean + rest.mean == pytest.approx(change.estimate.mean, rel=1e-9)
    assert prices.mean == pytest.approx(change.after * (1 - 1 / 1.1))
    same_prices = different(small(), small(plans__cached__cache__ttl="1 h"), book)
    assert rest.mean == pytest.approx(same_prices.change("cached").estimate.mean)
    assert same_prices.by_prices("cached") is None


def test_a_renamed_plan_is_found_and_costs_the_same(book: PriceBook) -> None:
    before = small()
    after = before.model_copy(update={"plans": {("kept" if n == "cached" else n): p for n, p in before.plans.items()}})
    diff = different(before, after, book)
    assert diff.pairs.renamed == {"kept": "cached"}
    assert diff.is_same("kept")
    assert not diff.changed
    assert judged(diff, read_gates(["plans.cached.cost_usd_per_month > +5%"]))[0].change.plan == "kept"


def test_plans_that_come_and_go_are_told(book: PriceBook) -> None:
    before, after = (
        small(),
        small(plans__cached=None, plans__new={"on_miss": "compute", "backend": "live", "cache": "2 h"}),
    )
    diff = different(before, after, book)
    assert (diff.pairs.added, diff.pairs.removed) == (("new",), ("cached",))
    with pytest.raises(UserError, match="plan 'new' is there now only"):
        check_gates(read_gates(["plans.new.cost_usd_per_month > +5%"]), diff.pairs)


def test_a_metric_whose_measure_has_changed_is_not_compared(book: PriceBook) -> None:
    diff = different(small(), small(model__half_life="12 h", slo__latency_p99="150 ms"), book)
    assert {"stale_fraction", "slo_attainment"} <= set(diff.not_compared)
    assert "stale_fraction" not in diff.metrics("cached")
    with pytest.raises(
        UserError, match=r"'stale_fraction' means something else than before, as model\.half_life changed"
    ):
        judged(diff, read_gates(["plans.*.stale_fraction > +5%"]))


def test_all_that_keeps_two_from_being_compared_is_said_at_once(book: PriceBook) -> None:
    kept = replace(compare(small(), book, 1), complete=False)
    old = replace(iteration_of(kept, "old"), edition=EDITION - 1)
    other = small(horizon="2 d")
    other = other.model_copy(update={"plans": {f"{name} 2": plan for name, plan in other.plans.items()}})
    changed = Iteration("now", other.with_(store__expiry="20 h"), book)
    with pytest.raises(UserError) as error:
        Iterations(old, changed)
    said = str(error.value)
    assert "old is not complete" in said
    assert "old was kept by an earlier version of predcost" in said
    assert "horizon: old counts 1 d and now counts 2 d" in said


def test_without_a_plan_in_common_nothing_is_compared(book: PriceBook) -> None:
    before, after = (small(plans__cached=None, **{f"plans__{gone}": None}) for gone in ("on_demand", "nightly_batch"))
    with pytest.raises(UserError, match="plans: none is in both: nightly batch"):
        Iterations(Iteration("a", before, book), Iteration("b", after, book))


def test_the_edition_is_raised_with_every_results_changed_of_the_changelog() -> None:
    assert CHANGELOG.read_text(encoding="utf-8").count("### Results changed") == EDITION


def test_a_run_says_its_edition_and_one_that_does_not_is_of_the_first(book: PriceBook, tmp_path: Path) -> None:
    comparison = compare(small(), book, 1)
    write_run(comparison, tmp_path, [])
    assert read_iteration(tmp_path).edition == EDITION
    manifest = tmp_path / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace(f'"results_edition": {EDITION}', '"was": 0'), encoding="utf-8")
    assert read_iteration(tmp_path).edition == 1


def test_every_metric_of_the_bundled_scenarios_has_a_kind_and_no_two() -> None:
    shown = {part for path in GOLDEN.glob("*.json") for part in METRIC.findall(path.read_text(encoding="utf-8"))}
    assert shown - METRICS == set()
    assert len(METRICS) == len(LOWER_IS_BETTER) + len(HIGHER_IS_BETTER) + len(NEITHER)


@pytest.mark.parametrize(
    ("text", "plan", "metric", "bound", "against"),
    [
        ("plans.cached.cost_usd_per_month > +5%", "cached", "cost_usd_per_month", 0.05, "share"),
        ("plans.on demand.latency_p99_s>+20 ms", "on demand", "latency_p99_s", 0.02, "change"),
        ("plans.*.stale_fraction > 5 %", "*", "stale_fraction", 0.05, "level"),
        ("plans.a.b.cache_hit_ratio < -1 pp", "a.b", "cache_hit_ratio", -0.01, "change"),
        ('plans."a.b".age_p95_s < -1 h', "a.b", "age_p95_s", -3_600.0, "change"),
        ("plans.x.cost_usd_per_month > $1_000", "x", "cost_usd_per_month", 1_000.0, "level"),
        ("plans.x.requests_per_s_peak > +50/s", "x", "requests_per_s_peak", 50.0, "change"),
        ("plans.x.replicas_mean > +2", "x", "replicas_mean", 2.0, "change"),
    ],
)
def test_a_gate_reads_names_with_spaces_and_dots_and_the_units_of_people(
    text: str, plan: str, metric: str, bound: float, against: str
) -> None:
    gate = Gate.read(text)
    assert (gate.plan, gate.metric, gate.bound, gate.against) == (plan, metric, pytest.approx(bound), against)
    assert gate.is_above == (">" in text)


def test_a_gate_that_is_given_twice_is_one() -> None:
    assert len(read_gates(["plans.x.replicas_mean > +2", "plans.x.replicas_mean > +2"])) == 1


def test_all_gates_that_cannot_be_read_are_told_at_once() -> None:
    texts = [
        "cost > 5%",
        "plans.x.cost_usd_per_mnth > +5%",
        "plans.x.cost_usd_per_month > 5%",
        "plans.x.cost_usd_per_month > +5",
        "plans.x.cost_usd_per_month > +5 pp",
        "plans.x.latency_p99_s >= 3 s",
        "plans.x.kwh_per_month > +5%",
    ]
    with pytest.raises(UserError) as error:
        read_gates(texts)
    lines = str(error.value).splitlines()
    assert len(lines) == len(texts)
    assert "did you mean 'cost_usd_per_month'?" in lines[1]
    assert "write '+5%' or '-5%' for a change" in lines[2]
    assert "'+100 USD' one by so much" in lines[3]


def with_costs(diff: Diff, before: list[float], after: list[float]) -> Diff:
    """Return the difference with other costs of on demand."""

    def priced(each: Any, costs: list[float]) -> Any:
        result = each.plans["on demand"]
        values = tuple({**found, COST: cost} for found, cost in zip(result.values, costs, strict=True))
        return replace(each, plans={**each.plans, "on demand": replace(result, values=values)})

    return replace(diff, before=priced(diff.before, before), after=priced(diff.after, after))


@pytest.mark.parametrize(
    ("after", "gate", "ruling"),
    [
        ([106.0, 108.2, 110.1], "> +1 USD", Ruling.BROKEN),
        ([106.0, 108.2, 110.1], "> +6 USD", Ruling.UNDECIDED),
        ([106.0, 108.2, 110.1], "> +7 USD", Ruling.KEPT),
        ([106.0, 108.2, 110.1], "< +7 USD", Ruling.BROKEN),
        ([106.0, 108.2, 110.2], "> +5%", Ruling.BROKEN),
        ([106.0, 108.2, 110.2], "> +6%", Ruling.UNDECIDED),
        ([106.0, 108.2, 110.2], "> +7%", Ruling.KEPT),
        ([94.0, 95.9, 97.8], "< -5%", Ruling.BROKEN),
        ([94.0, 95.9, 97.8], "< -7%", Ruling.KEPT),
        ([106.0, 108.2, 110.1], "> 106 USD", Ruling.UNDECIDED),
        ([106.0, 106.2, 106.1], "> 100 USD", Ruling.BROKEN),
        ([100.0, 102.0, 104.0], "> +0%", Ruling.KEPT),
        ([100.0, 102.0, 104.0], "< +0.01%", Ruling.BROKEN),
    ],
)
def test_a_gate_is_broken_only_by_a_whole_interval(
    shorter: Diff, after: list[float], gate: str, ruling: Ruling
) -> None:
    diff = with_costs(shorter, [100.0, 102.0, 104.0], after)
    (found,) = judged(diff, read_gates([f"plans.on demand.cost_usd_per_month {gate}"]))
    assert found.ruling is ruling


def test_with_one_replication_nothing_is_decided_but_what_is_the_same(book: PriceBook) -> None:
    diff = different(small(replications=1), small(replications=1, plans__cached__cache__ttl="1 h"), book)
    gates = read_gates(["plans.cached.age_mean_s < -1 s", "plans.on demand.cost_usd_per_month > +1%"])
    assert [found.ruling for found in judged(diff, gates)] == [Ruling.UNDECIDED, Ruling.KEPT]


def test_percents_of_nothing_are_refused(shorter: Diff) -> None:
    diff = with_costs(shorter, [0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    with pytest.raises(UserError, match="was 0, and percents of that are nothing; give an amount"):
        judged(diff, read_gates(["plans.on demand.cost_usd_per_month > +5%"]))


def test_no_gate_is_broken_by_chance_more_often_than_it_says() -> None:
    rng = np.random.default_rng(8)
    gaps = rng.normal(size=(2_000, 3))
    broken = np.mean([Estimate.of(row).low > 0 for row in gaps])
    assert broken < 0.025 + 4 * math.sqrt(0.025 * 0.975 / 2_000)
