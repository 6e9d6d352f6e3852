"""Reads the cases out of the reference values' keys."""

import math
import re
from collections.abc import Iterator

import pytest

RELATIVE = 1e-9  # reference values are doubles; what is lost is the rounding of either side

# The users of the e.* cases: the fit to DAU 2 % and MAU 20 %, to nine digits: recovered from
# two pairs of those cases (hybrid share and coverage; shares active in 7 and 28 days), which agree.
ANCHOR_SHAPE = 0.118447037
ANCHOR_BETA = 5.37713593

_WRITTEN_SHORT = {  # keys show six digits of what was computed in full
    "0.0288811": math.log(2) / 24,
    "ln2/24": math.log(2) / 24,
    "0.0416667": 1 / 24,
    "0.0104167": 1 / 96,
    "0.016667": 1 / 60,
    "0.083333": 5 / 60,
    "1/60": 1 / 60,
    "5/60": 5 / 60,
}
_PARAMETER = re.compile(r"([A-Za-z]\w*)=(\S+)")


def close(value: float, relative: float = RELATIVE) -> object:
    return pytest.approx(value, rel=relative, abs=1e-300)


def number(text: str) -> float:
    return _WRITTEN_SHORT.get(text) or float(text)


def cases(section: dict[str, float], *labels: str) -> Iterator[tuple[str, dict[str, float], float]]:
    """Yield (label, parameters, value) of every key that holds one of the labels; each label must occur."""
    seen = set()
    for key, value in section.items():
        label = next((label for label in labels if label in key), None)
        if label is not None:
            seen.add(label)
            yield label, {name: number(text) for name, text in _PARAMETER.findall(key.replace(label, ""))}, value
    assert seen == set(labels), f"labels without a key: {set(labels) - seen}"
