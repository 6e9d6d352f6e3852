"""Which of a fleet's slots is free first: a loser tree, which costs the same whatever the load."""

from simulator.core.arrays import FloatArray, SlotArray
from simulator.core.jit import inlined, kernel


def leaves_for(slots: int) -> int:
    """Return the tree's number of leaves: the power of two from ``slots`` on."""
    return 1 << max(slots - 1, 0).bit_length()


@kernel
def build(free_s: FloatArray, losers: SlotArray, winners: SlotArray) -> None:
    """Fill the tree for the times at which slots become free.

    Parameters
    ----------
    free_s
        Shape (leaves,); infinity for leaves without a slot. [s]
    losers
        Shape (leaves,): entry n > 0 is the slot that lost the match at node n, and entry 0 the slot that is free first.
    winners
        Scratch, shape (2 x leaves,).
    """
    leaves = free_s.size
    for slot in range(leaves):
        winners[leaves + slot] = slot
    for node in range(leaves - 1, 0, -1):
        left = winners[2 * node]
        right = winners[2 * node + 1]
        if free_s[right] < free_s[left]:
            winners[node] = right
            losers[node] = left
        else:
            winners[node] = left
            losers[node] = right
    losers[0] = winners[1] if leaves > 1 else 0


@inlined
def replay(free_s: FloatArray, losers: SlotArray) -> None:
    """Play the matches of the slot that was free first again, after its time has changed.

    Who wins cannot be foreseen, so there is no branch on it: with one, 16 slots take twice as long.
    """
    winner = losers[0]
    winner_s = free_s[winner]
    node = (winner + free_s.size) >> 1
    while node > 0:
        challenger = losers[node]
        challenger_s = free_s[challenger]
        is_sooner = challenger_s < winner_s
        losers[node] = winner if is_sooner else challenger
        winner = challenger if is_sooner else winner
        winner_s = challenger_s if is_sooner else winner_s
        node >>= 1
    losers[0] = winner
