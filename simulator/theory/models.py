"""How accurate models are on average, over the ages that they have while they serve."""

from simulator.theory.bounds import non_negative


def mean_accuracy(initial: float, loss_per_s: float, floor: float, *, youngest_s: float, oldest_s: float) -> float:
    """Return the mean of max(floor, initial - loss x age) over ages that are spread evenly.

    A model that is trained again every I in a time D, and read evenly, has ages from D to D + I.

    Parameters
    ----------
    initial, floor
        Accuracy at age 0, and what it never falls below.
    loss_per_s
        What is lost per second of age. [1/s]
    youngest_s, oldest_s
        The ages. [s]

    Raises
    ------
    ValueError
        If an age or the loss is negative, or the oldest age not above the youngest.
    """
    youngest, oldest = float(non_negative("youngest_s", youngest_s)), float(non_negative("oldest_s", oldest_s))
    if oldest <= youngest:
        raise ValueError(f"oldest_s(={oldest_s}) must be > youngest_s(={youngest_s})")
    loss = float(non_negative("loss_per_s", loss_per_s))
    reached = oldest if loss == 0 else min(max((initial - floor) / loss, youngest), oldest)
    falling = (reached - youngest) * (initial - loss * (youngest + reached) / 2)
    return (falling + (oldest - reached) * floor) / (oldest - youngest)
