"""The standard streams as they are found: closed, of few letters, or with a reader who leaves."""

import codecs
import contextlib
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

SPELT = "predcost_spelt"
"""Name of the way to write letters that a stream does not have."""
_SPELLINGS = {
    "·": "|",
    "…": "...",
    "→": "->",
    "←": "<-",
    "−": "-",  # noqa: RUF001
    "–": "-",  # noqa: RUF001
    "—": "-",
    "×": "x",  # noqa: RUF001
    "≤": "<=",
    "≥": ">=",
    "µ": "u",
    "μ": "u",
    "₂": "2",
    "²": "2",
    "°": " deg",
    "‘": "'",  # noqa: RUF001
    "’": "'",  # noqa: RUF001
    "“": '"',
    "”": '"',
    "•": "*",
    "±": "+-",
}
_LINES = "─━═╌┄"


def make_usable() -> None:
    """Let whatever is printed go somewhere: to nobody where a stream is closed, and spelt where letters are missing."""
    while True:  # or the next file that is opened becomes stdout
        spare = os.open(os.devnull, os.O_RDWR)
        if spare > 2:  # noqa: PLR2004  (stdin, stdout and stderr)
            os.close(spare)
            break
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  (for as long as we run)
    codecs.register_error(SPELT, _spell)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=SPELT)


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Print to nobody from when the reader of a pipe has gone; what comes after is done nevertheless."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        print_to_nobody()
    except SystemExit as end:  # which is how rich and typer tell
        if end.code != 1:
            raise
        print_to_nobody()


def print_to_nobody() -> None:
    """Let all that is printed from now on go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, sys.stdout.fileno())
        os.close(nobody)


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_spelt(letter, error.encoding) for letter in text), error.end


def _spelt(letter: str, encoding: str) -> str:
    """Return a letter in those that there are: spelt, or without its accents; else a question mark."""
    if letter in _LINES:
        return "-"
    plain = _SPELLINGS.get(letter) or unicodedata.normalize("NFKD", letter)
    with contextlib.suppress(LookupError):
        plain = "".join(each for each in plain if not unicodedata.combining(each))
        return plain.encode(encoding, "ignore").decode(encoding) or "?"
    return "?"
