"""Where the numbers of a report come from, in a line."""

from collections.abc import Sequence

from simulator.report import format as form
from simulator.scenario.schema import Scenario
from simulator.studies.comparison import Comparison


def provenance(comparison: Comparison) -> tuple[str, ...]:
    """Return scenario, users, horizon, replications, seed and price book, each with its word."""
    scenario, replications = comparison.scenario, comparison.replications
    fewest = f"{comparison.fewest_replications} to " if comparison.fewest_replications < replications else ""
    return provenance_of(scenario, f"{fewest}{replications}", comparison.book.name)


def provenance_of(
    scenario: Scenario, replications: int | str, book_name: str, swept: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the same of what is no comparison; what is swept over has no one value, and is left out."""
    found = {
        "name": form.one_line(scenario.name),
        "population.users": f"{form.count(scenario.population.users)} users",
        "horizon": f"{form.exact_duration(scenario.horizon_s)} simulated",
        "replications": f"{replications} replication{'' if str(replications) == '1' else 's'}",
        "seed": f"seed {scenario.seed}",
        "prices": f"prices: {form.one_line(book_name)}",
    }
    return tuple(text for key, text in found.items() if key not in swept)
