"""What tells one simulation from another: equal ones need be done once."""

from simulator.scenario.key_kinds import as_physical, digest_of
from simulator.scenario.schema import Scenario
from simulator.simulation.calendar.timing import earliest_s


def simulation_digest(scenario: Scenario, plan: str) -> str:
    """Return a digest of all that an outcome depends on, but for the replication and the version of predcost.

    Prices, weights, names and the other plans are not in it, but when their simulations begin: from the earliest of
    these moments on, sessions are followed.

    Parameters
    ----------
    scenario
        With the sizes of its fleets.
    """
    parts = as_physical(scenario, plan)
    return digest_of({**parts, "sessions_from_s": earliest_s(scenario)})
