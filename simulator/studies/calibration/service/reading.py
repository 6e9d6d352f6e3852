"""What benchmark wrote a file, told from its beginning, and what it says."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.core.errors import UserError
from simulator.core.tables import head_of, is_parquet, lines_of, name_of
from simulator.studies.calibration.service import k6, language_models, locust, plain, triton
from simulator.studies.calibration.service.measurement import MOST_BATCH, MOST_CLIENTS, SECONDS, Measurement, Told

MOST_JSON: Final = 2**30
"""Characters of a file that is read whole."""


@dataclass(frozen=True)
class Said:
    """What a user says of files."""

    batches: Sequence[int] = ()
    """Predictions in a request: one for all files, or one for each."""
    clients: Sequence[int] = ()
    """How many wait for answers: one for all files, or one for each."""
    where: tuple[tuple[str, str], ...] = ()
    time: str | None = None
    unit: str | None = None

    def of_file(self, number: int, files: int) -> Told:
        """Return what is said of one of the files, counted from 0."""
        batch, clients = (
            _one(each, number, files, option, most)
            for each, option, most in (
                (self.batches, "--batch-size", MOST_BATCH),
                (self.clients, "--clients", MOST_CLIENTS),
            )
        )
        return Told(batch, clients, self.where, self.time, self.unit)


def _one(given: Sequence[int], number: int, files: int, option: str, most: int) -> int | None:
    for each in given:
        if not 1 <= each <= most:
            raise UserError(f"{option}: {each} is not from 1 to {most:,}")
    if len(given) not in {0, 1, files}:
        raise UserError(f"{option}: {len(given)} are given for {files} files; give one for all, or one for each")
    return None if not given else given[0] if len(given) == 1 else given[number]


def read_measurements(paths: Sequence[Path], said: Said) -> Measurement:
    """Return what files say together.

    Raises
    ------
    UserError
        If a file cannot be read or is of no tool that is known, or if they are of several, or of no use.
    """
    if said.unit is not None and said.unit not in SECONDS:
        raise UserError(f"--unit: '{said.unit}' is no unit of time; give s, ms, us or ns")
    parts = []
    for number, path in enumerate(paths):
        told = said.of_file(number, len(paths))
        if not path.is_file():
            raise UserError(f"{name_of(path)} is a folder" if path.is_dir() else f"there is no file {name_of(path)}")
        try:
            parts.append(_read(path, told))
        except UserError as error:
            text = str(error)
            raise UserError(
                text if name_of(path) in text or text.startswith("--") else f"{name_of(path)}: {text}"
            ) from None
    if len({each.recognised.partition(",")[0].partition(" in ")[0] for each in parts}) > 1:
        told_of = ", ".join(f"{name_of(path)} is {each.recognised}" for path, each in zip(paths, parts, strict=True))
        raise UserError(f"the files are of several tools: {told_of}; give those of one")
    together = Measurement.together(parts)
    if not together.rows:
        why = ", ".join(f"{count:,} with {why}" for why, count in together.skipped.items())
        raise UserError(f"{together.recognised}: nothing in it can be used" + (f"; left out: {why}" if why else ""))
    return together


def _read(path: Path, told: Told) -> Measurement:
    if path.stat().st_size == 0:
        raise UserError("it is empty")
    if is_parquet(path):
        raise UserError("it is Parquet, which no benchmark writes; save it as CSV")
    head = head_of(path).lstrip("\ufeff").lstrip()
    if not head:
        raise UserError("it is empty")
    for recognises, uses, reads in _KINDS:
        if recognises(head):
            _check_used(told, uses)
            return reads(path, told)
    _check_used(told, {"--batch-size", "--where", "--time", "--unit"})
    return plain.read(lines_of(path), told)


def _check_used(told: Told, uses: Collection[str]) -> None:
    """Refuse what is said of a file of a kind that has no use for it."""
    given = {
        "--batch-size": told.batch,
        "--clients": told.clients,
        "--where": told.where or None,
        "--time": told.time,
        "--unit": told.unit,
    }
    useless = next((option for option, value in given.items() if value is not None and option not in uses), None)
    if useless is not None:
        raise UserError(f"{useless} is of no use for it: {_USELESS[useless]}")


_USELESS: Final = {
    "--batch-size": "it says itself how many predictions a request had",
    "--clients": "it says itself how many clients there were, or has none",
    "--where": "it has no rows with columns to choose by",
    "--time": "its times are where its tool writes them",
    "--unit": "its times are in the unit in which its tool writes them",
}


def _tree(path: Path) -> Any:
    parts, length = list[str](), 0
    for line in lines_of(path):
        parts.append(line)
        length += len(line)
        if length > MOST_JSON:
            raise UserError(f"it has more than {MOST_JSON:,} characters of JSON")
    try:
        return json.loads("".join(parts))
    except RecursionError:
        raise UserError("it is JSON that is nested too deep") from None
    except ValueError as error:
        raise UserError(f"it begins as JSON does, and is none: {error}") from None


def _of_json(tree: Any, told: Told) -> Measurement:
    if language_models.is_guidellm(tree):
        return language_models.read_guidellm(tree, told)
    if language_models.is_aiperf(tree):
        return language_models.read_aiperf(tree, told)
    if k6.is_summary(tree):
        return k6.read_summary(tree, told)
    keys = ", ".join(list(tree)[:8]) if isinstance(tree, Mapping) else "a list"
    raise UserError(
        f"it is JSON of no tool that is known here (AIPerf's profile_export_aiperf.json, GenAI-Perf's, GuideLLM's "
        f"benchmarks.json, k6's --summary-export): it has {keys or 'nothing'}"
    )


def _refuse_history(_: Path, __: Told) -> Measurement:
    raise UserError("it is Locust's history of a run; give the file that ends in _stats.csv")


_LOAD_TEST: Final = frozenset({"--batch-size", "--clients", "--where"})
_KINDS: Final[tuple[tuple[Callable[[str], bool], Collection[str], Callable[[Path, Told], Measurement]], ...]] = (
    (triton.is_it, {"--batch-size", "--where"}, lambda path, told: triton.read(lines_of(path), told)),
    (k6.is_points, _LOAD_TEST, lambda path, told: k6.read_points(lines_of(path), told, as_json=False)),
    (k6.is_json_points, _LOAD_TEST, lambda path, told: k6.read_points(lines_of(path), told, as_json=True)),
    (locust.is_it, _LOAD_TEST, lambda path, told: locust.read(lines_of(path), told)),
    (locust.is_history, _LOAD_TEST, _refuse_history),
    (lambda head: head[0] in "{[", {"--batch-size", "--clients"}, lambda path, told: _of_json(_tree(path), told)),
)
"""How each kind is told from its beginning, what may be said of it, and how it is read."""
