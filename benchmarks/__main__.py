"""Measure and print: ``python -m benchmarks [NAME...]``; without names, all of them."""

import sys

from benchmarks import calibrating, command_line, distributed, engine, prices, sweeping

BENCHMARKS = {
    **engine.BENCHMARKS,
    **command_line.BENCHMARKS,
    **prices.BENCHMARKS,
    **distributed.BENCHMARKS,
    **sweeping.BENCHMARKS,
    **calibrating.BENCHMARKS,
}


def main() -> None:
    """Run the benchmarks named, and print a row of a Markdown table for each figure."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no such benchmark: {', '.join(unknown)}; choose from {', '.join(BENCHMARKS)}")
    print("| what | measured | aim | command |")
    print("|---|---|---|---|")
    for name in names:
        for figure in BENCHMARKS[name]():
            print(f"| {figure.what} | {figure.measured} | {figure.aim} | `python -m benchmarks {name}` |", flush=True)


main()
