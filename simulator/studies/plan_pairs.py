"""Which plans two scenarios have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.core.errors import UserError, did_you_mean
from simulator.plans.plan import Plan
from simulator.scenario.schema import Scenario


@dataclass(frozen=True)
class PlanPairs:
    """The plans of two scenarios, by what has become of them."""

    same: Mapping[str, str]
    """Those that both have: the name before by the name now, in the order of now."""
    added: tuple[str, ...]
    """Those that were not there before."""
    removed: tuple[str, ...]
    """Those that are not there any more."""

    @classmethod
    def of(cls, before: Scenario, after: Scenario) -> "PlanPairs":
        """Return the pairs.

        Plans of the same name are the same plan, whatever has changed in it; one that is the same but for its name, and
        perhaps those of its backends, has been renamed.
        """
        same = {name: name for name in after.plans if name in before.plans}
        gone = [name for name in before.plans if name not in same]
        for name in after.plans:
            twin = next((each for each in gone if _is_alike(before, each, after, name)), None)
            if name not in same and twin is not None:
                same[name] = twin
                gone.remove(twin)
        ordered = {name: same[name] for name in after.plans if name in same}
        return cls(ordered, tuple(name for name in after.plans if name not in same), tuple(gone))

    @property
    def renamed(self) -> dict[str, str]:
        """Plans that have another name now: the name before by the name now."""
        return {now: was for now, was in self.same.items() if now != was}

    def find(self, name: str) -> str:
        """Return a plan's name now, by that or by the one that it had.

        Raises
        ------
        UserError
            If not both have it.
        """
        former = {was: now for now, was in self.same.items()}
        if name in self.same:
            return name
        if name in former:
            return former[name]
        if name in self.added or name in self.removed:
            when = "now" if name in self.added else "before"
            raise UserError(f"plan '{name}' is there {when} only, and there is nothing to compare it with")
        raise UserError(f"there is no plan '{name}'; {did_you_mean(name, self.same)}")


def _is_alike(before: Scenario, was: str, after: Scenario, now: str) -> bool:
    """Return whether plans are the same but for their names, on backends that are the same or have the same names."""
    if _without_names(before.plans[was]) != _without_names(after.plans[now]):
        return False
    pairs = zip(_backends(before.plans[was]), _backends(after.plans[now]), strict=True)
    return all(
        one == other or (one and other and before.backends[one] == after.backends[other]) for one, other in pairs
    )


def _without_names(plan: Plan) -> Plan:
    """Return a plan without the names of its backends."""
    parts: dict[str, object] = {"backend": None}
    for name in ("precompute", "refresh"):
        part = getattr(plan, name)
        parts[name] = part and part.model_copy(update={"backend": ""})
    return plan.model_copy(update=parts)


def _backends(plan: Plan) -> tuple[str | None, ...]:
    """Return the names of a plan's backends, by what they do."""
    ahead, events = plan.precompute, plan.refresh
    return plan.backend, ahead.backend if ahead else None, events.backend if events else None
