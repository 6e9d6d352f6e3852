"""Values that stand for a whole part: ``cache: 6 h`` for ``cache: {kind: ttl, ttl: 6 h}``."""

import re
from dataclasses import dataclass
from typing import Any, Final

_STARTS_A_QUANTITY: Final = re.compile(r"\s*[-+.$]?\s*[0-9.]")


@dataclass(frozen=True)
class Short:
    """Which key of which kind a value alone is for."""

    key: str
    kind: str = ""
    """Empty for a part that has no kinds."""
    takes_words: bool = False
    """Whether the value may be any text; else a text must begin as a quantity does, and all others name a kind."""

    def full(self, value: Any) -> dict[str, Any]:
        """Return what ``value`` stands for."""
        return {"kind": self.kind, self.key: value} if self.kind else {self.key: value}

    def written(self, value: str) -> str:
        """Return what ``value`` stands for, as a file has it."""
        return "{" + ", ".join(f"{key}: {item}" for key, item in self.full(value).items()) + "}"


@dataclass(frozen=True)
class InFull:
    """Turns a short form into the mapping that it stands for, and leaves everything else as it is."""

    short: Short | None
    listed: Short | None = None
    kinds: tuple[str, ...] = ()

    def __call__(self, value: Any) -> Any:
        """Return the full form of ``value``."""
        short = self.form_of(value)
        if short is not None:
            return short.full(value)
        return {"kind": value} if self.kinds and isinstance(value, str) else value

    def form_of(self, value: Any) -> Short | None:
        """Return the short form that a value is in, if it is in one."""
        if isinstance(value, list):
            return self.listed
        if self.short is None or isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return None
        if not isinstance(value, str) or not self.kinds:
            return self.short
        if value in self.kinds:
            return None
        return self.short if self.short.takes_words or _STARTS_A_QUANTITY.match(value) else None
