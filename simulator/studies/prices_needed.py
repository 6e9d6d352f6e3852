"""Whether a price book has a price for all that a scenario's plans would use."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from simulator.core.component import key_of
from simulator.core.errors import Fault, InputFileError, UserError
from simulator.core.input_files.reading import Keys, Tree, read_tree
from simulator.core.input_files.wording import written_path
from simulator.core.usage import Usage
from simulator.prices.bill import charged_meter, wrong_unit
from simulator.prices.book import PriceBook
from simulator.prices.small_book import laid_over
from simulator.scenario.schema import Scenario
from simulator.simulation.usage import no_usage

Need = tuple[str, Usage]
"""A plan and a line of what it uses."""
_NOT_METERED = frozenset({"kind", "purchase"})
"""Keys whose values are part of a meter's name, but never what makes it unknown."""


def check_prices(scenario: Scenario, book: PriceBook, file: Path | None = None) -> None:
    """Check that every meter has a price, before anything is simulated.

    Parameters
    ----------
    scenario, book
        What is to be priced, and by what.
    file
        The scenario's file, for the lines of the keys that a message names.

    Raises
    ------
    UserError
        If the book lacks a meter or prices it by another unit; the message names every such meter, the nearest ones
        that the book has, what needs it, and the key that asks for it.
    """
    needs: defaultdict[tuple[str, str], list[Need]] = defaultdict(list)
    for plan in scenario.plans:
        for usage in no_usage(scenario, plan):
            meter = charged_meter(usage, book)
            if usage.given_price_usd is None and meter is not None:
                needs[meter, usage.unit].append((plan, usage))
    faults = [(said, who) for (meter, unit), who in needs.items() if (said := _fault(book, meter, unit)) is not None]
    if faults:
        tree = None if file is None else read_tree(file)
        told = [_told(scenario, said + _instead(scenario, who), who, tree) for said, who in faults]
        missing = [need for need in needs if book.find(need[0]) is None]
        if missing:
            books = [scenario.prices] if isinstance(scenario.prices, str) else scenario.prices
            told[-1] = replace(told[-1], message=f"{told[-1].message}\n{laid_over(books, missing)}")
        raise UserError("\n".join(map(str, told))) if file is None else InputFileError(str(file), told)


def _instead(scenario: Scenario, who: Sequence[Need]) -> str:
    """Return what a scenario may state instead of a price of an API's batch tier; else nothing."""
    for plan_name, usage in who:
        precompute = scenario.plans[plan_name].precompute
        if precompute is not None and "/batch_" in usage.meter and usage.stand_in is None:
            return (
                f"; or state its discount off the other price: backends.{precompute.backend}.batch: {{discount: 50 %}}"
            )
    return ""


def _fault(book: PriceBook, meter: str, unit: str) -> str | None:
    price = book.find(meter)
    if price is None:
        return book.missing(meter)
    return None if price.unit == unit else wrong_unit(book, price, unit)


def _told(scenario: Scenario, said: str, who: Sequence[Need], tree: Tree | None) -> Fault:
    """Return what is wrong with a meter, at the first key that asks for it, with all that needs it."""
    items = " and ".join(dict.fromkeys(usage.item for _, usage in who))
    plans = ", ".join(f"'{plan}'" for plan in dict.fromkeys(plan for plan, _ in who))
    keys = list(dict.fromkeys(found for plan, usage in who if (found := _key(scenario, plan, usage)) is not None))
    also = f", also by {', '.join(map(written_path, keys[1:]))}" if keys[1:] else ""
    message = f"{said} (needed for {items} of {plans}{also})"
    return Fault(message, written_path(keys[0]), _line(scenario, keys[0], tree)) if keys else Fault(message)


def _key(scenario: Scenario, plan_name: str, usage: Usage) -> Keys | None:
    """Return the key whose value names the meter; None where none does."""
    plan = scenario.plans[plan_name]
    if usage.meter == "feature_store/read":
        return ("model", "feature_reads")
    if usage.meter == "egress":
        return ("model", "response_size")
    if usage.item == "training":
        return (*(("plans", plan_name) if plan.training else ("model",)), "training", "instance")
    parts = _parts(scenario, plan_name, usage.backend)
    values = [each for keys, part in parts.items() for each in _texts(part, keys)]
    fitting = [(keys, text) for keys, text in values if text and f"/{text}/" in f"/{usage.meter}/"]
    return max(fitting, key=lambda found: len(found[1]))[0] if fitting else None


def _parts(scenario: Scenario, plan_name: str, backend: str) -> dict[Keys, BaseModel]:
    """Return what may name a plan's meters, by its keys; of the backends, that one alone where one is given."""
    plan = scenario.plans[plan_name]
    names = [plan.precompute.backend] if plan.precompute else []
    who = [backend] if backend else [*names, *scenario.online_names(plan)]
    parts: dict[Keys, BaseModel] = {("backends", name): scenario.backends[name] for name in who}
    parts[("plans", plan_name, "store") if plan.store else ("store",)] = scenario.store_of(plan)
    ahead = scenario.batch_backend(plan)
    if ahead is not None:
        parts["backends", names[0], "feature_pipeline"] = ahead.feature_pipeline
    if plan.refresh is not None and plan.refresh.stream is not None:
        parts["plans", plan_name, "refresh", "stream"] = plan.refresh.stream
    return parts


def _texts(part: BaseModel, keys: Keys) -> Iterator[tuple[Keys, str]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if isinstance(value, str) and name not in _NOT_METERED:
            yield (*keys, field.alias or key_of(name)), value


def _line(scenario: Scenario, keys: Keys, tree: Tree | None) -> int | None:
    """Return the line of a key, where the file states the very value that the scenario has."""
    if tree is None or _at(tree.data, keys) != _at(scenario.model_dump(mode="json"), keys):
        return None
    return tree.lines.get(keys)


def _at(data: object, keys: Keys) -> object:
    for key in keys:
        data = data.get(str(key)) if isinstance(data, dict) else None
    return data
