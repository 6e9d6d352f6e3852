"""What `predcost calibrate users` says of public logs: ``python -m benchmarks.public_logs --data FOLDER``.

Prints in Markdown what stands in docs/public-logs.md: for each log the command, the numbers with their intervals, the
held-out end, and what speaks against the fit; of a log that is refused, why. The folder holds
``activity/elastic_anonreviews.csv.bz2`` (elastic/examples), ``activity/CDNOW_master.txt.gz``
(CamDavidsonPilon/lifetimes), ``activity/bike_hour_uci.csv`` (``hour.csv`` of the UCI Bike Sharing data set),
``traces/AzureLLMInferenceTrace_code.csv`` (Azure/AzurePublicDataset), ``traces/nab_elb_request_count_8c0756.csv`` and
``traces/nab_nyc_taxi.csv`` (numenta/NAB).
"""

import argparse
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import simulator as sim
from simulator.report.calibration_report import held_out_rows, parameter_rows, sentence, shown_of, span

COMMAND = ("predcost", "calibrate", "users")


@dataclass(frozen=True)
class PublicLog:
    """A log, and what is said of it."""

    title: str
    file: str
    options: tuple[str, ...] = ()


LOGS = (
    PublicLog("Reviews at a shop", "activity/elastic_anonreviews.csv.bz2"),
    PublicLog("Purchases at CDNOW", "activity/CDNOW_master.txt.gz"),
    PublicLog(
        "Bicycle hire by the hour", "activity/bike_hour_uci.csv", ("--time", "dteday", "--time-format", "%m/%d/%Y")
    ),
    PublicLog("Calls of a language model", "traces/AzureLLMInferenceTrace_code.csv"),
    PublicLog("Requests at a load balancer", "traces/nab_elb_request_count_8c0756.csv"),
    PublicLog("Taxi rides in New York", "traces/nab_nyc_taxi.csv"),
)


def told(log: PublicLog, folder: Path) -> Iterator[str]:
    """Yield what is said of a log, as lines of Markdown."""
    file = folder / log.file
    yield f"## {log.title}\n"
    yield f"```console\n{shlex.join((*COMMAND, file.name, *log.options))}\n```\n"
    began = time.perf_counter()
    stated = {name.removeprefix("--").replace("-", "_"): value for name, value in _pairs(log.options)}
    try:
        found = sim.calibrate_users(file, **stated).calibration
    except sim.UserError as error:
        yield f"> {error}\n"
        return
    yield f"{span(found)}; {time.perf_counter() - began:.0f} s.\n"
    yield from _table(*parameter_rows(found))
    if found.verdict is not None:
        yield f"{sim.CalibrationResult(found).verdict}\n"
        yield from _table(*held_out_rows(shown_of(found.verdict)))
    yield from (f"- {sentence(why)}" for why in found.why)
    yield ""


def _pairs(options: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip(options[::2], options[1::2], strict=True)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def main() -> None:
    """Print what is said of each log."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the logs")
    folder = parser.parse_args().data
    for log in LOGS:
        for line in told(log, folder):
            print(line, flush=True)


if __name__ == "__main__":
    main()
