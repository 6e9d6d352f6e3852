"""The reference that is made from the code says all of it."""

import inspect
from pathlib import Path
from typing import Any

import pytest

import simulator
from simulator.core.component import WrittenDefaults
from simulator.scenario.schema import Scenario
from simulator.studies.metric_kinds import METRICS
from simulator.studies.metric_meanings import MEANINGS
from simulator.theory import caching

EXTENSIONS = Path(__file__).parents[2] / "docs" / "_extensions"


@pytest.fixture(autouse=True)
def _extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXTENSIONS))


def test_every_metric_has_a_meaning_and_every_meaning_a_metric() -> None:
    told = [name for meanings in MEANINGS.values() for name in meanings]
    assert len(told) == len(set(told))
    assert set(told) == METRICS


def test_every_key_of_a_scenario_is_told_with_what_it_takes_and_what_it_means() -> None:
    import scenario_keys

    told = scenario_keys.markdown()
    schema = Scenario.model_json_schema(schema_generator=WrittenDefaults)
    for name, part in {"Scenario": schema, **schema["$defs"]}.items():
        if "properties" not in part:
            continue
        section = told.partition(f"(part-{name.lower()})=")[2].partition("\n(part-")[0]
        for key, value in part["properties"].items():
            if key == "kind" and "const" in value:
                assert f"kind `{value['const']}`" in section
            else:
                entry = section.partition(f"\n`{key}`\n: ")[2].partition("\n`")[0]
                assert entry.strip(), f"{name}.{key}"
                assert "*Takes* " in entry
                assert not entry.startswith("\n"), f"{name}.{key} has no description"


def test_a_bound_is_told_in_the_words_of_a_scenario() -> None:
    import scenario_keys

    told = scenario_keys.markdown()
    assert "above 0 s, at most 3660 d" in told
    assert "at least 1, at most 10,000" in told
    assert "a time of day, such as `02:00`" in told


def test_every_command_and_every_option_is_told() -> None:
    import commands

    told = commands.markdown()
    for name, command in commands.all_commands():
        section = told.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert command.help.split()[0] in section
        for each in command.params:
            shown = each.opts if each.param_type_name == "option" else [each.metavar or each.name.upper()]
            assert all(f"`{option}" in section or f"[{option}]" in section for option in shown), f"{name} {shown}"


def test_every_public_name_and_what_it_gives_is_told_and_has_a_docstring() -> None:
    import public_names

    told = public_names.markdown()
    for name in simulator.__all__:
        value: Any = getattr(simulator, name)
        assert f"simulator.{name}\n" in told
        assert inspect.getdoc(value)
    assert ".Plots\n" in told, "what result.plot gives"
    for result in ("Result", "SweepResult"):
        section = told.partition(f"### {result}\n")[2].partition("\n### ")[0]
        assert {"workbook", "slides"} <= set(section.partition(":members: ")[2].partition("\n")[0].split(", "))


def test_every_closed_form_is_told() -> None:
    import closed_forms

    told = closed_forms.markdown()
    functions = inspect.getmembers(caching, inspect.isfunction)
    public = [name for name, value in functions if value.__module__ == caching.__name__]
    assert len(public) > 5
    assert all(f"simulator.theory.caching.{name}" in told for name in public)
