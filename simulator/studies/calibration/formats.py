"""What kind of log a file is, told from its first lines, and how its rows become times and users.

Each kind says with SQL of DuckDB what its relation is and which of its columns, as text, are the time and the user.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from simulator.core.errors import UserError, did_you_mean
from simulator.core.input_files.wording import one_line, shortened
from simulator.studies.calibration.exports import export_of

TIME_NAMES: Final = (
    *("time", "timestamp", "ts", "datetime", "date_time", "event_time", "event_timestamp", "occurred_at"),
    *("created_at", "createdat", "sent_at", "sentat", "received_at", "receivedat", "date", "day", "@timestamp"),
)
USER_NAMES: Final = (
    *("user", "user_id", "userid", "uid", "user_pseudo_id", "customer_id", "customerid", "client_id", "visitor_id"),
    *("anonymous_id", "anonymousid", "distinct_id", "account_id", "member_id", "reviewerid", "id"),
)
"""What columns of time and user are called, the likeliest first; capital letters do not matter."""
CLIENT: Final = "client"
"""What the address of a caller is called where a log has no user; it counts as one only where that is asked for."""
SEPARATORS: Final = (",", "\t", ";", "|")
LINE: Final = (
    "columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false, "
    "ignore_errors = true, store_rejects = true"
)
_ALB: Final = re.compile(r"(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT[\d:.]+Z \S+ \S+:\d+ ")
_COMBINED: Final = re.compile(r'\S+ \S+ .*?\[\d{2}/[A-Za-z]{3}/\d{4}(?::\d{2}){3} [+-]\d{4}\] "')
_COMBINED_PARTS: Final = r"^(\S+) \S+ (.*?) \[([^\]]+)\] "
_AS_TEXT: Final = 'CAST("{}" AS VARCHAR)'
_FIRST_ROWS: Final = 20
_MOST_HEAD_LINES: Final = 12
_CONSOLE_TIME: Final = re.compile(r"\s*\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d")
_SECONDS_LAST: Final = r"(:\d\d(?:\.\d+)?)$"


@dataclass(frozen=True)
class Format:
    """A kind of log."""

    name: str
    """What it is called when it is said what was recognised."""
    relation: str
    """SQL of its rows; ``{files}`` stands for the list of files."""
    columns: Mapping[str, str]
    """SQL of each column's text, by what users call it."""
    time: str | None = None
    """Which of them is the time, where the kind says it."""
    user: str | None = None
    time_format: str | None = None
    """How times are written, as strptime knows it; without it ISO 8601 or a number."""
    series: tuple[str, ...] = ()
    """Columns of counts, where the kind says it; of a log of events none."""
    statistic: str | None = None
    """What those are called."""
    columns_vary: bool = False
    """Whether files of the kind may have other columns each, as columns are found by their names."""

    @property
    def layout(self) -> tuple[str, ...]:
        """What files have in common that are read together."""
        return (self.name,) if self.columns_vary else (self.name, self.relation, *self.columns)

    def recognised_as(self, time: str, user: str | None) -> str:
        """Return what is said of it: its kind, and what is time and user in it."""
        callers = f", but callers' addresses in '{CLIENT}'" if CLIENT in self.columns else ""
        who = f"users in '{user}'" if user else f"no users{callers}"
        return f"{self.name}: times in '{time}', {who}"


def recognised(head: str, is_parquet: Sequence[str] | None) -> Format:
    """Return what a log is.

    Parameters
    ----------
    head
        Its first lines, as they are after decompression.
    is_parquet
        The names of its columns where it is Parquet, else None.

    Raises
    ------
    UserError
        If it is nothing that is read here.
    """
    if is_parquet is not None:
        columns = {name: _AS_TEXT.format(_quoted(name)) for name in is_parquet}
        relation = "SELECT * FROM read_parquet({files}, union_by_name = true)"
        return _export(Format("Parquet", relation, columns, columns_vary=True))
    lines = [line for line in head.splitlines() if line.strip()]
    if not lines:
        raise UserError("it is empty")
    for kind in (_cloudfront, _load_balancer, _combined, _cloudwatch):
        found = kind(lines)
        if found is not None:
            return found
    return _export(_json(head) or _delimited(lines))


def _export(found: Format) -> Format:
    """Return a format as the export of a product, where its columns say so."""
    export = export_of(found.relation, found.columns)
    if export is None:
        return found
    name = f"{found.name} as {export.name} exports them"
    return replace(
        found, name=name, relation=export.relation, columns=export.columns, time=export.time, user=export.user
    )


def stored_column(text: str) -> str | None:
    """Return SQL of a column as it is stored, from that of its text; None where it is no column of its own."""
    found = re.fullmatch(re.escape(_AS_TEXT).replace(re.escape("{}"), '((?:[^"]|"")+)'), text)
    return f'"{found[1]}"' if found else None


def _quoted(name: str) -> str:
    return name.replace('"', '""')


def _cloudfront(lines: Sequence[str]) -> Format | None:
    fields = next((line for line in lines[:5] if line.startswith("#Fields:")), None)
    if fields is None:
        return None
    names = fields.removeprefix("#Fields:").split()
    if not {"date", "time"} <= set(names):
        raise UserError("its #Fields line names no date and time")
    parts = {name: f"split_part(line, chr(9), {place + 1})" for place, name in enumerate(names)}
    columns = {**parts, "moment": f"{parts['date']} || 'T' || {parts['time']} || 'Z'"}
    if "c-ip" in parts:
        columns[CLIENT] = parts["c-ip"]
    relation = f"SELECT line FROM read_csv({{files}}, {LINE}) WHERE line NOT LIKE '#%'"
    return Format("CloudFront access logs", relation, columns, time="moment")


def _load_balancer(lines: Sequence[str]) -> Format | None:
    if not _ALB.match(lines[0]):
        return None
    columns = {"time": "split_part(line, ' ', 2)", CLIENT: "regexp_replace(split_part(line, ' ', 4), ':[0-9]+$', '')"}
    return Format("load balancer access logs of AWS", f"SELECT line FROM read_csv({{files}}, {LINE})", columns, "time")


def _combined(lines: Sequence[str]) -> Format | None:
    if not _COMBINED.match(lines[0]):
        return None
    part = {
        name: f"regexp_extract(line, '{_COMBINED_PARTS}', {place})"
        for place, name in enumerate((CLIENT, "user", "time"), 1)
    }
    columns = {**part, "user": f"nullif({part['user']}, '-')"}
    matched = (re.match(_COMBINED_PARTS, line) for line in lines)
    has_users = any(each[2] != "-" for each in matched if each is not None)
    return Format(
        "access logs in the combined format",
        f"SELECT line FROM read_csv({{files}}, {LINE})",
        columns,
        "time",
        "user" if has_users else None,
        "%d/%b/%Y:%H:%M:%S %z",
    )


def _cloudwatch(lines: Sequence[str]) -> Format | None:
    """Return the CSV of CloudWatch's console: a few lines that say what each column is, and then times in UTC."""
    cells = [next(csv.reader([line]), []) for line in lines[: _MOST_HEAD_LINES + 1]]
    first = next((place for place, row in enumerate(cells) if row and _CONSOLE_TIME.match(row[0])), 0)
    head = {row[0].strip().lower(): [cell.strip() for cell in row[1:]] for row in cells[:first] if row}
    names = next((head[key] for key in ("label", "full label", "id") if key in head), None)
    if names is None:
        return None
    width = len(cells[first])
    stated = {cell.lower() for key in ("statistic", "stat") for cell in head.get(key, ())}
    labels: list[str] = []
    for place in range(1, width):
        name = names[place - 1] if place <= len(names) and names[place - 1] else f"column {place + 1}"
        labels.append(name if name not in labels else f"{name} ({place})")
    types = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width))
    relation = (
        f"SELECT * FROM read_csv({{files}}, columns = {{types}}, delim = ',', header = false, skip = {first}, "
        "quote = '\"', auto_detect = false, ignore_errors = true, store_rejects = true, null_padding = true)"
    )
    time = f"regexp_replace(replace(trim(c0), '/', '-'), '{_SECONDS_LAST}', '\\1Z')"
    columns = {"time": time, **{label: f"c{place}" for place, label in enumerate(labels, 1)}}
    statistic = stated.pop() if len(stated) == 1 else None
    return Format(
        "CSV of CloudWatch's console",
        relation.replace("{types}", f"{{{types}}}"),
        columns,
        time="time",
        series=tuple(labels),
        statistic=statistic,
    )


def _json(head: str) -> Format | None:
    """Return JSON: an object a line, an array of them, or one after the other over several lines each."""
    text = head.lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        return None
    keys: dict[str, None] = {}
    for found in _objects(text.removeprefix("[")):
        keys |= dict.fromkeys(_paths(found))
    if not keys:
        raise UserError("its lines begin as JSON does, and none of the first is an object")
    path = {key: "$" + "".join(f'."{_quoted(part)}"' for part in key.split(".")) for key in keys}
    columns = {key: "json_extract_string(json, '{}')".format(path[key].replace("'", "''")) for key in keys}
    if text.startswith("["):
        name, layout = "events in a JSON array", "format = 'array'"
    elif text.splitlines()[0].rstrip().endswith("}"):
        name, layout = "JSON lines", "format = 'newline_delimited', ignore_errors = true"
    else:
        name, layout = "JSON objects", "format = 'unstructured'"
    return Format(name, f"SELECT json FROM read_json_objects({{files}}, {layout})", columns, columns_vary=True)


def _objects(text: str) -> Iterator[Mapping[str, object]]:
    """Yield the objects of a text that may break off; of one that is none, what stands on later lines."""
    decoder, place = json.JSONDecoder(), 0
    while (place := text.find("{", place)) >= 0:
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            place = text.find("\n", place)
            if place < 0:
                return
            continue
        yield found


def _paths(found: Mapping[str, object], before: str = "") -> list[str]:
    paths: list[str] = []
    for key, value in found.items():
        paths += _paths(value, f"{before}{key}.") if isinstance(value, dict) else [f"{before}{key}"]
    return paths


def _delimited(lines: Sequence[str]) -> Format:
    found = {each: _first_rows(lines, each) for each in SEPARATORS}
    separator = max(SEPARATORS, key=lambda each: min(map(len, found[each])))
    if min(map(len, found[separator])) == 1:
        return _spaced(lines)
    first = found[separator][0]
    has_header = not any(_is_value(cell) for cell in first)
    names = [name.strip() for name in first] if has_header else [f"column {place + 1}" for place in range(len(first))]
    safe = [f"c{place}" for place in range(len(names))]
    types = ", ".join(f"'{each}': 'VARCHAR'" for each in safe)
    header = str(has_header).lower()
    relation = (
        f"SELECT * FROM read_csv({{files}}, columns = {{{types}}}, delim = '{separator}', header = {header}, "
        "quote = '\"', auto_detect = false, ignore_errors = true, store_rejects = true, null_padding = false)"
    )
    kinds = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
    said = f"a table separated by {kinds[separator]}s, {'with' if has_header else 'without'} a header"
    return Format(said, relation.replace("{types}", types), dict(zip(names, safe, strict=True)))


def _first_rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Return the first rows by a separator; a cell in quotes may go on over several lines."""
    return [*islice(csv.reader((f"{line}\n" for line in lines), delimiter=separator), _FIRST_ROWS)]


def _spaced(lines: Sequence[str]) -> Format:
    first = lines[0].split()
    has_header = not any(_is_value(cell) for cell in first)
    names = first if has_header else [f"column {place + 1}" for place in range(len(first))]
    parts = [f"string_split_regex(trim(line), '\\s+')[{place + 1}]" for place in range(len(names))]
    skip = f" WHERE trim(line) <> '{lines[0].strip()}'".replace("{", "{{").replace("}", "}}") if has_header else ""
    header = "with" if has_header else "without"
    return Format(
        f"a table separated by spaces, {header} a header",
        f"SELECT line FROM read_csv({{files}}, {LINE}){skip}",
        dict(zip(names, parts, strict=True)),
        columns_vary=not has_header,  # as many as the first line has words
    )


def _is_value(cell: str) -> bool:
    """Return whether a cell is more likely a value than the name of a column."""
    return bool(re.match(r"\s*[+-]?\d", cell))


def column_of(known: Mapping[str, str], asked: str | None, names: Sequence[str], option: str) -> str | None:
    """Return the column that is asked for, or the likeliest one; None where none is like any of the names.

    Raises
    ------
    UserError
        If there is no such column.
    """
    if asked is not None:
        if asked not in known:
            raise UserError(f"{option}: there is no column '{asked}'; {did_you_mean(asked, known)}")
        return asked
    by_letters = {name.lower(): name for name in reversed(list(known))}
    return next((by_letters[name.lower()] for name in names if name.lower() in by_letters), None)


def shown_columns(known: Mapping[str, str]) -> str:
    """Return what columns there are, for a message."""
    some = [one_line(shortened(name, 40)) for name in list(known)[:20]]
    return ", ".join(some) + (", ..." if len(known) > len(some) else "")
