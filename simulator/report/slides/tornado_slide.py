"""What each price does to the difference between two plans: a tornado, re-billed, with nothing simulated anew."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.report import format as form
from simulator.report.brief import Brief
from simulator.report.slides import fitting
from simulator.report.slides.deck import Bars, Column, Paint, Series, Slide
from simulator.report.slides.difference_slide import FADING, compared_pair
from simulator.report.slides.naming import called
from simulator.report.slides.scales import money_axis
from simulator.studies.comparison import PlanResult
from simulator.studies.planner.swings import spent_by_meter

SWING = 0.5
"""Each price is taken so much lower and higher, as a share of it."""
MOST_PRICES = 8
MOST_ITEMS = 2
LEAST_SWING = 0.005
"""A price that moves the difference by less than this share of it is left out."""
DEARER, CHEAPER = Paint("#D55E00", "#E8690B", fading=FADING), Paint("#0072B2", "#2E86C9", fading=FADING)


@dataclass(frozen=True)
class Swing:
    """What a price does to a difference of costs."""

    what: str
    """What is paid for."""
    lower: float
    """The difference with the price lower. [USD per 30-day month]"""
    now: float
    higher: float

    @property
    def turns_at(self) -> float:
        """By which share of it the price must change for the costs to be equal."""
        return SWING * self.now / (self.now - self.left)

    @property
    def left(self) -> float:
        """The smaller end."""
        return min(self.lower, self.higher)

    @property
    def right(self) -> float:
        """The larger end."""
        return max(self.lower, self.higher)


def tornado_slide(brief: Brief) -> Iterator[Slide]:
    """Yield it where the costs of two plans are surely apart, and prices are the same for every unit."""
    comparison = brief.comparison
    pair = compared_pair(comparison)
    if pair is None or comparison.book.commitments or comparison.is_too_little:
        return
    gap = pair.gap
    swings = _swings(comparison.plans[pair.cheap], comparison.plans[pair.dear], gap.mean)
    if gap.includes_zero or not swings:
        return
    one, other = called(comparison, pair.dear), called(comparison, pair.cheap)
    percent = form.about_share(SWING)
    caption = (
        f"Difference of the cost a month with one price {percent} lower (blue) or higher (orange), all else as it is"
    )
    notes = [f"As it is: {form.usd(gap.mean)} a month more. Re-billed, all else as it is."]
    notes += [f"{each.what}: {form.usd(each.lower)} if lower, {form.usd(each.higher)} if higher" for each in swings]
    yield Slide("prices", _title(swings, gap.half_width, one, other), _bars(swings, notes), caption, notes)


def _swings(cheap: PlanResult, dear: PlanResult, gap_usd: float) -> list[Swing]:
    less, more = spent_by_meter(cheap), spent_by_meter(dear)
    found = []
    for meter in {**more, **less}:
        apart = more.get(meter, 0.0) - less.get(meter, 0.0)
        if not math.isnan(apart) and abs(apart) * SWING > LEAST_SWING * gap_usd:
            found.append(
                Swing(_paid_for(meter, (cheap, dear)), gap_usd - SWING * apart, gap_usd, gap_usd + SWING * apart)
            )
    return sorted(found, key=lambda each: each.left - each.right)[:MOST_PRICES]


def _paid_for(meter: str, plans: Sequence[PlanResult]) -> str:
    """Return the items that a meter is charged for, or its own name where these are many."""
    items = list(dict.fromkeys(line.item for plan in plans for line in plan.bill.lines if line.meter == meter))
    return " and ".join(items) if len(items) <= MOST_ITEMS else meter


def _title(swings: Sequence[Swing], half_width_usd: float, dear: str, cheap: str) -> str:
    turning, percent = [each for each in swings if each.left < 0], form.about_share(SWING)
    if not turning:
        chance_usd = 0.0 if math.isnan(half_width_usd) else half_width_usd * (1 + SWING)
        may = "makes" if all(each.left > chance_usd for each in swings) else "surely makes"
        return f"None of these prices, {percent} lower or higher, {may} {dear} cheaper than {cheap}"
    first = min(turning, key=lambda each: each.turns_at)
    change = math.floor(first.turns_at * 100) + 1  # where it is surely passed
    way = "higher" if first.higher < first.lower else "lower"
    return form.capital(f"{dear} would cost less than {cheap} if the price of {first.what} were {change} % {way}")


def _bars(swings: Sequence[Swing], notes: Sequence[str]) -> Bars:
    """Return bars from one end to the other; in its workbook all follows from the columns G, H and I."""
    rows = range(2, len(swings) + 2)
    left = [CHEAPER if each.lower < each.higher else DEARER for each in swings]
    right = [DEARER if each.lower < each.higher else CHEAPER for each in swings]
    parts = (
        ("lift (not shown)", [None] * len(swings), _lift, "=IF(G{0}>0,G{0},IF(I{0}<0,I{0},0))"),
        ("to the left", left, lambda low, now, _: max(now, 0) - max(low, 0), "=MAX(H{0},0)-MAX(G{0},0)"),
        ("to the right", right, lambda _, now, high: max(high, 0) - max(now, 0), "=MAX(I{0},0)-MAX(H{0},0)"),
        ("to the right, below 0", right, lambda _, now, high: min(now, 0) - min(high, 0), "=MIN(H{0},0)-MIN(I{0},0)"),
        ("to the left, below 0", left, lambda low, now, _: min(low, 0) - min(now, 0), "=MIN(G{0},0)-MIN(H{0},0)"),
    )
    series = [
        Series(
            name,
            [find(each.left, each.now, each.right) for each in swings],
            paints,
            [None] * len(swings),
            formulas=[by.format(row) for row in rows],
        )
        for name, paints, find, by in parts
    ]
    scale = money_axis(
        "Difference of the cost, USD per 30-day month", [end for each in swings for end in (each.left, each.right)]
    )
    beside = (
        Column("smaller end", [each.left for each in swings]),
        Column("as it is", [each.now for each in swings]),
        Column("larger end", [each.right for each in swings]),
    )
    names = [f"{fitting.cut(each.what, 12, 3.2)}: {form.usd(each.left)} to {form.usd(each.right)}" for each in swings]
    return Bars(names, series, scale, f"Tornado chart. {'; '.join(notes)}.", stacked=True, beside=beside)


def _lift(low: float, _: float, high: float) -> float:
    return low if low > 0 else min(high, 0.0)
