"""What is found that would change a recommendation: at which value of a key, and at which size of a fleet."""

from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    """How a turn is known to hold."""

    SIMULATED = "simulated"
    REBILLED = "re-billed"
    """What was simulated, at another price: exact for the run at hand."""
    JUDGED = "judged anew"
    """What was simulated, held to another bound: likewise."""


@dataclass(frozen=True)
class Floor:
    """The part of a plan's bill that is its fleet's minimum."""

    plan: str
    backend: str
    replicas: int
    is_fixed: bool
    usd_per_month: float
    bill_usd_per_month: float
    busy_fraction: float
    """How busy the fleet is on average."""
    fewer: int = 0
    """A smaller minimum that was simulated; 0 where none was."""
    saves_usd_per_month: float = 0.0
    """What it would save."""
    p99_s: float = 0.0
    """The plan's p99 latency with it; 0 where none was. [s]"""


@dataclass(frozen=True)
class Side:
    """Two plans at a value of a key."""

    value: float
    """In the key's SI unit; of a price book's meter, how many times its price."""
    text: str
    """As a scenario states it."""
    more_usd_per_month: float
    """What decides, of the plan less that of the recommended one, below 0 where the plan is better. [USD per month]"""

    def as_dict(self) -> dict[str, float | str]:
        """Return it for JSON."""
        return {"value": self.value, "text": self.text, "more_usd_per_month": self.more_usd_per_month}


@dataclass(frozen=True)
class Turn:
    """Between which values of a key a plan becomes better than the recommended one."""

    plan: str
    near: Side
    """The one nearer to today's, or today's own, at which it is not the better one yet."""
    far: Side
    """The one at which it is better."""
    from_now: bool
    """Whether the nearer one is today's."""
    key: str = ""
    """What is changed: a key of the scenario, or a meter of the price book."""
    part: str = ""
    """The part of the scenario that the key belongs to."""
    setting: str = ""
    """The farther value as it is written after ``--set``; empty for a meter."""
    proof: Proof = Proof.SIMULATED
    closed_form: float | None = None
    """Where closed forms alone put the turn, in the key's unit; None where nothing was simulated for it."""
    closed_form_text: str = ""
    why: str = ""
    """Which bound makes the difference, in words; empty where money does."""

    now: float = 1.0
    """Today's value."""
    now_text: str = ""
    """As the scenario or the book states it."""

    @property
    def distance(self) -> float:
        """How many times today's value it is, or today's value it, whichever is above 1."""
        times = self.far.value / self.now
        return max(times, 1 / times)

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "key": self.key,
            "plan": self.plan,
            "worse_at": self.near.as_dict(),
            "better_at": self.far.as_dict(),
            "proof": self.proof.value,
            "closed_form": self.closed_form,
        }


@dataclass(frozen=True)
class TurningPoints:
    """What was found out about other values of keys."""

    against: str
    """The recommended plan."""
    turns: tuple[Turn, ...] = ()
    """The nearest first."""
    troubles: tuple[tuple[str, str, str], ...] = ()
    """Plan, setting, and what is wrong with it there."""
    unexamined: tuple[str, ...] = ()
    """Settings at which another plan may be the better one, where it would take too long to simulate."""
    why_not: str = ""
    """Why no key was examined that takes a simulation; else empty."""
    floor: Floor | None = None
    """What of the recommended plan's bill is there whoever comes."""
    examined: int = 0
    """How many numbers of the scenario were looked at."""
    off_fraction: float = 0.0
    """How far closed forms are from what was simulated, over a plan's cost, at most."""

    @property
    def nearest(self) -> tuple[Turn, ...]:
        """The nearest turn of each part of the scenario, the nearest of all first."""
        first: dict[str, Turn] = {}
        for turn in self.turns:
            first.setdefault(turn.part, turn)
        return tuple(first.values())

    def as_dict(self) -> dict[str, object]:
        """Return the turns for JSON."""
        nearest = self.turns[0].key if self.turns else ""
        return {"against": self.against, "key": nearest, "turns": [turn.as_dict() for turn in self.turns]}
