"""The explorer's page: what anywidget shows. It has no state of its own, so that a notebook has none to keep."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
from typing_extensions import override

HERE = Path(__file__).parent


class View(anywidget.AnyWidget):
    """The page; what it shows is sent to it as messages, and is in no trait."""

    _esm = (HERE / "view.js").read_text(encoding="utf-8")
    _css = (HERE / "view.css").read_text(encoding="utf-8")

    def __init__(self, hears: Callable[[Mapping[str, Any]], None]) -> None:
        super().__init__()
        self.said = ""
        """What a notebook without a kernel shows in its place."""
        self.on_msg(lambda _widget, content, _buffers: hears(content))

    @override
    def __repr__(self) -> str:
        return self.said
