"""What a document says of a comparison: a report, a workbook, slides and a pull request all say it in these words."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath

from simulator.report import format as form
from simulator.report.closed_form_words import apart_sentences
from simulator.report.provenance import provenance
from simulator.report.scenario_lines import stated_lines
from simulator.report.tables import Row, comparison_rows
from simulator.studies.comparison import Comparison, PlanResult
from simulator.studies.headline import verdict_lines
from simulator.studies.recommendation import answer, what_would_change
from simulator.studies.stored_run import StoredRun
from simulator.studies.warnings import warnings_of
from simulator.studies.words import of_chance

STATED = "the scenario"
AS_MODULE = "__main__.py"
"""What a command is called that was started by ``python -m``."""


@dataclass(frozen=True)
class Assumption:
    """Something that the result rests on."""

    what: str
    value: str
    source: str
    date: str
    """When it was read; empty where the scenario states it."""


@dataclass(frozen=True)
class Brief:
    """All that there is to say of a comparison, the decision first."""

    comparison: Comparison
    command: Sequence[str] = field(default=())
    """The command line that made it; empty for one that was made in Python."""

    @classmethod
    def of(cls, run: StoredRun) -> "Brief":
        """Return that of a kept run."""
        return cls(run.comparison, run.command)

    @property
    def title(self) -> str:
        """The scenario's name."""
        return form.one_line(self.comparison.scenario.name)

    @property
    def question(self) -> str:
        """What was asked."""
        *others, last = self.plan_names.values()
        if not others:
            return f"What does it take to serve predictions by {last}?"
        return f"Which way to serve predictions is best: {', '.join(others)} or {last}?"

    @cached_property
    def plan_names(self) -> Mapping[str, str]:
        """Every plan's name in a line, by its name."""
        return {name: form.one_line(name) for name in self.comparison.plans}

    @cached_property
    def verdict(self) -> tuple[str, str]:
        """The recommendation in two lines: what to choose, and how its answers are."""
        return verdict_lines(self.comparison, self.plan_names)

    @cached_property
    def answer(self) -> tuple[str, ...]:
        """What to do, and what speaks against the other plans; a sentence or two each."""
        return answer(self.comparison)

    @cached_property
    def changes(self) -> tuple[str, ...]:
        """What would change it."""
        return what_would_change(self.comparison)

    @cached_property
    def apart(self) -> tuple[str, ...]:
        """Where the simulation and closed forms are farther apart than closed forms are meant to be."""
        return apart_sentences(self.comparison)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What to know before trusting it."""
        return warnings_of(self.comparison)

    @property
    def chance(self) -> str:
        """What the intervals are, and what they are not."""
        if self.comparison.replications == 1:
            return "One replication: how much of it is chance is not known."
        return f"\N{PLUS-MINUS SIGN} is {of_chance()}, without what is unknown of the inputs."

    @cached_property
    def rows(self) -> tuple[tuple[Row, ...], ...]:
        """The comparison, group by group; its numbers are in `number`."""
        return tuple(comparison_rows(self.comparison))

    def number(self, row: Row, plan: str) -> float | None:
        """Return the mean that a row shows of a plan, in the unit of its metric; None where it shows no metric."""
        found = self.comparison.plans[plan].metrics.get(row.metric)
        return None if found is None else found.mean

    @property
    def ranked(self) -> tuple[PlanResult, ...]:
        """The plans with their bills, the first of the ranking first."""
        return tuple(self.comparison.plans[name] for name in self.comparison.ranking)

    @cached_property
    def prices(self) -> tuple[Assumption, ...]:
        """Every price of any bill, with where and when it was read."""
        return tuple(dict.fromkeys(self._prices()))

    def _prices(self) -> Iterator[Assumption]:
        for plan in self.ranked:
            for line in plan.bill.lines:
                per = f"{form.price(line.price_usd)} per {line.unit}"
                yield Assumption(f"{line.item} ({line.meter})", per, line.source, line.date)

    @cached_property
    def inputs(self) -> tuple[Assumption, ...]:
        """Every value of the scenario, defaults included, by its key."""
        return tuple(Assumption(key, value, STATED, "") for key, value in stated_lines(self.comparison.scenario))

    @property
    def provenance(self) -> tuple[str, ...]:
        """Scenario, users, horizon, replications, seed and price book."""
        return provenance(self.comparison)

    @property
    def repeat(self) -> str:
        """The command that makes it again; empty where a program made it."""
        return repeated(self.command)


def repeated(command: Sequence[str]) -> str:
    """Return a command line as one writes it; empty where there is none."""
    if not command:
        return ""
    name = PurePath(command[0]).name
    return shlex.join(["predcost" if name == AS_MODULE else name, *command[1:]])
