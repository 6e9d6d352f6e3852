"""What is said of closed forms beside a simulation."""

from collections.abc import Iterator

from simulator.report import format as form
from simulator.studies.comparison import Comparison
from simulator.studies.planner.beside import Apart, apart

SHOWN = 3
"""Metrics that are told of, those that are farthest apart."""


def apart_sentences(comparison: Comparison) -> tuple[str, ...]:
    """Return where closed forms are farther from the simulation than they are meant to be, and what they leave out."""
    return tuple(_apart_lines(apart(comparison)))


def _apart_lines(found: tuple[Apart, ...]) -> Iterator[str]:
    for each in found[:SHOWN]:
        simulated, estimated = (
            form.metric_text(each.metric, value) for value in (each.simulated.mean, each.estimated.value)
        )
        label = form.metric_label(each.metric)
        why = f"; it leaves out {each.estimated.leaves_out[-1]}" if each.estimated.leaves_out else ""
        yield f"{each.plan}, {label}: {simulated} simulated, {estimated} by closed form{why}."
    if len(found) > SHOWN:
        yield f"{len(found) - SHOWN} more are apart: predcost estimate shows the closed forms."
