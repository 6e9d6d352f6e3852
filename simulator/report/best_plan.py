"""Which plan is the best now, and whether it was so before."""

from simulator.core.units import write_share
from simulator.studies.comparison import Comparison


def best_now(before: Comparison, after: Comparison, renamed: dict[str, str] | None = None) -> str:
    """Return it as a sentence; there must be a recommendation now.

    Parameters
    ----------
    before, after
        Of the same question.
    renamed
        Plans that have another name now: the name before by the name now.
    """
    was, now = before.recommended, after.recommended
    assert now is not None
    is_same = was == (renamed or {}).get(now, now)
    best = f"The best plan that meets every bound {'stays' if is_same else 'is now'} {now}"
    turned = "" if is_same or was is None else f"; it was {was}"
    selection = after.selection
    within = f"as good within {write_share(selection.indifference_fraction)} of the cost"
    kinds = ((within, selection.as_good), ("not decided", selection.undecided))
    also = "".join(f"; {what}: {', '.join(names)}" for what, names in kinds if names)
    return f"{best}{turned}{also}."
