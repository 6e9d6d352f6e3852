"""What is found that would change a recommendation: at which activity, and at which size of a fleet."""

from dataclasses import dataclass


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
    """Two plans at an activity."""

    value: float
    text: str
    more_usd_per_month: float
    """What decides, of the plan less that of the recommended one, below 0 where the plan is better. [USD per month]"""

    def as_dict(self) -> dict[str, float | str]:
        """Return it for JSON."""
        return {"value": self.value, "text": self.text, "more_usd_per_month": self.more_usd_per_month}


@dataclass(frozen=True)
class Turn:
    """Between which activities a plan becomes better than the recommended one."""

    plan: str
    near: Side
    """The one nearer to today's, or today's own, at which it is still worse."""
    far: Side
    """The one at which it is better."""
    from_now: bool
    """Whether the nearer one is today's."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"plan": self.plan, "worse_at": self.near.as_dict(), "better_at": self.far.as_dict()}


@dataclass(frozen=True)
class Still:
    """An activity at which plans were simulated that are not better there."""

    text: str
    plans: tuple[str, ...]


@dataclass(frozen=True)
class TurningPoints:
    """What was found out about other activities."""

    against: str
    """The recommended plan."""
    key: str
    """What is changed in the scenario."""
    turns: tuple[Turn, ...] = ()
    still: tuple[Still, ...] = ()
    troubles: tuple[tuple[str, str, str], ...] = ()
    """Plan, activity as text, and what is wrong with it there."""
    unexamined: tuple[str, ...] = ()
    """Plans that may turn where it would take too long to simulate."""
    why_not: str = ""
    """Why nothing was examined; else empty."""
    floor: Floor | None = None
    """What of the recommended plan's bill is there whoever comes."""

    def as_dict(self) -> dict[str, object]:
        """Return the turns for JSON."""
        return {"against": self.against, "key": self.key, "turns": [turn.as_dict() for turn in self.turns]}
