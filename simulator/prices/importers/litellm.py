"""Token prices of language models, as LiteLLM's and tokencost's JSON files state them."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from typing_extensions import override

from simulator.core.errors import Fault, InputFileError
from simulator.core.input_files.wording import one_line, shortened, shown
from simulator.prices.book import PriceGroup
from simulator.prices.importers.base import Imported, Importer, Reading, file_date, text_of
from simulator.prices.price import Price

FIELDS: Final = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "batch_input": "input_cost_per_token_batches",
    "batch_output": "output_cost_per_token_batches",
}
"""The file's field for each kind of token; a kind that a model has no price for gets no meter."""
DOCUMENTATION: Final = "sample_spec"
"""An entry that explains the others."""
UNIT = "token"
_ENTRY: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*")\s*:')


class LiteLlm(Importer):
    """Meters ``llm/<model>/input`` and so on, a price per token.

    Prices that depend on a prompt's length, and prices of sound and pictures, are left out.
    """

    kind: Literal["litellm"] = "litellm"

    @override
    def read(self, path: Path) -> Imported:
        models, lines, reading = *_models(path), Reading(path)
        prices = {name: tuple(_prices(name, model, lines.get(name), reading)) for name, model in models.items()}
        reading.done()
        every = tuple(price for group in prices.values() for price in group)
        group = PriceGroup(source=path.name, date=file_date(path), prices=every)
        return Imported(self.book_of(path, [group]), sum(not group for group in prices.values()))


def _models(path: Path) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    """Return the entries by model, and the line of each."""
    text = text_of(path)
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise InputFileError(str(path), [Fault(f"not JSON: {getattr(error, 'msg', error)}", line=line)]) from None
    if not isinstance(found, dict):
        raise InputFileError(str(path), [Fault(f"must be an object with an entry per model, not {shown(found)}")])
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        entry = _ENTRY.match(line)
        if entry:
            lines.setdefault(json.loads(entry[1]), number)
    return {name: model for name, model in found.items() if name != DOCUMENTATION}, lines


def _prices(name: str, model: object, line: int | None, reading: Reading) -> Iterator[Price]:
    shown_name = shortened(one_line(name))
    if not name or not name.isprintable() or not isinstance(model, dict):
        reading.wrong(line, shown_name, "must be a model's name with an object of its prices")
        return
    for kind, field in FIELDS.items():
        usd = reading.amount(model.get(field), line, f"{shown_name}.{field}")
        if usd is not None:
            yield Price(meter=f"llm/{name}/{kind}", unit=UNIT, usd=usd)
