"""Which plans two scenarios have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulator.core.errors import UserError, did_you_mean
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
        the names of its backends, has been renamed.
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
    one, other = (_without_names(each, name) for each, name in ((before, was), (after, now)))
    return one == other and list(_backends(before, was)) == list(_backends(after, now))


def _without_names(scenario: Scenario, plan: str) -> object:
    """Return a plan without the names of its backends."""
    found = scenario.plans[plan]
    parts: dict[str, object] = {"backend": None}
    for name in ("precompute", "refresh"):
        part = getattr(found, name)
        parts[name] = part and part.model_copy(update={"backend": ""})
    return found.model_copy(update=parts)


def _backends(scenario: Scenario, plan: str) -> Iterator[object]:
    yield scenario.online_backend(scenario.plans[plan])
    yield scenario.refreshing_backend(scenario.plans[plan])
    yield scenario.batch_backend(scenario.plans[plan])
