"""Files that were cut, mixed up or mistyped end in a sentence, never in a traceback."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from load_tests import Server, aiperf, guidellm, k6_csv, k6_json, locust, played, triton

from simulator.backends.fleet import Fleet
from simulator.core.errors import UserError
from simulator.report.service_report import service_json, service_parts_text
from simulator.studies.calibration.service.calibrating import calibrate_service
from simulator.studies.calibration.service.reading import Said

ODD = (
    *("", " ", "nan", "inf", "-inf", "1e400", "-1", "0", "1e-300", "1e300", "9" * 400, "null", "true", "[]", "{}"),
    *('""', '"', ",", ";", "\t", "\n", "\r", "\x00", "µ", "\u2028", "1_000", "N/A", "0x10", "1e5", "3.7", "²"),
)
SERVER = Server(2, 0.02, 0.3)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("good")
    loops = [played(SERVER, clients, 400, clients) for clients in (1, 2, 4)]
    tables = [
        "batch,ms,gpu\n1,2,T4\n2,3,T4\n4,5,T4\n8,9,T4\n",
        "1 0.1\n2 0.2\n4 0.35\n",
        "batch;p50_ms;p99_ms\n1;2;3\n2;3;4\n",
    ]
    files = [
        triton(loops, folder / "a"),
        k6_csv(loops, folder / "b"),
        k6_json(loops, folder / "c"),
        locust(loops[0], folder / "d"),
        aiperf(loops[1], folder / "e"),
        guidellm(loops, folder / "f"),
    ]
    summary = (
        '{"metrics": {"http_req_duration": {"avg": 20, "med": 19, "p(95)": 31}, "http_reqs": {"count": 9, "rate": 5}}}'
    )
    return [*(path.read_bytes() for path in files), *(text.encode() for text in (*tables, summary))]


def mutated(file: bytes, dice: random.Random) -> bytes:
    """Return a file with a few things wrong with it."""
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        file = dice.choice((_cut, _flipped, _odd_number, _odd_number, _odd_text, _lines_mixed, _key_lost))(file, dice)
    return file


def _cut(file: bytes, dice: random.Random) -> bytes:
    return file[: dice.randrange(len(file) + 1)]


def _flipped(file: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(file) + 1)
    return file[:place] + bytes([dice.randrange(256)]) + file[place + 1 :]


def _odd_number(file: bytes, dice: random.Random) -> bytes:
    places = list(re.finditer(rb"-?\d+(\.\d+)?", file[:20_000]))
    if not places:
        return file
    place = dice.choice(places)
    return file[: place.start()] + dice.choice(ODD).encode() + file[place.end() :]


def _odd_text(file: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(file) + 1)
    return file[:place] + dice.choice(ODD).encode() + file[place:]


def _lines_mixed(file: bytes, dice: random.Random) -> bytes:
    lines = file.split(b"\n")
    dice.shuffle(lines)
    return b"\n".join(lines)


def _key_lost(file: bytes, dice: random.Random) -> bytes:
    names = list(re.finditer(rb'"[a-z_]+"|[A-Z][a-z]+', file[:20_000]))
    if not names:
        return file
    place = dice.choice(names)
    return file[: place.start()] + b'"x"' + file[place.end() :]


def said(dice: random.Random) -> Iterator[Said]:
    yield Said()
    yield Said([dice.choice((1, 8, 10**6))], [dice.choice((1, 2, 64))], unit=dice.choice((None, "ms")))


def outcomes(good: list[bytes], folder: Path, count: int, seed: int) -> tuple[int, int]:
    """Return how many of so many broken files were used all the same, and how many were refused."""
    dice = random.Random(seed)  # noqa: S311  (chooses what to break)
    path, used, messages = folder / "broken", 0, list[str]()
    for _ in range(count):
        path.write_bytes(mutated(dice.choice(good), dice))
        for each in said(dice):
            try:
                made = calibrate_service([path], each, plays=False)
            except UserError as error:
                messages.append(str(error))
            else:
                assert service_json(made)
                assert Fleet.model_validate(made.parts["backends"]["measured"])
                assert service_parts_text(made)
                used += 1
    assert [each for each in messages if not each or "\n" in each] == []
    return used, len(messages)


def test_broken_files_are_used_or_refused_and_never_end_in_a_traceback(good: list[bytes], tmp_path: Path) -> None:
    found = outcomes(good, tmp_path, 300, 1)
    assert min(found) > 60


@pytest.mark.long
def test_ten_thousand_broken_files_never_end_in_a_traceback(good: list[bytes], tmp_path: Path) -> None:
    found = outcomes(good, tmp_path, 10_000, 2)
    assert min(found) > 2_000
