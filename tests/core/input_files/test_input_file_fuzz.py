import contextlib
import json

from hostile_input import FRAGMENTS, KEYS, TREES
from hypothesis import given, settings
from hypothesis import strategies as st
from mini_scenario import load

from simulator.core.errors import Fault, InputFileError


def faults_of(text: str) -> tuple[Fault, ...]:
    try:
        load(text)
    except InputFileError as error:
        return error.faults
    return ()


@settings(max_examples=400)
@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join)))
def test_any_text_is_loaded_or_a_users_fault_of_single_lines(text: str) -> None:
    assert all(str(fault).isprintable() for fault in faults_of(text))


@settings(max_examples=400)
@given(st.dictionaries(KEYS, TREES, max_size=8))
def test_no_tree_raises_anything_but_a_users_fault(data: dict[str, object]) -> None:
    with contextlib.suppress(InputFileError):
        load(json.dumps(data))
