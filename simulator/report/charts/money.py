"""An axis of money."""

import math
from collections.abc import Iterable

from matplotlib.axes import Axes

from simulator.report import format as form

WIDE_COSTS = 30.0
"""Costs of which the largest is so many times the smallest are drawn on a logarithmic axis."""


def money_axis(axes: Axes, what: str, amounts: Iterable[float]) -> None:
    """Label the axis on the left with amounts of money, from 0 on or, where they differ by much, in logarithms."""
    known = [amount for amount in amounts if math.isfinite(amount)] or [0.0]
    wide = min(known) > 0 and max(known) / min(known) > WIDE_COSTS
    axes.set_ylabel(f"{what}, USD{' (logarithmic)' if wide else ''}")
    axes.yaxis.set_major_formatter(lambda amount, _: form.usd(amount).removesuffix(".00"))
    if wide:
        axes.set_yscale("log")
        axes.set_ylim(min(known) / 1.5, max(known) * 1.5)
        axes.set_yticks([], minor=True)
    elif min(known) >= 0:
        axes.set_ylim(0, 1.08 * max(known) or 1.0)
    axes.grid(axis="y")
