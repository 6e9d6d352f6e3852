"""What is the user's fault, said so that the user can mend it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from typing_extensions import override


class UserError(Exception):
    """Something the user gave is wrong; the message says what, where and what would be right."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input file."""

    message: str
    """What value broke which rule, and what would be right."""
    path: str = ""
    """Key path, such as ``plans.hybrid.cache.ttl``; empty for the file as a whole."""
    line: int | None = None
    """Line in the file, from 1; absent where the value did not come from a line."""

    @override
    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.path}: {self.message}" if self.path else f"{where}{self.message}"


class InputFileError(UserError):
    """All faults of one file at once."""

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        count = len(self.faults)
        head = f"{source}: " if count == 1 else f"{source}: {count} faults\n  "
        super().__init__(head + "\n  ".join(str(fault) for fault in self.faults))


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return a hint naming the nearest of ``choices``, else all of them."""
    known = sorted(choices)
    close = difflib.get_close_matches(word, known, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"choose one of: {', '.join(known)}" if known else ""
