"""At which values of a scenario's keys another plan would be recommended: looked for cheaply, and said only as shown.

What prices and bounds would change follows from what was simulated. For all other keys closed forms say where two plans
may cost the same. There both are simulated, on either side; where the simulation denies it, the closed form is
corrected by what was seen, and the next value is tried. What cannot be simulated at a small share of the run's own time
is called not examined.
"""

from collections.abc import Callable
from dataclasses import replace

from simulator.studies.bound_turns import bound_turns
from simulator.studies.comparison import Comparison
from simulator.studies.floor import floor_of
from simulator.studies.looking import Looks
from simulator.studies.outcome_store import OutcomeStore
from simulator.studies.rebilled_turns import rebilled_turns
from simulator.studies.simulated_turns import Search
from simulator.studies.turns import Turn, TurningPoints


def examined(
    comparison: Comparison,
    workers: int | None = None,
    on_look: Callable[[str], None] | None = None,
    kept: OutcomeStore | None = None,
) -> Comparison:
    """Return the comparison with what would change its recommendation, as far as that was shown.

    Parameters
    ----------
    comparison
        What was simulated.
    workers
        Processes; by default one a core.
    on_look
        Called with each key that is looked at, and after every simulation with what it was, for a progress bar.
    kept
        Where outcomes are looked for, and stored.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts; the comparison is complete without.
    """
    best = comparison.recommended
    if best is None or not _has_outcomes(comparison):
        return comparison
    looks = Looks(comparison, workers, on_look, kept)
    found = replace(TurningPoints(best), floor=floor_of(looks, best))
    if comparison.scenario.traffic.closed_loop is not None:
        found = replace(found, why_not="no closed form says where to look when clients wait for their answers")
    elif comparison.sizings:
        found = replace(found, why_not="each value would need fleets of its own size")
    else:
        found = Search(comparison, looks, best).run(found)
    turns = (*found.turns, *rebilled_turns(comparison), *bound_turns(comparison))
    return replace(comparison, turning_points=replace(found, turns=_in_order(turns)))


def billed_anew(comparison: Comparison) -> Comparison:
    """Return the comparison with what would change its recommendation without another simulation."""
    best = comparison.recommended
    if best is None or not _has_outcomes(comparison):
        return comparison
    turns = _in_order((*rebilled_turns(comparison), *bound_turns(comparison)))
    return replace(comparison, turning_points=TurningPoints(best, turns))


def _has_outcomes(comparison: Comparison) -> bool:
    return all(plan.outcomes for plan in comparison.plans.values())


def _in_order(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return tuple(sorted(turns, key=lambda turn: turn.distance))
