import copy
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from mini_scenario import BASE, Ttl, load_data

from simulator.core.errors import InputFileError, UserError
from simulator.core.input_files.reading import Plain, Tree, parse_tree
from simulator.scenario.loading import load_scenario
from simulator.scenario.overrides import apply_keywords, apply_overrides, read_assignment

TEXT = BASE + "notes:\n"


@pytest.fixture
def tree() -> Tree:
    return parse_tree(TEXT, "mini.yaml")


def at(tree: Tree, *keys: str | int) -> Plain:
    node: Plain = tree.data
    for key in keys:
        node = node[key]  # type: ignore[index,call-overload]
    return node


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("population.users", ("population", "users")),
        ("plans.hybrid.cache.ttl", ("plans", "hybrid", "cache", "ttl")),
        ("plans.on demand.backend", ("plans", "on demand", "backend")),
        ('plans."on demand".backend', ("plans", "on demand", "backend")),
        ("plans.v1.2.backend", ("plans", "v1.2", "backend")),
        ('plans."v1.2".backend', ("plans", "v1.2", "backend")),
        ('plans."v9.9".backend', ("plans", "v9.9", "backend")),
        ("plans.new.cache.ttl", ("plans", "new", "cache", "ttl")),
        ("notes.first", ("notes", "first")),
        ("seed", ("seed",)),
    ],
)
def test_a_path_leads_to_the_longest_keys_that_exist(tree: Tree, path: str, keys: tuple[str, ...]) -> None:
    assert at(apply_overrides(tree, {path: "x"}), *keys) == "x"


@pytest.mark.parametrize("path", ["population.segments[1].share", "population.segments.1.share"])
def test_a_path_reaches_items_of_lists(path: str) -> None:
    tree = parse_tree("population:\n  segments: [{share: 1}, {share: 2}]\n", "s")
    assert at(apply_overrides(tree, {path: 3}), "population", "segments") == [{"share": 1}, {"share": 3}]


def test_none_deletes_a_key(tree: Tree) -> None:
    changed = apply_overrides(tree, {"plans.hybrid.cache": None, "plans.none.cache": None, "live": None})
    assert changed.data["plans"] == {"on demand": {"on_miss": "compute"}, "v1.2": {}, "hybrid": {}}
    assert "live" not in changed.data


def test_the_given_tree_stays_as_it_is() -> None:
    tree = parse_tree("a: &a {x: [1, {y: 2}]}\nb: *a\n", "s")
    before = copy.deepcopy(tree)
    changed = apply_overrides(tree, {"b.x[1].y": 3})
    assert tree == before
    assert changed.data == {"a": {"x": [1, {"y": 2}]}, "b": {"x": [1, {"y": 3}]}}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("population.users.x", "--set population.users.x: population.users is '1M', so nothing can be set below it"),
        ("", "cannot be read as a key path"),
        (".a", "cannot be read as a key path at '.a'"),
        ("a.", "cannot be read as a key path"),
        ("a..b", "cannot be read as a key path at '.b'"),
        ('a"b"', "cannot be read as a key path"),
        ("plans[0]", "cannot be read as a key path"),
        ("list[2]", "--set list[2]: there is no item [2]; the list has 2, counted from 0"),
        ("list.first", "--set list.first: 'first' is not the index of a list item; write e.g. [0]"),
        ("list[0", "is not the index of a list item"),
        ("a." * 40 + "a", "is nested deeper than 32 levels"),
        ("k" * 5000, "cannot be a key"),
        ("a\x00b", "cannot be a key"),
    ],
)
def test_a_path_that_leads_nowhere_is_the_users_fault(path: str, said: str) -> None:
    tree = parse_tree(TEXT + "list: [1, 2]\n", "s")
    with pytest.raises(UserError) as caught:
        apply_overrides(tree, {path: "x"})
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_an_item_of_a_list_cannot_be_deleted() -> None:
    with pytest.raises(UserError, match="an item of a list cannot be deleted; set the whole list"):
        apply_overrides(parse_tree("a: [1]", "s"), {"a[0]": None})


@pytest.mark.parametrize(
    ("text", "assignment"),
    [
        ("plans.hybrid.cache.ttl=12 h", ("plans.hybrid.cache.ttl", "12 h")),
        ("a = 3", ("a", 3)),
        ("a={kind: ttl, ttl: 6 h}", ("a", {"kind": "ttl", "ttl": "6 h"})),
        ("a=[1, 2 %]", ("a", [1, "2 %"])),
        ("a=null", ("a", None)),
        ("a=b=c", ("a", "b=c")),
        ('plans."a=b".x=02:00', ('plans."a=b".x', "02:00")),
        ("a=2026-03-02T00:00", ("a", "2026-03-02T00:00")),
        ("a='5'", ("a", "5")),
    ],
)
def test_an_assignment_is_a_key_and_yaml(text: str, assignment: tuple[str, Plain]) -> None:
    assert read_assignment(text) == assignment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no '='; write e.g. population.users=1M"),
        ("users", "--set users: has no '='"),
        ("=3", "--set =3: has no key before '='"),
        ("a=", "--set a: has no value after '='; write null to delete the key"),
        ("a=[1", "--set a: line 1: not YAML: expected ',' or ']'"),
        ("a=!!python/object:os.system x", "--set a: line 1: the tag"),
        ("a=" + "[" * 100, "--set a: line 1: [0][0]"),
        ("a=b\n---\nc", "a second document starts"),
        ("a=\udcff", "control character U+DCFF"),
        ("x" * 10_000, "has no '='"),
    ],
)
def test_a_malformed_assignment_is_the_users_fault(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        read_assignment(text)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_keywords_reach_names_with_spaces_and_other_marks(tree: Tree) -> None:
    changed = apply_keywords(
        tree,
        {"population__users": 2, "plans__on_demand__on_miss": "default", "plans__v1_2__backend": "x", "plans__a_b": {}},
    )
    assert at(changed, "population", "users") == 2
    assert at(changed, "plans", "on demand", "on_miss") == "default"
    assert at(changed, "plans", "v1.2", "backend") == "x"
    assert at(changed, "plans", "a_b") == {}


def test_a_keyword_prefers_the_key_of_that_very_name() -> None:
    changed = apply_keywords(parse_tree("a b: 1\na_b: 2\n", "s"), {"a_b": 3})
    assert changed.data == {"a b": 1, "a_b": 3}


def test_a_keyword_that_fits_two_keys_is_the_users_fault() -> None:
    with pytest.raises(UserError, match=r"with_\(a_b=...\): 'a_b' may be any of 'a b', 'a-b'; use a key path"):
        apply_keywords(parse_tree("a b: 1\na-b: 2\n", "s"), {"a_b": 3})


def test_a_keyword_reaches_items_of_lists() -> None:
    assert apply_keywords(parse_tree("a: [{b: 1}]", "s"), {"a__0__b": 2}).data == {"a": [{"b": 2}]}


@pytest.mark.parametrize("keyword", ["__a", "a__", "a____b", ""])
def test_a_keyword_with_an_empty_name_is_the_users_fault(tree: Tree, keyword: str) -> None:
    with pytest.raises(UserError, match="an empty name between '__'"):
        apply_keywords(tree, {keyword: 1})


def test_python_values_become_what_a_file_would_hold(tree: Tree) -> None:
    values = {
        "start": datetime(2026, 3, 2, tzinfo=UTC),
        "path": Path("a") / "b",
        "cache": Ttl.model_validate({"ttl": "6 h"}),
        "array": np.array([1.5, 2.5]),
        "count": np.int64(3),
        "tuple": (1, {"a": (2,)}),
    }
    changed = apply_keywords(tree, values).data
    assert {key: changed[key] for key in values} == {
        "start": "2026-03-02T00:00:00+00:00",
        "path": str(Path("a") / "b"),
        "cache": {"kind": "ttl", "ttl": "6 h"},
        "array": [1.5, 2.5],
        "count": 3,
        "tuple": [1, {"a": [2]}],
    }


def endless_list() -> list[object]:
    endless: list[object] = []
    endless.append(endless)
    return endless


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "a object cannot stand in a scenario"),
        (endless_list(), "is nested deeper than 32 levels"),
        (10**5000, "is a number of more than 30 digits"),
        ("a\0b", "holds the control character"),
    ],
    ids=["object", "endless", "huge", "control"],
)
def test_a_python_value_that_no_file_could_hold_is_the_users_fault(tree: Tree, value: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        apply_keywords(tree, {"name": value})


def test_a_fault_of_an_override_names_the_override_instead_of_a_line(tree: Tree) -> None:
    changed = apply_overrides(
        tree,
        {
            "plans.hybrid.cache.ttl": 5,
            "population": {"userz": 3},
            "plans.hybird.cache.ttl": "1 h",
            "plans.v1.2.startup": "6 h",
        },
    )
    with pytest.raises(InputFileError) as caught:
        load_data(changed)
    assert [str(fault) for fault in caught.value.faults] == [
        "--set population: needs 'users', e.g. 'users: 100M'",
        "--set population: unknown key 'userz'; did you mean 'users'?",
        "--set plans.hybrid.cache.ttl: 5 has no unit; write e.g. '6 h'",
        "--set plans.hybird.cache.ttl: plans.hybird.cache: needs a 'kind': one of sliding, ttl",
        "line 7: notes: must be a mapping, not an empty value",
    ]


def test_a_deleted_key_that_is_needed_names_the_override(tree: Tree) -> None:
    with pytest.raises(InputFileError, match=r"with_\(population=\.\.\.\): needs 'population': a mapping with 'users'"):
        load_data(apply_keywords(tree, {"population": None, "notes": {}}))


def test_a_contradiction_that_an_override_made_names_it(tree: Tree) -> None:
    with pytest.raises(InputFileError, match=r"yaml: --set plans.on demand.backend: there is no backend 'x'$"):
        load_data(apply_overrides(tree, {"notes": {}, "plans.on demand.backend": "x"}))


def test_later_overrides_win(tree: Tree) -> None:
    changed = apply_overrides(apply_overrides(tree, {"population.users": 0}), {"population": {"users": 3}, "notes": {}})
    assert load_data(changed).population.users == 3


def test_a_name_that_is_not_there_is_told_with_what_may_have_been_meant() -> None:
    path = Path(__file__).parent.parent.parent / "scenarios" / "hotel_ranking_200k.yaml"
    with pytest.raises(InputFileError) as error:
        load_scenario(path, {"plans.nightlyy.precompute.every": "2 h"})
    assert all("no 'nightlyy' in 'plans' yet; did you mean 'nightly'?" in str(each) for each in error.value.faults)
    made = {"plans.fresh.on_miss": "compute", "plans.fresh.backend": "live"}
    assert load_scenario(path, made).plans["fresh"].backend == "live"
