from pathlib import Path

import pytest
from mini_scenario import BASE, load, load_data

from simulator.core.errors import InputFileError
from simulator.core.input_files.reading import Tree

PLAN = "population: {users: 1}\nplans:\n  a:\n    "


def faults_in(text: str) -> list[str]:
    with pytest.raises(InputFileError) as caught:
        load(text)
    faults = [str(fault) for fault in caught.value.faults]
    assert all("\n" not in fault and len(fault) < 600 for fault in faults)
    return faults


def test_a_good_file_is_loaded() -> None:
    scenario = load(BASE)
    assert scenario.population.users == 1_000_000
    assert list(scenario.plans) == ["on demand", "v1.2", "hybrid"]


def test_an_iso_time_reaches_pydantic_as_it_is_written() -> None:
    assert load(BASE + "start: 2026-03-04T05:06\n").start.isoformat() == "2026-03-04T05:06:00"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BASE + "nmae: x", "line 7: unknown key 'nmae'; did you mean 'name'?"),
        (
            PLAN + "cache: {kind: ttl, ttl: 1 h, tttl: 2 h}",
            "line 4: plans.a.cache: unknown key 'tttl'; did you mean 'ttl'?",
        ),
        (
            PLAN + "cache: {kind: ttl, ttl: 1 h, zzz: 2 h}",
            "line 4: plans.a.cache: unknown key 'zzz'; choose one of: kind, ttl",
        ),
        (PLAN + "layers:\n    - {kind: ttl}", "line 5: plans.a.layers[0]: needs 'ttl', e.g. 'ttl: 20 ms'"),
        (
            PLAN + "cache: {kind: ttll}",
            "line 4: plans.a.cache: kind 'ttll' is not one of sliding, ttl; did you mean 'ttl'?",
        ),
        (PLAN + "cache: {kind: zzz}", "line 4: plans.a.cache: kind 'zzz' is not one of sliding, ttl"),
        (PLAN + "cache: {kind: [1]}", "line 4: plans.a.cache: kind a list is not one of sliding, ttl"),
        (PLAN + "cache: {ttl: 6 h}", "line 4: plans.a.cache: needs a 'kind': one of sliding, ttl"),
        (
            PLAN + "cache: 5",
            "line 4: plans.a.cache: must be a mapping with a 'kind': one of sliding, ttl, not 5",
        ),
        (PLAN + "cache: {kind: ttl, ttl: -1 h}", "line 4: plans.a.cache.ttl: '-1 h' must be above 0"),
        (
            PLAN + "cache: {kind: ttl, ttl: 12}",
            "line 4: plans.a.cache.ttl: 12 has no unit; write e.g. '6 h'",
        ),
        (
            PLAN + "cache: {kind: ttl, ttl: }",
            "line 4: plans.a.cache.ttl: an empty value is not a quantity; write e.g. '6 h'",
        ),
        (
            PLAN + "cache: {kind: ttl, ttl: {a: 1}}",
            "line 4: plans.a.cache.ttl: a mapping is not a quantity; write e.g. '6 h'",
        ),
        (PLAN + "cache: {kind: ttl, ttl: .nan}", "line 4: plans.a.cache.ttl: nan has no unit; write e.g. '6 h'"),
        (
            PLAN + "cache: {kind: sliding, ttl: 1 h, share: 130 %}",
            "line 4: plans.a.cache.share: '130 %' must be at most 100 %",
        ),
        (PLAN + "cache: {kind: sliding, ttl: 1 h, share: .inf}", "line 4: plans.a.cache.share: inf is not finite"),
        (
            PLAN + "on_miss: comput",
            "line 4: plans.a.on_miss: 'comput' is not one of compute, default; did you mean 'compute'?",
        ),
        (PLAN + "publish: now", "line 4: plans.a.publish: 'now' is not one of rolling, atomic"),
        (PLAN + "layers: 3", "line 4: plans.a.layers: must be a list, not 3"),
        (PLAN.strip(), "line 3: plans.a: must be a mapping with 'on_miss', 'publish', 'cache', 'layers', 'backend'"),
        (
            PLAN.replace("users: 1", "users: 0") + "{}",
            "line 1: population.users: 0 must be at least 1",
        ),
        (
            PLAN.replace("users: 1", "users: 1, daily_active: 0") + "{}",
            "line 1: population.daily_active: 0 must be above 0",
        ),
        (
            PLAN.replace("users: 1", "daily_active: 1 %") + "{}",
            "line 1: population: needs 'users', e.g. 'users: 100M'",
        ),
        (
            PLAN.replace("users: 1", "users: 1, segments: [{name: a, share: 40 %}]") + "{}",
            "line 1: population: the shares of 'segments' must sum to 100 %",
        ),
        (
            PLAN.replace("users: 1", "users: 1, segments: [{}, {}, {}, {}]") + "{}",
            "line 1: population.segments: a list must have at most 3 entries",
        ),
        (BASE + "name: 5", "line 7: name: 5 must be text; put it in quotes"),
        (BASE + "live: maybe", "line 7: live: 'maybe' must be true or false"),
        (BASE + "workers: many", "line 7: workers: 'many' must be a whole number"),
        (BASE + "workers: 1.5", "line 7: workers: 1.5 must be a whole number"),
        (BASE + "start: soon", "line 7: start: 'soon' must be a date and time, e.g. 2026-03-02T00:00"),
        (BASE + "price: 300 USD", "line 7: price: '300 USD' must be at most 100 USD"),
        (BASE + "table: 5", "line 7: table: 5 must be text; put it in quotes; or must be a list, not 5"),
        (BASE + "table: [{name: x, shrae: 1}]", "line 7: table[0]: unknown key 'shrae'; did you mean 'share'?"),
        (BASE + "notes: []", "line 7: notes: must be a mapping, not a list"),
        (BASE + "replay: none.csv", "line 7: replay: there is no file"),
        (
            BASE + "  a plan with a name longer than that: {}",
            "line 7: plans.a plan with a name longer than that: 'a plan with a name longer than that' must have at",
        ),
        (BASE + "  z: {backend: night}", "line 7: plans.z.backend: there is no backend 'night'"),
        ("plans: {a: {}}", "needs 'population': a mapping with 'users'"),
        ("population: {users: 1}\nplans: {}", "line 2: plans: a mapping must have at least 1 entries"),
    ],
)
def test_each_fault_names_path_line_value_and_rule(text: str, fault: str) -> None:
    assert [found[: len(fault)] for found in faults_in(text)].count(fault) == 1


def test_all_faults_come_at_once_in_the_order_of_the_file_and_once_each() -> None:
    faults = faults_in(
        "population:\n  userz: 1\n  daily_active: 200 %\nplans:\n  a: {cache: {kind: x}}\n  b: {startup: 3}\nlive: 9\n"
    )
    assert [fault.split(":")[0] for fault in faults] == ["line 1", "line 2", "line 3", "line 5", "line 6", "line 7"]


def test_a_kind_that_is_also_a_key_is_not_taken_for_one() -> None:
    assert faults_in(PLAN + "cache: {kind: ttl}") == ["line 4: plans.a.cache: needs 'ttl', e.g. 'ttl: 20 ms'"]


def test_a_fault_in_an_anchor_points_to_where_it_is_written() -> None:
    text = "population: {users: 1}\nplans:\n  a: &a\n    startup: 3\n  b: *a\n"
    assert [fault.split(" has")[0] for fault in faults_in(text)] == [
        "line 4: plans.a.startup: 3",
        "line 4: plans.b.startup: 3",
    ]


def test_names_with_dots_are_quoted_in_paths() -> None:
    assert faults_in("population: {users: 1}\nplans: {v1.2: {startup: 1}}")[0].startswith(
        'line 2: plans."v1.2".startup'
    )


ODD = {
    "long": "x" * 50_000,
    "digits": "9" * 30,
    "odd characters": "'a\\n\u2028b" + "\u202e" * 100 + "'",
    "long list": "[" + "1," * 500 + "]",
    "long inside": "{a: " + "b" * 9000 + "}",
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_long_and_odd_values_make_short_printable_messages(value: str) -> None:
    lines = {"population": "{users: 1}", "plans": "{a: {}}"}
    for key in ("start", "live", "price", "replay", "population", "plans"):
        changed = lines | {key: value}
        for fault in faults_in("".join(f"{name}: {text}\n" for name, text in changed.items())):
            assert len(fault) < 400
            assert fault.isprintable()


def test_a_long_unknown_key_makes_a_short_message() -> None:
    assert all(len(fault) < 300 for fault in faults_in(BASE + "k" * 250 + ": 1"))


def test_a_tree_without_lines_still_names_paths() -> None:
    with pytest.raises(InputFileError, match=r"mini\.yaml: 2 faults\n  population\.users: 0 must be"):
        load_data(Tree({"population": {"users": 0}, "plans": {"a": 3}}))


@pytest.mark.parametrize(
    "number", [10**400, -(10**5000), float("inf"), float("nan")], ids=["1e400", "1e5000", "inf", "nan"]
)
@pytest.mark.parametrize("key", ["users", "daily_active"])
def test_numbers_that_python_cannot_convert_are_faults(key: str, number: float) -> None:
    with pytest.raises(InputFileError) as caught:
        load_data(Tree({"population": {"users": 1, key: number}, "plans": {"a": {}}}))
    assert len(str(caught.value)) < 300


def test_a_path_is_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("x")
    assert load(BASE + "replay: log.csv\n", tmp_path).replay == (tmp_path / "log.csv").resolve()
