"""The recommendation in two lines, which is the headline of everything that is written of a run."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from small_runs import small

from simulator.core.estimate import Estimate
from simulator.prices.book import PriceBook
from simulator.studies.comparison import COST, NET_VALUE, Comparison
from simulator.studies.headline import objections
from simulator.studies.recommendation import verdict_lines
from simulator.studies.saturation import Saturation, Verdict
from simulator.studies.study import compare
from simulator.studies.verdict import BoundVerdict, Violation

AGE = Violation("age_p95_s", 36 * 3600.0, 24 * 3600.0, "age p95 is 36 h, above 24 h")
LATENCY = Violation("latency_p99_s", 0.3, 0.1, "latency p99 is 300 ms, above 100 ms")
DEADLINE = Violation("deadline_miss_fraction", 0.5, 0.0, "50% of the runs are not published by 06:00")


def costing(comparison: Comparison, costs: Mapping[str, Sequence[float]]) -> Comparison:
    """Return the comparison of those plans, with what they cost in each replication put in its place."""
    plans = {}
    for name, each in costs.items():
        plan = comparison.plans[name]
        values = tuple({**plan.values[0], COST: cost} for cost in each)
        metrics = {**plan.metrics, COST: Estimate.of(each)}
        plans[name] = replace(plan, values=values, metrics=metrics, violations=(), slo={})
    return replace(comparison, plans=plans)


def breaking(comparison: Comparison, broken: Mapping[str, tuple[Violation, ...]]) -> Comparison:
    plans = {name: replace(plan, violations=broken.get(name, ())) for name, plan in comparison.plans.items()}
    return replace(comparison, plans=plans)


def test_a_difference_that_is_sure_is_told_with_what_chance_may_make_of_it(comparison: Comparison) -> None:
    found = costing(comparison, {"cached": [100, 101, 102], "nightly batch": [140, 150, 160]})
    gap = found.gap("nightly batch")
    choice, _ = verdict_lines(found)
    assert choice == f"Choose cached: $101 a month, $49.00 ± ${gap.half_width:.2f} less than nightly batch."
    assert gap.low > 0


def test_the_saving_is_told_against_the_next_that_surely_differs(comparison: Comparison) -> None:
    costs: dict[str, list[float]] = {
        "cached": [100, 100, 100],
        "on demand": [100.5, 100.5, 100.5],
        "nightly batch": [150, 150, 150],
    }
    assert verdict_lines(costing(comparison, costs))[0] == (
        "Choose cached: $100 a month, $50.00 less than nightly batch; on demand is as good."
    )


def test_a_choice_that_is_not_decided_claims_no_saving(comparison: Comparison) -> None:
    found = costing(comparison, {"cached": [100, 140, 100], "on demand": [140, 100, 110]})
    assert found.selection.undecided == ("on demand",)
    assert verdict_lines(found)[0] == (
        "Choose cached for now: $113 a month; whether on demand is cheaper is not decided."
    )


def test_one_that_may_be_as_good_and_is_no_better_is_called_that(comparison: Comparison) -> None:
    found = costing(comparison, {"cached": [100] * 10, "on demand": [103, 99] * 5})
    assert found.selection.no_better == ("on demand",)
    assert verdict_lines(found)[0] == "Choose cached: $100 a month; on demand is no better."


def test_a_single_replication_is_not_called_sure(comparison: Comparison) -> None:
    found = costing(comparison, {"cached": [100], "on demand": [100], "nightly batch": [130]})
    assert verdict_lines(found)[0].endswith(
        ": $100 a month, $30.00 less than nightly batch; cached is about as good, as a single replication has it."
    )


def test_the_only_plan_is_called_that(comparison: Comparison) -> None:
    assert (
        verdict_lines(costing(comparison, {"cached": [5, 5, 5]}))[0] == "Choose cached, the only plan: $5.00 a month."
    )


def test_the_only_plan_that_keeps_the_bounds_is_called_that(comparison: Comparison) -> None:
    found = breaking(costing(comparison, {"cached": [5, 5], "on demand": [3, 3]}), {"on demand": (LATENCY,)})
    assert verdict_lines(found)[0] == "Choose cached, the only one of 2 plans that meets every bound: $5.00 a month."


def test_more_than_two_plans_are_counted_and_not_named(comparison: Comparison) -> None:
    three = costing(comparison, {"cached": [5, 5], "on demand": [5, 5], "nightly batch": [5, 5]})
    other = replace(three.plans["cached"], name="other")
    choice, _ = verdict_lines(replace(three, plans={**three.plans, "other": other}))
    assert choice.endswith("; 3 others are as good.")


def test_the_second_line_tells_age_latency_and_waste(comparison: Comparison) -> None:
    found = costing(comparison, {"nightly batch": [5, 5], "on demand": [9, 9]})
    metrics = {
        **found.plans["nightly batch"].metrics,
        "age_mean_s": Estimate.of([7200.0]),
        "latency_p99_s": Estimate.of([0.004]),
        "wasted_fraction": Estimate.of([0.98]),
        "wasted_usd_per_month": Estimate.of([911.4]),
    }
    plans = {**found.plans, "nightly batch": replace(found.plans["nightly batch"], metrics=metrics)}
    character = verdict_lines(replace(found, plans=plans))[1]
    assert character == "Mean age 2 h, p99 latency 4 ms, 98 % never read ($911 a month)."


def test_the_second_line_tells_of_a_recommended_plan_that_is_overloaded(comparison: Comparison) -> None:
    found = costing(comparison, {"on demand": [9, 9]})
    overloaded = Saturation(Verdict.OVERLOADED, 0.0, "now", "its queue grows")
    plan = replace(found.plans["on demand"], saturation=overloaded)
    assert verdict_lines(replace(found, plans={"on demand": plan}))[1].endswith(" It is overloaded: its queue grows.")


def test_a_bound_that_chance_may_break_is_told_of(comparison: Comparison) -> None:
    found = costing(comparison, {"on demand": [9, 9]})
    plan = replace(found.plans["on demand"], slo={"latency_p99_s": BoundVerdict.UNDECIDED})
    assert "bound of latency p99 is not decided" in verdict_lines(replace(found, plans={"on demand": plan}))[1]


def test_where_no_plan_meets_every_bound_it_says_which_are_broken_and_what_comes_nearest(
    comparison: Comparison,
) -> None:
    found = costing(comparison, {"cached": [5, 5], "on demand": [6, 6], "nightly batch": [7, 7]})
    broken = {"cached": (LATENCY,), "on demand": (AGE,), "nightly batch": (AGE, LATENCY)}
    said = verdict_lines(breaking(found, broken))
    assert said[0] in {
        f"No plan meets every bound: 2 of 3 break {one} and 2 of 3 break {other}."
        for one, other in (("latency p99", "age p95"), ("age p95", "latency p99"))
    }
    assert said[1] == "on demand comes nearest, $6.00 a month: age p95 is 36 h, above 24 h."


def test_a_bound_of_nothing_is_further_off_than_one_that_has_a_size(comparison: Comparison) -> None:
    found = costing(comparison, {"cached": [5, 5], "nightly batch": [1, 1]})
    said = verdict_lines(breaking(found, {"cached": (LATENCY,), "nightly batch": (DEADLINE,)}))
    assert said[1].startswith("cached comes nearest")


def test_too_little_is_said_in_two_lines_and_recommends_nothing(comparison: Comparison) -> None:
    found = costing(comparison, {"cached": [5, 5], "on demand": [6, 6]})
    few = {name: replace(plan, values=({**plan.values[0], "requests": 3},)) for name, plan in found.plans.items()}
    said = verdict_lines(replace(found, plans=few))
    assert said[0].startswith("Too little to recommend anything: 3 requests of ")
    assert said[1].startswith("Give more users")


def test_plans_are_called_what_they_are_to_be_called(comparison: Comparison) -> None:
    found = costing(comparison, {"cached": [5, 5], "on demand": [6, 6]})
    assert verdict_lines(found, {"cached": "c", "on demand": "o"})[0] == ("Choose c: $5.00 a month, $1.00 less than o.")


def test_where_value_is_given_net_value_is_the_headline(book: PriceBook) -> None:
    found = compare(small("model_iteration", horizon="2 d", value__per_request="5 USD"), book, workers=1)
    best = found.recommended
    assert best is not None
    net = found.plans[best].metrics[NET_VALUE].mean
    assert verdict_lines(found)[0].startswith(f"Choose {best}")
    assert f"${net:,.0f} of net value a month" in verdict_lines(found)[0]


def described(comparison: Comparison, plan: str, **means: float) -> Comparison:
    """Return the comparison with a plan's age, latency and waste put in its place."""
    found = comparison.plans[plan]
    metrics = {**found.metrics, **{name: Estimate.of([mean]) for name, mean in means.items()}}
    return replace(comparison, plans={**comparison.plans, plan: replace(found, metrics=metrics)})


def of_two(comparison: Comparison, costs: Mapping[str, Sequence[float]], **means: float) -> str:
    """Return what is said against "on demand", whose means are given, where those of "cached" are 60 s and 10 ms."""
    base = described(costing(comparison, costs), "cached", age_mean_s=60, latency_p99_s=0.01, wasted_fraction=0)
    return "; ".join(objections(described(base, "on demand", **means)))


def test_a_plan_is_told_by_its_cost_and_by_what_is_much_worse_or_better_with_it(comparison: Comparison) -> None:
    costs: dict[str, list[float]] = {"cached": [100, 100], "on demand": [150, 150]}
    said = of_two(comparison, costs, age_mean_s=5, latency_p99_s=0.02, wasted_fraction=0.4)
    assert said == "on demand: costs $50.00 more; slower (20 ms), 40 % never read; but fresher (5 s)"


def test_what_differs_little_is_not_told(comparison: Comparison) -> None:
    costs: dict[str, list[float]] = {"cached": [100, 100], "on demand": [100.5, 100.5]}
    said = of_two(comparison, costs, age_mean_s=80, latency_p99_s=0.009, wasted_fraction=0.01)
    assert said == "on demand: as good, costs $0.50 more"


def test_what_is_not_decided_says_how_many_more_replications_may_do(comparison: Comparison) -> None:
    costs: dict[str, list[float]] = {"cached": [100, 140, 100], "on demand": [140, 100, 110]}
    said = of_two(comparison, costs, age_mean_s=60, latency_p99_s=0.01, wasted_fraction=0)
    assert re.fullmatch(
        r"on demand: not decided \(about [\d,]+ more replications\), costs \$3.33 ± \$[\d.]+ more", said
    )


def test_a_cheaper_plan_that_breaks_a_bound_says_so_first(comparison: Comparison) -> None:
    found = breaking(costing(comparison, {"cached": [5, 5], "on demand": [3, 3]}), {"on demand": (LATENCY,)})
    assert objections(found)[0].startswith("on demand: latency p99 is 300 ms, above 100 ms; costs $2.00 less")


def test_where_none_is_recommended_each_says_what_it_breaks(comparison: Comparison) -> None:
    found = breaking(costing(comparison, {"cached": [5, 5]}), {"cached": (AGE, LATENCY)})
    assert objections(found) == ("cached: age p95 is 36 h, above 24 h; latency p99 is 300 ms, above 100 ms",)
