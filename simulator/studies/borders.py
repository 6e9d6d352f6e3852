"""Where on a grid the winner changes, found with few of its points: both sides of the border, and a coarse net.

The net has a point in four along each key. Between two neighbours of it with different winners the border is looked for
by halving; from there it is followed from cell to cell, which takes the corners of the cells that it passes and no
others. An island smaller than the net's meshes is not seen.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import pairwise, product

Place = tuple[int, ...]
"""The place of a point on the grid: for each key the number of its value, from 0."""
MESH = 4
"""Of the net: so many steps of the grid at most."""
LEAST_NET = 3
"""Points of the net along a key, where there are so many."""


def followed(
    shape: Sequence[int], winners_at: Callable[[Sequence[Place]], Sequence[Hashable]]
) -> dict[Place, Hashable]:
    """Return the winners at the points of the net and on both sides of every border that it sees.

    Parameters
    ----------
    shape
        How many values each key takes; of one key or of two.
    winners_at
        Returns the winners at places, those of a call all at once.
    """
    nets = [net(count) for count in shape]
    known: dict[Place, Hashable] = {}
    asked = list(product(*nets))
    while asked:
        known.update(zip(asked, winners_at(asked), strict=True))
        wanted = dict.fromkeys([*_halves(nets, known), *_corners(shape, known)])
        asked = [place for place in wanted if place not in known]
    return known


def net(count: int) -> list[int]:
    """Return the places of the net along a key."""
    meshes = max(-(-(count - 1) // MESH), min(LEAST_NET, count) - 1, 1)
    return sorted({round(mesh * (count - 1) / meshes) for mesh in range(meshes + 1)})


def _halves(nets: Sequence[Sequence[int]], known: Mapping[Place, Hashable]) -> Iterator[Place]:
    """Yield the middles between points along the lines of the net that are no neighbours and have other winners."""
    for along in range(len(nets)):
        across = [places for number, places in enumerate(nets) if number != along]
        for others in product(*across):
            line = sorted(place[along] for place in known if _without(place, along) == others)
            for one, other in pairwise(line):
                ends = [_with(others, along, step) for step in (one, other)]
                if other - one > 1 and known[ends[0]] != known[ends[1]]:
                    yield _with(others, along, (one + other) // 2)


def _corners(shape: Sequence[int], known: Mapping[Place, Hashable]) -> Iterator[Place]:
    """Yield the corners of the cells in which a border is seen."""
    if len(shape) == 1:
        return
    cells = {
        tuple(step - shift for step, shift in zip(place, shifts, strict=True))
        for place in known
        for shifts in product((0, 1), repeat=len(shape))
    }
    for cell in sorted(cells):
        corners = [tuple(map(sum, zip(cell, shifts, strict=True))) for shifts in product((0, 1), repeat=len(shape))]
        inside = all(0 <= step < count for corner in corners for step, count in zip(corner, shape, strict=True))
        if inside and len({known[corner] for corner in corners if corner in known}) > 1:
            yield from corners


def _without(place: Place, along: int) -> Place:
    return place[:along] + place[along + 1 :]


def _with(others: Place, along: int, step: int) -> Place:
    return (*others[:along], step, *others[along:])


def border(winners: Mapping[Place, Hashable]) -> set[tuple[Place, Place]]:
    """Return the neighbours between which the winner changes."""
    return {
        (place, neighbour)
        for place, winner in winners.items()
        for along in range(len(place))
        if (neighbour := _with(_without(place, along), along, place[along] + 1)) in winners
        and winners[neighbour] != winner
    }
