"""A forecast beside an invoice: a sentence, a table for a terminal of 80 columns, JSON, and a map to edit."""

import json
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.prices.importers.invoices import Invoice
from simulator.report import format as form
from simulator.report.layout import Fitted
from simulator.studies.actuals import Actuals, MeterActuals, proposed

SHOWN = 5
"""Kinds of usage that no meter counts: so many are named."""
NAME_LETTERS = 34


def finding(actuals: Actuals) -> str:
    """Return how far the invoice is from the forecast, and what that is made of; the parts add up to it."""
    apart = actuals.actual_usd - actuals.forecast_usd
    actual, forecast = form.usd(actuals.actual_usd), form.usd(actuals.forecast_usd)
    said = f"The invoice is {actual}, the forecast {forecast} for the same days"
    parts = {
        "by price": actuals.by_price_usd,
        "by volume": actuals.by_volume_usd,
        "not in the forecast": actuals.not_in_forecast_usd,
        "not on the invoice": actuals.not_on_invoice_usd,
    }
    told = ", ".join(f"{form.signed_usd(usd)} {why}" for why, usd in parts.items() if usd)
    return f"{said}: {form.signed_usd(apart)}{f', of it {told}' if told else ''}."


def actuals_report(actuals: Actuals) -> Iterator[RenderableType]:
    """Yield what is printed."""
    yield Text(finding(actuals), style="bold")
    days = f"{actuals.days:g} day{'' if actuals.days == 1 else 's'}"
    yield Text(f"{form.one_line(actuals.plan)} · {actuals.first_day} to {actuals.last_day}, {days}", style="dim")
    yield Fitted(lambda width: [_table(actuals, width)])
    if actuals.unmapped:
        some = ", ".join(
            f"{form.one_line(each.usage or each.service)} {form.usd(each.usd)}" for each in actuals.unmapped[:SHOWN]
        )
        more = f", and {len(actuals.unmapped) - SHOWN} kinds more" if len(actuals.unmapped) > SHOWN else ""
        yield Text(
            f"No meter of the forecast counts: {some}{more}. --write-map writes a map of them to edit.", style="dim"
        )
    for why, usd in actuals.left_out.items():
        yield Text(f"Left out: {why}, {form.usd(usd)}", style="dim")


def _table(actuals: Actuals, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_footer=True, width=width)
    table.add_column("meter", Text("all"), overflow="fold", ratio=1)
    totals = (actuals.forecast_usd, actuals.actual_usd, actuals.by_price_usd, actuals.by_volume_usd)
    for head, usd in zip(("forecast", "invoice", "by price", "by volume"), totals, strict=True):
        told = form.usd(usd) if head in {"forecast", "invoice"} else form.signed_usd(usd)
        table.add_column(head, Text(told), justify="right", no_wrap=True)
    for each in actuals.meters:
        table.add_row(*map(Text, _cells(each)))
    rest = sum(each.usd for each in actuals.unmapped)
    if rest:
        table.add_row(*map(Text, ("no meter counts it", form.NOTHING, form.usd(rest), form.NOTHING, form.NOTHING)))
    return table


def _cells(each: MeterActuals) -> tuple[str, ...]:
    sides = [form.usd(side.usd) if side.quantity else form.NOTHING for side in (each.forecast, each.actual)]
    if not each.is_on_both:
        return each.meter, *sides, form.NOTHING, form.NOTHING
    return each.meter, *sides, form.signed_usd(each.of_price_usd), form.signed_usd(each.volume_usd)


def actuals_json(actuals: Actuals) -> dict[str, Any]:
    """Return it for JSON, in USD over the days of the invoice."""
    return {
        "plan": actuals.plan,
        "first_day": actuals.first_day,
        "last_day": actuals.last_day,
        "days": actuals.days,
        "forecast_usd": actuals.forecast_usd,
        "actual_usd": actuals.actual_usd,
        "by_price_usd": actuals.by_price_usd,
        "by_volume_usd": actuals.by_volume_usd,
        "not_in_forecast_usd": actuals.not_in_forecast_usd,
        "not_on_invoice_usd": actuals.not_on_invoice_usd,
        "meters": [
            {
                "meter": each.meter,
                "unit": each.unit,
                "forecast": {"quantity": each.forecast.quantity, "usd": each.forecast.usd},
                "actual": {"quantity": each.actual.quantity, "usd": each.actual.usd},
                "by_price_usd": each.of_price_usd,
                "by_volume_usd": each.volume_usd,
            }
            for each in actuals.meters
        ],
        "unmapped": [{"service": each.service, "usage": each.usage, "usd": each.usd} for each in actuals.unmapped],
        "left_out": dict(actuals.left_out),
    }


_MAP_HEAD = """\
# Which meter of the forecast counts what the invoice has; '*' stands for anything. 'factor' is how many units of the
# meter one unit of the invoice is, such as 720 for a GB-month. For what is commented out no meter is known: give it
# one, or leave 'meter' away to say that it is none of the forecast's.
usages:
"""


def usage_map_text(invoice: Invoice) -> str:
    """Return a map of an invoice's usage, as YAML to edit: with the meters that are known."""
    lines: dict[str, None] = {}
    for key in invoice.sums:
        if key.why_not:
            continue
        meters, factor = proposed(key)
        meter = f", meter: {_text(meters[0])}" if meters else ""
        times = f", factor: {factor:g}" if factor != 1 else ""
        usage, service = (_text(_as_it_is(name) or "*") for name in (key.usage_type, key.service))
        lines[f"{'' if meters else '# '}- {{usage: {usage}, service: {service}{meter}{times}}}\n"] = None
    has_any = any(not line.startswith("#") for line in lines)
    return f"{_MAP_HEAD if has_any else _MAP_HEAD.replace('usages:', 'usages: []')}{''.join(lines)}"


def _as_it_is(name: str) -> str:
    """Return a name in a form in which no letter of it stands for others."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _text(text: str) -> str:
    """Return text in quotes, as JSON and YAML both read it."""
    return json.dumps(text, ensure_ascii=False)
