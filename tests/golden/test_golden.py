import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _rewriting() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rewrite", Path(__file__).parent / "rewrite.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REWRITE = _rewriting()


def leaves(content: Any, path: str = "") -> dict[str, Any]:
    if isinstance(content, dict):
        return {place: leaf for key, value in content.items() for place, leaf in leaves(value, f"{path}/{key}").items()}
    if isinstance(content, list):
        return {place: leaf for k, value in enumerate(content) for place, leaf in leaves(value, f"{path}/{k}").items()}
    return {path: content}


def text_of(content: dict[str, Any]) -> dict[str, Any]:
    return {path: leaf for path, leaf in content.items() if not isinstance(leaf, float)}


@pytest.mark.parametrize("path", REWRITE.SCENARIOS, ids=lambda path: path.stem)
def test_a_bundled_scenario_gives_the_stored_result(path: Path) -> None:
    found = leaves(REWRITE.result(path))
    expected = leaves(json.loads(REWRITE.stored(path).read_text(encoding="utf-8")))
    assert text_of(found) == text_of(expected)
    numbers = {place: leaf for place, leaf in expected.items() if isinstance(leaf, float)}
    # np.exp and its like may differ in the last digit between processors
    assert {place: found[place] for place in numbers} == pytest.approx(numbers, rel=1e-6, abs=1e-9)


def test_every_stored_result_has_its_scenario() -> None:
    assert {path.stem for path in Path(__file__).parent.glob("*.json")} == {path.stem for path in REWRITE.SCENARIOS}
