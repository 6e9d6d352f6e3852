import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from mini_scenario import BASE, load, load_data

from simulator.core.errors import Fault, InputFileError, UserError
from simulator.scenario.overrides import apply_keywords, apply_overrides, read_assignment
from simulator.scenario.reading import parse_tree

FRAGMENTS = [
    *"abc012[]{}:,-?&*!|>'\"%@`#~.\n\t \\",
    ": ",
    "- ",
    "\n  ",
    "\n- ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!int ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "null",
    "1e999",
    ".nan",
    "population:",
    "plans:",
    "users: 1",
    "cache: ",
    "kind: ttl",
    "ttl: 6 h",
    "\\U0011ffff",
    "\u2028",
    "\x85",
    "\ufeff",
]
KEYS = st.sampled_from(
    [
        "population",
        "users",
        "plans",
        "a",
        "cache",
        "layers",
        "kind",
        "ttl",
        "share",
        "segments",
        "name",
        "start",
        "table",
        "on_miss",
        "replay",
        "price",
        "notes",
        "live",
        "workers",
        "shape",
        "daily_active",
        "[key]",
        "str",
        "v1.2",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(
        ["ttl", "sliding", "6 h", "130 %", "1M", "compute", "x", "2026-03-02", "1 km", "1 1", "h", "1e999 h"]
    ),
    st.text(max_size=8),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=30,
)


def faults_of(text: str) -> tuple[Fault, ...]:
    try:
        load(text)
    except InputFileError as error:
        return error.faults
    return ()


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)))
def test_any_text_is_loaded_or_a_users_fault_of_single_lines(text: str) -> None:
    assert all(str(fault).isprintable() for fault in faults_of(text))


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.dictionaries(KEYS, TREES, max_size=8))
def test_no_tree_raises_anything_but_a_users_fault(data: dict[str, object]) -> None:
    with contextlib.suppress(InputFileError):
        load(json.dumps(data))


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.dictionaries(st.one_of(KEYS, st.text(alphabet='pa.[]"0_ ')), TREES, max_size=4))
def test_no_override_raises_anything_but_a_users_fault(overrides: dict[str, object]) -> None:
    tree = parse_tree(BASE, "mini.yaml")
    for apply in (apply_overrides, apply_keywords):
        with contextlib.suppress(UserError):
            load_data(apply(tree, overrides))


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.one_of(st.text(), st.lists(st.sampled_from([*FRAGMENTS, "="]), max_size=20).map("".join)))
def test_no_assignment_raises_anything_but_a_users_fault(text: str) -> None:
    with contextlib.suppress(UserError):
        read_assignment(text)
