"""Token prices of language models, as pydantic's genai-prices states them (``data.json`` or ``data_slim.json``) [1]_.

Providers have models, and a model has prices a million tokens; one that depends on the prompt's length has a base and
tiers, each of which holds for all tokens of calls whose prompt has more. Of prices that follow one another in time the
last that has begun counts.

References
----------
.. [1] pydantic/genai-prices, prices/new_data/v2/data.schema.json
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from typing_extensions import override

from simulator.core.input_files.wording import one_line, shortened
from simulator.core.prompt_lengths import PROMPT_STEP
from simulator.prices.book import PriceGroup, Unpriced
from simulator.prices.importers.base import Imported, Importer, LeftOut, Reading, file_date, json_of
from simulator.prices.price import TOKEN, LongPrompts, Price

MILLION: Final = 1_000_000
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "input_mtok": "input",
        "output_mtok": "output",
        "cache_read_mtok": "cached_input",
        "cache_write_mtok": "cache_write",
        "cache_write_5m_mtok": "cache_write",
        "cache_write_1h_mtok": "cache_write_1h",
    }
)
"""What is read; of two of one kind the first counts."""
CALLS: Final = "requests_kcount"
PER_CALLS: Final = 1_000


@dataclass
class _Found:
    prices: list[Price] = field(default_factory=list)
    unpriced: list[Unpriced] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


class GenaiPrices(Importer):
    """Meters ``llm/<provider>/<model>/input`` and so on, a price per token; and ``.../call``, where a call has a price.

    Prices of sound, pictures, video, searches and the like are named as left out; so are those of some hours of the
    day, as a book has one price for all.
    """

    kind: Literal["genai-prices"] = "genai-prices"

    @override
    def read(self, path: Path) -> Imported:
        reading, found = Reading(path), _Found()
        for name, prices in _models(json_of(path), reading):
            _take(name, prices, found, reading, path.name)
        reading.done()
        group = PriceGroup(source=path.name, date=file_date(path), prices=tuple(found.prices))
        left_out = LeftOut.by_reason(found.left_out)
        return Imported(self.book_of(path, [group], left_out, unpriced=tuple(found.unpriced)), left_out)


def _models(data: Any, reading: Reading) -> Iterator[tuple[str, Any]]:
    if not isinstance(data, list):
        reading.wrong(None, "", "must be a list of providers with their models")
        return
    seen: set[str] = set()
    for place, provider in enumerate(data):
        models = provider.get("models") if isinstance(provider, dict) else None
        if not isinstance(models, list) or not isinstance(provider.get("id"), str):
            reading.wrong(None, f"[{place}]", "must be a provider, with 'id' and 'models'")
            continue
        for number, model in enumerate(models):
            where = f"[{place}].models[{number}]"
            if not isinstance(model, dict) or not isinstance(model.get("id"), str) or "prices" not in model:
                reading.wrong(None, where, "must be a model, with 'id' and 'prices'")
                continue
            name = f"{provider['id']}/{model['id']}"
            if not name.isprintable() or name in seen:
                reading.wrong(None, where, f"'{shortened(one_line(name))}' is no name, or there a second time")
                continue
            seen.add(name)
            yield name, model["prices"]


def _take(name: str, stated: Any, found: _Found, reading: Reading, source: str) -> None:
    prices, since, why = _now(stated)
    if why:
        found.left_out.append((why, name))
    if not isinstance(prices, dict):
        reading.wrong(None, f"{name}.prices", "must be an object of prices, or a list of such with what they hold for")
        return
    kinds: dict[str, Price] = {}
    others = [key for key in prices if key not in KINDS and key != CALLS]
    found.left_out += ((f"prices by {key}", name) for key in others)
    for key, kind in KINDS.items():
        if key in prices and kind not in kinds:
            price = _price(f"llm/{name}/{kind}", prices[key], f"{source}{since}", f"{name}.{key}", reading)
            if price is not None:
                kinds[kind] = price
    call_usd = reading.amount(prices.get(CALLS), None, f"{name}.{CALLS}")
    if call_usd:
        found.prices.append(Price(meter=f"llm/{name}/call", unit="call", usd=call_usd, per=PER_CALLS, source=source))
    is_free = not call_usd and not any(price.usd or price.long_prompts for price in kinds.values())
    if kinds and not (is_free and others):
        found.prices += kinds.values()
        return
    beside = "0 a token beside prices" if kinds else "prices"
    what = f"the list has {beside} by {', '.join(others)} for it, which are not understood" if others else "no price"
    found.unpriced.append(Unpriced(meter=f"llm/{name}", why=what))
    found.left_out.append(("models with no price that is understood", name))


def _now(stated: Any) -> tuple[Any, str, str]:
    """Return the prices that hold now, since when, and what is left out of those that hold at times."""
    if not isinstance(stated, list):
        return stated, "", ""
    best, since, why = None, "", ""
    for each in stated:
        constraint = each.get("constraint") if isinstance(each, dict) else None
        if not isinstance(each, dict) or "prices" not in each:
            return None, "", ""
        begin = constraint.get("start_date") if isinstance(constraint, dict) else None
        if isinstance(constraint, dict) and begin is None:
            why = "prices of some hours of the day"
        elif begin is None or _has_begun(begin):
            best, since = each["prices"], f", since {begin}" if begin else ""
    return best, since, why


def _has_begun(begin: Any) -> bool:
    try:
        return date.fromisoformat(str(begin)) <= datetime.now(UTC).date()
    except ValueError:
        return False


def _price(meter: str, stated: Any, source: str, path: str, reading: Reading) -> Price | None:
    tiers = stated.get("tiers") if isinstance(stated, dict) else []
    base = stated.get("base") if isinstance(stated, dict) else stated
    if not isinstance(tiers, list) or not all(isinstance(tier, dict) for tier in tiers):
        reading.wrong(None, path, "must be a price, or a 'base' with 'tiers'")
        return None
    usd = reading.amount(base, None, path)
    long_usd = [(tier.get("start"), reading.amount(tier.get("price"), None, f"{path}.tiers")) for tier in tiers]
    if usd is None or any(price is None for _, price in long_usd):
        if not reading.faults:
            reading.wrong(None, path, "has no price in one of its tiers, or no 'base'")
        return None
    if any(not isinstance(start, int) or start <= 0 or start % PROMPT_STEP for start, _ in long_usd):
        reading.wrong(None, path, "has a tier that begins at no whole thousand of tokens")
        return None
    long_prompts = tuple(LongPrompts(above=start, usd=price or 0.0) for start, price in sorted(long_usd))
    return Price(meter=meter, unit=TOKEN, usd=usd, per=MILLION, long_prompts=long_prompts, source=source)
