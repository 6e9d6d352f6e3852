"""Which slot of the plain model's fleets is free first."""

import math
from dataclasses import dataclass


@dataclass(eq=False)
class Slot:
    """A place on a replica that works on one request at a time."""

    free_s: float
    busy: bool = False


class Tournament:
    """Which slot is free first.

    Where several became free at the same moment, which one takes the next request is the tournament's draw, as the
    model does not say: the engine plays it too, and the replicas that are removed later depend on it.
    """

    def __init__(self, slots: list[Slot]) -> None:
        self.slots = slots
        self.leaves = 1
        while self.leaves < len(slots):
            self.leaves *= 2
        self.lost: dict[int, int] = {}
        self.first = self._play(1)

    def _time(self, seat: int) -> float:
        return self.slots[seat].free_s if seat < len(self.slots) else math.inf

    def _play(self, node: int) -> int:
        if node >= self.leaves:
            return node - self.leaves
        left, right = self._play(2 * node), self._play(2 * node + 1)
        winner, self.lost[node] = (right, left) if self._time(right) < self._time(left) else (left, right)
        return winner

    def again(self) -> None:
        """Let the first slot, whose time has changed, play its matches again."""
        winner, node = self.first, (self.first + self.leaves) // 2
        while node >= 1:
            if self._time(self.lost[node]) < self._time(winner):
                winner, self.lost[node] = self.lost[node], winner
            node //= 2
        self.first = winner
