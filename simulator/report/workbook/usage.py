"""The sheet of what the plans used, replication by replication, in a month of 30 days."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.core.prompt_lengths import PROMPT_STEP
from simulator.core.units import KIB_PER_GIB, MONTH_S
from simulator.prices.bill import Priced, find_prices
from simulator.prices.price import ROW
from simulator.report import format as form
from simulator.report.workbook.formulas import Cells, Term, mean_of
from simulator.report.workbook.spreadsheet import COUNT, SHARE, USD, Sheet
from simulator.studies.comparison import VALUE, Comparison, PlanResult

SIZE, MEAN = 4, 5
"""Columns: of a row in KiB, or of a prompt in tokens; of the mean, before the replications."""
LENGTH = "prompts up to, tokens"
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
    """Write the sheet, and one of prompts where a price depends on their length; return where all usage is."""
    rows, prompts = _Rows(sheet, "Usage", comparison.replications), None
    found = {}
    for plan in comparison.plans.values():
        writer = _Writer(plan, comparison)
        if prompts is None and writer.has_prompts:
            prompts = _Rows(sheet.book.sheet("Prompts"), "Usage by length of prompt", comparison.replications, LENGTH)
        found[plan.name] = writer.written(rows, prompts)
        rows.row += 1
    return found


class _Rows:
    """Writes quantities, a row for each: the mean, and then every replication."""

    def __init__(self, sheet: Sheet, title: str, replications: int, size: str = "row, KiB") -> None:
        self.sheet, self.row = sheet, FIRST
        sheet.widths(22, 34, 36, 12, 12, 14)
        sheet.columns(MEAN + 1, replications, 14)
        sheet.text(0, 0, title, "title")
        sheet.text(1, 0, "What was simulated: quantities per 30-day month. Prices do not change them.", "subtitle")
        numbers = [f"replication {number}" for number in range(1, replications + 1)]
        sheet.heads(FIRST - 1, ("plan", "what for", "meter", "unit", size, "mean", *numbers), left=4)
        sheet.freeze(FIRST, MEAN + 1)

    def write(
        self, texts: tuple[str, str, str, str], amounts: Sequence[float], number: str = COUNT
    ) -> tuple[Term, ...]:
        """Write the plan, what for, the meter and the unit, then mean and replications; return the cells of these."""
        for column, text in enumerate(texts):
            self.sheet.text(self.row, column, text)
        each = [self.sheet.number(self.row, MEAN + 1 + place, amount, number) for place, amount in enumerate(amounts)]
        all_of_them = self.sheet.cells((self.row, MEAN + 1), (self.row, MEAN + len(amounts)), amounts)
        mean = self.sheet.formula(self.row, MEAN, mean_of(all_of_them), number)
        self.row += 1
        return mean, *each


class _Writer:
    """Writes the usage of a plan."""

    def __init__(self, plan: PlanResult, comparison: Comparison) -> None:
        self._plan, self._name = plan, form.one_line(plan.name)
        self._months = MONTH_S / plan.consumptions[0].horizon_s
        lines = [find_prices(each.usages, comparison.book) for each in plan.consumptions]
        self._lines = tuple(zip(*lines, strict=True))
        """By line, and then by replication."""

    @property
    def has_prompts(self) -> bool:
        """Whether a price depends on the length of prompts."""
        return any(map(_is_by_prompt, self._lines))

    def written(self, rows: _Rows, prompts: _Rows | None) -> PlanUsage:
        """Write all that its bill and what follows from it are reckoned from."""
        quantities, sizes = [], []
        for same in self._lines:
            usage = same[0].usage
            kib = usage.row_gib * KIB_PER_GIB if usage.unit == ROW else math.nan
            sizes.append(rows.sheet.number(rows.row, SIZE, kib, COUNT))
            amounts = [each.usage.quantity * self._months for each in same]
            quantities.append(rows.write((self._name, usage.item, usage.meter, usage.unit), amounts))
        asked = [each.requests * self._months for each in self._plan.consumptions]
        requests = rows.write((self._name, REQUESTS, "", REQUESTS), asked)
        unread = {
            name: rows.write((self._name, said, "", "share"), shares, SHARE) for name, said, shares in self._shares()
        }
        value: tuple[Term, ...] = ()
        if all(VALUE in each for each in self._plan.values):
            worth = [each[VALUE] for each in self._plan.values]
            value = rows.write((self._name, "what answers are worth", "", "USD"), worth, USD)
        by_prompt = {
            place: self._by_prompt(same, prompts)
            for place, same in enumerate(self._lines)
            if prompts is not None and _is_by_prompt(same)
        }
        priced = tuple(same[0] for same in self._lines)
        return PlanUsage(priced, tuple(quantities), tuple(sizes), by_prompt, requests, unread, value)

    def _shares(self) -> Iterator[tuple[str, str, list[float]]]:
        for name, said in UNREAD.items():
            shares = [getattr(each, name) for each in self._plan.consumptions]
            if all(share is not None for share in shares):
                yield name, said, shares

    def _by_prompt(self, same: Sequence[Priced], rows: _Rows) -> ByPromptCells:
        """Write the tokens of a line by the length of prompts."""
        usage, parts = same[0].usage, [dict(each.usage.by_prompt) for each in same]
        classes = sorted({number for each in parts for number in each})
        first, columns = rows.row, []
        for number in classes:
            rows.sheet.number(rows.row, SIZE, number * PROMPT_STEP, COUNT)
            amounts = [each.get(number, 0.0) * self._months for each in parts]
            columns.append([cell.value for cell in rows.write((self._name, usage.item, usage.meter, "token"), amounts)])
        last = rows.row - 1
        lengths = rows.sheet.cells((first, SIZE), (last, SIZE), [number * PROMPT_STEP for number in classes])
        cells = (
            rows.sheet.cells((first, MEAN + place), (last, MEAN + place), values)
            for place, values in enumerate(zip(*columns, strict=True))
        )
        return ByPromptCells(lengths, tuple(cells))


def _is_by_prompt(same: Sequence[Priced]) -> bool:
    return bool(same[0].listed.long_prompts) and any(each.usage.by_prompt for each in same)
