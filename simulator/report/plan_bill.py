"""One plan's bill as text: a table, JSON, or FOCUS."""

import io
import json

from rich.console import Console

from simulator.core.errors import UserError, did_you_mean
from simulator.report.bill_tables import bill_panel
from simulator.report.focus_bill import focus_csv
from simulator.report.json_report import finite, study_json
from simulator.report.tables import WIDTH
from simulator.studies.comparison import Comparison, PlanResult


def bill_text(comparison: Comparison, plan: str | None, written_as: str) -> str:
    """Return a plan's bill.

    Parameters
    ----------
    comparison
        Whose plans.
    plan
        The plan's name; the recommended one's where it is None, or the first of the ranking's.
    written_as
        ``table``, ``json`` or ``focus``.

    Raises
    ------
    UserError
        If there is no such plan.
    """
    result = plan_of(comparison, plan)
    name = result.name
    if written_as == "focus":
        return focus_csv(comparison, name)
    if written_as == "json":
        lines = [finite(line.as_dict()) for line in result.bill.lines]
        content = {**study_json(comparison), "plan": name, "bill": lines, "total_usd": result.bill.total_usd_per_month}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    text = io.StringIO()
    Console(file=text, width=WIDTH, color_system=None, legacy_windows=False).print(bill_panel(result))
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def plan_of(comparison: Comparison, name: str | None) -> PlanResult:
    """Return a plan by its name; the recommended one, or the first of the ranking, where none is given.

    Raises
    ------
    UserError
        If there is no such plan.
    """
    wanted = comparison.ranking[0] if name is None else name
    if wanted not in comparison.plans:
        raise UserError(f"there is no plan '{wanted}'; {did_you_mean(wanted, comparison.plans)}")
    return comparison.plans[wanted]
