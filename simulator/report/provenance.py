"""Where the numbers of a report come from, in a line."""

from collections.abc import Sequence

from simulator.report import format as form
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison


def provenance(comparison: Comparison) -> tuple[str, ...]:
    """Return scenario, users, horizon, replications, seed and price book, each with its word."""
    fewest, most = comparison.fewest_replications, comparison.replications
    return provenance_of(comparison.scenario, most, comparison.book.name, fewest=fewest)


def provenance_of(
    scenario: Scenario, replications: int, book_name: str, swept: Sequence[str] = (), fewest: int | None = None
) -> tuple[str, ...]:
    """Return the same of what is no comparison; what is swept over has no one value, and is left out."""
    from_ = f"{fewest} to " if fewest is not None and fewest < replications else ""
    found = {
        "name": form.one_line(scenario.name),
        "population.users": f"{form.count(scenario.population.users)} users",
        "horizon": f"{form.exact_duration(scenario.horizon_s)} simulated",
        "replications": f"{from_}{replications} replication{'' if replications == 1 else 's'}",
        "seed": f"seed {scenario.seed}",
        "prices": f"prices: {form.one_line(book_name)}",
    }
    return tuple(text for key, text in found.items() if key not in swept)
