"""The sheet of what the plans used, replication by replication, in a month of 30 days."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.core.prompt_lengths import PROMPT_STEP
from simulator.core.units import KIB_PER_GIB, MONTH_S
from simulator.prices.bill import Priced, find_prices
from simulator.prices.price import ROW
from simulator.report import format as form
from simulator.report.workbook.formulas import Cells, Term, mean_of
from simulator.report.workbook.spreadsheet import COUNT, SHARE, USD, Sheet
from simulator.studies.comparison import VALUE, Comparison, PlanResult
from simulator.studies.consumption import Consumption

HEADS = ("plan", "what for", "meter", "unit", "row, KiB", "mean")
PLAN, ITEM, METER, UNIT, ROW_KIB, MEAN = range(6)
TOKENS_FROM = 4
"""Column of the length of prompts, in place of the size of rows."""
FIRST = 4
REQUESTS = "requests"
UNREAD = {
    "unread_batch_fraction": "never read, of rows of batch runs",
    "unread_nearline_fraction": "never read, of rows after events",
    "unread_held_fraction": "never read, of room by time",
}
"""Shares that what nobody read is reckoned by."""


@dataclass(frozen=True)
class ByPromptCells:
    """Tokens of a line by the length of the prompts that they belong to."""

    lengths: Cells
    """Up to how many tokens."""
    parts: tuple[Cells, ...]
    """Tokens: of the mean usage, and then of each replication."""


@dataclass(frozen=True)
class PlanUsage:
    """Where the usage of a plan is; of every quantity first the mean, and then each replication."""

    priced: tuple[Priced, ...]
    """Its lines, each with its price."""
    quantities: tuple[tuple[Term, ...], ...]
    row_kib: tuple[Term, ...]
    by_prompt: Mapping[int, ByPromptCells]
    """By line, of those that are counted so."""
    requests: tuple[Term, ...]
    unread: Mapping[str, tuple[Term, ...]]
    """By field of `Consumption`, where each replication has it."""
    value: tuple[Term, ...]
    """What answers are worth; empty where nothing says it. [USD per 30-day month]"""

    @property
    def replications(self) -> int:
        """How many there are."""
        return len(self.requests) - 1


def write_usage(sheet: Sheet, comparison: Comparison) -> dict[str, PlanUsage]:
    """Write the sheet, and return where every plan's usage is."""
    sheet.widths(22, 24, 36, 12, 9, 14)
    sheet.columns(MEAN + 1, comparison.replications, 14)
    sheet.text(0, 0, "Usage", "title")
    sheet.text(1, 0, "What was simulated: quantities per 30-day month. Prices do not change them.", "subtitle")
    numbers = [f"replication {number}" for number in range(1, comparison.replications + 1)]
    sheet.heads(FIRST - 1, (*HEADS, *numbers), left=4)
    sheet.freeze(FIRST, MEAN + 1)
    row, found = FIRST, {}
    for plan in comparison.plans.values():
        writer = _Writer(sheet, plan, row)
        found[plan.name] = writer.written(comparison)
        row = writer.row + 1
    return found


class _Writer:
    """Writes the rows of a plan."""

    def __init__(self, sheet: Sheet, plan: PlanResult, row: int) -> None:
        self.row = row
        self._sheet, self._plan = sheet, plan
        self._months = MONTH_S / plan.consumptions[0].horizon_s

    def written(self, comparison: Comparison) -> PlanUsage:
        """Write all that its bill and what follows from it are reckoned from."""
        lines = [find_prices(each.usages, comparison.book) for each in self._plan.consumptions]
        quantities, sizes = [], []
        for same in zip(*lines, strict=True):
            usage = same[0].usage
            sizes.append(
                self._sheet.number(
                    self.row, ROW_KIB, usage.row_gib * KIB_PER_GIB if usage.unit == ROW else math.nan, COUNT
                )
            )
            amounts = [each.usage.quantity * self._months for each in same]
            quantities.append(self._row(usage.item, usage.meter, usage.unit, amounts))
        requests = self._row(REQUESTS, "", REQUESTS, [each.requests * self._months for each in self._consumptions])
        unread = {name: self._row(said, "", "share", shares, SHARE) for name, said, shares in self._shares()}
        value: tuple[Term, ...] = ()
        if all(VALUE in each for each in self._plan.values):
            value = self._row("what answers are worth", "", "USD", [each[VALUE] for each in self._plan.values], USD)
        by_prompt = {
            place: self._prompts(same)
            for place, same in enumerate(zip(*lines, strict=True))
            if same[0].listed.long_prompts and any(each.usage.by_prompt for each in same)
        }
        return PlanUsage(lines[0], tuple(quantities), tuple(sizes), by_prompt, requests, unread, value)

    @property
    def _consumptions(self) -> Sequence[Consumption]:
        return self._plan.consumptions

    def _shares(self) -> list[tuple[str, str, list[float]]]:
        found = []
        for name, said in UNREAD.items():
            shares = [getattr(each, name) for each in self._consumptions]
            if all(share is not None for share in shares):
                found.append((name, said, shares))
        return found

    def _row(self, item: str, meter: str, unit: str, amounts: Sequence[float], number: str = COUNT) -> tuple[Term, ...]:
        """Write the mean and each replication; return their cells."""
        texts = ((PLAN, form.one_line(self._plan.name)), (ITEM, item), (METER, meter), (UNIT, unit))
        for column, text in texts:
            self._sheet.text(self.row, column, text)
        each = [self._sheet.number(self.row, MEAN + 1 + place, amount, number) for place, amount in enumerate(amounts)]
        all_of_them = self._sheet.cells((self.row, MEAN + 1), (self.row, MEAN + len(amounts)), amounts)
        mean = self._sheet.formula(self.row, MEAN, mean_of(all_of_them), number)
        self.row += 1
        return mean, *each

    def _prompts(self, same: Sequence[Priced]) -> ByPromptCells:
        """Write the tokens of a line by the length of prompts."""
        parts = [dict(each.usage.by_prompt) for each in same]
        classes = sorted({number for each in parts for number in each})
        first, usage = self.row, same[0].usage
        columns = []
        for number in classes:
            lengths = float(number * PROMPT_STEP)
            self._sheet.number(self.row, ROW_KIB, lengths, COUNT)
            amounts = [each.get(number, 0.0) * self._months for each in parts]
            columns.append(
                [cell.value for cell in self._row(f"{usage.item}: prompts up to", usage.meter, "token", amounts)]
            )
        last = self.row - 1
        lengths_of = [number * PROMPT_STEP for number in classes]
        return ByPromptCells(
            self._sheet.cells((first, ROW_KIB), (last, ROW_KIB), lengths_of),
            tuple(
                self._sheet.cells((first, MEAN + place), (last, MEAN + place), values)
                for place, values in enumerate(zip(*columns, strict=True))
            ),
        )
