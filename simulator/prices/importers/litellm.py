"""Token prices of language models, as LiteLLM's and tokencost's JSON files state them."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from typing_extensions import override

from simulator.core.input_files.json_reading import JsonFile, parse_json
from simulator.core.input_files.wording import one_line, shortened
from simulator.prices.book import PriceGroup, Unpriced
from simulator.prices.importers.base import Imported, Importer, LeftOut, Reading, file_date, text_of
from simulator.prices.importers.model_prices import ModelPrices, entries_of, read_model
from simulator.prices.price import TOKEN, LongPrompts, Price

DOCUMENTATION: Final = "sample_spec"
"""An entry that explains the others."""
CALL: Final = "call"


class LiteLlm(Importer):
    """Meters ``llm/<model>/input`` and so on, a price per token; and ``llm/<model>/call``, where a call has a price.

    Read are prices of input, output, cached input and what is written to a prompt cache, for five minutes or an hour;
    those of the batch tier; those of long prompts, for any whole thousand tokens; and those of a query or a request.
    The faster and the slower tier are models of their own, such as ``gpt-5:priority`` and ``gpt-5:flex``.
    All others, such as those of sound, pictures or pages, are named as left out. A model
    is left out itself where nothing of it is understood, and so are its tokens where they cost 0 beside a price that is
    not, for then they are not free.
    """

    kind: Literal["litellm"] = "litellm"

    @override
    def read(self, path: Path) -> Imported:
        file, reading = parse_json(text_of(path), str(path), "an entry per model"), Reading(path)
        models = tuple(_models(file, reading))
        reading.done()
        prices = tuple(price for model in models for price in _prices(model, path.name))
        group = PriceGroup(source=path.name, date=file_date(path), prices=prices)
        unpriced = tuple(each for model in models for each in _unpriced(model))
        left_out = LeftOut.by_reason((why, model.name) for model in models for why in model.left_out)
        return Imported(self.book_of(path, [group], left_out, unpriced=unpriced), left_out)


def _models(file: JsonFile, reading: Reading) -> Iterator[ModelPrices]:
    for name, fields in file.data.items():
        if name == DOCUMENTATION:
            continue
        short = shortened(one_line(name))
        if not name or not name.isprintable() or not isinstance(fields, dict):
            reading.wrong(file.line(name), short, "must be a model's name with an object of its prices")
            continue
        for entry in entries_of(name, fields):
            yield read_model(entry, _Amounts(file, reading, name, short, entry.of_tier).usd)


class _Amounts:
    """Reads the prices of a model."""

    def __init__(self, file: JsonFile, reading: Reading, name: str, short: str, called: Mapping[str, str]) -> None:
        self._file, self._reading, self._name, self._short, self._called = file, reading, name, short, called

    def usd(self, value: object, *keys: str | int) -> float | None:
        """Return a price; None where there is none or a wrong one, which is noted. [USD]"""
        if isinstance(value, float) and 0 <= value < math.inf:
            return value
        if value is None or value == "":
            return None
        there = [self._called.get(str(key), key) for key in keys]
        line = self._file.line(self._name, *there)
        return self._reading.amount(value, line, ".".join(map(str, (self._short, *there))))


def _prices(model: ModelPrices, source: str) -> Iterator[Price]:
    for kind, by_length in model.tokens.items():
        yield Price(
            meter=f"llm/{model.name}/{kind}",
            unit=TOKEN,
            usd=by_length[0],
            long_prompts=tuple(LongPrompts(above=above, usd=usd) for above, usd in sorted(by_length.items()) if above),
            source="; ".join(filter(None, (source, model.notes.get(kind)))),
        )
    if model.call_usd is not None:
        yield Price(
            meter=f"llm/{model.name}/{CALL}", unit=CALL, usd=model.call_usd, source=f"{source}; a call is one query"
        )


def _unpriced(model: ModelPrices) -> Iterator[Unpriced]:
    for kind, why in model.refused.items():
        yield Unpriced(meter=f"llm/{model.name}/{kind}" if kind else f"llm/{model.name}", why=why)
