"""Borders between winners that are known in closed form, found with few points."""

import math
from collections.abc import Callable, Sequence
from itertools import product

import pytest

from simulator.studies.borders import Place, border, followed, net

SIDE = 12
ACROSS: dict[str, Callable[[int, int], object]] = {
    "a diagonal": lambda x, y: x + y < SIDE,
    "a slope": lambda x, y: x < 0.7 * y + 1.3,
    "a curve": lambda x, y: x * x + y * y < SIDE * SIDE / 2,
    "a break-even of activity and lifetime": lambda x, y: 1.3**x > 0.4 * 1.4**y,
    "three winners": lambda x, y: "c" if y > 0.6 * SIDE else "a" if x > 0.4 * SIDE else "b",
    "an island": lambda x, y: math.hypot(x - 6, y - 6) < 3.4,
}


def at_most_once(winner: Callable[..., object], asked: list[Place]) -> Callable[[Sequence[Place]], list[object]]:
    def winners_at(places: Sequence[Place]) -> list[object]:
        assert not set(places) & set(asked)
        asked.extend(places)
        return [winner(*place) for place in places]

    return winners_at


@pytest.mark.parametrize("name", ACROSS)
def test_the_border_of_the_full_grid_is_found_with_less_than_half_of_its_points(name: str) -> None:
    winner, asked = ACROSS[name], list[Place]()
    full = {place: winner(*place) for place in product(range(SIDE), repeat=2)}
    found = followed([SIDE, SIDE], at_most_once(winner, asked))
    assert border(found) == border(full)
    assert border(full)
    assert len(asked) == len(found) <= len(full) / 2


def test_along_one_key_the_border_is_halved_in() -> None:
    for turn in range(1, 64):
        found = followed([64], lambda places, turn=turn: [place[0] < turn for place in places])  # type: ignore[misc]
        assert border(found) == {((turn - 1,), (turn,))}
        assert len(found) <= 32


def test_where_one_wins_everywhere_the_net_is_enough() -> None:
    found = followed([12, 12], lambda places: ["a" for _ in places])
    assert set(found) == set(product(net(12), repeat=2))


def test_small_grids_and_single_values_are_taken_as_they_are() -> None:
    assert net(1) == [0]
    assert net(2) == [0, 1]
    assert net(3) == [0, 1, 2]
    assert set(followed([1, 3], lambda places: ["a" for _ in places])) == {(0, 0), (0, 1), (0, 2)}
