import math
import os
from pathlib import Path

import pytest

from simulator.core.errors import InputFileError
from simulator.core.input_files.reading import LARGEST_FILE_BYTES, parse_tree, parse_value, read_tree


def faults_in(text: str) -> str:
    with pytest.raises(InputFileError) as caught:
        parse_tree(text, "s.yaml")
    assert all("\n" not in str(fault) for fault in caught.value.faults)
    return str(caught.value)


def faults_of_file(path: Path) -> str:
    with pytest.raises(InputFileError) as caught:
        read_tree(path)
    assert len(caught.value.faults) == 1
    return str(caught.value).removeprefix(f"{path}: ")


def test_every_key_and_item_has_its_line() -> None:
    tree = parse_tree("a: 1\nb:\n  c: x\n  d:\n  - 1\n  - {e: 2}\n", "s.yaml")
    assert tree.data == {"a": 1, "b": {"c": "x", "d": [1, {"e": 2}]}}
    assert tree.lines == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 3,
        ("b", "d"): 4,
        ("b", "d", 0): 5,
        ("b", "d", 1): 6,
        ("b", "d", 1, "e"): 6,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-02T00:00", "2026-03-02T00:00"),
        ("2026-03-02", "2026-03-02"),
        ("12:30:45", "12:30:45"),
        ("02:00", "02:00"),
        ("yes", "yes"),
        ("0123", 123),
        ("0o17", 15),
        ("0x1F", 31),
        ("-50_000", -50_000),
        ("1e3", 1000.0),
        ("1_000.5", 1000.5),
        (".5", 0.5),
        ("-.Inf", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("12 h", "12 h"),
        ("1.2.3", "1.2.3"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
    ],
)
def test_values_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    read = parse_value(text, "s.yaml")
    assert read == value
    assert type(read) is type(value)


def test_a_yaml_1_1_directive_does_not_bring_sexagesimal_numbers_back() -> None:
    assert parse_tree("%YAML 1.1\n---\na: 1:20\nb: yes\n", "s.yaml").data == {"a": "1:20", "b": "yes"}


def test_not_a_number_is_read_as_such() -> None:
    assert math.isnan(float(str(parse_value(".nan", "s.yaml"))))


def test_keys_that_look_like_numbers_or_booleans_are_text() -> None:
    assert parse_tree("1: a\nyes: b\ntrue: c\n~: d\n2026-01-01: e\n", "s").data.keys() == {
        "1",
        "yes",
        "true",
        "~",
        "2026-01-01",
    }


def test_anchors_aliases_and_merge_keys_work() -> None:
    tree = parse_tree("base: &b {x: 1, y: 2}\nsame: *b\nmore:\n  <<: *b\n  y: 3\nboth: {<<: [{x: 0}, *b]}\n", "s")
    assert tree.data["same"] == {"x": 1, "y": 2}
    assert tree.data["more"] == {"x": 1, "y": 3}
    assert tree.data["both"] == {"x": 0, "y": 2}
    assert tree.lines["more", "x"] == 1
    assert tree.lines["more", "y"] == 5


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    tree = read_tree(path)
    assert tree.data == {"a": 1, "b": 2}
    assert tree.lines["b",] == 2


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    assert faults_of_file(tmp_path / "none.yaml") == "there is no such file"


def test_a_folder_is_said_to_be_a_folder(tmp_path: Path) -> None:
    assert faults_of_file(tmp_path) == "is a folder, not a file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    assert faults_of_file(path) == "may not be read: permission denied"


def test_a_refused_file_is_said_to_be_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    path = tmp_path / "s.yaml"
    monkeypatch.setattr(Path, "open", refuse)
    assert faults_of_file(path) == "may not be read: permission denied"


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_no_file_can_have_is_a_fault(name: str) -> None:
    with pytest.raises(InputFileError) as caught:
        read_tree(name)
    assert len(str(caught.value)) < 300


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"#" * (LARGEST_FILE_BYTES + 1))
    assert faults_of_file(path).startswith("is larger than 1 MiB")


def test_bytes_that_are_not_utf_8_are_located(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"a: 1\nb: caf\xe9\n")
    assert faults_of_file(path) == "line 2: is not UTF-8 at byte 11 (0xe9); save it as UTF-8"


def test_a_utf_16_file_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes("a: 1".encode("utf-16"))
    assert "is not UTF-8 at byte 0" in faults_of_file(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "s.yaml: is empty"),
        (" \n\n", "s.yaml: is empty"),
        ("# nothing\n# yet\n", "s.yaml: holds no keys, only comments"),
        ("---\n", "s.yaml: holds no keys, only comments"),
        ("- a\n", "line 1: must be a mapping of 'key: value' lines, not a list"),
        ("\nhello\n", "line 2: must be a mapping of 'key: value' lines, not 'hello'"),
        ("a: 1\nb: \0\n", "line 2: holds the control character U+0000"),
        ("a: \x1b[31m\n", "line 1: holds the control character U+001B"),
        ('a: "\\0"', "line 1: a: holds the control character U+0000"),
        ('a: "\\ud800"', "line 1: a: holds the control character U+D800"),
        ('"\\x07": 1', "line 1: a key holds the control character U+0007"),
        ('a: "\\Uffffffff"', "not YAML"),
        ("a:\n\tb: 1\n", "line 2: not YAML: found character '\\t' that cannot start any token; indent with spaces"),
        ("a: b: c\n", "line 1: not YAML: mapping values are not allowed here; text that holds ': ' needs quotes"),
        ("a:\n   b: 1\n  c: 2\n", "line 3: not YAML: expected <block end>"),
        ("a: 1\nb: [1, 2\n", "line 2: not YAML: expected ',' or ']', but got '<stream end>'; a comma or the closing"),
        ('a: "b\nc: d\n', "line 1: not YAML: found unexpected end of stream; a closing quote is missing"),
        ("a: @b\n", "line 1: not YAML: found character '@' that cannot start any token; text that starts"),
        ("%YAML 3.0\n---\na: 1\n", "line 1: not YAML: found incompatible YAML document"),
        ("a: !!python/object:os.system x\n", "line 1: a: the tag '!!python/object:os.system' is not read"),
        ("a: !!python/object/apply:os.system [ls]\n", "line 1: a: the tag '!!python/object/apply:os.system'"),
        ("a: !mine {b: 1}\n", "line 1: a: the tag '!mine' is not read; write the value without it"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document starts"),
        ("a: &a [1, *a]\n", "line 1: a[1]: '*a' stands inside its own anchor '&a'"),
        ("a: *b\n", "line 1: a: there is no anchor '&b' above for '*b'"),
        ("a: {<<: 3}\n", "line 1: a: '<<' takes a mapping or a list of mappings"),
        ("[1]: 2\n", "line 1: a key must be text"),
        ("? {a: 1}\n: 2\n", "line 1: a key must be text"),
        (": 2\n", "line 1: a key is empty"),
        ("? " + "k" * 3000 + "\n: 1\n", "line 1: a key is 3000 characters long; write at most 256"),
        ("a: " + "9" * 5000 + "\n", "line 1: a: is a number of 5000 digits; write at most 30"),
        ("a: 1e999\n", "line 1: a: 1e999 is too large a number"),
        ("a: 1\nb: " + "x" * 70_000, "line 2: is 70003 characters long; break it into several lines"),
        ("a: !" + "!" * 1000 + " x\n", "line 1: a: the tag '"),
    ],
)
def test_a_hostile_text_is_a_fault_of_one_short_line(text: str, said: str) -> None:
    message = faults_in(text)
    assert said in message
    assert len(message) < 300


def test_a_key_given_twice_names_both_lines() -> None:
    message = faults_in("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert "line 2: b.c: appears a second time; the first is on line 2" in message
    assert "line 3: a: appears a second time; the first is on line 1" in message


def test_all_faults_before_a_syntax_error_are_reported_with_it() -> None:
    message = faults_in("a: 1\na: 2\nb: !x 1\nc: [\n")
    assert "line 2: a: appears a second time" in message
    assert "the tag '!x'" in message
    assert "line 5: not YAML" in message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "[\n ", "? "])
def test_a_hundred_thousand_nested_brackets_are_a_fault(opening: str) -> None:
    assert "nested deeper than 32 levels" in faults_in("a:\n " + opening * 10_000)
    assert "s.yaml" in faults_in("a:\n " + opening * 100_000)


def test_thirty_two_levels_are_read() -> None:
    assert parse_tree("a: " + "[" * 31 + "]" * 31, "s").data.keys() == {"a"}


def test_aliases_cannot_nest_deeper_than_the_text_may() -> None:
    text = "a: &a " + "[" * 20 + "]" * 20 + "\nb: " + "[" * 15 + "*a" + "]" * 15
    assert "is nested deeper than 32 levels by '*a'" in faults_in(text)


def test_aliases_that_explode_are_a_fault() -> None:
    laughs = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert "holds more than 10000 values, aliases expanded" in faults_in("l0: &l0 [ha]\n" + laughs)


def test_merge_keys_that_explode_are_a_fault() -> None:
    laughs = "".join(f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 10)}]}}\n" for n in range(1, 12))
    assert "holds more than 10000 values" in faults_in("l0: &l0 {ha: 1}\n" + laughs)


def test_too_many_values_are_a_fault() -> None:
    assert "line 10000: [9999]: holds more than 10000 values" in faults_in("- 1\n" * 20_000)
