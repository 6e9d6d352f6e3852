"""Lists in which something is changed at random: read or refused with a sentence, and never a traceback."""

import random
import re
from pathlib import Path

import price_lists as lists
import pytest

from simulator.core.errors import UserError
from simulator.prices.importing import import_book

LISTS = {
    "aws-cur": (lists.CUR, None),
    "aws-offers": (lists.OFFERS, None),
    "azure-retail": (lists.AZURE_RETAIL, "eastus"),
    "focus": (lists.FOCUS, None),
    "gcp-skus": (lists.GCP, "us-central1"),
    "genai-prices": (lists.GENAI, None),
    "vantage": (lists.VANTAGE, "us-east-1"),
}
ODD = ("null", "[]", "{}", "-1", "1e400", '"x"', "NaN", "true", "", ",", '"', "}", "]", "9" * 20, '"a/b"', '{"a": 1}')
PARTS = re.compile(r'"[^"]*"|[-\d.e]+|[{\[]')


def changed(text: str, rng: random.Random) -> str:
    """Return a list with one to four changes: a part replaced, some letters taken out, put in, or replaced."""
    for _ in range(rng.randint(1, 4)):
        begin = rng.randrange(len(text) + 1)
        end, new = rng.choice(
            [(begin, rng.choice(ODD)), (begin + rng.randint(0, 20), ""), (begin + 1, chr(rng.randint(0, 0x2FFF)))]
        )
        parts = list(PARTS.finditer(text))
        if parts and rng.random() < 0.4:
            part = rng.choice(parts)
            begin, end, new = part.start(), part.end(), rng.choice(ODD)
        text = text[:begin] + new + text[end:]
    return text


@pytest.mark.parametrize("files", [200, pytest.param(10_000, marks=pytest.mark.long)])
def test_no_list_that_is_changed_at_random_ends_in_a_traceback(files: int, tmp_path: Path) -> None:
    rng, refused = random.Random(files), 0  # noqa: S311  (nothing secret)
    for _ in range(files):
        kind = rng.choice(list(LISTS))
        text, region = LISTS[kind]
        (tmp_path / "list.txt").write_text(changed(text, rng), encoding="utf-8", errors="surrogatepass")
        try:
            import_book(kind, tmp_path / "list.txt", tmp_path / "book.yaml", region)
        except UserError:
            refused += 1
    assert 0.2 * files < refused < files
