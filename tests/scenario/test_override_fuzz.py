import contextlib

from hostile_input import FRAGMENTS, KEYS, TREES
from hypothesis import given, settings
from hypothesis import strategies as st
from mini_scenario import BASE, load_data

from simulator.core.errors import UserError
from simulator.core.input_files.reading import parse_tree
from simulator.scenario.overrides import apply_keywords, apply_overrides, read_assignment


@settings(max_examples=150)
@given(st.dictionaries(st.one_of(KEYS, st.text(alphabet='pa.[]"0_ ')), TREES, max_size=4))
def test_no_override_raises_anything_but_a_users_fault(overrides: dict[str, object]) -> None:
    tree = parse_tree(BASE, "mini.yaml")
    for apply in (apply_overrides, apply_keywords):
        with contextlib.suppress(UserError):
            load_data(apply(tree, overrides))


@settings(max_examples=400)
@given(st.one_of(st.text(), st.lists(st.sampled_from([*FRAGMENTS, "="]), max_size=20).map("".join)))
def test_no_assignment_raises_anything_but_a_users_fault(text: str) -> None:
    with contextlib.suppress(UserError):
        read_assignment(text)
