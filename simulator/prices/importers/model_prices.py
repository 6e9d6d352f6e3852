"""What an entry of LiteLLM's file says of a model's prices, field by field, and what of it is not understood.

A field is a kind of token and what it holds for: ``cache_creation_input_token_cost_above_1hr_above_200k_tokens`` is the
price of what is written to the prompt cache for an hour by calls whose prompt has more than 200,000 tokens. LiteLLM
itself reads them so: the length is that of the whole prompt, cached tokens too; the price holds for the whole call; and
a kind of token for which the entry has no such price keeps its own [1]_.

References
----------
.. [1] BerriAI/litellm, litellm_core_utils/llm_cost_calc/utils.py, ``_get_token_base_cost``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from simulator.core.prompt_lengths import PROMPT_STEP

ASKED: Final = frozenset(("input_cost_per_token", "output_cost_per_token"))
KINDS: Final = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
    "input_cost_per_token_cache_hit": "cached_input",
    "cache_creation_input_token_cost": "cache_write",
}
"""Kinds of token; of two fields of one kind the first counts."""
BATCHES: Final = ("_batches", "_batch_requests")
ONE_HOUR: Final = "_above_1hr"
_SERVICE_TIER: Final = re.compile(r"_(priority|flex)(?=_above_|$)")
"""What says that a price holds for calls of a faster or a slower tier, before or behind the length of their prompts."""
PER_CALL: Final = ("input_cost_per_query", "input_cost_per_request")
"""A call is one query and one request."""
NOTHING_WRITTEN: Final = frozenset(("embedding", "rerank", "moderation", "search"))
"""Modes in which a model writes no tokens: no price of those means that there are none."""
PAID_BY_THE_CALL: Final = frozenset(("rerank", "search"))
"""Modes in which a price of the call and none of tokens means that tokens cost nothing."""
REASONING: Final = "output_cost_per_reasoning_token"
SIDES: Final = frozenset(("input", "output", "batch_input", "batch_output"))
SHOWN: Final = 3
"""So many of a model's prices that are not understood are named beside it."""
TIERS: Final = "tiered_pricing"
_PARTS: Final = re.compile(r"_above_1hr|_above_(\d{1,9})([km]?)_tokens|_batches|_batch_requests")
_FACTORS: Final = {"": 1, "k": 1_000, "m": 1_000_000}

Usd = Callable[..., float | None]
"""Returns a price from its value and its keys; None where it is none."""


@dataclass
class ModelPrices:
    """What is understood of a model's prices, and what is not."""

    name: str
    call_usd: float | None = None
    tokens: dict[str, dict[int, float]] = field(default_factory=dict)
    """By kind: prices by the tokens that a prompt exceeds; 0 for all prompts."""
    notes: dict[str, str] = field(default_factory=dict)
    """By kind: what is to be known of its price."""
    refused: dict[str, str] = field(default_factory=dict)
    """By kind, empty for the whole model: why it has no price here."""
    left_out: list[str] = field(default_factory=list)
    """What is not understood, or not asked for."""


@dataclass(frozen=True)
class Entry:
    """What a list says of a model, or of a tier of service of it."""

    name: str
    fields: Mapping[str, Any]
    of_tier: Mapping[str, str] = field(default_factory=dict)
    """What a field is called in the list where it is the tier's own."""


def entries_of(name: str, fields: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield a model as it is called without a tier of service, and each tier of it as a model of its own.

    A tier has the model's prices where it has none of its own, as LiteLLM reads them [1]_. It is called after both, as
    in ``gpt-5:flex``; one without a price of input or output is none.
    """
    tiers: dict[str, dict[str, str]] = {}
    for key in fields:
        found = _SERVICE_TIER.search(key)
        if found is not None and _parse(_SERVICE_TIER.sub("", key)) is not None:
            tiers.setdefault(found[1], {}).setdefault(_SERVICE_TIER.sub("", key), key)
    whole = {
        tier: keys
        for tier, keys in tiers.items()
        if any(fields[keys[each]] not in (None, "", 0) for each in ASKED & set(keys))
    }
    told = {key for keys in whole.values() for key in keys.values()}
    standard = {key: value for key, value in fields.items() if key not in told}
    yield Entry(name, standard)
    for tier, keys in whole.items():
        own = {key: fields[there] for key, there in keys.items() if fields[there] not in (None, "")}
        yield Entry(f"{name}:{tier}", {**_of_standard(standard), **own}, {key: keys[key] for key in own})


def _tell_what_is_not_of_the_tier(model: ModelPrices, of_tier: Iterable[str]) -> None:
    own = {_parse(each) for each in of_tier}
    for kind, by_length in model.tokens.items():
        missing = {above for above in by_length if _Name(kind, above) not in own}
        if missing:
            which = "" if len(missing) == len(by_length) else "long prompts " if missing != {0} else "short prompts "
            model.notes[kind] = f"{which}as without a tier: the list has no price of its own"


def _of_standard(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what holds for other tiers too: neither batches, which are a tier of their own, nor what is not read."""
    read = {key for key in fields if (name := _parse(key)) is not None and not name.kind.startswith("batch_")}
    return {key: value for key, value in fields.items() if key in read or ("cost" not in key and key != TIERS)}


@dataclass(frozen=True)
class _Name:
    """A field's name, taken apart."""

    kind: str
    above: int


def read_model(entry: Entry, usd: Usd) -> ModelPrices:
    """Return what an entry says of prices.

    Parameters
    ----------
    entry
        The entry.
    usd
        Reads a price, and notes a wrong one.
    """
    fields = entry.fields
    model, others = ModelPrices(entry.name), dict[str, None]()
    broken: dict[str, str] = {}
    for field_name, value, keys in _stated(fields, others, broken):
        parsed = _parse(field_name)
        if parsed is None:
            if _has_price(value):
                _note_other(field_name, others, broken)
            continue
        price_usd = usd(value, *keys)
        if price_usd is None:
            continue
        above = max(parsed.above, _least(keys, fields))
        if above % PROMPT_STEP:
            broken[parsed.kind] = f"{field_name}: prompts are told apart by whole thousands of tokens"
            others[field_name] = None
            continue
        model.tokens.setdefault(parsed.kind, {}).setdefault(above, price_usd)
    called = [found for each in PER_CALL if (found := usd(fields.get(each), each))]
    model.call_usd = sum(called) if called else None
    _tell_others(model, fields, tuple(others))
    _refuse(model, broken, tuple(others))
    _complete(model, str(fields.get("mode")))
    if entry.of_tier:
        _tell_what_is_not_of_the_tier(model, entry.of_tier)
    return model


def _stated(
    fields: Mapping[str, Any], others: dict[str, None], broken: dict[str, str]
) -> Iterator[tuple[str, Any, tuple[str | int, ...]]]:
    """Yield each price with its field's name and its keys, those of tiers first; what is no price is noted."""
    tiers = fields.get(TIERS)
    if tiers:
        if _are_of_prompts(tiers):
            for place, tier in enumerate(tiers):
                yield from ((key, value, (TIERS, place, key)) for key, value in tier.items() if "cost" in key)
        else:
            others[TIERS] = None
            broken |= dict.fromkeys(("input", "output"), f"{TIERS}: not by the tokens of prompts, in whole thousands")
    for key in (*KINDS, *(key for key in fields if key not in KINDS)):
        value = fields.get(key)
        if "cost" not in key or key in PER_CALL or value in (None, ""):
            continue
        if isinstance(value, (dict, list)):
            if _has_price(value):
                others[key] = None
        else:
            yield key, value, (key,)


def _are_of_prompts(tiers: object) -> bool:
    """Return whether tiers are prices by the length of prompts: ranges that follow one another, from 0 on."""
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) for tier in tiers):
        return False
    ranges = [tier.get("range") for tier in tiers]
    if not all(isinstance(each, list) and each and isinstance(each[0], (int, float)) for each in ranges):
        return False
    begins = [each[0] for each in ranges]
    ends = [each[1] for each in ranges[:-1] if len(each) > 1]
    return (
        begins[0] == 0
        and begins == sorted(set(begins))
        and ends == begins[1:]
        and not any(begin % PROMPT_STEP for begin in begins)
    )


def _least(keys: tuple[str | int, ...], fields: Mapping[str, Any]) -> int:
    """Return the tokens that a prompt must exceed for a price of tiers to hold."""
    return int(fields[TIERS][keys[1]]["range"][0]) if keys[0] == TIERS else 0


def _has_price(value: object) -> bool:
    """Return whether there is anything but 0 in a price of several parts."""
    if isinstance(value, dict):
        return any(map(_has_price, value.values()))
    if isinstance(value, list):
        return any(map(_has_price, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0


def _parse(name: str) -> _Name | None:
    """Return what a field is the price of; None where that is not understood."""
    stem = next((each for each in sorted(KINDS, key=len, reverse=True) if name.startswith(each)), None)
    if stem is None:
        return None
    kind, above, rest = KINDS[stem], 0, name[len(stem) :]
    is_batch = False
    while rest:
        found = _PARTS.match(rest)
        if found is None:
            return None
        if found[0] == ONE_HOUR:
            if kind != "cache_write":
                return None
            kind = "cache_write_1h"
        elif found[0] in BATCHES:
            is_batch = True
        else:
            above = int(found[1]) * _FACTORS[found[2]]
        rest = rest[found.end() :]
    if is_batch and kind not in ("input", "output"):
        return None
    return _Name(f"batch_{kind}" if is_batch else kind, above)


def _note_other(name: str, others: dict[str, None], broken: dict[str, str]) -> None:
    """Note a price that is not understood; where it is one above so much, the price beside it is not that of all."""
    others[name] = None
    stem = next((each for each in KINDS if name.startswith(f"{each}_above_")), None)
    if stem is not None and _SERVICE_TIER.search(name) is None:
        broken.setdefault(KINDS[stem], f"{name} is not understood")


def _tell_others(model: ModelPrices, fields: Mapping[str, Any], others: tuple[str, ...]) -> None:
    if REASONING in others:
        told = fields.get(REASONING)
        if isinstance(told, (int, float)) and told == model.tokens.get("output", {}).get(0):
            others = tuple(each for each in others if each != REASONING)
        else:
            model.notes["output"] = "tokens of reasoning, which cost otherwise, are not told apart"
    model.left_out += (f"prices by {each}" for each in others)


def _refuse(model: ModelPrices, broken: Mapping[str, str], others: tuple[str, ...]) -> None:
    """Take out what only looks like a price."""
    all_free = not any(usd for by_length in model.tokens.values() for usd in by_length.values())
    for kind, by_length in list(model.tokens.items()):
        beside = [each for each in others if all_free or _side(each) in (None, _side(kind))]
        if 0 not in by_length:
            model.refused[kind] = "it has a price for long prompts alone"
        elif kind in broken:
            model.refused[kind] = broken[kind]
        elif not any(by_length.values()):
            _refuse_free(model, kind, beside)
        if kind in model.refused:
            model.tokens.pop(kind, None)
    model.refused |= {kind: why for kind, why in broken.items() if kind not in model.tokens}


def _refuse_free(model: ModelPrices, kind: str, beside: list[str]) -> None:
    """Refuse a price of 0 that is not free: beside one that is not understood, or beside a price of the same tokens.

    What is written to a prompt cache is read as input too; 0 says that it costs nothing beside that.
    """
    if kind in SIDES:
        if beside:
            model.refused[kind] = f"the list has 0 a token beside {beside[0]}, which is not understood"
        elif kind.startswith("batch_") and any(model.tokens.get(kind.removeprefix("batch_"), {}).values()):
            model.refused[kind] = "the list has 0 for it beside a price of the same tokens without a batch"
    elif any(model.tokens.get("input", {}).values()):
        if kind == "cached_input":
            model.refused[kind] = "the list has 0 for it beside a price of input"
        else:
            del model.tokens[kind]
            model.left_out.append("prices of 0 of what is written to the prompt cache, which is paid as input")


def _side(name: str) -> str | None:
    """Return which side of a call a price is for; None for both."""
    name = name.removeprefix("batch_")
    return next((side for side in ("input", "output") if name.startswith(side)), None)


def _complete(model: ModelPrices, mode: str) -> None:
    """Add what follows: prices of 0 where there is nothing to pay, and what is to be known of those there are."""
    if mode in PAID_BY_THE_CALL and model.call_usd and not model.tokens and not model.refused:
        model.tokens["input"] = {0: 0.0}
        model.notes["input"] = "paid by the call"
    if (
        mode in NOTHING_WRITTEN
        and "input" in model.tokens
        and not {"output"} & (set(model.tokens) | set(model.refused))
    ):
        model.tokens["output"] = {0: 0.0}
        model.notes["output"] = f"nothing is written: {mode}"
    if not model.tokens:
        what = ", ".join(model.left_out[:SHOWN]) or "no price"
        model.refused = {"": f"the list has {what} for it, and nothing that is understood"}
        model.left_out.insert(
            0, "models with no price that is understood" if model.left_out else "models with no price"
        )
    if any(len(by_length) > 1 for by_length in model.tokens.values()):
        for kind, by_length in model.tokens.items():
            if len(by_length) == 1:
                told = model.notes.get(kind)
                one = "one price for prompts of any length"
                model.notes[kind] = f"{told}; {one}" if told else one
