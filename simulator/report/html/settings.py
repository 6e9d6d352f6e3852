"""The fields of a page in which a reader sets prices and terms."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.report import format as form
from simulator.report.html.book_data import Json

MOST_OFF_PERCENT = 99
"""Of what a commitment covers: a book takes no more, as all off would be for nothing."""
BESIDE = "one more, beside what the price book has agreed"
COUNTED = frozenset({"row", "run", "token", "call", "request"})
"""Units that are words."""


@dataclass(frozen=True)
class Field:
    """A figure that can be set."""

    key: str
    """What a link calls it; no two of a page are alike."""
    path: str
    """Where it is in the terms that are reckoned with, such as ``prices.3.usd``."""
    label: str
    value: float
    percent: bool = False
    """Whether it is a share, which readers see and set in percent."""
    most: int | None = None


@dataclass(frozen=True)
class Setting:
    """What can be set of a price or a term, together."""

    title: str
    note: str
    fields: tuple[Field, ...]
    slides: bool
    """Whether a slider moves its first field, or all prices at once."""


@dataclass(frozen=True)
class SettingGroup:
    """Settings under one heading."""

    title: str
    note: str
    settings: tuple[Setting, ...]


def setting_groups(terms: Json) -> tuple[SettingGroup, ...]:
    """Return the settings of `rebilling_data`'s terms."""
    discounts = [
        _discount(each, number, sum(other["meters"] == each["meters"] for other in terms["discounts"][:number]))
        for number, each in enumerate(terms["discounts"])
    ]
    commitments = [
        _commitment(each, number, sum(other["meters"] == each["meters"] for other in terms["commitments"][:number]))
        for number, each in enumerate(terms["commitments"])
    ]
    groups = (
        SettingGroup("Prices", "", tuple(_price(each, number) for number, each in enumerate(terms["prices"]))),
        SettingGroup("Discounts", "Off the price after free units and tiers.", tuple(discounts)),
        SettingGroup(
            "Commitments",
            "So much an hour that is paid whether it is used or not; each plan is billed as if it alone ran.",
            tuple(commitments),
        ),
    )
    return tuple(group for group in groups if group.settings)


def _price(price: Json, number: int) -> Setting:
    return Setting(
        form.one_line(price["name"]),
        "stated in the scenario" if price["is_stated"] else "",
        tuple(_figures(price, number)),
        slides=_is_above_0(price),
    )


def _figures(price: Json, number: int) -> Iterator[Field]:
    name, path = price["name"], f"prices.{number}"
    per = f"USD per {_amount(price['per'], price['unit'])}"
    if price["usd"] is not None:
        yield Field(name, f"{path}.usd", per, price["usd"])
    for place, tier in enumerate(price["tiers"]):
        what = "beyond" if tier["up_to"] is None else f"up to {tier['up_to']:,.0f} a month"
        yield Field(f"{name}:tier{place + 1}", f"{path}.tiers.{place}.usd", f"{per}, {what}", tier["usd"])
    for place, long in enumerate(price["long_prompts"]):
        what = f"prompts above {long['above']:,}"
        yield Field(f"{name}:above{long['above']}", f"{path}.long_prompts.{place}.usd", f"{per}, {what}", long["usd"])
    if price["free"]:
        yield Field(f"{name}:free", f"{path}.free", f"free {_several(price['unit'])} a month", price["free"])


def _amount(per: float, unit: str) -> str:
    """Return so many units in words: ``h``, ``1,000,000 rows``."""
    return unit if per == 1 else f"{per:,.12g} {_several(unit)}"


def _several(unit: str) -> str:
    return f"{unit}s" if unit in COUNTED else unit


def _is_above_0(price: Json) -> bool:
    """Return whether there is anything for a slider to multiply."""
    return any([price["usd"], *(each["usd"] for each in (*price["tiers"], *price["long_prompts"]))])


def _discount(discount: Json, number: int, before: int) -> Setting:
    key = f"discount:{discount['meters']}{_again(before)}"
    note = BESIDE if discount["is_added"] else f"{discount['name']}; {discount['agreed']}"
    share = Field(key, f"discounts.{number}.share", "% off", discount["share"], percent=True, most=100)
    return Setting(form.one_line(discount["meters"]), form.one_line(note), (share,), slides=True)


def _commitment(commitment: Json, number: int, before: int) -> Setting:
    key = f"commitment:{commitment['meters']}{_again(before)}"
    path = f"commitments.{number}"
    fields = (
        Field(f"{key}:usd_per_h", f"{path}.usd_per_h", "USD per h committed to", commitment["usd_per_h"]),
        Field(
            f"{key}:discount",
            f"{path}.discount",
            "% off what it covers",
            commitment["discount"],
            percent=True,
            most=MOST_OFF_PERCENT,
        ),
    )
    agreed = "; ".join(filter(None, (commitment["label"], commitment["agreed"])))
    note = BESIDE if commitment["is_added"] else agreed
    return Setting(form.one_line(commitment["meters"]), form.one_line(note), fields, slides=False)


def _again(before: int) -> str:
    return f":{before + 1}" if before else ""
