"""What a key of a scenario is for: whether a simulation depends on it, or only its bill, or only its judgement."""

from enum import StrEnum


class KeyKind(StrEnum):
    """What has to be done again when a key's value changes.

    A field says it by itself: ``cost_usd: Annotated[Usd, KeyKind.PRICE]``. It holds for all that lies below the field.
    One that says nothing is physical.
    """

    PHYSICAL = "physical"
    """Something else happens: simulate."""
    PRICE = "price"
    """The same happens, and another amount of money is asked for it: bill what was counted anew."""
    WEIGHT = "weight"
    """The same happens and costs the same: judge it anew."""
    STUDY = "study"
    """What things are called, and how often all is repeated: each replication stays as it is."""
