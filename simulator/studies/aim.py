"""What a comparison is to reach: so many replications, a choice that is sure, intervals so narrow, or a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.core.errors import UserError
from simulator.core.estimate import CONFIDENCE
from simulator.core.selection import INDIFFERENCE_FRACTION, Rule, is_precise, looks, replications_for
from simulator.core.units import read_fraction, read_seconds

FIRST_REPLICATIONS = 5
"""With fewer, nothing is looked at: their variance says too little."""
MOST_REPLICATIONS = 1_000
"""Beyond, none are added: another question is cheaper than another thousand replications."""
AHEAD = 5
"""For so many replications an interval must have been as narrow as asked for."""
LOOKS = len(tuple(looks(FIRST_REPLICATIONS, MOST_REPLICATIONS)))


@dataclass(frozen=True)
class Aim:
    """What a comparison is to reach; by default the replications that its scenario asks for."""

    confidence: float = CONFIDENCE
    """Of all that is said of the choice."""
    indifference_fraction: float = INDIFFERENCE_FRACTION
    """Of the recommended plan's cost: so much less would not change the choice."""
    decides: bool = False
    """Whether replications are added until the choice is made."""
    precision_fraction: float | None = None
    """How wide half the interval of each plan's cost, or net value, may be, over its mean; replications are added."""
    budget_s: float | None = None
    """After how long it ends with the best answer so far, the choice made or not. [s]"""

    @property
    def is_fixed(self) -> bool:
        """Whether the scenario says how many replications there are."""
        return not (self.decides or self.adds_for_width or self.budget_s is not None)

    @property
    def adds_for_choice(self) -> bool:
        """Whether replications are added for the choice."""
        return self.decides or (self.budget_s is not None and not self.adds_for_width)

    @property
    def adds_for_width(self) -> bool:
        """Whether replications are added for the intervals' widths."""
        return self.precision_fraction is not None

    def rule(self, plans: int) -> Rule:
        """Return what is asked of a choice between so many plans."""
        return Rule(plans, self.confidence, 1 if self.is_fixed else LOOKS)

    def first(self, stated: int) -> int:
        """Return how many replications to begin with, where the scenario states some number."""
        return stated if self.is_fixed else max(stated, FIRST_REPLICATIONS)

    def next_look(self, done: int) -> int:
        """Return after how many replications to look again."""
        ahead = looks(FIRST_REPLICATIONS, MOST_REPLICATIONS)
        return next((each for each in ahead if each > done), done)

    def more_for_choice(self, done: Mapping[str, int], best: str, open_: Sequence[str]) -> dict[str, int]:
        """Return how many replications plans need next for the choice; none where it is made.

        Only the best and what may be better go on, the one that has fewest first: it catches up on the same requests.

        Parameters
        ----------
        done
            How many each plan has.
        best
            The best so far.
        open_
            Those that may be better.
        """
        if not (open_ and self.adds_for_choice):
            return {}
        fewest = min(done[name] for name in (best, *open_))
        upto = self.next_look(fewest)
        return {name: upto for name in (best, *open_) if done[name] < upto}

    def more_for_width(self, values: Mapping[str, Sequence[float]]) -> dict[str, int]:
        """Return how many replications plans need next for intervals as narrow as asked for, by variance so far.

        Parameters
        ----------
        values
            What is to be known, by plan and replication.
        """
        if self.precision_fraction is None:
            return {}
        found = {}
        for name, sample in values.items():
            size = len(sample)
            if size < MOST_REPLICATIONS and not is_precise(sample, self.precision_fraction, AHEAD):
                foreseen = max(replications_for(sample, self.precision_fraction), size + AHEAD)
                found[name] = min(foreseen, 2 * size, MOST_REPLICATIONS)
        return found


AS_STATED = Aim()
"""So many replications as the scenario states."""


def aim_of(confidence: Any = None, indifference: Any = None, precision: Any = None, budget: Any = None) -> Aim:
    """Return what a comparison is to reach, as people write it; what is not given is as usual.

    Parameters
    ----------
    confidence
        Of the choice, such as ``95%``: replications are added until it is made.
    indifference
        Which share of the cost does not matter.
    precision
        Which share of its mean half an interval may be.
    budget
        After how long it ends, such as ``10 min``.

    Raises
    ------
    UserError
        If some are no shares or times, or beyond their bounds; the message names them all.
    """
    faults: list[str] = []
    asked = (
        _read("confidence", confidence, read_fraction, (0.5, 1.0), faults),
        _read("indifference", indifference, read_fraction, (0.0, 1.0), faults),
        _read("precision", precision, read_fraction, (0.0, 1.0), faults),
        _read("budget", budget, read_seconds, (0.0, float("inf")), faults),
    )
    if faults:
        raise UserError("; ".join(faults))
    sure, within, narrow, budget_s = asked
    return Aim(
        CONFIDENCE if sure is None else sure,
        INDIFFERENCE_FRACTION if within is None else within,
        sure is not None,
        narrow,
        budget_s,
    )


def _read(
    option: str, given: Any, read: Callable[[Any], float], between: tuple[float, float], faults: list[str]
) -> float | None:
    """Return what an option says, or none; what is wrong with it joins the faults."""
    if given is None:
        return None
    try:
        found = read(given)
    except ValueError as error:
        faults.append(f"--{option}: {error}")
        return None
    low, high = between
    if not low < found < high:
        bounds = f"above {low:.0%} and below {high:.0%}" if read is read_fraction else f"above {low:g} s"
        faults.append(f"--{option} (={given}) must be {bounds}")
    return found
