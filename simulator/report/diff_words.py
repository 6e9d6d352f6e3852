"""What a difference means, in sentences; chance is told apart from what is not known."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from simulator.report import format as form
from simulator.report.best_plan import best_now
from simulator.report.diff_rows import LEADING
from simulator.studies.comparison import COST, NET_VALUE, VALUE, PlanResult
from simulator.studies.consumption import WASTED
from simulator.studies.difference import Diff, MetricChange, Pairing
from simulator.studies.gates import Against, Finding, Gate, Ruling

NOTHING_OF = 5e-4
"""A difference of cost within this share of it is said to be about nothing."""
_MONEY = (COST, WASTED, VALUE, NET_VALUE)
MANY = 20
"""Of so many intervals of 95 % about one does not hold what it is an interval of."""


def headline(diff: Diff) -> str:
    """Return what has changed most for whoever decides, as a sentence that the numbers hold."""
    plan = told_first(diff)
    if plan is None:
        alone = len(diff.plans) == 1
        who = f"{form.one_line(next(iter(diff.plans)))} does" if alone else f"all {len(diff.plans)} plans do"
        return f"No difference: {who} and cost{'s' if alone else ''} the same, to the last digit"
    if judged_by(diff) == NET_VALUE and diff.change(plan, NET_VALUE).estimate.mean:
        return form.capital(_net_value_said(diff, plan))
    cost = diff.change(plan)
    other = None if _matters(cost) else _other_finding(diff, plan)
    return form.capital(change_said(cost) if other is None else other)


def judged_by(diff: Diff) -> str:
    """Return the metric that plans are judged by, where it means what it did; else their cost."""
    metric = diff.after.judged_by
    return metric if all(metric in diff.metrics(plan) for plan in diff.plans) else COST


def _net_value_said(diff: Diff, plan: str) -> str:
    net = diff.change(plan, NET_VALUE)
    why = f"its answers are worth {_more(diff.change(plan, VALUE))}, and it costs {_more(diff.change(plan))}"
    amount = f"{form.usd(abs(net.estimate.mean))} a month {'more' if net.estimate.mean > 0 else 'less'}"
    return f"{form.one_line(plan)} brings in {amount} than before{_certainty(net)}: {why}"


def _more(change: MetricChange) -> str:
    gap = change.estimate.mean
    return f"{form.usd(abs(gap))} {'more' if gap > 0 else 'less'}" if gap else "the same"


def _certainty(change: MetricChange) -> str:
    """Return what is known of a difference beside chance, for the end of a clause."""
    gap = change.estimate
    if math.isnan(gap.low):
        return "; with one replication nobody knows what of it is chance"
    interval = form.signed_interval(change.metric, gap.low, gap.high)
    told = f" (95 % interval {interval})" if " to " in interval else ""
    return told if change.is_decided else f", which may be chance alone{told}"


def _matters(cost: MetricChange) -> bool:
    """Return whether a difference of cost is more than nothing to anybody."""
    return abs(cost.estimate.mean) > NOTHING_OF * abs(cost.before)


def _other_finding(diff: Diff, plan: str) -> str | None:
    """Return what else has changed of a plan that costs about the same, where it is sure."""
    found = (diff.change(plan, metric) for metric in LEADING if metric in diff.metrics(plan) and metric not in _MONEY)
    change = next((each for each in found if each.is_decided), None)
    if change is None:
        return None
    write, label = form.reading(change.metric).write, form.metric_label(change.metric)
    gap = form.signed_metric(change.metric, change.estimate.mean)
    interval = form.signed_interval(change.metric, change.estimate.low, change.estimate.high)
    moved = f"{label}: {write(change.before)} before, {write(change.after)} now"
    return f"{form.one_line(plan)} costs about the same; {moved}, {gap} (95 % interval {interval})"


def told_first(diff: Diff) -> str | None:
    """Return the plan whose change is told first: the best one now, or that which changed most; else none."""
    changed = [plan for plan in diff.plans if not diff.is_same(plan)]
    if not changed:
        return None
    best = diff.after.recommended
    metric = judged_by(diff)
    if best in changed and diff.change(best, metric).estimate.mean:
        return best
    return max(changed, key=lambda plan: abs(diff.change(plan, metric).estimate.mean))


def change_said(change: MetricChange) -> str:
    """Return how much more a plan costs than before, and whether chance alone may have made that."""
    gap, name = change.estimate, form.one_line(change.plan)
    if gap.mean == 0:
        return f"{name} costs the same as before"
    amount = f"{form.usd(abs(gap.mean))} a month {'more' if gap.mean > 0 else 'less'}"
    share = f", {form.relative_change(change.before, change.after)}" if change.is_decided and change.before else ""
    return f"{name} costs {amount} than before{share}{_certainty(change)}"


def sentences(diff: Diff) -> Iterator[str]:
    """Yield what is said of a difference below its title: what is best now, how it was compared, what was not."""
    if diff.after.recommended is not None:
        yield best_now(diff.before, diff.after, diff.pairs.renamed)
    elif diff.before.recommended is not None:
        yield f"No plan is recommended now; it was {diff.before.recommended}."
    yield from _plans_said(diff)
    yield pairing_said(diff)
    if any(not diff.is_same(plan) for plan in diff.plans):
        yield (
            f"Intervals are of chance alone, 95 % each: where nothing is different, about one in {MANY} leaves out 0 "
            "all the same. How far the scenarios are from the truth is in none of them."
        )
    yield from _not_compared(diff)
    yield from diff.notes


def _plans_said(diff: Diff) -> Iterator[str]:
    for now, was in diff.pairs.renamed.items():
        yield f"{was} is called {now} now."
    for names, what in ((diff.pairs.added, "new"), (diff.pairs.removed, "gone")):
        if names:
            yield f"{form.capital(form.listed(list(names)))} {'is' if len(names) == 1 else 'are'} {what}."
    same = [plan for plan in diff.plans if diff.is_same(plan)]
    if same and len(same) < len(diff.plans):
        yield f"The same to the last digit: {form.listed(same)}."
    for now, was in diff.plans.items():
        yield from _bounds_said(now, diff.before.plans[was], diff.after.plans[now])


def _bounds_said(name: str, before: PlanResult, after: PlanResult) -> Iterator[str]:
    """Yield that a plan has begun or ceased to break bounds, and whether that is sure."""
    if before.meets_slo == after.meets_slo:
        return
    broken = after.violations or before.violations
    unsure = {*before.unsure_bounds, *after.unsure_bounds} & {each.metric for each in broken}
    chance = "; chance alone may have made that" if unsure else ""
    texts = "; ".join(each.text for each in broken)
    if after.meets_slo:
        yield f"{name} keeps every bound now; before: {texts}{chance}."
    else:
        yield f"{name} broke no bound before, and now: {texts}{chance}."


def pairing_said(diff: Diff) -> str:
    """Return what the two have in common, replication by replication."""
    ones, others = diff.before.replications, diff.after.replications
    if diff.pairing is Pairing.NONE:
        seeds = diff.before.scenario.seed, diff.after.scenario.seed
        return f"Not paired, as the seeds are {seeds[0]} and {seeds[1]}: Welch's intervals of {ones} and {others} runs."
    how = {
        Pairing.REQUESTS: "both have the same requests",
        Pairing.USERS: "both have the same users and random numbers, but other requests",
        Pairing.NUMBERS: "both have the same random numbers, but other users and requests",
    }[diff.pairing]
    count, _ = diff.replications
    rest = "" if ones == others else f", of {max(ones, others)} that one of them has"
    return f"Paired by replication: {how} ({count} replication{'' if count == 1 else 's'}{rest})."


def _not_compared(diff: Diff) -> Iterator[str]:
    metrics = {metric for result in diff.after.plans.values() for metric in result.metrics}
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for metric, why in diff.not_compared.items():
        if metric in metrics:
            by_reason[why].append(metric)
    for why, names in by_reason.items():
        yield f"Not compared, as {why} changed and so what is meant: {', '.join(names)}."


def findings_said(findings: Sequence[Finding]) -> Iterator[tuple[Ruling, str]]:
    """Yield what has become of gates; one that all plans keep is said once."""
    by_gate: defaultdict[Gate, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_gate[finding.gate].append(finding)
    for gate, each in by_gate.items():
        if len(each) > 1 and all(one.ruling is Ruling.KEPT for one in each):
            yield Ruling.KEPT, f"{Ruling.KEPT}: {gate.text}: by all {len(each)} plans"
        else:
            yield from ((one.ruling, finding_said(one)) for one in each)


def finding_said(finding: Finding) -> str:
    """Return what has become of a gate, and why."""
    gate, change = finding.gate, finding.change
    write = form.reading(change.metric).write
    share = f" ({form.relative_change(change.before, change.after)})" if gate.against is Against.SHARE else ""
    difference = form.signed_metric(change.metric, change.estimate.mean)
    said = f"{form.one_line(change.plan)} {write(change.before)} -> {write(change.after)}, {difference}{share}"
    if finding.ruling is not Ruling.UNDECIDED:
        return f"{finding.ruling}: {gate.text}: {said}"
    why = "one replication gives no interval" if math.isnan(finding.beyond.low) else "the bound lies in its interval"
    return f"{finding.ruling}: {gate.text}: {said}; {why}, more replications would tell"
